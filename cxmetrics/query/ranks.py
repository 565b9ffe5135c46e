"""Slices ranked: bands of ranks, and shrunken values beside the raw ones."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from cxmetrics.backends.cells import MISSING
from cxmetrics.plan import Plan
from cxmetrics.statistics.ranks import rank_bands, shrunken

RANKS = ("rank_best", "rank_worst", "shrunken")


def ranked(frame: pl.DataFrame, plan: Plan, by: Sequence[str]) -> pl.DataFrame:
    """The rows of a query with `RANKS`, each among the slices of its indicator and period.

    They follow from what is shown: hidden slices have none.  Rows that do not say which slice they are in, and values
    without an interval, have none either.
    """
    confidence = plan.project.confidence
    parts = list[pl.DataFrame]()
    for (name,), group in frame.with_row_index("~place").group_by("indicator", maintain_order=True):
        reverse = plan.nodes[str(name)].indicator.direction == "down"
        for _, own in group.group_by("period", maintain_order=True):
            unit = pl.all_horizontal(pl.col(each) != MISSING for each in by)
            value, low, high = (own.select(pl.when(unit).then(pl.col(side)).fill_null(float("nan")))[side].to_numpy()
                                for side in ("value", "low", "high"))
            bands = rank_bands(value, low, high, confidence, reverse=reverse)
            parts.append(own.with_columns(
                pl.Series("rank_best", bands.best).fill_nan(None).cast(pl.Int64),
                pl.Series("rank_worst", bands.worst).fill_nan(None).cast(pl.Int64),
                pl.Series("shrunken", shrunken(value, low, high, confidence)).fill_nan(None)))
    if not parts:
        return frame.with_columns(pl.lit(None, pl.Int64).alias("rank_best"), pl.lit(None, pl.Int64).alias("rank_worst"),
                                  pl.lit(None, pl.Float64).alias("shrunken"))
    return pl.concat(parts).sort("~place").drop("~place")
