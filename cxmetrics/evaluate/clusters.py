"""Leaves whose rows come in clusters: several of one entity tell less than as many of different ones.

The variance is that of the units' totals, linearised (Taylor): over all units of a survey, or over random groups of
units.  Where every unit has one row and all weigh the same the rows are draws by themselves, and closed forms hold.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cxmetrics.evaluate.block import Block
from cxmetrics.evaluate.finished import Finished
from cxmetrics.evaluate.units import LINEAR, QUOTIENTS, Sampled
from cxmetrics.evaluate.weighted_quantiles import QUANTILES, cluster_quantile, is_designed
from cxmetrics.functions import UNIT
from cxmetrics.ir import Apply
from cxmetrics.plan import Leaf, Plan
from cxmetrics.statistics.arrays import Array, quiet
from cxmetrics.statistics.distributions import normal_two_sided, t_quantile
from cxmetrics.statistics.intervals import share_interval, upper

_ENDS = {"nps": (-100.0, 100.0), "apdex": (0.0, 1.0), "correlation": (-1.0, 1.0), "stdev": (0.0, np.inf),
         "count": (0.0, np.inf), "alpha": (-np.inf, 1.0)}


def is_linear(leaf: Leaf, plan: Plan) -> bool:
    """Whether the states of every single unit of a leaf are kept, and it is a sum or a quotient of their sums."""
    return leaf.function in LINEAR and _is_by_unit(leaf, plan)


def _is_by_unit(leaf: Leaf, plan: Plan) -> bool:
    by = [plan.partials[part].by for total in leaf.units for part, _ in total.parts]
    return bool(by) and all(isinstance(each, Apply) and each.function == UNIT for each in by)


def is_exact(leaf: Leaf, plan: Plan) -> bool:
    """Whether it has the interval of its units: such a leaf, or a quantile.

    How many rows there are is left to the groups.
    """
    return leaf.function != "count" and (is_linear(leaf, plan) or (
        leaf.function in QUANTILES and _is_by_unit(leaf, plan)))


@quiet
def cluster(leaves: Sequence[Leaf], bounded: Sequence[int], sampled: Sampled, plan: Plan, block: Block,
            done: Finished) -> None:
    """Give leaves (index) whose every unit is known the evidence of their clusters, where rows are not alone."""
    points = done.value.shape[1]
    for index in bounded:
        leaf = leaves[index]
        if leaf.function in QUANTILES:
            cluster_quantile(leaf, index, sampled, block, plan, done)
            continue
        totals = sampled.totals(leaf, index)
        if not len(totals.point):
            continue
        rows = np.bincount(totals.point, minlength=points)
        clustered = np.bincount(totals.point, totals.n > 1, points) > 0
        taken = (rows > 0) & (clustered | (leaf.function not in QUOTIENTS - {"csi"}) | is_designed(leaf, plan))
        if not taken.any():
            continue
        found = sampled.survey.sureness(sampled.parts(leaf, index), leaf.sources, points)
        spread(leaf, index, np.where(taken, found.error, np.nan), found.df, rows.astype(np.float64),
               plan.project.confidence, done)
        unknown = taken & np.isnan(found.error)  # nothing is known of the spread in a stratum of one unit
        for own in (done.low, done.high, done.error):
            own[index, unknown] = np.nan
        for own in (done.low, done.high):
            own[index, found.certain] = done.value[index, found.certain]


@quiet
def spread(leaf: Leaf, index: int, error: Array, df: Array, units: Array, confidence: float, done: Finished) -> None:
    """Put standard errors [points] of clustered rows, where there are any, in place of those of rows by themselves.

    `units` [points]: how many there are, as far as that is known.  Where these are all alike there is no spread to see:
    a share is then as sure as one of so many rows, and of all else it is not known.
    """
    function = leaf.function.removeprefix("weighted_")
    value, n = done.value[index], done.n[index]
    known = np.isfinite(error) & (error > 0) & (df > 0)
    alike = ~np.isnan(error) & ~known & (units < n)
    quantile = t_quantile(df, upper(confidence))
    if function == "share":
        size = np.where(known, value * (1 - value) / error**2, units)
        low, high = share_interval(value, size, np.where(known, 1 - normal_two_sided(quantile), confidence))
    else:
        size = np.where(known, done.effective[index] * (_alone(function, index, done) / error) ** 2, units)
        worst, best = _ENDS.get(function, (-np.inf, np.inf))
        half = np.where(known, quantile * error, np.nan)
        low, high = np.maximum(value - half, worst), np.minimum(value + half, best)
    for own, new in ((done.low, low), (done.high, high), (done.error, np.where(known, error, np.nan)), (done.df, df)):
        own[index] = np.where(known | alike, new, own[index])
    shrunk = (known | alike) & np.isfinite(size)
    done.effective[index] = np.where(shrunk, np.minimum(size, n), done.effective[index])


def _alone(function: str, index: int, done: Finished) -> Array:
    """The standard error that rows by themselves would have; NaN where it is not told."""
    return np.asarray(np.sqrt(done.value[index]), np.float64) if function == "count" else done.error[index]
