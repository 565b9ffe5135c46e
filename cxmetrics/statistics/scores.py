"""From a value to a score: alone (anchors, goalposts, a curve) or within a pool of peers.

A pool is given as integer codes 0..P−1, one a value; a value with a negative code, or NaN, is in no pool and has no
score. `reverse` is for indicators where lower is better. (OECD/JRC Handbook 2008, step 5.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxmetrics.statistics.arrays import Array, Codes, Flags, Numbers, codes, floats, quiet
from cxmetrics.statistics.distributions import upper_tail

# erfc(0.906...) is 1/5, so that the curve passes .9 at the tenth percentile.
TENTH = 0.9061938024368232
# Differences below this part of the values are noise of their own computation.
LEAST_SEEN = 1e-14


def piecewise(x: Numbers, anchors: Numbers, values: Numbers) -> Array:
    """Return `values` interpolated linearly between `anchors`, flat beyond the first and last of them.

    Anchors may rise or fall. Raises ValueError unless they do so strictly, without NaN, one value to each.
    """
    at, score = floats(anchors), floats(values)
    if at.ndim != 1 or at.shape != score.shape or not at.size:
        raise ValueError("anchors and their values must be two lists of one length")
    if at[0] > at[-1]:
        at, score = at[::-1], score[::-1]
    if not (np.diff(at) > 0).all() or np.isnan(at[0]) or np.isnan(score).any():
        raise ValueError("anchors must rise or fall strictly")
    return floats(np.interp(floats(x), at, score))


@quiet
def goalposts(
    x: Numbers, low: Numbers, high: Numbers, *, reverse: bool = False, clip: bool = False, log: bool = False
) -> Array:
    """Return (x − low)/(high − low), or 1 minus that when `reverse`; on logarithms when `log`; cut to 0..1 when `clip`.

    NaN where low equals high and, on logarithms, where a number is not above zero.
    """
    value, bottom, top = (_logarithm(v) if log else floats(v) for v in (x, low, high))
    score = (value - bottom) / np.where(top == bottom, np.nan, top - bottom)
    score = 1 - score if reverse else score
    return np.clip(score, 0, 1) if clip else score


@quiet
def bands(x: Numbers, edges: Numbers, points: Numbers) -> Array:
    """Return the points of the step a value stands on: `edges` rise, and `points` has one more, rising or falling.

    A value on an edge earns the better of both sides: up to 1 s is still fast, from 90 % is already good. A value that
    differs from an edge by 1e-12 of it, as what was computed from decimals may, is on it.
    Raises ValueError unless edges rise and points do not turn back.
    """
    at, gives = floats(edges), floats(points)
    steps = np.diff(gives)
    if at.size + 1 != gives.size or not (np.diff(at) > 0).all() or not ((steps >= 0).all() or (steps <= 0).all()):
        raise ValueError("edges must rise, and points must rise or fall, one more than edges")
    value, slack = floats(x)[..., None], 1e-12 * abs(at)
    passed = value >= at - slack if (steps >= 0).all() else value > at + slack
    return floats(np.where(np.isnan(value[..., 0]), np.nan, gives[passed.sum(axis=-1)]))


def _logarithm(x: Numbers) -> Array:
    given = floats(x)
    return np.log(np.where(given > 0, given, np.nan))


@quiet
def lognormal(x: Numbers, median: Numbers, p10: Numbers) -> Array:
    """Return the log-normal score of a value where lower is better: .5 at `median`, .9 at `p10`, 1 at zero and below.

    ½·erfc(0.906…·ln(x/median)/ln(median/p10)), kept inside [.9, 1] up to p10, [.5, .9) up to the median and [0, .5)
    beyond, so that rounding cannot cross a band (the two-point curve of web performance scoring).
    NaN unless 0 < p10 < median.
    """
    value, middle, tenth = floats(x), floats(median), floats(p10)
    width = np.where((tenth > 0) & (tenth < middle), np.log(middle / tenth), np.nan)
    ratio = np.where(value > 0, value / middle, np.where(value <= 0, 0.0, np.nan))
    raw = upper_tail(TENTH * np.log(ratio) / width)
    low = np.where(value <= tenth, 0.9, np.where(value <= middle, 0.5, 0.0))
    high = np.where(value <= tenth, 1.0, np.where(value <= middle, np.nextafter(0.9, 0), np.nextafter(0.5, 0)))
    return np.clip(raw, low, high)


@dataclass(frozen=True, slots=True)
class _Pool:
    """The values in pools, which places of the input they take, the pool of each, and how many pools there are."""

    values: Array
    inside: Flags
    groups: Codes
    count: int

    def spread(self, score: Array) -> Array:
        """Return the scores in the places of their values, NaN elsewhere."""
        result = np.full(self.inside.shape, np.nan)
        result[self.inside] = score
        return result

    def sums(self, x: Array) -> Array:
        return floats(np.bincount(self.groups, weights=x, minlength=self.count))

    def sizes(self) -> Array:
        return floats(np.bincount(self.groups, minlength=self.count))


def _pool(x: Numbers, groups: Numbers) -> _Pool:
    values = floats(x)
    pools = np.broadcast_to(codes(groups), values.shape)
    inside = ~np.isnan(values) & (pools >= 0)
    chosen = pools[inside]
    return _Pool(values[inside], inside, chosen, int(chosen.max(initial=-1)) + 1)


@quiet
def min_max(x: Numbers, groups: Numbers = 0, *, low: float = 0.0, high: float = 1.0, reverse: bool = False) -> Array:
    """Return every value placed between the least and the greatest of its pool, on the range low..high.

    `reverse` gives `high` to the least value. NaN in a pool whose values are all equal, or as good as.
    """
    pool = _pool(x, groups)
    least, most = np.full(pool.count, np.inf), np.full(pool.count, -np.inf)
    np.minimum.at(least, pool.groups, pool.values)
    np.maximum.at(most, pool.groups, pool.values)
    bottom, top = least[pool.groups], most[pool.groups]
    least_seen = LEAST_SEEN * np.maximum(abs(top), abs(bottom))
    width = np.where(top - bottom > least_seen, top - bottom, np.nan)
    share = (top - pool.values if reverse else pool.values - bottom) / width
    return pool.spread(np.where(share == 1, high + 0 * share, low + (high - low) * share))


@quiet
def z_score(x: Numbers, groups: Numbers = 0, *, reverse: bool = False) -> Array:
    """Return (x − mean)/s of the pool, s with divisor n − 1, the sign turned when `reverse`.

    NaN in a pool of one and where s is zero.
    """
    pool = _pool(x, groups)
    size = pool.sizes()
    centred = pool.values - (pool.sums(pool.values) / size)[pool.groups]
    # The mean is rounded; taking out the mean of what is left keeps equal values at a spread of nearly nothing.
    centred = centred - (pool.sums(centred) / size)[pool.groups]
    stdev = np.sqrt(pool.sums(centred**2) / np.where(size > 1, size - 1, np.nan))[pool.groups]
    score = centred / np.where(stdev > LEAST_SEEN * abs(pool.values), stdev, np.nan)
    return pool.spread(-score if reverse else score)


@quiet
def percentile_rank(x: Numbers, groups: Numbers = 0, *, reverse: bool = False) -> Array:
    """Return (rank − 1)/(n − 1) within the pool, 0..1, ties taking the lowest rank; NaN in a pool of one.

    `reverse` ranks from the greatest value down, so that the least value gets 1.
    """
    pool = _pool(x, groups)
    keys = -pool.values if reverse else pool.values
    order = np.lexsort((keys, pool.groups))
    ranked, of = keys[order], pool.groups[order]
    places = np.arange(len(order))
    new_pool = np.append(True, of[1:] != of[:-1])[: len(order)]
    new_value = new_pool | np.append(True, ranked[1:] != ranked[:-1])[: len(order)]
    first_of_pool = np.maximum.accumulate(np.where(new_pool, places, 0))
    first_of_value = np.maximum.accumulate(np.where(new_value, places, 0))
    size = pool.sizes()[of]
    score = np.empty(len(order))
    score[order] = (first_of_value - first_of_pool) / np.where(size > 1, size - 1, np.nan)
    return pool.spread(score)
