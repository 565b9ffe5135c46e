"""Differences between two estimates, many of them at once, and the verdict on one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxmetrics.statistics.arrays import Array, Codes, Numbers, floats, quiet
from cxmetrics.statistics.distributions import normal_quantile, normal_two_sided, t_quantile, t_two_sided
from cxmetrics.statistics.intervals import share_interval, upper


@dataclass(frozen=True, slots=True)
class Comparison:
    """The difference of two estimates in their own unit, its interval, and the two-sided p-value of "no difference".

    `df` are the degrees of freedom of the reference t distribution, infinite for the normal one.
    """

    difference: Array
    low: Array
    high: Array
    p: Array
    df: Array


@quiet
def independent(a: Numbers, error_a: Numbers, b: Numbers, error_b: Numbers, confidence: Numbers = 0.95) -> Comparison:
    """Compare two NPS or means of different respondents, given standard errors: a − b ± z·√(SE_a² + SE_b²)."""
    return by_error(floats(a) - floats(b), np.hypot(floats(error_a), floats(error_b)), np.inf, confidence)


@quiet
def paired(
    a: Numbers,
    b: Numbers,
    *,
    stdev_a: Numbers,
    stdev_b: Numbers,
    covariance: Numbers,
    n: Numbers,
    confidence: Numbers = 0.95,
) -> Comparison:
    """Compare two NPS or means of the same `n` respondents; spreads and covariance with divisor n − 1, t(n − 1)."""
    spread = floats(stdev_a) ** 2 + floats(stdev_b) ** 2 - 2 * floats(covariance)
    size = floats(n)
    error = np.sqrt(np.maximum(spread, 0) / size)
    return by_error(floats(a) - floats(b), error, size - 1, confidence)


@quiet
def welch(
    mean_a: Numbers,
    mean_b: Numbers,
    *,
    stdev_a: Numbers,
    stdev_b: Numbers,
    n_a: Numbers,
    n_b: Numbers,
    confidence: Numbers = 0.95,
) -> Comparison:
    """Compare two means of different respondents with unequal spreads (Welch 1947; divisor n − 1)."""
    part_a, part_b = floats(stdev_a) ** 2 / floats(n_a), floats(stdev_b) ** 2 / floats(n_b)
    total = part_a + part_b
    df = total**2 / (part_a**2 / (floats(n_a) - 1) + part_b**2 / (floats(n_b) - 1))
    return by_error(floats(mean_a) - floats(mean_b), np.sqrt(total), df, confidence)


@quiet
def by_error(difference: Array, error: Array, df: Numbers, confidence: Numbers) -> Comparison:
    """Return the comparison of two estimates whose difference has that standard error, with t(df)."""
    difference, error, freedom = np.broadcast_arrays(difference, error, floats(df))
    half = t_quantile(freedom, upper(confidence)) * error
    p = np.where(error > 0, t_two_sided(freedom, difference / error), np.nan)
    return Comparison(difference, difference - half, difference + half, p, freedom)


@quiet
def by_interval(difference: Array, low: Array, high: Array, confidence: Numbers) -> Comparison:
    """Return the comparison of two estimates whose difference has that interval, which may reach further to one side.

    The p-value is that of a normal estimate whose interval reaches as far towards no difference: it is less than
    1 − `confidence` where the interval does not hold 0.
    """
    error = np.where(difference > 0, difference - low, high - difference) / normal_quantile(upper(confidence))
    p = np.where(error > 0, normal_two_sided(difference / error), np.nan)
    return Comparison(difference, low, high, p, np.full_like(difference, np.inf))


@quiet
def shares(p_a: Numbers, n_a: Numbers, p_b: Numbers, n_b: Numbers, confidence: Numbers = 0.95) -> Comparison:
    """Compare two shares (0..1) of different respondents; each `n` may be an effective one.

    The interval is Newcombe's hybrid of two Wilson intervals (Newcombe 1998, Statistics in Medicine 17, 873–890,
    method 10), the p-value that of the pooled z test; p is NaN where both shares are 0 or both are 1.
    """
    a, b = floats(p_a), floats(p_b)
    size_a, size_b = (np.where(n > 0, n, np.nan) for n in (floats(n_a), floats(n_b)))
    low_a, high_a = share_interval(a, size_a, confidence)
    low_b, high_b = share_interval(b, size_b, confidence)
    difference = a - b
    pooled = (a * size_a + b * size_b) / (size_a + size_b)
    error = np.sqrt(pooled * (1 - pooled) * (1 / size_a + 1 / size_b))
    low = difference - np.hypot(a - low_a, high_b - b)
    high = difference + np.hypot(high_a - a, b - low_b)
    p = np.where(error > 0, normal_two_sided(difference / error), np.nan)
    return Comparison(difference, low, high, p, np.full_like(difference, np.inf))


@quiet
def share_against(p: Numbers, n: Numbers, known: Numbers, confidence: Numbers = 0.95) -> Comparison:
    """Compare a share (0..1) on `n` answers with a share that is known exactly.

    The interval is the Wilson one of the share less what is known, the p-value that of the z test with the known
    share's spread (its inverse); NaN where 0 or 1 is known, whose spread is none.
    """
    share, size, line = floats(p), floats(n), floats(known)
    size = np.where(size > 0, size, np.nan)
    low, high = share_interval(share, size, confidence)
    error = np.sqrt(line * (1 - line) / size)
    difference = share - line
    tested = np.where(error > 0, normal_two_sided(difference / error), np.nan)
    return Comparison(difference, low - line, high - line, tested, np.full_like(difference, np.inf))


def holm(p: Numbers) -> Array:
    """Return p-values adjusted for a family along the last axis, step-down (Holm 1979); NaN is in no family."""
    given = floats(p)
    order, ranked, size = _ranked(given)
    adjusted = np.fmax.accumulate(ranked * (size - np.arange(given.shape[-1])), axis=-1)
    return _put_back(adjusted, order, given)


def benjamini_hochberg(p: Numbers) -> Array:
    """Return p-values adjusted for the false discovery rate along the last axis (Benjamini, Hochberg 1995)."""
    given = floats(p)
    order, ranked, size = _ranked(given)
    steps = ranked * size / np.arange(1, given.shape[-1] + 1)
    adjusted = np.fmin.accumulate(steps[..., ::-1], axis=-1)[..., ::-1]
    return _put_back(adjusted, order, given)


def _ranked(p: Array) -> tuple[Codes, Array, Array]:
    """Return the ascending order (NaN last), the values in it, and how many there are, along the last axis."""
    order = np.argsort(p, axis=-1, kind="stable").astype(np.int64)
    return order, np.take_along_axis(p, order, -1), floats(np.isfinite(p).sum(-1, keepdims=True))


def _put_back(adjusted: Array, order: Codes, p: Array) -> Array:
    result = np.empty_like(p)
    np.put_along_axis(result, order, np.minimum(adjusted, 1), -1)
    return np.where(np.isnan(p), np.nan, result)


def moved(low: Numbers, high: Numbers, reference: Numbers = 0.0) -> Array:
    """Return the verdict on an interval: 1 all above `reference`, −1 all below it, 0 cannot be told, NaN missing.

    With the interval of a difference it says whether something moved; with the interval of a value and a target as
    `reference`, whether the target is clearly passed or missed. Touching the reference is not passing it.
    """
    bottom, top, line = np.broadcast_arrays(floats(low), floats(high), floats(reference))
    verdict = floats(bottom > line) - floats(top < line)
    return np.where(np.isnan(bottom) | np.isnan(top) | np.isnan(line), np.nan, verdict)
