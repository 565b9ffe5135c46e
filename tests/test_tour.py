"""The tour (docs/): its commands are carried out one after the other, and say what stands there.

Blocks `console` hold commands and what comes out, refilled by `--accept`; of the commands of `sh` only the exit status
is looked at.  `yaml FILE` writes a file, `diff FILE` replaces the lines with `-` by those with `+`.
"""

import re
import shlex
from contextlib import suppress
from pathlib import Path

import click
import pytest
from test_cli import said

from cxmetrics.cli.command import command as cxmetrics
from cxmetrics.cli.command import status_of

ROOT = Path(__file__).resolve().parents[1]
TOURS = sorted((ROOT / "docs").glob("tour*.md"))
BLOCK = re.compile(r"^```(?P<kind>console|sh|yaml \S+|diff \S+)\n(?P<text>.*?)^```$", re.M | re.S)
CALLS = re.compile(r"^\$ (cxmetrics.*)$", re.M)


@pytest.mark.parametrize("path", TOURS, ids=lambda path: path.stem)
def test_each_command_says_what_stands_there(path, tmp_path, monkeypatch, capsys, accept):
    monkeypatch.chdir(tmp_path)
    text = path.read_text("utf-8")
    if path.stem != "tour":  # what is not compared is asked for once
        text = text.replace("```sh\n", "```shell\n")
    told = BLOCK.sub(lambda block: followed(block, monkeypatch, capsys), text)
    if accept and told != text:
        path.write_text(told.replace("```shell\n", "```sh\n"), "utf-8")
    assert told == text or accept


def followed(block, monkeypatch, capsys):
    """What a block of the tour asks for, done; the block as it should be."""
    kind, _, name = block["kind"].partition(" ")
    lines = block["text"].splitlines()
    commands = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    match kind:
        case "yaml":
            Path(name).write_text(block["text"], "utf-8")
        case "diff":
            before, after = ("".join(f"{line[1:]}\n" for line in lines if line[0] == sign) for sign in "-+")
            written = Path(name).read_text("utf-8")
            assert before in written, f"{name} has no\n{before}"
            Path(name).write_text(after.join(written.rsplit(before, 1)), "utf-8")
        case "sh":
            for one in commands:
                assert status_of(shlex.split(one)[1:]) == 0, one
            capsys.readouterr()
        case _:
            return f"```console\n{''.join(asked(one, monkeypatch, capsys) for one in commands)}```"
    return block[0]


def asked(line, monkeypatch, capsys):
    """A command and what it says."""
    match shlex.split(line):
        case ["cd", folder]:
            monkeypatch.chdir(folder)
        case ["export", setting]:
            monkeypatch.setenv(*setting.split("="))
        case _:
            return said(f"$ {line}", capsys)
    return f"$ {line}\n"


def test_the_tours_ask_the_same():
    """In English and Chinese, but for the language."""
    [english, chinese] = ([line for line in path.read_text("utf-8").splitlines() if line.startswith("$ ")]
                          for path in TOURS)
    assert chinese == ["$ export CXMETRICS_LANG=zh", *english]


@pytest.mark.parametrize("line", CALLS.findall((ROOT / "README.md").read_text("utf-8")))
def test_commands_of_the_readme_are_such(line):
    """Their options and values are known; folders and addresses are those of whoever reads it."""
    args = shlex.split(line.partition(" > ")[0].partition(" | ")[0], comments=True)[1:]
    with suppress(click.exceptions.Exit), cxmetrics.make_context("cxmetrics", args) as context:  # `--version` is told
        name, verb, rest = cxmetrics.resolve_command(context, [*context._protected_args, *context.args])
        verb.make_context(name, rest, parent=context)
