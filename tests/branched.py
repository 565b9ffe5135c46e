"""Visits and calls of a shop whose branches lie in regions, by a table that is looked up."""

import datetime as dt
from pathlib import Path

import polars as pl
from shop import put

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


def made(root: Path) -> Path:
    """Visits on the 1st, 2nd and 8th of March, calls on the 1st and the 8th."""
    (root / "data").mkdir()
    (root / "cxmetrics.yaml").write_text(PROJECT)
    put(root, "branches", "branch,region", "a,north", "b,south")
    put(root, "visits-1", "day,branch_id,spent", "2026-03-01,a,5", "2026-03-02,b,7")
    put(root, "visits-8", "day,branch_id,spent", "2026-03-08,a,1")
    put(root, "calls-1", "day,minutes", "2026-03-01,3", "2026-03-08,2")
    return root


def values(root: Path, **conditions: object) -> list[tuple[object, ...]]:
    """(period, region, value) of values that fit, in order."""
    with Store.open(root / "store", writable=False) as store:
        found = store.values()
    for name in set(conditions) | {"region"}:
        found = found if name in found.columns else found.with_columns(pl.lit(None, pl.String).alias(name))
    rows = found.filter(*(pl.col(name).eq_missing(pl.lit(value)) for name, value in conditions.items()))
    return rows.sort("period", "region").select("period", "region", "value").rows()
