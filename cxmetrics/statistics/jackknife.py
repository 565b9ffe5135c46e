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
    error = np.sqrt((groups - 1) / groups * ((without - value) ** 2).sum(axis=0))
    half = t_quantile(groups - 1, upper(confidence)) * error
    return Spread(error, value - half, value + half)
