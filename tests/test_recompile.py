"""One file judged at once says what the whole says of that file; the whole is compiled from what is known."""

import shutil
from pathlib import Path

import pytest

from cxmetrics.compile import compile_project
from cxmetrics.recompile import Workbench

BANK = Path(__file__).resolve().parents[1] / "definitions" / "retail_bank"

# A file, what stands in it, what is written instead.
SLIPS = (
    ("journeys/j03_transfers.yaml", "weight: ", "wieght: "),
    ("journeys/j03_transfers.yaml", "level: touchpoint", "level: journey"),
    ("journeys/j03_transfers.yaml", "  transfers:\n", "  j03_transfers2:\n"),
    ("journeys/j03_transfers.yaml", "share(", "shar("),
    ("journeys/j03_transfers.yaml", "score: ", "score: {0: 1, 0: 2} #"),
    ("journeys/j03_transfers.yaml", "formula: ", "formula: cxi + "),
    ("journeys/j03_transfers.yaml", "children:", "children: ["),
    ("journeys/j05_wealth_purchase.yaml", "target: ", "target: 5 s # "),
    ("north_star.yaml", "level: north_star", "level: factor"),
    ("north_star.yaml", "children:", "childen:"),
    ("sources.yaml", "columns:", "colums:"),
    ("sources.yaml", "time: ", "time: not_there # "),
    ("tests/j03_transfers.yaml", "expect:", "expect: {nothing: 1} #"),
    ("cxmetrics.yaml", "project: ", "projekt: "),
)
WHOLE_ONLY = {"CX209"}  # a circle is told in one of the files it goes through


@pytest.fixture
def bank(tmp_path):
    return Path(shutil.copytree(BANK, tmp_path / "bank"))


def said(found, path):
    return sorted((one.code.id, one.span.in_file()[1:], tuple(sorted(one.facts.items()))) for one in found
                  if one.span is not None and one.span.source.path == path)


@pytest.mark.parametrize(("path", "old", "new"), SLIPS)
def test_a_file_is_judged_at_once_as_the_whole_judges_it(bank, path, old, new):
    bench = Workbench(bank)
    bench.compile({})
    text = (bank / path).read_text("utf-8")
    assert old in text
    spoiled = text.replace(old, new, 1)
    at_once = said(bench.judge(path, spoiled), path)
    whole = said(bench.compile({path: spoiled}).compiled.diagnostics, path)
    (bank / path).write_text(spoiled, "utf-8")
    assert whole == said(compile_project(bank).diagnostics, path)
    assert [one for one in at_once if one[0] not in WHOLE_ONLY] == [one for one in whole if one[0] not in WHOLE_ONLY]
    assert bench.judge(path, text) == ()


def test_what_a_project_writes_over_its_library_is_judged_with_the_library(tmp_path):
    (tmp_path / "cxmetrics.yaml").write_text(
        "project: mine\nimport: cxmetrics/retail_bank\nindicators:\n  transfers: {target: 80}\n")
    bench = Workbench(tmp_path)
    assert bench.compile({}).compiled.diagnostics == ()
    assert bench.judge("cxmetrics.yaml", (tmp_path / "cxmetrics.yaml").read_text()) == ()
    more = (tmp_path / "cxmetrics.yaml").read_text() + "  card_use: {target: 70 s}\n"
    assert [one.code.id for one in bench.judge("cxmetrics.yaml", more)] == \
        [one.code.id for one in bench.compile({"cxmetrics.yaml": more}).compiled.diagnostics] != []


def test_a_new_file_and_one_that_is_gone(bank):
    bench = Workbench(bank)
    bench.compile({})
    assert bench.judge("new.yaml", "indicators: {mine: {formula: cxi + cxi}}\n") == ()
    assert [one.code.id for one in bench.judge("z.yaml", "indicators: {cxi: {formula: 1}}\n")] == ["CX206"]
    (bank / "journeys/j03_transfers.yaml").unlink()
    assert bench.compile({}).compiled.failed


def test_work_that_is_ended_leaves_what_was_known(bank):
    bench = Workbench(bank)
    before = bench.compile({})

    def end():
        raise InterruptedError

    with pytest.raises(InterruptedError):
        bench.compile({"sources.yaml": "nothing"}, end)
    assert bench.stages is before
    assert bench.compile({}).compiled.diagnostics == ()
