"""What can become of a value and of a row, as numbers that every engine writes beside them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import polars as pl

from cxmetrics.backends.cells import Tally

# Of a value.
FINE, TYPE, SCALE, VALUES, NOT_FINITE = range(5)
REASONS: Mapping[int, str] = {TYPE: "type", SCALE: "scale", VALUES: "values"}  # in the order they are looked for

# Of a row; 0 too if it counts.
DROPPED, DUPLICATE = 1, 2
FIRST_REASON = 3  # further ones are places in `Needs.reasons`, counted from here


def tallies(counted: pl.DataFrame, nulled: Iterable[str]) -> dict[dt.date, Tally]:
    """Of each day the rows and the bad ones, out of `rows` by `fate` and `day`; the columns `nulled` count values that
    were nulled.

    Those are counted by column, and one row may have several: no more rows are bad than there are.
    """
    rejected = pl.when(pl.col("fate") >= FIRST_REASON).then(pl.col("rows")).otherwise(0)
    found = counted.filter(pl.col("fate") != DROPPED, pl.col("day").is_not_null()).group_by("day").agg(
        pl.col("rows").sum(), rejected=rejected.sum(), bad=pl.sum_horizontal(rejected, *nulled).sum())
    return {day: Tally(int(rows), int(rejected), int(min(bad, rows)))
            for day, rows, rejected, bad in found.sort("day").iter_rows()}
