"""Whatever is being written, every question of an editor is answered or refused: nothing falls."""

import random
import shutil
import time
from contextlib import suppress
from pathlib import Path

import pytest

from cxmetrics.assets import definitions
from cxmetrics.cli.hovers import told_of
from cxmetrics.lsp.answers import ANSWERS
from cxmetrics.lsp.asked import Asked, Refused
from cxmetrics.lsp.places import changed, offset_of, position_of
from cxmetrics.lsp.workspace import Workspace
from cxmetrics.pauses import go_on

SIGNS = ("{", "}", "[", "]", ": ", "'", '"', "\n", "  ", "- ", "&a ", "*a", "😀", "转", "\t", "\r", "#", "|", ">", "(",
         ")", "$x", "..", "\u2028", "\ud800", "\x00", "!!python/object:os.system ")


class Silent:
    """An editor that is told things and does not care."""

    def send(self, message):
        assert "error" not in message


@pytest.mark.parametrize("seed", range(4))
def test_every_question_is_answered_or_refused(seed, tmp_path):
    bank = Path(shutil.copytree(definitions() / "retail_bank", tmp_path / "bank"))
    draw = random.Random(seed)
    workspace = Workspace(Silent(), "en", bool)
    workspace.begin({"rootUri": bank.as_uri()}, "en")
    workspace.next_stale().compile(go_on)
    files = sorted(bank.rglob("*.yaml"))
    for number in range(15):
        path = draw.choice(files)
        text = spoiled(path.read_text("utf-8"), draw)
        workspace.hears["textDocument/didOpen"]({"textDocument": {"uri": path.as_uri(), "version": 1, "text": text}})
        asked_all(workspace, path.as_uri(), text, draw)
        if number % 5 == 0:
            project = workspace.next_stale()
            project.compile(go_on)
            workspace.publish(project, go_on)
            asked_all(workspace, path.as_uri(), text, draw)
        workspace.hears["textDocument/didClose"]({"textDocument": {"uri": path.as_uri()}})


def spoiled(text, draw):
    for _ in range(draw.randrange(1, 4)):
        at = draw.randrange(len(text) + 1)
        end = min(len(text), at + draw.choice((1, 3, 10, 200)))
        text = draw.choice((text[:at] + text[end:], text[:at] + draw.choice(SIGNS) + text[at:], text[:at],
                            text[:end] + text[at:]))
    return text


def asked_all(workspace, uri, text, draw):
    for answer in ANSWERS.values():
        place = position_of(text, draw.randrange(len(text) + 1))
        params = {"textDocument": {"uri": uri}, "position": place, "range": {"start": place, "end": place},
                  "context": {}, "query": "tran", "newName": "brand_new", "options": {}}
        with suppress(Refused):
            answer(Asked(workspace, params, draw.choice(("en", "zh")), told_of))


@pytest.mark.parametrize("text", ["", "a", "转账😀\r\n😀b\rc\n", "\n\n", "x\u2028y\n", "\U0001f600" * 3])
def test_places_there_and_back(text):
    for offset in range(len(text) + 1):
        if text[offset - 1:offset + 1] != "\r\n":  # nobody can stand between these
            assert offset_of(text, position_of(text, offset)) == offset
    assert offset_of(text, {"line": 99, "character": 5}) == len(text)
    assert offset_of(text, {"line": 0, "character": 10**9}) <= len(text)


def test_an_edit_by_ranges_is_the_edit_of_the_text():
    draw = random.Random(7)
    text = "indicators:\n  转账😀: {formula: nps(a.b)}\n\n"
    for _ in range(200):
        start, end = sorted(draw.choices(range(len(text) + 1), k=2))
        new = "".join(draw.choices("a转😀\n", k=draw.randrange(4)))
        change = {"range": {"start": position_of(text, start), "end": position_of(text, end)}, "text": new}
        wanted = text[:start] + new + text[end:]
        assert changed(text, [change]) == wanted
        text = wanted[:300]


HOSTILE = {
    "blanks": "indicators:\n  a: " + " " * 1_000_000 + "x", "braces": "indicators: " + "{" * 200_000,
    "brackets in a formula": "indicators:\n  a:\n    formula: " + "(" * 200_000,
    "a long name": "indicators:\n  a:\n    formula: >\n      " + "a." * 100_000,
    "many short lines": "indicators:\n  a:\n    formula: >\n" + "      a + \n" * 50_000 + "      b = '",
    "many deep lines": "".join(" " * depth + f"k{depth}:\n" for depth in range(3_000)),
    "quotes": "indicators:\n  a:\n    formula: a = '" + "', '" * 100_000, "dashes": "- " * 200_000,
    "one line below another": "\n" * 1_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_made_to_take_long_does_not(name, tmp_path):
    (tmp_path / "cxmetrics.yaml").write_text("project: p\nindicators: {a: {formula: 1}}\n")
    workspace = Workspace(Silent(), "en", bool)
    workspace.begin({"rootUri": tmp_path.as_uri()}, "en")
    workspace.next_stale().compile(go_on)
    uri, text = (tmp_path / "b.yaml").as_uri(), HOSTILE[name]
    workspace.hears["textDocument/didOpen"]({"textDocument": {"uri": uri, "version": 1, "text": text}})
    began = time.perf_counter()
    for offset in (len(text), len(text) // 2):
        place = position_of(text, offset)
        params = {"textDocument": {"uri": uri}, "position": place, "range": {"start": place, "end": place},
                  "context": {}, "query": "a", "newName": "b", "options": {}}
        for answer in ANSWERS.values():
            with suppress(Refused):
                answer(Asked(workspace, params, "en", told_of))
    assert time.perf_counter() - began < 20
