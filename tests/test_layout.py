"""Definitions laid out: what they mean and their comments stay, whatever they looked like, and once is enough.

`layout/*.md`: a file as it was written, and below it the same laid out (`yaml laid out`), written by hand.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
import yaml
from casefile import read_case

from cxmetrics.cli.command import status_of
from cxmetrics.compile import compile_project
from cxmetrics.layout import laid_out
from cxmetrics.load.written import read_written
from cxmetrics.source import Source

HERE = Path(__file__).parent
PAIR = re.compile(r"^```yaml\n(.*?)^```\n```yaml laid out\n(.*?)^```$", re.M | re.S)
PAIRS = [(path.stem, *pair) for path in sorted((HERE / "layout").glob("*.md"))
         for pair in PAIR.findall(path.read_text("utf-8"))]
CASES = sorted((HERE / "cases").glob("*.md"))
BANK = sorted((HERE.parents[0] / "definitions").rglob("*.yaml"))
WORDS = ["x", "-x", "- x", "a: b", "a #b", "#a", "1", "yes", "null", "~", "''", '"', "\\", "{", "]", "a, b",
         "转账：一", "  ",
         "a\nb", "a\n", "\n", " a", "\ta", "é\x07", "!t", "&a", "*a", "|", ">", "%", "@", "`", "--- a", "? a",
         ": a", "", "a  b", "=", "<<", "2026-01-01", "count( t )", "x" * 130, "word " * 40, "a\n  b\nc\n\n"]


def once(text: str) -> str:
    laid, problems = laid_out(Source("some.yaml", text))
    assert problems == ()
    assert laid is not None
    return laid


@pytest.mark.parametrize(("written", "wanted"), [pair[1:] for pair in PAIRS],
                         ids=[f"{name}-{number}" for number, (name, *_) in enumerate(PAIRS)])
def test_it_is_laid_out_like_this(written, wanted):
    assert once(written) == wanted
    assert once(wanted) == wanted


@pytest.mark.parametrize("written", [
    "a:\n  &x: 1\n  b: *x\n", "a:\n  ? &x\n  : 1\n  b: *x\n", "a: {&x : 1, b: *x}\n", "a: {? &x : 1, b: *x}\n",
    "a:\n  ? &x ''\n  : 1\n  b: *x\n", "a: [{&x : 1}, *x]\n"])
def test_what_points_to_a_key_left_empty_goes_on_pointing_to_nothing(written):
    laid = once(written)
    assert yaml.safe_load(laid) == yaml.safe_load(written)  # which reads `null` where nothing is written
    assert once(laid) == laid


@pytest.mark.parametrize("written", [
    *(f"a: {sign}\n{text}b: 1\n" for sign in (">", ">-", ">+", "|", "|-", "|+")
      for text in ("", "\n", "\n\n\n", "  x\n", "  x\n\n", "  x\n\n\n", "\n  x\n  y\n\n")),
    *(text.replace("K", "k" * long) for long in (995, 1000, 1020, 1030, 5000)
      for text in ("{a: {? K : b}}\n", "a:\n  ? K\n  : {c: [d]}\n", "- ? K\n  : {c: [d]}\n", "- {? K : {c: [d]}}\n",
                   "a:\n  ? K\n  :\n    # told\n    c: d\n  e: f\n"))])
def test_texts_that_end_in_empty_lines_and_keys_without_end_stay(written):
    laid = once(written)
    assert yaml.load(laid, yaml.BaseLoader) == yaml.load(written, yaml.BaseLoader)
    assert once(laid) == laid


@pytest.mark.parametrize("path", BANK, ids=lambda path: path.stem)
def test_what_is_shipped_is_laid_out(path):
    text = path.read_text("utf-8")
    assert once(text) == text


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_meaning_stays(path, tmp_path):
    case = read_case(path)
    case.write(tmp_path, later=False)
    before = compile_project(tmp_path)
    for name in [name for name, kind, _ in case.files if kind == "yaml"]:
        text = (tmp_path / name).read_text("utf-8")
        laid, _ = laid_out(Source(name, text))
        if laid is not None:  # what cannot be read is left alone
            assert once(laid) == laid
            (tmp_path / name).write_text(laid, "utf-8")
    after = compile_project(tmp_path)
    assert sorted(found.code.id for found in after.diagnostics) == sorted(found.code.id for found in before.diagnostics)
    if before.plan is not None:
        assert after.plan.fingerprints == before.plan.fingerprints
        assert {name: node.fingerprint for name, node in after.plan.nodes.items()} == {
            name: node.fingerprint for name, node in before.plan.nodes.items()}


def tree(chance: random.Random, depth: int = 0):
    kind = chance.random()
    if depth > 4 or kind < 0.4:
        return chance.choice(WORDS)
    if kind < 0.6:
        return [tree(chance, depth + 1) for _ in range(chance.randrange(5))]
    return {chance.choice([word for word in WORDS if len(word) < 100]): tree(chance, depth + 1)
            for _ in range(chance.randrange(5))}


def commented(text: str, chance: random.Random) -> str:
    """The text with comments and empty lines where nothing but a comment could stand."""
    lines: list[str] = []
    for number, line in enumerate(text.splitlines()):
        trial = [*lines, line, " " * chance.randrange(6) + f"# alone {number}", *[""] * chance.randrange(3)]
        behind = [*lines, f"{line}  # behind {number}"]
        lines = chance.choice((trial, behind, [*lines, line]))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("chunk", range(8))
def test_whatever_was_written_stays(chunk):
    commented_ones = 0
    for number in range(chunk, 1200, 8):
        chance = random.Random(number)
        told = {"project": tree(chance, 1), "indicators": tree(chance)}
        text = yaml.safe_dump(told, default_flow_style=chance.choice((True, False, None)), allow_unicode=True,
                              width=chance.choice((20, 80, 1000)), indent=chance.choice((2, 4, 7)), sort_keys=False)
        spoiled = commented(text, chance)
        try:
            if yaml.load(spoiled, yaml.BaseLoader) == yaml.load(text, yaml.BaseLoader):
                text, commented_ones = spoiled, commented_ones + 1
        except yaml.YAMLError:
            pass
        laid = once(text)
        assert yaml.load(laid, yaml.BaseLoader) == yaml.load(text, yaml.BaseLoader), number
        assert once(laid) == laid, number
        notes = [[comment.text for comment in read_written(Source("", each))[1]] for each in (text, laid)]
        assert sorted(notes[0]) == sorted(notes[1]), number
    assert commented_ones > 20


def test_a_file_is_written_whole_and_keeps_its_mode(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one, link = tmp_path / "cxmetrics.yaml", tmp_path / "link.yaml"
    one.write_bytes(b"project:  bank\r\ntitle: 'x'\r\n")
    one.chmod(0o640)
    link.symlink_to(one.name)
    assert status_of(["fmt", "--check"]) == 1
    assert status_of(["fmt", "link.yaml"]) == 0
    assert one.read_bytes() == b"project: bank\ntitle: x\n"
    assert one.stat().st_mode & 0o777 == 0o640
    assert link.is_symlink()
    assert status_of(["fmt", "--check"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cxmetrics.yaml", "link.yaml"]


def test_a_link_that_leads_outside_is_not_written_through(tmp_path, capsys):
    outside = tmp_path / "outside.yaml"
    outside.write_text("a:   b\n", "utf-8")
    inside = tmp_path / "project"
    inside.mkdir()
    (inside / "cxmetrics.yaml").write_text("project: bank\n", "utf-8")
    (inside / "led.yaml").symlink_to(outside)
    assert status_of(["fmt", str(inside)]) == 1
    assert "CX0" in capsys.readouterr().err
    assert outside.read_text("utf-8") == "a:   b\n"
