"""What a run notices, what it leaves alone, and what it refuses."""

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from shop import go, put

import cxmetrics.run as runner
from cxmetrics.backends.duckdb import DuckDB
from cxmetrics.backends.polars import Polars
from cxmetrics.diagnostics import Fault
from cxmetrics.query import query
from cxmetrics.store import Store

PROJECT = """
project: shop
grains: [day, week]
cuts: [[region]]
dimensions:
  region: {title: Region}
  branch: {within: region, lookup: {read: data/branches.csv, key: branch}}
sources:
  visits: {read: "data/visits*.csv", time: day, columns: {spent: integer}, dimensions: {branch: branch_id}}
  calls: {read: "data/calls*.csv", time: day, columns: {minutes: integer}}
indicators:
  visited: {formula: count(visits)}
  spent: {formula: sum(visits.spent)}
  called: {formula: count(calls)}
"""


def day(number: int) -> dt.date:
    return dt.date(2026, 3, 1) + dt.timedelta(number - 1)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "cxmetrics.yaml").write_text(PROJECT)
    put(tmp_path, "branches", "branch,region", "a,north", "b,south")
    put(tmp_path, "visits-1", "day,branch_id,spent", "2026-03-01,a,5", "2026-03-02,b,7")
    put(tmp_path, "visits-8", "day,branch_id,spent", "2026-03-08,a,1")
    put(tmp_path, "calls-1", "day,minutes", "2026-03-01,3", "2026-03-08,2")
    return tmp_path


def values(root: Path, **conditions: object) -> list[tuple[object, ...]]:
    """(period, region, value) of values that fit, in order."""
    with Store.open(root / "store", writable=False) as store:
        found = store.values()
    for name in set(conditions) | {"region"}:
        found = found if name in found.columns else found.with_columns(pl.lit(None, pl.String).alias(name))
    rows = found.filter(*(pl.col(name).eq_missing(pl.lit(value)) for name, value in conditions.items()))
    return rows.sort("period", "region").select("period", "region", "value").rows()


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


# --- what is left out --------------------------------------------------------------------------------------------


def said(report):
    return [(one.code.id, one.facts) for one in report.diagnostics]


def test_a_week_of_some_of_its_days_is_told(root):
    """Sunday 1 March, then the week from the 2nd to the 8th, of which the 3rd to the 7th lie between."""
    assert said(go(root, first=day(1), last=day(2))) == []
    assert [(code, facts["source"], facts["count"], facts["days"])
            for code, facts in said(go(root, first=day(8), last=day(9)))] == [
        ("CX728", "calls", "6", "2026-03-02..2026-03-07"), ("CX728", "visits", "6", "2026-03-02..2026-03-07")]
    assert said(go(root, first=day(4), last=day(5)))[0][1]["days"] == "2026-03-02..2026-03-03, 2026-03-05..2026-03-07"
    assert said(go(root)) == []


def test_a_column_that_new_files_have_not_is_told(root):
    assert said(go(root)) == []
    put(root, "visits-9", "day,branch_id,amount", "2026-03-09,a,5")
    assert [(code, facts["path"], facts["column"]) for code, facts in said(go(root))] == [
        ("CX729", "data/visits-9.csv", "spent")]
    put(root, "visits-9", "day,branch_id,Spent", "2026-03-09,a,5")
    assert said(go(root)) == []


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_a_column_that_a_new_file_leaves_empty_is_told(root, engine):
    """Of 20 rows before all say what was spent: were it chance, 1 in 21 would not; of four, (1/21)^4 = 0.000005."""
    put(root, "visits-8", "day,branch_id,spent", *["2026-03-08,a,5"] * 20)
    go(root, engine=engine)
    put(root, "visits-9", "day,branch_id,spent", *["2026-03-09,a,"] * 4)
    assert [(code, facts["path"], facts["column"]) for code, facts in said(go(root, engine=engine))] == [
        ("CX732", "data/visits-9.csv", "spent")]
    assert said(go(root, engine=engine)) == []
    put(root, "visits-9", "day,branch_id,spent", *["2026-03-09,a,"] * 3, "2026-03-09,a,7")
    assert said(go(root, engine=engine)) == []


def test_a_column_that_is_seldom_filled_may_be_empty(root):
    """7 of 20 rows say it: (14/21)^4 = 0.2 of files of four rows do not."""
    put(root, "visits-8", "day,branch_id,spent", *["2026-03-08,a,"] * 15, *["2026-03-08,a,5"] * 5)
    for path in (root / "data").glob("visits-[1-7].csv"):
        path.unlink()
    go(root)
    put(root, "visits-9", "day,branch_id,spent", *["2026-03-09,a,"] * 4)
    assert said(go(root)) == []


def test_a_file_whose_times_cannot_be_read_is_told(root):
    go(root)
    put(root, "visits-9", "day,branch_id,spent", "9. 3. 2026,a,5")
    assert [(code, facts["path"], facts["column"]) for code, facts in said(go(root))] == [
        ("CX733", "data/visits-9.csv", "day")]


# --- what is bad of a day ----------------------------------------------------------------------------------------


def bad_rows_allowed(root, share):
    definitions = (root / "cxmetrics.yaml").read_text(encoding="utf-8")
    text = definitions.replace("time: day,", f"time: day, max_bad: {share}%,", 1)
    (root / "cxmetrics.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_a_bad_day_fails_by_itself_and_among_others(root, engine):
    """Of six rows of the 9th five are bad: if 20 % were, one day of 625 had so many.  Of all 26 they are 19 %."""
    bad_rows_allowed(root, 20)
    put(root, "visits-8", "day,branch_id,spent", *["2026-03-08,a,5"] * 20)
    go(root, engine=engine)
    put(root, "visits-9", "day,branch_id,spent", "2026-03-09,a,1", *["2026-03-09,a,much"] * 5)
    for full in (False, True):
        [told] = go(root, engine=engine, full=full).troubles
        assert (told.code.id, told.facts["days"], told.facts["share"]) == ("CX707", "2026-03-09", "83.3%")


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_a_bad_row_of_a_small_day_fails_nothing(root, engine):
    """Of ten rows one is bad: if 5 % were, 40 of 100 days had one or more."""
    bad_rows_allowed(root, 5)
    put(root, "visits-8", "day,branch_id,spent", *["2026-03-08,a,5"] * 20)
    go(root, engine=engine)
    put(root, "visits-9", "day,branch_id,spent", *["2026-03-09,a,1"] * 9, "2026-03-09,a,much")
    assert go(root, engine=engine).whole
    assert go(root, engine=engine, full=True).whole


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_bad_rows_of_many_small_days_fail_where_all_are_read(root, engine):
    bad_rows_allowed(root, 5)
    for day in range(1, 10):
        put(root, f"visits-{day}", "day,branch_id,spent", *[f"2026-03-0{day},a,1"] * 9, f"2026-03-0{day},a,much")
    [told] = go(root, engine=engine).troubles
    assert (told.code.id, told.facts["days"], told.facts["share"]) == ("CX707", "2026-03-01..2026-03-09", "10.0%")


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_a_day_of_rejected_rows_is_told(root, engine):
    go(root, engine=engine)
    put(root, "visits-9", "day,branch_id,spent", "2026-03-09,a,much", "2026-03-09,a,more")
    for full in (False, True):
        assert [(code, facts["days"]) for code, facts in said(go(root, engine=engine, full=full))
                if code == "CX731"] == [("CX731", "2026-03-09")]



def test_a_column_that_comes_later_is_not_missed(root):
    put(root, "calls-1", "day", "2026-03-01")
    put(root, "calls-2", "day,minutes", "2026-03-02,3")
    assert said(go(root)) == []
    put(root, "calls-3", "day,minutes,more", "2026-03-03,3,x")
    assert said(go(root)) == []


# --- many files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_small_files_are_looked_at_together(root, engine, monkeypatch):
    """Ten days and one file without rows: what each holds is known without a scan of its own."""
    asked = []
    for one in (DuckDB, Polars):
        plain = one.cells
        monkeypatch.setattr(one, "cells", lambda self, request, plain=plain: asked.append(1) or plain(self, request))
    for number in range(9, 19):
        put(root, f"visits-{number}", "day,branch_id,spent", f"{day(number)},a,{number}", f"{day(number)},b,1")
    put(root, "visits-none", "day,branch_id,spent")
    report = go(root, engine=engine)
    assert len(asked) == 3  # the file of calls, which is one, and a scan a source
    with Store.open(root / "store") as store:
        found = {Path(path).stem: (file.first, file.last, file.rows) for path, file in store.inputs("visits").items()}
    assert found["visits-1"] == (day(1), day(2), 2)
    assert found["visits-18"] == (day(18), day(18), 2)
    assert found["visits-none"] == (None, None, 0)
    assert next(one.kept for one in report.sources if one.id == "visits") == 23


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
@pytest.mark.parametrize("unique", ["", "unique: {by: [branch_id, day], keep: latest}, "])
def test_a_time_in_other_letters_is_the_time(root, engine, unique):
    definitions = (root / "cxmetrics.yaml").read_text(encoding="utf-8")
    (root / "cxmetrics.yaml").write_text(definitions.replace("time: day,", f"time: day, {unique}", 1), "utf-8")
    go(root, engine=engine)
    put(root, "visits-9", "Day,branch_id,Spent", "2026-03-09,a,5")
    assert said(go(root, engine=engine)) == []
    assert (day(9), "north", 5.0) in values(root, indicator="spent", grain="day")
