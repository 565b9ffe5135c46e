"""Changes from a frozen period: against what was published of it, whatever the rows say of it by now."""

from __future__ import annotations

import datetime as dt

import polars as pl

from cxmetrics.calendars import before, start
from cxmetrics.days import Calendar
from cxmetrics.ir import Grain
from cxmetrics.store.rewrite import is_dimension

_PLACE = ("indicator", "grain", "period")
_INTERVAL = ("change_low", "change_high")


def beside_frozen(grain: Grain, frozen: dt.date, calendar: Calendar) -> tuple[dt.date | None, dt.date]:
    """The last period of a grain that is frozen, where all that end before a day are, and the first that is not."""
    free = start(frozen, grain, calendar)
    return before(free, grain, calendar), free


def against(rows: pl.LazyFrame, published: pl.DataFrame, grain: Grain, period: dt.date) -> pl.LazyFrame:
    """Rows of `values` whose `change` of a period is taken against published values of the one before.

    How sure it is does not follow from what the past is held to be: the interval moves along with the change.  There is
    none where nothing was published, or something of another meaning, or nothing is known of that period by now.
    """
    names = rows.collect_schema().names()
    dims = sorted({name for name in (*names, *published.columns) if is_dimension(name)})
    lacking = [pl.lit(None, pl.String).alias(name) for name in dims if name not in names]
    absent = [pl.lit(None, pl.String).alias(name) for name in dims if name not in published.columns]
    then = published.with_columns(*absent, pl.lit(grain).alias("grain"), pl.lit(period).alias("period")).select(
        *_PLACE, *dims, pl.col("value").alias("~then"), pl.col("definition").alias("~meant")).lazy()
    both = rows.with_columns(lacking).join(then, on=[*_PLACE, *dims], how="left", nulls_equal=True,
                                           maintain_order="left")
    alike = pl.col("definition") == pl.col("~meant")
    change = pl.when(alike).then(pl.col("value") - pl.col("~then"))
    moved = both.with_columns((change - pl.col("change")).alias("~by"))
    here = (pl.col("grain") == grain) & (pl.col("period") == period)
    other = here & pl.col("~by").ne_missing(0.0)
    low, high = (pl.col(name) + pl.col("~by") for name in _INTERVAL)
    verdict = pl.when(low > 0).then(pl.lit("up")).when(high < 0).then(pl.lit("down")).when(
        low.is_not_null() & high.is_not_null()).then(pl.lit("not shown"))
    told = {"change": change + 0 * pl.col("change"), "change_low": low, "change_high": high, "moved": verdict}
    return moved.with_columns(
        pl.when(other).then(each).otherwise(pl.col(name)).alias(name) for name, each in told.items()).select(names)
