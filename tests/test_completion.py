"""Completion as shells do it: the script is read by a real bash, zsh and fish, and asked as a key would ask."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cxmetrics.cli.command import status_of

PROJECT = """\
project: bank
cuts: [[region]]
sources:
  txn: {read: txn.csv, time: day, columns: {ok: boolean}}
dimensions: {region: {}, branch: {within: region}}
indicators:
  transfer_success: {formula: share(txn.ok)}
  transfer_count: {formula: count(txn)}
  登录成功率: {formula: share(txn.ok)}
  broken: {formula: share(txn.okay)}
"""


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """A project with a fault in it, and the command on the path."""
    (tmp_path / "bank").mkdir()
    (tmp_path / "bank" / "cxmetrics.yaml").write_text(PROJECT, "utf-8")
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    command = bin_ / "cxmetrics"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cxmetrics "$@"\n')
    command.chmod(0o755)
    (bin_ / "cxm").symlink_to(command)
    root = str(Path(__file__).resolve().parents[1])
    monkeypatch.setenv("PATH", f"{bin_}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", root)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.chdir(tmp_path / "bank")
    return tmp_path / "bank"


def script(shell: str, capsys) -> str:
    assert status_of(["completion", shell]) == 0
    return capsys.readouterr().out


REPLY = """_cxmetrics_completion cxmetrics
printf '%s\\n' "${COMPREPLY[@]}"
"""
ASKED = [
    (["cxmetrics", "che"], ["check"]),
    (["cxmetrics", "check", "--fo"], ["--format"]),
    (["cxmetrics", "check", "--format", "s"], ["sarif"]),
    (["cxmetrics", "show", "transfer"], ["transfer_count", "transfer_success"]),
    (["cxmetrics", "show", "登"], ["登录成功率"]),
    (["cxmetrics", "query", "transfer_count", "bro"], ["broken"]),
    (["cxmetrics", "query", "transfer_count", "--by", "re"], ["region"]),
    (["cxmetrics", "query", "transfer_count", "--by", "region,"], ["region,branch"]),
    (["cxmetrics", "query", "../bank", "transfer_c"], ["transfer_count"]),
    (["cxmetrics", "preview", "-p", "../bank", "transfer_s"], ["transfer_success"]),
    (["cxmetrics", "explain", "CX44"], [f"CX44{i}" for i in range(8)]),
    (["cxmetrics", "explain", "dupl"], ["duplicate-id", "duplicate-meaning"]),
    (["cxmetrics", "explain", "np"], ["nps", "nps-scale"]),
    (["cxmetrics", "completion", "f"], ["fish"]),
    (["cxmetrics", "show", "nothing_like_it"], []),
]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("words", "offered"), ASKED, ids=" ".join)
def test_bash_offers(words, offered, capsys):
    bash = shutil.which("bash") or pytest.skip("there is no bash")
    quoted = " ".join(f"'{word}'" for word in words)
    asked = f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}"
    asked = "\n".join((script("bash", capsys), asked, REPLY))
    done = subprocess.run([bash, "-c", asked], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    assert sorted(done.stdout.split()) == sorted(offered)


@pytest.mark.usefixtures("here")
def test_bash_knows_the_short_name_too(capsys):
    bash = shutil.which("bash") or pytest.skip("there is no bash")
    done = subprocess.run([bash, "-c", f"{script('bash', capsys)}\ncomplete -p cxm"], capture_output=True, text=True,
                          check=True, timeout=60)
    assert "_cxmetrics_completion" in done.stdout


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("name", ["cxmetrics", "cxm"])
def test_fish_offers(name, capsys):
    fish = shutil.which("fish") or pytest.skip("there is no fish")
    done = subprocess.run([fish, "--no-config", "-c", f"{script('fish', capsys)}\ncomplete -C '{name} show transfer'"],
                          capture_output=True, text=True, check=True, timeout=60)
    assert sorted(done.stdout.split()) == ["transfer_count", "transfer_success"]


def test_zsh_completes(here, capsys):
    zsh = shutil.which("zsh") or pytest.skip("there is no zsh")
    (here / "complete.zsh").write_text(script("zsh", capsys), "utf-8")
    said = typed([zsh, "-f", "-i"], [
        "autoload -U compinit && compinit -u -D && source complete.zsh && print rea''dy\n",
        "cxmetrics show transfer_s\t"], ["ready", "transfer_success"])
    assert "transfer_success" in said


def typed(command: list[str], keys: list[str], until: list[str]) -> str:
    """What a program on a terminal shows; each of `keys` is typed, and then waited for what stands in `until`."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "dumb"
        os.execv(command[0], command)
    shown = ""
    try:
        for text, awaited in zip(keys, until, strict=True):
            os.write(terminal, text.encode())
            end = time.monotonic() + 30
            while awaited not in shown and time.monotonic() < end:
                if select.select([terminal], [], [], 0.2)[0]:
                    shown += os.read(terminal, 4096).decode("utf-8", "replace")
    finally:
        os.close(terminal)
        os.waitpid(child, 0)
    return shown


@pytest.mark.usefixtures("here")
def test_where_there_is_no_project_nothing_is_said(tmp_path, capsys, monkeypatch):
    bash = shutil.which("bash") or pytest.skip("there is no bash")
    monkeypatch.chdir(tmp_path / "bin")
    asked = "\n".join((script("bash", capsys), "COMP_WORDS=(cxmetrics show tr); COMP_CWORD=2", REPLY))
    done = subprocess.run([bash, "-c", asked], capture_output=True, text=True, check=True, timeout=60)
    assert (done.stdout.strip(), done.stderr) == ("", "")
