"""Ranks of slices as far as they can be told, and estimates drawn towards what slices have in common.

Estimates come with the interval that was published of each.  Its half-width stands for the standard error, which is
recovered side by side where two are compared (MOVER: Zou and Donner 2008, Statistics in Medicine 27, 1693–1702).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxmetrics.statistics.arrays import Array, Flags, Numbers, floats, quiet
from cxmetrics.statistics.comparisons import holm
from cxmetrics.statistics.distributions import normal_quantile, normal_two_sided

HOLM_UP_TO = 2_000  # slices; of more, Bonferroni's adjustment, which is wider and needs no order


@dataclass(frozen=True, slots=True)
class Bands:
    """The best and the worst rank that each slice may have, 1 the best; arrays [slices], NaN where it has none."""

    best: Array
    worst: Array


@quiet
def rank_bands(value: Numbers, low: Numbers, high: Numbers, confidence: float, *, reverse: bool = False) -> Bands:
    """Return the ranks [slices] that all hold at once with `confidence`.

    A slice's best rank is 1 and one for each slice that is better, its worst the number of slices less one for each
    that is worse; of all pairs those count that differ when adjusted for all (Holm 1979).  As all verdicts on pairs
    are right at once with that confidence, so are the ranks (Mogstad, Romano, Shaikh and Wilhelm 2024, Review of
    Economic Studies 91, 476–518, in the form with pairwise tests; Klein, Wright and Wieczorek 2020, JRSS A 183).
    Slices without an interval have no rank.  `reverse`: less is better.
    """
    own, bottom, top = floats(value), floats(low), floats(high)
    there = ~np.isnan(own + bottom + top)
    best, worst = np.full(own.shape, np.nan), np.full(own.shape, np.nan)
    better = _better(own[there], bottom[there], top[there], confidence)
    above, below = better.sum(axis=0), better.sum(axis=1)  # how many are greater than each, and less
    if reverse:
        above, below = below, above
    best[there], worst[there] = 1.0 + above, floats(there.sum() - below)
    return Bands(best, worst)


def _better(value: Array, low: Array, high: Array, confidence: float) -> Flags:
    """Whether a slice is shown to be greater than another, [slices, slices]."""
    slices = len(value)
    order = np.argsort(value, kind="stable")
    down, up = value - low, high - value
    told = np.zeros((slices, slices), np.bool_)
    pairs = slices * (slices - 1) / 2
    scale = float(normal_quantile(0.5 + confidence / 2))
    tested = [normal_two_sided(_ratio(value[i] - value[order[:place]], np.hypot(down[i], up[order[:place]]), scale))
              for place, i in enumerate(order)]
    if slices <= HOLM_UP_TO and slices:
        adjusted = np.split(holm(np.concatenate(tested)), np.cumsum([len(each) for each in tested])[:-1])
    else:
        adjusted = [each * pairs for each in tested]
    for place, (i, each) in enumerate(zip(order, adjusted, strict=True)):
        told[i, order[:place]] = each < 1 - confidence
    return told


def _ratio(difference: Array, half: Array, scale: float) -> Array:
    """How many standard errors a difference is, given half an interval of it; nothing is none of nothing."""
    return np.where(difference > 0, difference * scale / half, 0.0)


@quiet
def shrunken(value: Numbers, low: Numbers, high: Numbers, confidence: float) -> Array:
    """Return empirical Bayes estimates [slices], NaN where there is no interval.

    Each is drawn towards the common mean by the part of its variance that is its own error: s²/(s² + t²), with s half
    the interval over its normal quantile, and t² between slices by moments (DerSimonian and Laird 1986, Controlled
    Clinical Trials 7, 177–188; Efron and Morris 1975, JASA 70, 311–319).  The mean weighs slices by 1/(s² + t²).
    """
    own = floats(value)
    error = (floats(high) - floats(low)) / 2 / normal_quantile(0.5 + confidence / 2)
    there = ~np.isnan(own + error) & (error > 0)
    result = np.where(~np.isnan(own) & (error == 0), own, np.nan)
    if not there.any():
        return result
    y, variance = own[there], error[there] ** 2
    between = between_variance(y, variance)
    weight = 1 / (variance + between)
    centre = (weight * y).sum() / weight.sum()
    result[there] = centre + (y - centre) * between / (variance + between)
    return result


def between_variance(value: Array, variance: Array) -> float:
    """Return the variance between slices by moments, 0 where they differ no more than their errors explain."""
    weight = 1 / variance
    total = weight.sum()
    spread = (weight * (value - (weight * value).sum() / total) ** 2).sum()
    scale = total - (weight**2).sum() / total
    return max(0.0, float((spread - (len(value) - 1)) / scale)) if scale > 0 else 0.0
