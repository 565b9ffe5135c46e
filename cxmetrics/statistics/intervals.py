"""Confidence intervals of leaves, from the sums and counts that their states hold.

Every function returns `(low, high)`, broadcast over its arguments, NaN where the interval is undefined.
`confidence` is a fraction, 0.95 unless named.
"""

from __future__ import annotations

import numpy as np

from cxmetrics.statistics.arrays import Array, Numbers, floats, quiet
from cxmetrics.statistics.distributions import (
    beta_quantile,
    binomial_below,
    gamma_quantile,
    normal_quantile,
    t_quantile,
)

Interval = tuple[Array, Array]


def upper(confidence: Numbers) -> Array:
    """Return the probability below the upper end of a two-sided interval: 0.975 for 0.95."""
    return (1 + floats(confidence)) / 2


@quiet
def nps_error(promoters: Numbers, detractors: Numbers, n: Numbers) -> Array:
    """Return the standard error of an NPS, on the −100..100 scale: 100·√((p + d − (p − d)²)/n)."""
    size = floats(n)
    p, d = floats(promoters) / size, floats(detractors) / size
    return 100 * np.sqrt((p + d - (p - d) ** 2) / size)


@quiet
def adjusted_error(promoters: Numbers, detractors: Numbers, n: Numbers) -> Array:
    """Return the standard error that the adjusted Wald interval of an NPS uses: `nps_error` with ¾ more at either end.

    It is above zero also where all answers are alike (Rocks 2016).  NaN without an answer.
    """
    size = floats(n)
    return nps_error(floats(promoters) + 0.75, floats(detractors) + 0.75, np.where(size > 0, size + 3, np.nan))


@quiet
def nps_interval(promoters: Numbers, detractors: Numbers, n: Numbers, confidence: Numbers = 0.95) -> Interval:
    """Return the adjusted Wald interval of an NPS, on the −100..100 scale, cut to that scale.

    Takes counts of promoters, detractors and answers; counts of a weighted survey may be fractional.
    Three answers are added, ¾ to either end (Rocks 2016, The American Statistician 70(4), 365–372).
    """
    size = floats(n)
    larger = np.where(size > 0, size + 3, np.nan)
    p, d = (floats(promoters) + 0.75) / larger, (floats(detractors) + 0.75) / larger
    centre = p - d
    half = normal_quantile(upper(confidence)) * np.sqrt((p + d - centre**2) / larger)
    return 100 * np.maximum(centre - half, -1), 100 * np.minimum(centre + half, 1)


def apdex_interval(satisfied: Numbers, tolerating: Numbers, n: Numbers, confidence: Numbers = 0.95) -> Interval:
    """Return the interval of an Apdex, on its 0..1 scale.

    Apdex = (S + T/2)/N = (1 + NPS/100)/2 with satisfied samples for promoters and frustrated ones for detractors,
    so the adjusted Wald interval of the NPS carries over.
    """
    frustrated = floats(n) - floats(satisfied) - floats(tolerating)
    low, high = nps_interval(satisfied, frustrated, n, confidence)
    return (1 + low / 100) / 2, (1 + high / 100) / 2


@quiet
def share_interval(p: Numbers, n: Numbers, confidence: Numbers = 0.95) -> Interval:
    """Return the Wilson score interval of a share `p` (0..1) seen on `n` answers (Wilson 1927; Newcombe 1998).

    `n` may be fractional: a weighted share takes its effective n (`survey.effective_n`).
    """
    share, size = floats(p), floats(n)
    size = np.where(size > 0, size, np.nan)
    z = normal_quantile(upper(confidence))
    shrink = 1 / (1 + z**2 / size)
    centre = (share + z**2 / (2 * size)) * shrink
    half = z * shrink * np.sqrt(share * (1 - share) / size + z**2 / (4 * size**2))
    # At 0 and 1 the formula ends there exactly; in floating point it only nearly does.
    low = np.where(share == 0, 0 * half, centre - half)
    return low, np.where(share == 1, 1 + 0 * half, centre + half)


@quiet
def mean_interval(mean: Numbers, stdev: Numbers, n: Numbers, confidence: Numbers = 0.95) -> Interval:
    """Return the t interval of a mean; `stdev` has divisor n − 1. NaN below two answers."""
    centre, size = floats(mean), floats(n)
    half = t_quantile(size - 1, upper(confidence)) * floats(stdev) / np.sqrt(size)
    return centre - half, centre + half


@quiet
def ratio_interval(
    n: Numbers,
    *,
    x: Numbers,
    y: Numbers,
    xx: Numbers,
    xy: Numbers,
    yy: Numbers,
    confidence: Numbers = 0.95,
) -> Interval:
    """Return the interval of Σy/Σx, linearised, from the sums n, Σx, Σy, Σx², Σxy, Σy² of its rows.

    The residual is e = y − R·x and Var = n/(n−1)·Σe²/(Σx)², with t(n − 1) (Cochran 1977, Sampling Techniques, ch. 6).
    NaN below two rows and where Σx is zero.
    """
    size, below = floats(n), floats(x)
    ratio = floats(y) / below
    residual = floats(yy) - 2 * ratio * floats(xy) + ratio**2 * floats(xx)
    error = np.sqrt(size / (size - 1) * np.maximum(residual, 0)) / abs(below)
    half = t_quantile(size - 1, upper(confidence)) * error
    half = np.where(np.isfinite(ratio), half, np.nan)
    return ratio - half, ratio + half


@quiet
def poisson_interval(count: Numbers, exposure: Numbers = 1.0, confidence: Numbers = 0.95) -> Interval:
    """Return the exact interval of a rate: events per unit of exposure, given their count (Garwood 1936).

    NaN where the exposure is not above zero.
    """
    events, size = floats(count), floats(exposure)
    size = np.where(size > 0, size, np.nan)
    top = upper(confidence)
    most = events.max(initial=0)
    if np.ndim(top) == 0 and most < events.size and (events == np.floor(events)).all() and (events >= 0).all():
        # Of many counts most are alike: each is looked up once.
        low, high = _garwood(np.arange(most + 1), top)
        places = events.astype(np.int64)
        return low[places] / size, high[places] / size
    low, high = _garwood(events, top)
    return low / size, high / size


def _garwood(events: Array, top: Numbers) -> Interval:
    """The exact interval of the mean of a Poisson count, given the probability up to its upper end."""
    return np.where(events == 0, 0.0, gamma_quantile(events, 1 - floats(top))), gamma_quantile(events + 1, top)


@quiet
def quantile_ranks(n: Numbers, q: Numbers, confidence: Numbers = 0.95) -> Interval:
    """Return the ranks (1..n) of the order statistics that bound the quantile `q` of a population.

    The narrowest pair with at most half of the error on either side: the count of values below the quantile is
    Binomial(n, q) (Conover 1999, section 3.2). NaN where no value can serve as a bound; that side is then open.
    """
    size, share, top = np.broadcast_arrays(floats(n), floats(q), upper(confidence))
    size = np.where((size >= 1) & (share > 0) & (share < 1), size, np.nan)
    # Rank r may be the lower bound while P(B <= r − 1) is at most half of the error: r is where that is first passed.
    low = _first(size, share, 1 - top, strict=True)
    high = _first(size, share, top, strict=False) + 1
    return np.where(low >= 1, low, np.nan), np.where(high <= size, high, np.nan)


@quiet
def clustered_shares(effective: Numbers, df: Numbers, q: Numbers, confidence: Numbers = 0.95) -> Interval:
    """Return between which shares the one below a quantile of rows that come in clusters lies.

    The share of values below the quantile has the exact binomial interval of as many rows by themselves as tell as much
    as these do, fewer still for the degrees of freedom (Korn, Graubard 1998, Survey Methodology 24(2)); its ends are
    read off the values (Woodruff 1952, JASA 47).  These rows may be found to tell more than they do as well as less:
    if it were never more than their number, intervals would on average be too wide.
    """
    found, share, top = np.broadcast_arrays(floats(effective), floats(q), upper(confidence))
    known = found * (normal_quantile(top) / t_quantile(df, top)) ** 2
    low = beta_quantile(known * share, known * (1 - share) + 1, 1 - top)
    high = beta_quantile(known * share + 1, known * (1 - share), top)
    return low, high


@quiet
def share_ranks(n: Numbers, limits: Interval) -> Interval:
    """Return the ranks (1..n) that bound what lies between two shares of values.

    NaN where no value can serve as a bound; that side is then open.
    """
    size = floats(n)
    below, above = np.floor(size * limits[0]), np.floor(size * limits[1]) + 1
    return np.where(below >= 1, below, np.nan), np.where(above <= size, above, np.nan)


def _first(n: Array, q: Array, level: Array, *, strict: bool) -> Array:
    """Return the least k in 0..n with P(B <= k) above `level` (`strict`), or at least `level`."""
    left, right = np.full(n.shape, -1.0), n.astype(np.float64)
    steps = int(np.nanmax(n)).bit_length() + 1 if np.isfinite(n).any() else 0
    for _ in range(steps):
        middle = np.floor((left + right) / 2)
        below = binomial_below(middle, n, q)
        reached = below > level if strict else below >= level
        open_still = right - left > 1
        left, right = np.where(open_still & ~reached, middle, left), np.where(open_still & reached, middle, right)
    return right
