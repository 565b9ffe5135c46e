"""Quantiles of rows with weights, of many groups at once: the inverse of what part of the weight lies up to a value.

Weights are counted in whole parts of those of their group, so that what is found of a group is the same to the bit
whatever other groups stand beside it.
"""

from __future__ import annotations

import numpy as np

from cxmetrics.statistics.arrays import Array, Codes, Numbers, codes, floats, quiet
from cxmetrics.statistics.distributions import t_quantile
from cxmetrics.statistics.grouping import summed
from cxmetrics.statistics.intervals import Interval, upper

_PARTS = 2.0**60  # of the weight of a group
_SLACK = 1e-12  # of the weight of a group: what weights such as 0.1 miss a step by that they stand on
RULES = ("hf1", "hf2")


@quiet
def quantiles_at(values: Numbers, weights: Numbers, starts: Numbers, share: Numbers, rule: str = "hf1") -> Array:
    """Return where the distribution of every group [G] reaches a share [G] of its weight.

    `values` [V] are distinct and ascending within a group, `weights` [V] above zero say what each weighs, and group g
    holds the rows from `starts[g]` up to the next start; no group is empty.  By `hf1` it is the least value up to which
    there is that share (`math`, the usual rule of `svyquantile` in the R package survey); by `hf2` the middle of it and
    the next where there is exactly that share (`school`).  They are the rules of Hyndman and Fan (1996) that need no
    number of rows.  NaN for shares outside 0..1.  Raises ValueError for another rule.
    """
    if rule not in RULES:
        raise ValueError(f"unknown rule for weighted quantiles {rule!r}")
    listed, begin, wanted = floats(values), codes(starts), floats(share)
    known = (wanted >= 0) & (wanted <= 1)
    sizes = np.diff(np.append(begin, len(listed)))
    group = np.repeat(np.arange(len(begin)), sizes)
    running = _running(floats(weights), begin, group)
    aim = np.rint((np.where(known, wanted, 0.0) - _SLACK) * _PARTS).astype(np.int64)
    place = begin + np.minimum(np.bincount(group[running < aim[group]], minlength=len(begin)), sizes - 1)
    found = listed[place]
    if rule == "hf2":
        exact = running[place] <= aim + codes(2 * _SLACK * _PARTS)
        following = listed[np.minimum(place + 1, begin + sizes - 1)]
        found = np.where(exact & (following != found), (found + following) / 2, found)
    return np.where(known, found, np.nan)


def _running(weights: Array, starts: Codes, group: Codes) -> Codes:
    """Return how many parts of its group's weight each value and those before it have [V]."""
    total = summed(group, weights, len(starts))
    parts = np.rint(weights / total[group] * _PARTS).astype(np.int64)
    running = np.cumsum(parts)  # past 2^63 it goes round, and the differences are right all the same
    return running - np.append(np.int64(0), running)[starts][group]


@quiet
def share_limits(share: Numbers, error: Numbers, df: Numbers, confidence: Numbers = 0.95) -> Interval:
    """Return between which shares the one below a quantile lies: t limits of it (Woodruff 1952, JASA 47).

    What the values reach there are the limits of the quantile (`interval.type = "mean"` of `svyquantile`, the usual).
    NaN where no value lies above the quantile: what share does in the population cannot be told then.
    """
    below = floats(share)
    half = np.where(below < 1 - _SLACK, t_quantile(df, upper(confidence)) * floats(error), np.nan)
    return below - half, below + half


@quiet
def share_error(n: Numbers, weight: Numbers, squares: Numbers, below: Numbers, squares_below: Numbers) -> Array:
    """Return the standard error of a share of weight, every row a draw by itself (linearised).

    From n, Σw and Σw², and Σw and Σw² of the rows that are in it: u = w(1 − p)/Σw of these, −w·p/Σw of others, and
    Var = n/(n − 1) · Σu².  NaN of one row.
    """
    size, whole = floats(n), floats(weight)
    p = floats(below) / whole
    inside = floats(squares_below)
    outside = np.maximum(floats(squares) - inside, 0.0)
    return np.sqrt(size / (size - 1) * (inside * (1 - p) ** 2 + outside * p**2)) / whole
