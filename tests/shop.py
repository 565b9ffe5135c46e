"""A small shop whose visits and calls arrive as files: what tests of runs over time begin with."""

import datetime as dt
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

from cxmetrics.compile import compile_project
from cxmetrics.run import RunOptions, RunReport, run
from cxmetrics.store import Freeze, Store

PROJECT = """
project: shop
grains: [day, week]
cuts: [[region]]
dimensions:
  region: {title: Region}
sources:
  visits: {read: "data/visits*.csv", time: day, columns: {spent: integer}, dimensions: {region: region}}
  calls: {read: "data/calls*.csv", time: day, columns: {minutes: integer}}
indicators:
  visited: {formula: count(visits)}
  spent: {formula: sum(visits.spent)}
  called: {formula: count(calls)}
"""
NOW = dt.datetime(2026, 4, 1, 8, tzinfo=dt.UTC)


def day(number: int) -> dt.date:
    return dt.date(2026, 3, number)


def opened(root: Path) -> Path:
    """Two visits on Monday 2 March and one a week later; calls on both days."""
    (root / "data").mkdir()
    (root / "cxmetrics.yaml").write_text(PROJECT)
    put(root, "visits-1", "day,region,spent", "2026-03-02,east,5", "2026-03-02,west,7")
    put(root, "visits-2", "day,region,spent", "2026-03-09,east,1")
    put(root, "calls-1", "day,minutes", "2026-03-02,3", "2026-03-09,2")
    return root


def put(root: Path, name: str, *lines: str) -> Path:
    path = root / "data" / f"{name}.csv"
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


def go(root: Path, **options: object) -> RunReport:
    return run(root, RunOptions(**options))


def freeze(root: Path, before: dt.date, why: str = "published") -> None:
    with Store.open(root / "store", writable=True) as store:
        store.freeze(Freeze(before, "analyst", NOW, why))


def stored(root: Path) -> pl.DataFrame:
    """The table `values` in order, without the runs that wrote it."""
    with Store.open(root / "store") as store:
        frame = store.values().drop("run")
    return frame.sort(frame.columns[:8])


def proved(root: Path, engine: str = "duckdb") -> RunReport:
    """What is stored, keys of rows too, is what a run of all days makes; the report of that run."""
    before, keys = stored(root), _keys(root)
    with Store.open(root / "store") as store:
        assert not store.verify().damaged
    report = go(root, full=True, engine=engine)
    assert_frame_equal(before, stored(root), check_exact=True)
    after = _keys(root)
    assert keys.keys() == after.keys()
    for source, frame in keys.items():
        assert_frame_equal(frame, after[source])
    return report


def _keys(root: Path) -> dict[str, pl.DataFrame]:
    """The keys of rows that the store has, by source."""
    sources = compile_project(root).pyramid.sources
    with Store.open(root / "store") as store:
        return {name: keys.collect() for name in sources if (keys := store.keys(name)) is not None}
