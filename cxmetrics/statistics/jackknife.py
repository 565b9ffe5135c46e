"""The uncertainty of anything that is computed from mergeable states: delete a group of entities, compute again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxmetrics.statistics.arrays import Array, Numbers, floats, quiet
from cxmetrics.statistics.distributions import t_quantile
from cxmetrics.statistics.intervals import upper


@dataclass(frozen=True, slots=True)
class Spread:
    """Standard error and interval, in the unit of the estimate."""

    error: Array
    low: Array
    high: Array


@quiet
def error(squares: Numbers, groups: int) -> Array:
    """Return the standard error √((G − 1)/G · Σ(θ₋g − θ)²), given that sum over so many groups (Kott 2001).

    NaN for no groups.
    """
    return floats(np.sqrt(floats(squares) * (groups - 1) / groups))


@quiet
def jackknife(left_out: Numbers, full: Numbers, confidence: Numbers = 0.95) -> Spread:
    """Return the delete-a-group jackknife spread of `full` [...] from `left_out` [G, ...].

    One estimate per group of entities left out: Var = (G − 1)/G·Σ(θ₋g − θ)², t with G − 1
    (Kott 2001, Journal of Official Statistics 17(4)).
    NaN where an estimate cannot be computed without one of the groups, and for fewer than two groups.
    """
    without, value = floats(left_out), floats(full)
    groups = without.shape[0]
    if groups < 2:
        missing = np.full(value.shape, np.nan)
        return Spread(missing, missing, missing)
    spread = error(((without - value) ** 2).sum(axis=0), groups)
    half = t_quantile(groups - 1, upper(confidence)) * spread
    return Spread(spread, value - half, value + half)
