"""Frames of states: their columns, and sums over them that never overflow without a word."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Literal

import polars as pl

from cxmetrics.codes import data
from cxmetrics.diagnostics import Fault, report
from cxmetrics.ir import Expr, columns_in

AMOUNT = pl.Decimal(38, 0)
DAY_0 = dt.date(1970, 1, 1).toordinal()  # the ordinal of the day whose number in frames is 0
ROWS_AT_ONCE = 500_000  # of states of some days, from which on they are merged or packed after those of others
LARGEST = 1e38  # the first integer that Decimal(38, 0) cannot hold


def schema(dimensions: int) -> dict[str, pl.DataType]:
    """The columns of a frame of states with that many dimensions."""
    slices: dict[str, pl.DataType] = dict.fromkeys(names(dimensions), pl.String())
    return {"partial": pl.UInt32(), "day": pl.Date(), **slices, "key": pl.Float64(), "value": AMOUNT,
            "text": pl.String()}


def names(dimensions: int) -> list[str]:
    """The columns `d0…` of that many dimensions."""
    return [f"d{i}" for i in range(dimensions)]


def concat(frames: Sequence[pl.DataFrame], dimensions: int) -> pl.DataFrame:
    """Frames of states of one family, one after another."""
    return pl.concat([frame.select(*schema(dimensions)) for frame in frames]) if frames else pl.DataFrame(
        schema=schema(dimensions))


def apart(frame: pl.DataFrame) -> Mapping[str, pl.DataFrame]:
    """States by their first dimension, which they lose: each part is of the family of the others."""
    rest = {f"d{i + 1}": f"d{i}" for i in range(len(frame.columns) - len(schema(0)) - 1)}
    parts = frame.partition_by("d0", as_dict=True, include_key=False)
    return {str(name): part.rename(rest) for (name,), part in parts.items()}


def grouped(rows: pl.DataFrame, by: Sequence[str], wanted: Sequence[pl.Expr], *, large: bool = False) -> pl.DataFrame:
    """Grouped; `large`: some running sum may pass 38 digits, though no final one does."""
    # The streaming engine takes half the time on millions of groups, and refuses such a running sum.
    return rows.lazy().group_by(by).agg(*wanted).collect(engine="in-memory" if large else "streaming")


def end_in_time(op: Literal["first", "last"], key: str, at: str) -> list[pl.Expr]:
    """In a group, `key` of the least or greatest `at`, of several the least or greatest; and that `at`."""
    end = pl.col(at).min() if op == "first" else pl.col(at).max()
    there = pl.col(key).filter(pl.col(at) == end)
    return [(there.min() if op == "first" else there.max()).alias(key), end.alias(at)]


def overflown(rows: pl.DataFrame, by: Sequence[str], column: str) -> pl.DataFrame:
    """The groups whose sum does not fit into 38 digits."""
    size = pl.col(column).cast(pl.Float64).sum().abs()
    return rows.group_by(by).agg(size.alias("~size")).filter(pl.col("~size") >= LARGEST)


def may_overflow(amounts: pl.Series) -> bool:
    """Whether some sum of these could pass 38 digits: grouped sums wrap around without a word."""
    if amounts.dtype != AMOUNT or not amounts.len():
        return False
    ends = [abs(float(end)) for end in (amounts.min(), amounts.max()) if end is not None]  # type: ignore[arg-type]
    return max(ends, default=0.0) * amounts.len() >= LARGEST


def overflow(expr: Expr | None) -> Fault:
    """CX714 for the first column of a sum."""
    column = next(columns_in(expr), None)
    return Fault(report(data.SUM_OVERFLOW, column.span if column else None, column=column.name if column else "?"))
