"""How sure quantiles are of rows that come in clusters: how sure the share of rows is that are no more than them."""

from __future__ import annotations

import numpy as np
import polars as pl

from cxmetrics.evaluate.finished import Finished
from cxmetrics.evaluate.quantiles import at_ranks
from cxmetrics.evaluate.replicates import Sample
from cxmetrics.plan import Leaf
from cxmetrics.statistics import jackknife
from cxmetrics.statistics.arrays import Array, floats, quiet
from cxmetrics.statistics.intervals import clustered_ranks


@quiet
def spread_quantile(leaf: Leaf, place: int, sample: Sample, confidence: float, done: Finished) -> None:
    """Give a quantile (row of `done`) the evidence of its groups of units.

    The share is a quotient, whose jackknife holds; that of a quantile itself is too narrow where few values are near.
    """
    value, n, groups = done.value[place], done.n[place], sample.groups
    below, every = _by_group(leaf, sample, value)
    whole, rows = below.sum(axis=1), every.sum(axis=1)
    share = whole / rows
    left = (whole[:, None] - below) / (rows[:, None] - every)
    squares = np.zeros(len(value))
    for each in left.T:  # one after another: `sum` takes an order that depends on the number of points
        squares += np.nan_to_num((each - share) ** 2)
    error = np.nan_to_num(jackknife.error(squares, groups))
    seen = np.count_nonzero(every, axis=1).astype(np.float64)
    # Where leaving a group out makes no difference there is no spread to see: rows tell as much as there are units.
    units = np.where(seen < groups, seen, n)
    size = np.minimum(np.where(error > 0, share * (1 - share) / error**2, units), n)
    known = (seen > 1) & ~np.isnan(value)
    ranks = clustered_ranks(n, size, seen - 1, float(dict(leaf.options)["q"]), confidence)
    low, high = at_ranks(leaf, sample.block, ranks)
    for own, new in ((done.low, low), (done.high, high)):
        own[place] = np.where(known, new, np.nan)
    done.effective[place] = np.where(known, size, done.effective[place])


def _by_group(leaf: Leaf, sample: Sample, value: Array) -> tuple[Array, Array]:
    """How many rows of each group are no more than a value [points], and how many it has; [points, groups]."""
    rows = pl.concat([sample.of(part) for part, _ in leaf.units[1].parts])
    point, group = (rows[name].to_numpy().astype(np.int64) for name in ("point", "group"))
    count, cells = rows["value"].cast(pl.Float64).to_numpy(), len(value) * sample.groups
    inside = count * (rows["key"].to_numpy() <= value[point])
    below, every = (floats(np.bincount(point * sample.groups + group, weights, cells)).reshape(-1, sample.groups)
                    for weights in (inside, count))
    return below, every
