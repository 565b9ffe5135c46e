"""What a run notices, what it leaves alone, and what it refuses."""

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from branched import PROJECT, day, made, values
from polars.testing import assert_frame_equal
from shop import go, put

import cxmetrics.run as runner
from cxmetrics.backends.duckdb import DuckDB
from cxmetrics.diagnostics import Fault
from cxmetrics.query import query
from cxmetrics.store import Store


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return made(tmp_path)


def test_another_lookup_gives_other_slices(root):
    go(root)
    put(root, "branches", "branch,region", "a,east", "b,south")
    go(root)
    named = {region for _, region, _ in values(root, indicator="visited", grain="day")}
    assert named == {None, "east", "south"}


def test_a_table_that_a_source_looks_into_is_its_input(root):
    text = PROJECT.replace("  calls:", """
    lookups: {kinds: {read: data/kinds.csv, key: branch, on: branch_id, valid_from: since, columns: {kind: text}}}
  calls:""".lstrip("\n")).replace(", dimensions: {branch: branch_id}}", """
    dimensions: {branch: branch_id}""").replace("visits: {read:", "visits:\n    read:").replace(
        ", time: day, columns: {spent: integer}\n    dim", "\n    time: day\n    columns: {spent: integer}\n    dim")
    (root / "cxmetrics.yaml").write_text(text + "  large: {formula: count(visits where visits.kind = 'large')}\n")
    put(root, "kinds", "branch,kind,since", "a,large,2026-03-02")
    go(root)
    before = values(root, indicator="large", grain="week", region=None)
    assert not go(root).committed
    put(root, "kinds", "branch,kind,since", "a,large,")
    go(root)
    assert sum(value or 0 for _, _, value in values(root, indicator="large", grain="week", region=None)) == sum(
        value or 0 for _, _, value in before) + 1
    (root / "data/kinds.csv").unlink()
    with pytest.raises(Fault) as raised:
        go(root, strict=True)
    assert [found.code.id for found in raised.value.diagnostics] == ["CX701"]


def test_a_lookup_that_nobody_asks_for_need_not_be_there(root):
    (root / "data/branches.csv").unlink()
    put(root, "visits-1", "day,region,spent", "2026-03-01,a,5")
    put(root, "visits-8", "day,region,spent", "2026-03-08,a,5")
    text = PROJECT.replace(", dimensions: {branch: branch_id}", "")
    (root / "cxmetrics.yaml").write_text(text)
    assert go(root).committed


def test_days_between_files_go_with_the_file_after_them(root):
    go(root)
    assert (day(5), None, 0.0) in values(root, indicator="visited", grain="day", region=None)
    (root / "data/visits-8.csv").unlink()
    go(root)
    later = [value for at, _, value in values(root, indicator="visited", grain="day", region=None) if at > day(2)]
    assert later == [None] * 6  # calls go on, visits are not known


def test_weeks_that_begin_otherwise_take_the_place_of_those_before(root):
    go(root)
    (root / "cxmetrics.yaml").write_text(PROJECT + "week_start: wednesday\n")
    go(root)
    assert {at.weekday() for at, _, _ in values(root, grain="week")} == {2}


def test_what_a_removed_source_left_goes(root):
    put(root, "calls-2", "day,minutes", "2026-04-09,1")
    go(root)
    text = PROJECT.replace("  called: {formula: count(calls)}\n", "")
    (root / "cxmetrics.yaml").write_text(text)
    go(root)
    assert max(at for at, _, _ in values(root, grain="day")) == day(8)


def test_another_column_of_time_is_read_from_files_that_look_the_same(root):
    put(root, "calls-1", "day,minutes,noted", "2026-03-01,3,2026-03-20", "2026-03-08,2,2026-03-21")
    go(root)
    (root / "cxmetrics.yaml").write_text(PROJECT.replace('calls*.csv", time: day', 'calls*.csv", time: noted'))
    go(root)
    counted = [(at, value) for at, _, value in values(root, indicator="called", grain="day", region=None) if value]
    assert counted == [(day(20), 1.0), (day(21), 1.0)]


def test_a_window_leaves_what_is_stored_true(root):
    go(root)
    put(root, "visits-1", "day,branch_id,spent", "2026-03-01,a,5", "2026-03-01,a,5", "2026-03-02,b,7")
    go(root, first=day(8), last=day(9))
    assert values(root, indicator="visited", grain="day", region=None)[0] == (day(1), None, 2.0)


@pytest.mark.parametrize("full", [False, True])
def test_a_window_does_not_throw_away_other_days(root, full):
    go(root)
    before = values(root, grain="day")
    go(root, first=day(8), last=day(9), full=full)
    assert values(root, grain="day") == before


def test_a_new_formula_is_computed_for_all_that_is_stored(root):
    go(root)
    (root / "cxmetrics.yaml").write_text(PROJECT.replace("sum(visits.spent)", "sum(2 * visits.spent)"))
    go(root, first=day(8), last=day(9))
    assert values(root, indicator="spent", grain="day", region=None)[0] == (day(1), None, 10.0)


def test_days_that_nobody_looked_at_are_not_0(root):
    go(root, first=day(1), last=day(2))
    go(root, first=day(8), last=day(9))
    (root / "cxmetrics.yaml").write_text(PROJECT.replace("sum(visits.spent)", "sum(2 * visits.spent)"))
    go(root, first=day(8), last=day(9))
    assert {at for at, _, _ in values(root, grain="day")} == {day(1), day(8)}


def test_nothing_changed_costs_nothing(root, monkeypatch):
    go(root)
    monkeypatch.setattr(runner, "bind", None)  # not a file is opened
    report = go(root)
    assert (report.committed, report.scans, [one.files for one in report.sources]) == (False, 0, [1, 2])


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(root):
    assert go(root, dry_run=True).scans == 2
    assert not (root / "store").exists()
    go(root)
    put(root, "visits-9", "day,branch_id,spent", "2026-03-09,a,5")
    before = {path: path.stat().st_mtime_ns for path in (root / "store").rglob("*")}
    with Store.open(root / "store", writable=True) as store, store.lock():
        report = go(root, dry_run=True)  # nor does it wait for a writer
    assert [(one.id, one.days) for one in report.sources] == [("calls", 0), ("visits", 1)]
    parquet = [path for path in before if path.suffix == ".parquet"]
    assert sorted((root / "store").rglob("*.parquet")) == sorted(parquet)


def test_a_file_that_changes_while_it_is_read_is_refused(root, monkeypatch):
    cells = DuckDB.cells

    def meanwhile(self: DuckDB, request: object) -> object:
        put(root, "calls-1", "day,minutes", "2026-03-01,3")
        return cells(self, request)

    monkeypatch.setattr(DuckDB, "cells", meanwhile)
    with pytest.raises(Fault) as caught:
        go(root, strict=True)
    assert caught.value.diagnostics[0].code.id == "CX719"
    assert not list((root / "store").rglob("*.parquet"))
    monkeypatch.undo()
    assert go(root).committed


def names() -> Iterator[str]:
    yield from ("a b", "访问", "a#b", "50%41", "a[1]", "a?b", "a*b", "a'b", 'a"b', "x=1", "a;b", "-x", "%2F")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_files_of_any_name(root, kind, engine):
    (root / "cxmetrics.yaml").write_text(PROJECT.replace("visits*.csv", f"visits*.{kind}"))
    for path in (root / "data").glob("visits*"):
        path.unlink()
    rows = pl.DataFrame({"day": [day(1)], "branch_id": ["a"], "spent": [1]})
    for name in names():
        path = root / "data" / f"visits{name}.{kind}"
        rows.write_csv(path) if kind == "csv" else rows.write_parquet(path)
    go(root, engine=engine)
    assert values(root, indicator="visited", grain="day", region=None)[0] == (day(1), None, float(len(list(names()))))


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_files_whose_columns_differ_in_case_alone_have_the_same_columns(root, engine, kind):
    """5 + 7 spent by a and b on two days; the second `a` is a duplicate, which needs the key of both files."""
    other = PROJECT.replace("visits*.csv", f"visits*.{kind}").replace(
        "{branch: branch_id}}", "{branch: branch_id}, unique: {by: [branch_id], keep: first}}")
    (root / "cxmetrics.yaml").write_text(other)
    (root / "data/visits-8.csv").unlink()
    put(root, "visits-1", "day,branch_id,spent", "2026-03-03,a,5")
    put(root, "visits-2", "day,Branch_ID,Spent", "2026-03-04,b,7", "2026-03-04,a,9")
    if kind == "parquet":
        for path in list((root / "data").glob("visits*.csv")):
            pl.read_csv(path).write_parquet(path.with_suffix(".parquet"))
    go(root, engine=engine)
    asked = query(root, ["spent"], grain="week", by=("branch",))
    assert dict(asked.select("branch", "value").iter_rows()) == {"a": 5, "b": 7}


def test_links_to_one_file_are_files(root):
    for path in (root / "data").glob("visits*"):
        path.unlink()
    put(root, "visits-1", "day,branch_id,spent", "2026-03-01,a,1")
    (root / "data" / "visits-2.csv").symlink_to("visits-1.csv")
    assert go(root).diagnostics == ()
    assert values(root, indicator="visited", grain="day", region=None)[0] == (day(1), None, 2.0)


def test_two_sources_may_read_the_same_files(root):
    text = PROJECT.replace('  calls: {read: "data/calls*.csv", time: day, columns: {minutes: integer}}',
                           '  calls: {read: "data/visits*.csv", time: day}')
    (root / "cxmetrics.yaml").write_text(text)
    go(root)
    put(root, "visits-8", "day,branch_id,spent", "2026-03-08,a,1", "2026-03-08,b,1")
    go(root)
    for name in ("visited", "called"):
        assert values(root, indicator=name, grain="day", region=None)[-1] == (day(8), None, 2.0)


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
@pytest.mark.parametrize("held", [
    pl.Series([2**31 - 1, -(2**31), 20513], dtype=pl.Int32).cast(pl.Date),
    pl.Series([2**63 - 1, -(2**63) + 1, 20513 * 86_400_000_000]).cast(pl.Datetime("us")),
    pl.Series([2**63 - 1, -(2**63) + 1, 20513 * 86_400_000_000]).cast(pl.Datetime("us", "UTC"))])
def test_times_beyond_every_calendar_are_rejected(root, engine, held):
    for path in (root / "data").glob("visits*"):
        path.unlink()
    pl.DataFrame({"day": held, "spent": [1, 2, 4], "branch_id": "b1"}).write_parquet(root / "data" / "visits.parquet")
    definitions = (root / "cxmetrics.yaml").read_text(encoding="utf-8")
    (root / "cxmetrics.yaml").write_text(definitions.replace("visits*.csv", "visits.parquet"), encoding="utf-8")
    visits = next(one for one in go(root, engine=engine).sources if one.id == "visits")
    assert (visits.first, visits.last, visits.kept) == (dt.date(2026, 3, 1), dt.date(2026, 3, 1), 1)
    assert list(visits.rejected.values()) == [2]


def test_a_date_far_away_does_not_hold_a_run_up(root):
    put(root, "visits-far", "day,branch_id,spent", "1900-01-01,a,1", "2199-12-31,a,1")
    began = time.perf_counter()
    go(root)
    assert time.perf_counter() - began < 60


def test_a_question_about_one_indicator_is_answered_as_if_about_all(root):
    """The other source tells that its days, and its slices, are there."""
    go(root)
    for cut, first in (((), None), (("region",), None), ((), day(4))):
        stored = query(root, ["spent"], by=cut, grain="day", first=first)
        (root / "store").rename(root / "aside")
        asked = query(root, ["spent"], by=cut, grain="day", first=first)
        (root / "aside").rename(root / "store")
        assert_frame_equal(asked.drop("run"), stored.drop("run"), check_exact=True)
