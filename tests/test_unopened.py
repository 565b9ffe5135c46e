"""A day costs a day: files that are known, and have no rows of the days to be computed, are not opened."""

import datetime as dt
import json

import polars as pl
import pytest
from shop import go, proved

from cxmetrics.backends import readers
from cxmetrics.run.unopened import united
from cxmetrics.store import Store

PROJECT = """
project: shop
grains: [day, week, month]
cuts: [[region], [segment]]
dimensions: {region: {title: Region}, segment: {title: Segment}}
sources:
  visits:
    read: "data/visits*"
    time: day
    columns: {spent: {type: number, missing: [99]}, place: text, who: text, step: text}
    dimensions: {region: region}
indicators:
  visited: {formula: count(visits)}
  spent: {formula: sum(visits.spent)}
  typical: {formula: "median(visits.spent)"}
  done: {formula: "conversion(visits.step = 'a', visits.step = 'b', by = visits.who, within = 30 h)"}
"""
FIRST = dt.date(2026, 2, 20)


@pytest.fixture
def root(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "cxmetrics.yaml").write_text(PROJECT)
    return tmp_path


def put(root, number, ending="csv", **more):
    """A file of one day: two visits of an entity that goes from step `a` to step `b` on the day after."""
    rows = [{"day": FIRST + dt.timedelta(number), "region": region, "spent": number + i, "place": "x",
             "who": f"{region}{number - (step == 'b')}", "step": step} | more
            for i, (region, step) in enumerate((("east", "a"), ("west", "a"), ("east", "b")))]
    frame, path = pl.DataFrame(rows), root / "data" / f"visits-{number:02}.{ending}"
    match ending:
        case "csv":
            frame.write_csv(path)
        case "parquet":
            frame.write_parquet(path)
        case _:
            path.write_text("".join(json.dumps(row, default=str) + "\n" for row in rows))


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_a_day_opens_the_files_around_it(root, opened, ending, engine):
    for number in range(12):
        put(root, number, ending)
    go(root, engine=engine)
    opened.clear()
    put(root, 12, ending)
    report = go(root, engine=engine)
    # Who began up to two days before may go on to the next step; and no clock is more than two days off.
    assert set(opened) == {f"visits-{number:02}.{ending}" for number in range(12 - 2 - 2, 13)}
    assert report.values > 0
    proved(root, engine)


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_columns_that_come_and_go(root, ending, engine):
    """Every column that any file has is one, whichever files are opened."""
    for number in range(8):
        put(root, number, ending, **({"segment": "gold"} if number < 2 else {}))
        if number in {0, 3, 6}:
            go(root, engine=engine)
    go(root, engine=engine)
    proved(root, engine)
    put(root, 1, ending)  # the segments that are left are those of the first day
    go(root, engine=engine)
    proved(root, engine)
    put(root, 0, ending)  # and now no file has any
    go(root, engine=engine)
    proved(root, engine)
    with Store.open(root / "store") as store:
        assert "segment" not in store.values().columns


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_types_that_differ(root, engine):
    """Where files differ in the type of a column, all of them say what it is."""
    for number in range(6):
        put(root, number, "parquet", spent=float(number) if number == 2 else number)
        go(root, engine=engine)
    proved(root, engine)


def test_another_formula_opens_them_all(root, opened):
    for number in range(4):
        put(root, number)
    go(root)
    opened.clear()
    (root / "cxmetrics.yaml").write_text(PROJECT.replace("sum(visits.spent)", "max(visits.spent)"))
    go(root)
    assert len(set(opened)) == 4
    proved(root)


def test_a_file_that_was_withdrawn(root):
    for number in range(9):
        put(root, number)
    go(root)
    (root / "data/visits-04.csv").unlink()
    go(root)
    proved(root)


def test_a_row_without_a_day_is_counted_by_the_run_that_reads_its_file(root):
    for number in range(3):
        put(root, number)
    (root / "data/visits-bad.csv").write_text("day,region,spent,place,who,step\nsoon,east,1,x,y,a\n")
    first = go(root)
    put(root, 9)
    assert [dict(one.sources[0].rejected) for one in (first, go(root))] == [{"day: type": 1}, {}]
    proved(root)


def test_what_tables_are_together():
    def table(wider=(), **columns):
        return readers.Table((), columns, frozenset(wider))
    assert united([table(a="text"), table(b="integer")]) == table(a="text", b="integer")
    assert united([table(a="time", wider="a"), table(b="time")]) == table(a="time", b="time", wider="a")
    assert united([table(a="text"), table(a="integer")]) is None
    assert united([table(a="time", wider="a"), table(a="time")]) is None
    assert united([table(a="text"), table(A="text")]) is None
