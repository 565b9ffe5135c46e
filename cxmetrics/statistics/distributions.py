"""Quantiles and tails of distributions: the only module that imports SciPy.

`scipy.special` and not `scipy.stats`: the latter adds most of a second to the start.
"""

from __future__ import annotations

import numpy as np
from scipy import special  # type: ignore[import-untyped,unused-ignore]

from cxmetrics.statistics.arrays import Array, Numbers, floats


def normal_quantile(probability: Numbers) -> Array:
    """Return the standard normal quantile."""
    return floats(special.ndtri(floats(probability)))


def normal_two_sided(z: Numbers) -> Array:
    """Return the probability of a standard normal value at least as far from zero as `z`."""
    return floats(2 * special.ndtr(-abs(floats(z))))


def t_quantile(df: Numbers, probability: Numbers) -> Array:
    """Return Student's t quantile; NaN where `df` is not above zero, the normal quantile where it is infinite."""
    return floats(special.stdtrit(floats(df), floats(probability)))


def t_two_sided(df: Numbers, t: Numbers) -> Array:
    """Return the probability of a t value at least as far from zero as `t`."""
    return floats(2 * special.stdtr(floats(df), -abs(floats(t))))


def gamma_quantile(shape: Numbers, probability: Numbers) -> Array:
    """Return the quantile of the gamma distribution with scale 1."""
    return floats(special.gammaincinv(floats(shape), floats(probability)))


def binomial_below(count: Numbers, n: Numbers, probability: Numbers) -> Array:
    """Return P(B <= count) for B ~ Binomial(n, probability), as a beta tail; 0 below count 0, 1 from n on."""
    k, size = floats(count), floats(n)
    inside = special.betaincc(np.maximum(k, 0) + 1, size - k, floats(probability))
    return np.where(k < 0, 0.0, np.where(k >= size, 1.0, inside))


def beta_quantile(a: Numbers, b: Numbers, probability: Numbers) -> Array:
    """Return the quantile of the beta distribution; NaN where `a` or `b` is not above zero."""
    return floats(special.betaincinv(floats(a), floats(b), floats(probability)))


def upper_tail(z: Numbers) -> Array:
    """Return erfc(z)/2."""
    return floats(special.erfc(floats(z)) / 2)
