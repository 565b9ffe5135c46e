"""One unit among others: summaries of those that are there, and the place among those it can be told from."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from cxmetrics.statistics.arrays import Array, Numbers, floats, quiet
from cxmetrics.statistics.comparisons import holm


@quiet
def _median(values: Array) -> Array:
    """Return the middle of the values along the first axis, the mean of the two middle ones of an even number."""
    ordered = np.sort(values, axis=0)  # NaN last
    count = (~np.isnan(values)).sum(axis=0)
    low = np.take_along_axis(ordered, np.maximum((count - 1) // 2, 0)[None], 0)[0]
    high = np.take_along_axis(ordered, np.minimum(count // 2, len(values) - 1)[None], 0)[0]
    return floats(np.where(count > 0, low + (high - low) / 2, np.nan))


@quiet
def _mean(values: Array) -> Array:
    there = ~np.isnan(values)
    total = np.zeros(values.shape[1:])
    for each in np.where(there, values, 0.0):  # in the order given, whatever the number of points
        total = total + each
    return floats(total / there.sum(axis=0))


SUMMARIES: Mapping[str, Callable[[Array], Array]] = {
    "peers.median": _median,
    "peers.mean": _mean,
    "peers.min": lambda values: np.fmin.reduce(values, axis=0),
    "peers.max": lambda values: np.fmax.reduce(values, axis=0),
}
"""Of values [peers, points] those that are there, NaN where there is none."""


@quiet
def percentile_among(x: Numbers, others: Numbers, *, reverse: bool = False) -> Array:
    """Return (rank − 1)/(n − 1), 0..1, of `x` [points] among itself and `others` [peers, points], ties ranked lowest.

    Others that are NaN are not there; NaN where nobody is, or `x` is not. `reverse`: less is better.
    """
    own, known = floats(x), floats(others)
    worse = (known > own if reverse else known < own).sum(axis=0)
    return np.where(np.isnan(own), np.nan, worse / (~np.isnan(known)).sum(axis=0))


@quiet
def joint_rank(ahead: Numbers, p: Numbers, error: float) -> Array:
    """Return the rank (1 the best) of a unit among others, sharing the place of those it cannot be told from.

    `ahead` [others, points]: by how much each other is better, NaN where it is not there.  `p`, of the same shape: the
    p-value of "no difference", NaN where there is none: then any difference counts.  The rank is 1 and one for each
    other that is better with a p-value, adjusted for all comparisons of the unit (Holm 1979), below `error`.
    """
    better = floats(ahead)
    adjusted = holm(np.where(np.isnan(better), np.nan, floats(p)).T).T
    told = np.isnan(adjusted) | (adjusted < error)
    return np.where(np.isnan(better).all(axis=0), np.nan, 1.0 + ((better > 0) & told).sum(axis=0))
