"""States as they are stored: one row for each place, key and text, with all partials that have a state there.

What a group of units or a single unit adds to is told by many partials at once: written partial by partial, its day,
slice and text would take most of a file.  The columns are those of states, but for `partial`, the fingerprints of the
partials in order with `BETWEEN` between them, and `value`, a list of their values in the same order; of Int64 where
all of the file fit, else of Decimal(38, 0).  Rows with the same partials stand together.
"""

from __future__ import annotations

import polars as pl

from cxmetrics.backends.waiting import stretches, within
from cxmetrics.states import AMOUNT, ROWS_AT_ONCE, names, schema

BETWEEN = ","
FITS = 2**62  # integers below it are written in half the room
_PACKED = ("partial", "value")


def packed(states: pl.DataFrame, dimensions: int) -> pl.DataFrame:
    """States as they are stored, from those with a fingerprint in `partial`, in any order.

    Every place is of a day, so that some days are packed after others.  An Enum of fingerprints in order spares to
    look at each of them again.
    """
    if not isinstance(states.schema["partial"], pl.Enum):
        states = states.with_columns(pl.col("partial").cast(pl.Enum(states["partial"].unique().sort())))
    kind, days = _kind(states["value"]), stretches([states], ROWS_AT_ONCE)
    parts = [_packed(within(states, some), dimensions, kind) for some in days] or [_packed(states, dimensions, kind)]
    return _in_order(pl.concat(parts), dimensions)


def _packed(states: pl.DataFrame, dimensions: int, kind: pl.DataType) -> pl.DataFrame:
    """States of some days with their partials, in order, and values in lists, in any order."""
    place = ["day", *names(dimensions), "text", "key"]
    coded = states.with_columns(pl.col("text").cast(pl.Categorical), pl.col("value").cast(kind))
    listed = coded.sort("partial").group_by(place).agg(*_PACKED)  # which leaves the order within a group
    return listed.with_columns(pl.col("text").cast(pl.String))


def _in_order(listed: pl.DataFrame, dimensions: int) -> pl.DataFrame:
    """With the partials of each list told, and rows in the order of what is told."""
    sets = listed.select(pl.col("partial").unique()).with_columns(
        pl.col("partial").cast(pl.List(pl.String)).list.join(BETWEEN).alias("told")).sort("told").with_row_index("set")
    # There are few sets of partials, and to compare their numbers costs less than to compare texts of a length.
    numbered = listed.join(sets.select("partial", "set"), on="partial").sort(order("set", dimensions))
    return numbered.with_columns(sets["told"].gather(numbered["set"]).alias("partial")).select(*schema(dimensions))


def order(first: str, dimensions: int) -> list[str]:
    """The columns that rows as they are stored are in order of; `first`: what tells their partials."""
    return [first, *names(dimensions), "day", "text", "key"]


def together(some: pl.DataFrame, others: pl.DataFrame, dimensions: int) -> pl.DataFrame | None:
    """States as they are stored, of two parts that are, with no place in both; None where all have to be packed anew.

    That is where values of some are larger than those of most: how they are written hangs on all of them.
    """
    if any(frame.schema["value"] != pl.List(pl.Int64) for frame in (some, others)):
        return None
    return pl.concat([some, others]).sort(order("partial", dimensions))


def one_by_one(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Stored states one by one, with a fingerprint in `partial`, in no order that means anything."""
    single = rows.with_columns(pl.col("partial").str.split(BETWEEN)).explode(*_PACKED)
    return single.with_columns(pl.col("value").cast(AMOUNT))


def _kind(values: pl.Series) -> pl.DataType:
    """The narrower of two kinds of integers that holds these."""
    return pl.Int64() if values.is_between(-FITS, FITS).all() else AMOUNT
