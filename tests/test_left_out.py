"""What a run leaves out, finds bad or looks at together, and what it says of that."""

import shutil
from pathlib import Path
from random import Random

import pytest
from branched import day, made, values
from shop import go, put

from cxmetrics.backends.duckdb import DuckDB
from cxmetrics.backends.polars import Polars
from cxmetrics.store import Store


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return made(tmp_path)


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


@pytest.mark.parametrize(("asked", "days"), [
    ({"first": day(9), "last": day(10)}, "2026-03-09"), ({"first": day(10)}, "2026-03-10.."),
    ({"last": day(1)}, "..2026-02-28"), ({"first": day(20), "last": day(27)}, "2026-03-20..2026-03-26")])
def test_days_that_nobody_has_delivered_are_told(root, asked, days):
    """Rows are there of 1 to 8 March: before the first run, before another, and after a run with nothing to do."""
    told = [("CX734", {"days": days, "first": "2026-03-01", "last": "2026-03-08"})]
    assert said(go(root, **asked)) == said(go(root, **asked, dry_run=True)) == told
    go(root)
    assert said(go(root, **asked)) == told
    assert said(go(root, first=day(8), last=day(20))) == said(go(root, last=day(2))) == []


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


def bad_rows_allowed(root, share, more=""):
    definitions = (root / "cxmetrics.yaml").read_text(encoding="utf-8")
    text = definitions.replace("time: day,", f"time: day, {more}max_bad: {share}%,", 1)
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
def test_rows_without_a_day_do_not_drown_among_those_of_before(root, engine):
    """Of 11 rows four: where 5 % are bad, that is so in one of 644 files.  Of all 93 they are 4.3 %."""
    bad_rows_allowed(root, 5)
    put(root, "visits-8", "day,branch_id,spent", *["2026-03-08,a,5"] * 80)
    go(root, engine=engine)
    put(root, "visits-9", "day,branch_id,spent", *["2026-03-09,a,1"] * 7, *["soon,a,1"] * 4)
    [told] = [one for one in go(root, engine=engine).troubles if one.code.id == "CX707"]
    assert (told.facts["days"], told.facts["share"]) == ("–", "36.4%")


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_bad_rows_of_many_small_days_fail_where_all_are_read(root, engine):
    bad_rows_allowed(root, 5)
    for number in range(1, 10):
        rows = [*[f"{day(number)},a,1"] * 9, f"{day(number)},a,much"]
        put(root, f"visits-{number}", "day,branch_id,spent", *rows)
    [told] = go(root, engine=engine).troubles
    assert (told.code.id, told.facts["days"], told.facts["share"]) == ("CX707", "2026-03-01..2026-03-09", "10.0%")


@pytest.mark.parametrize(("seed", "on_bad"), [(0, "reject"), (2, "null")])
def test_an_added_day_is_judged_as_if_all_were_read_again(root, seed, on_bad):
    """Days of ten rows, of which one, none or two are bad, where 8 % may be: no day alone is beyond chance."""
    bad_rows_allowed(root, 8, f"on_bad: {on_bad}, ")
    drawn, verdicts = Random(seed), []
    for number in range(9, 19):
        bad = drawn.choice([0, 0, 1, 1, 2])
        put(root, f"visits-{number}", "day,branch_id,spent",
            *[f"{day(number)},a,{'much' if i < bad else i}" for i in range(10)])
        if drawn.random() < 0.2:
            (root / "data" / f"visits-{drawn.randrange(9, number + 1)}.csv").unlink(missing_ok=True)
        added = go(root, engine=("duckdb", "polars")[number % 2])
        shutil.rmtree(root / "other", ignore_errors=True)
        shutil.copytree(root, root / "other", ignore=shutil.ignore_patterns("store", "other"))
        again = go(root / "other")
        told = [[(one.code.id, one.facts) for one in report.troubles] for report in (added, again)]
        assert told[0] == told[1]
        verdicts.append(bool(told[0]))
    assert len(set(verdicts)) == 2, "some of these histories are to fail, and some not"


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_a_day_of_rejected_rows_is_told(root, engine):
    go(root, engine=engine)
    put(root, "visits-9", "day,branch_id,spent", *["2026-03-09,a,much"] * 3, *["2026-03-10,a,more"] * 2)
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
