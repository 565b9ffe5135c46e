"""What of the data feeds nothing, and which indicators lack data."""

import json

import pytest

from cxmetrics.cli.command import status_of
from cxmetrics.compile import compile_project
from cxmetrics.coverage import coverage
from cxmetrics.coverage.feeding import holds
from cxmetrics.ir import Apply, Column, Constant
from cxmetrics.units import TEXT

BANK = """\
project: bank
sources:
  event:
    read: data/event.csv
    time: day
    columns: {name: text, result: text, who: {type: text, class: C2}}
    keep: name != 'test'
  again: {read: data/event.csv, time: day, columns: {screen: text}}
  chat: {read: none, time: day, columns: {solved: boolean}}
  call: {read: data/calls/*.csv, time: day, columns: {n: integer}}
  empty: {read: data/empty.csv, time: day, columns: {n: integer}}
indicators:
  top: {children: {wrong: 1, solved: 1}}
  nothing: {children: {solved: 1, asked: 1}}
  opened:
    formula: count(event where event.name = 'done') / count(event where event.name = 'start' or event.name = 'begin')
  wrong:
    formula: share(event.result in ['bad', 'worse'] where event.name != 'start' and event.name != 'done')
    score: {0: 100%, 100: 0%}
  transfers: {formula: count(event where event.name = 'transfer' and event.result = 'ok')}
  mine: {formula: share(event.who = 'alice')}
  screens: {formula: share(again.screen = 'home')}
  solved: {formula: share(chat.solved), score: {0: 0%, 100: 100%}}
  asked: {formula: share(call.n > 1), score: {0: 0%, 100: 100%}}
  calls: {formula: sum(call.n)}
  none_yet: {formula: mean(empty.n)}
"""
EVENTS = """\
day,name,result,who,screen,shade
2026-03-01,start,ok,alice,home,1
2026-03-01,start,ok,bob,home,1
2026-03-02,done,ok,alice,list,1
2026-03-02,help,bad,carol,list,1
2026-03-02,help,odd,carol,,1
2026-03-02,test,lost,dave,home,1
"""


def bank(root):
    files = {"cxmetrics.yaml": BANK, "data/event.csv": EVENTS, "data/old/a.csv": "x\n1\n", "data/old/b.csv": "x\n1\n",
             "data/note.txt": "x", "data/empty.csv": "day,n\n2026-03-01,\n", "store/ledger.sqlite": "",
             "store/values.parquet": ""}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_gaps_are_told_by_kind(tmp_path, engine):
    gaps = coverage(bank(tmp_path), compile_project(tmp_path), engine)
    found = [(gap.kind, gap.state, gap.source, gap.column, gap.name, gap.count) for gap in gaps
             if gap.kind != "indicator"]
    assert found == [
        ("table", "unread", None, None, "data/old/*.csv", 2),
        ("column", "unread", "event", None, "shade", None),
        # `wrong` takes whatever is neither start nor done: help.  `mine` has no condition, so that every row counts for
        # it: nothing feeds nothing.  `test` is left out by `keep`.
        ("value", "not_named", "event", "name", "help", 2),
        ("value", "never_seen", "event", "name", "begin", None),
        ("value", "never_seen", "event", "name", "transfer", None),
        ("value", "not_named", "event", "result", "odd", 1),
        ("value", "never_seen", "event", "result", "worse", None),
        ("value", "not_named", "again", "screen", "list", 2),
    ]
    assert "alice" not in repr(gaps)
    lacking = {gap.name: (gap.state, gap.source, gap.because) for gap in gaps if gap.kind == "indicator"}
    assert lacking == {
        "transfers": ("never_seen", "event", "name = transfer"), "solved": ("no_table", "chat", None),
        "calls": ("unreadable", "call", "CX701"), "nothing": ("below", None, None),
        "asked": ("unreadable", "call", "CX701"), "none_yet": ("no_values", "empty", "n"),
    }


def test_rows_that_no_formula_takes_feed_nothing(tmp_path):
    text = BANK.replace("  mine: {formula: share(event.who = 'alice')}\n", "")
    text = text.replace(" != 'start' and", " = 'open' and")
    bank(tmp_path)
    (tmp_path / "cxmetrics.yaml").write_text(text, encoding="utf-8")
    gaps = coverage(tmp_path, compile_project(tmp_path))
    assert [(gap.column, gap.name, gap.count) for gap in gaps if gap.state == "feeds_nothing"] == [("name", "help", 2)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_people_and_programs_are_told(tmp_path, capsys, language):
    bank(tmp_path)
    assert status_of(["--lang", language, "coverage", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert "data/old/*.csv" in out
    assert "help" in out
    assert "6" in err
    assert status_of(["coverage", str(tmp_path), "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"kind": "value", "state": "never_seen", "source": "event", "column": "name", "name": "begin", "count": None,
            "because": None} in rows
    assert status_of(["coverage", str(tmp_path), "--format", "csv"]) == 0
    assert capsys.readouterr().out.startswith("kind,state,source,column,name,count,because\n")


NAME = Column("event", "name", "text", TEXT)
OTHER = Column("event", "other", "text", TEXT)


def said(function, *args):
    return Apply(function, args)


def text(value):
    return Constant(value, TEXT)


@pytest.mark.parametrize(("condition", "expected"), [
    (None, True), (said("=", NAME, text("a")), True), (said("=", text("b"), NAME), False),
    (said("!=", NAME, text("a")), False), (said("in", NAME, text(("b", "a"))), True),
    (said("=", OTHER, text("a")), None),
    (said("and", said("=", NAME, text("b")), said("=", OTHER, text("a"))), False),
    (said("and", said("=", NAME, text("a")), said("=", OTHER, text("a"))), None),
    (said("or", said("=", NAME, text("a")), said("=", OTHER, text("a"))), True),
    (said("or", said("=", NAME, text("b")), said("=", OTHER, text("a"))), None),
    (said("not", said("in", NAME, text(("a",)))), False), (said("not", said("=", OTHER, text("a"))), None),
    (said("is missing", NAME), False), (said("is not missing", NAME), True), (said("contains", NAME, text("z")), None),
])
def test_a_condition_holds_of_a_value_or_depends(condition, expected):
    assert holds(condition, "name", "a") is expected
