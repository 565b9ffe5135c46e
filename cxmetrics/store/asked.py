"""What is asked of stored values, as conditions on the rows of their files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import polars as pl

from cxmetrics.store.buckets import DataFile
from cxmetrics.store.commits import Family


def wanted(dims: list[str], cut: Family | None, indicators: Iterable[str] | None, first: dt.date | None,
           last: dt.date | None) -> list[pl.Expr]:
    """The conditions on rows of values that these arguments stand for."""
    asked = [] if cut is None else [
        pl.col(name).is_not_null() if name in cut else pl.col(name).is_null() for name in dims]
    if indicators is not None:
        asked.append(pl.col("indicator").is_in(list(indicators)))
    if first is not None:
        asked.append(pl.col("period") >= first)
    if last is not None:
        asked.append(pl.col("period") < last)
    return asked or [pl.lit(value=True)]


def with_dimensions(rows: pl.LazyFrame, file: DataFile, dims: list[str]) -> pl.LazyFrame:
    """Rows with all these dimensions; null where the file has not got one."""
    absent = [name for name in dims if name not in file.dimensions]
    return rows.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)


def restored(values: pl.DataFrame, drafts: pl.DataFrame) -> pl.DataFrame:
    """The rows of some values, each as its draft has it, where there is one."""
    columns = values.columns
    key = columns[:columns.index("value")]
    rows = values.select(*key).with_row_index("~row")
    there = rows.join(drafts, on=key, nulls_equal=True)
    others = values.with_row_index("~row").join(there, on="~row", how="anti")
    return pl.concat([others, there.select(others.columns)]).sort("~row").select(columns)
