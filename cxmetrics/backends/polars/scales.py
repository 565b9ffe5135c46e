"""Answers on a scale that changed, brought to that of today; in the order of operations that every engine keeps."""

from __future__ import annotations

import polars as pl

from cxmetrics.backends.fates import FINE, SCALE
from cxmetrics.backends.needs import asked_before, ends_today, same_ends
from cxmetrics.backends.polars.values import Reading


def rescaled(frame: pl.LazyFrame, readings: tuple[Reading, ...]) -> pl.LazyFrame:
    """The rows with `b:` and `c:` of the columns whose scale changed: judged by the scale of the row's `day`."""
    changed = [one for one in readings if one.spec.scales is not None]
    if not changed:
        return frame
    return frame.with_columns(_status(one) for one in changed).with_columns(_value(one) for one in changed)


def _status(one: Reading) -> pl.Expr:
    value = pl.col(f"c:{one.name}").cast(pl.Float64)
    off = ~value.is_between(*ends_today(one.spec))
    for until, first, last in reversed(asked_before(one.spec)):
        outside = ~value.is_between(min(first, last), max(first, last))
        off = pl.when(pl.col("day") <= until).then(outside).otherwise(off)
    before = pl.lit(FINE, pl.UInt8) if one.status is None else pl.col(f"b:{one.name}")
    return pl.when(off).then(pl.lit(SCALE, pl.UInt8)).otherwise(before).alias(f"b:{one.name}")


def _value(one: Reading) -> pl.Expr:
    value = pl.col(f"c:{one.name}").cast(pl.Float64)
    low, high = ends_today(one.spec)
    result = value
    for until, first, last in reversed(asked_before(one.spec)):
        same = same_ends(one.spec, first, last)
        mapped = value if same else (value - first) * (high - low) / (last - first) + low
        result = pl.when(pl.col("day") <= until).then(mapped).otherwise(result)
    return pl.when(pl.col(f"b:{one.name}") == FINE).then(result).alias(f"c:{one.name}")
