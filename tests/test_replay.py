"""A past run computed again: from what it was defined by and what it had read."""

import json
import sqlite3
from contextlib import closing

import pytest
from shop import PROJECT, day, freeze, go, opened, put

from cxmetrics.cli.command import status_of
from cxmetrics.replay import replay
from cxmetrics.store import Store


@pytest.fixture
def root(tmp_path):
    return opened(tmp_path)


def again(root, run, engine=None):
    return replay(root, root / "store", run, engine)


def drifted(found):
    return [(one.code.id, one.facts["path"]) for one in found.drift]


@pytest.mark.parametrize("engine", [None, "polars"])
def test_a_run_is_replayed_from_the_definitions_and_files_of_then(root, engine):
    first = go(root).run
    put(root, "visits-late", "day,region,spent", "2026-03-02,east,11", "2026-03-12,east,1")
    second = go(root).run
    (root / "cxmetrics.yaml").write_text(PROJECT.replace("sum(visits.spent)", "sum(visits.spent) * 2"))
    third = go(root).run
    (root / "cxmetrics.yaml").write_text("nonsense")
    rows = []
    for run in (first, second, third):
        found = again(root, run, engine)
        assert found.same, found.differences
        assert found.releases[0] == found.releases[1]
        rows.append(found.compared)
    assert rows[0] < rows[1] == rows[2]


def test_a_run_of_some_days_is_replayed_of_these(root):
    assert again(root, go(root, last=day(9)).run).same
    put(root, "visits-3", "day,region,spent", "2026-03-20,east,9")
    run = go(root, first=day(15)).run
    found = again(root, run)
    assert found.same
    assert found.compared > 40


def test_a_changed_file_is_named_and_so_is_what_differs(root):
    run = go(root).run
    put(root, "visits-2", "day,region,spent", "2026-03-09,east,4")
    found = again(root, run)
    assert drifted(found) == [("CX757", "data/visits-2.csv")]
    assert not found.same
    # 9 March and the week from then: 1 spent was published, 4 it would be, in total and in the east, and 3 more change.
    told = found.differences.filter(column="value").select("indicator", "grain", "period", "region", "published",
                                                           "replayed").rows()
    assert told == [("spent", grain, day(9), region, "1.0", "4.0") for grain in ("day", "week")
                    for region in (None, "east")]


def test_a_file_that_only_looks_younger_has_not_drifted(root):
    run = go(root).run
    for path in (root / "data").iterdir():
        path.write_bytes(path.read_bytes())
    assert again(root, run).same
    assert not go(root).committed  # and nothing is stale


def test_a_file_that_is_gone_ends_it(root):
    run = go(root).run
    (root / "data/visits-2.csv").unlink()
    found = again(root, run)
    assert drifted(found) == [("CX756", "data/visits-2.csv")]
    assert found.differences is None
    assert not found.same


def test_rows_of_a_database_are_compared(root):
    text = PROJECT.replace('{read: "data/calls*.csv", time', "{read: data/calls.db, table: calls, time")
    (root / "cxmetrics.yaml").write_text(text)
    base = sqlite3.connect(root / "data/calls.db")
    base.executescript("create table calls (day text, minutes integer); insert into calls values ('2026-03-02', 3)")
    run = go(root).run
    assert again(root, run).same
    base.executescript("insert into calls values ('2026-03-02', 4)")
    base.close()
    found = again(root, run)
    assert drifted(found) == [("CX757", "data/calls.db//calls")]
    assert set(found.differences["indicator"]) == {"called"}


def test_what_was_frozen_is_left_out(root):
    first = go(root).run
    freeze(root, day(9))
    put(root, "visits-late", "day,region,spent", "2026-03-02,east,11", "2026-03-09,east,11")
    second = go(root).run
    assert again(root, first).frozen == 0
    found = again(root, second)
    assert found.same
    assert found.frozen > 0


def test_a_calendar_and_a_library_are_kept_too(root):
    (root / "days").mkdir()
    (root / "days/holidays.csv").write_text("date,name\n2026-03-09,Day of rest\n2026-01-01,New Year\n2026-12-31,Eve\n")
    (root / "shared").mkdir()
    (root / "shared/cxmetrics.yaml").write_text("project: shared\nindicators:\n  lib_called: {formula: count(calls)}\n")
    (root / "cxmetrics.yaml").write_text(
        "import: [shared]\ncalendar: {read: days/holidays.csv}\n" + PROJECT
        + '  worked: {formula: "count(visits where workday(visits.day))"}\n')
    run = go(root).run
    (root / "days/holidays.csv").write_text("date,name\n2026-03-02,Day of rest\n2026-01-01,New Year\n")
    (root / "shared/cxmetrics.yaml").write_text("nonsense")
    found = again(root, run)
    assert found.same, found.differences


@pytest.mark.parametrize(("spoiled", "codes"), [
    ("UPDATE texts SET content = x'00'", {"CX803"}), ("DELETE FROM texts", {"CX803"}),
    ("UPDATE texts SET content = x'00' WHERE sha256 NOT IN (SELECT manifest FROM runs)", {"CX803"}),
    ("UPDATE runs SET manifest = NULL", set())])
def test_definitions_that_cannot_be_replayed_are_verified(root, spoiled, codes):
    """What is lacking or changed is told, and a full run mends it."""
    go(root)
    with Store.open(root / "store") as store:
        assert store.verify().damaged == ()
    with closing(sqlite3.connect(root / "store" / "ledger.sqlite")) as ledger:
        ledger.execute(spoiled)
        ledger.commit()
    with Store.open(root / "store") as store:
        assert {one.code.id for one in store.verify().damaged} == codes
    go(root, full=True)
    with Store.open(root / "store") as store:
        assert store.verify().damaged == ()


def test_the_command_says_what_differs(root, capsys, monkeypatch):
    monkeypatch.chdir(root)
    run = go(root).run

    def said(*args, status=0):
        assert status_of(["replay", run, *args]) == status
        return capsys.readouterr()
    assert "every bit the same" in said().err
    assert json.loads(said("--format", "json").out)["same"]
    put(root, "visits-2", "day,region,spent", "2026-03-09,east,4")
    told = said(status=1)
    assert "CX757" in told.err
    assert "4.0" in told.out
    found = json.loads(said("--format", "json", status=1).out)
    assert found["drift"][0]["path"] == "data/visits-2.csv"
    assert status_of(["replay", "20200101T000000-00001"]) == 1
    assert "CX752" in capsys.readouterr().err
