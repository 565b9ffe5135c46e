"""Variances from sums that cancel.

(n·Σx² − (Σx)²)/(n·(n − 1)) loses every digit in plain float64 when the mean is large against the spread. Here each
number is the unevaluated sum of two float64 parts, some 32 digits
(Dekker 1971; Shewchuk 1997, Discrete and Computational Geometry 18).
"""

from __future__ import annotations

import numpy as np

from cxmetrics.statistics.arrays import Array, Numbers, floats, quiet

Pair = tuple[Array, Array]
"""A number as high + low, where high is the float64 nearest to it and low what is left over."""


def two_sum(a: Array, b: Array) -> Pair:
    """Return a + b rounded, and the exact error of that rounding (Knuth)."""
    total = a + b
    of_b = total - a
    return total, (a - (total - of_b)) + (b - of_b)


def two_product(a: Array, b: Array) -> Pair:
    """Return a · b rounded, and the exact error of that rounding (Dekker); exact below about 1e150."""
    product = a * b
    (a_high, a_low), (b_high, b_low) = _halves(a), _halves(b)
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def _halves(a: Array) -> Pair:
    """Split a number into two of 26 bits each, whose products are exact."""
    shifted = a * 134217729.0  # 2**27 + 1
    high = shifted - (shifted - a)
    return high, a - high


def product(a: Pair, b: Pair) -> Pair:
    """Return a · b, to some 32 digits."""
    high, low = two_product(a[0], b[0])
    return two_sum(high, low + (a[0] * b[1] + a[1] * b[0]))


def difference(a: Pair, b: Pair) -> Pair:
    """Return a − b, to some 32 digits of the larger."""
    high, low = two_sum(a[0], -b[0])
    low_high, low_low = two_sum(a[1], -b[1])
    high, low = two_sum(high, low + low_high)
    return two_sum(high, low + low_low)


def comoment(n: Pair, x: Pair, y: Pair, xy: Pair) -> Pair:
    """Return n·Σxy − Σx·Σy: n² times the covariance (divisor n), or with x for y the variance."""
    return difference(product(n, xy), product(x, y))


@quiet
def variance(n: Numbers, total: tuple[Numbers, Numbers], squares: tuple[Numbers, Numbers]) -> Array:
    """Return the sample variance (divisor n − 1) from n, Σx and Σx², the two sums as (high, low) parts.

    The unit is that of x squared. NaN below two values. Never below zero.
    """
    size = floats(n)
    sum_x = two_sum(floats(total[0]), floats(total[1]))
    sum_xx = two_sum(floats(squares[0]), floats(squares[1]))
    spread = comoment((size, np.zeros_like(size)), sum_x, sum_x, sum_xx)
    result = np.maximum(spread[0] + spread[1], 0) / (size * (size - 1))
    return np.where(size > 1, result, np.nan)
