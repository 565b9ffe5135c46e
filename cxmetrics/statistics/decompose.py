"""The parts of a change. Whatever the rule, the parts sum to the change."""

from __future__ import annotations

from collections.abc import Callable
from math import factorial

import numpy as np

from cxmetrics.statistics.arrays import Array, Codes, Numbers, floats, quiet

MOST_CHANGED = 16
"""Exact Shapley values of k changed children take 2^k evaluations; above this they are refused."""


@quiet
def mix_rate(weights_0: Numbers, rates_0: Numbers, weights_1: Numbers, rates_1: Numbers) -> tuple[Array, Array]:
    """Split the change of Σ share·rate over groups (axis 0) into what the mix did and what the rates did.

    mix_g = (w₁ − w₀)·((r₀ + r₁)/2 − R), rate_g = (r₁ − r₀)·(w₀ + w₁)/2, with shares w and R the mean of the two
    total rates, so a group gains by growing only where its rate is better than the whole. Weights [G, ...] are scaled
    to shares. A group that is new or gone (weight zero or NaN) is all mix. NaN where a side has no weight at all.
    """
    (w0, r0), (w1, r1) = _shares(weights_0, rates_0), _shares(weights_1, rates_1)
    r0, r1 = np.where(w0 > 0, r0, r1), np.where(w1 > 0, r1, r0)
    nobody = (w0 <= 0) & (w1 <= 0)
    r0, r1 = np.where(nobody, 0.0, r0), np.where(nobody, 0.0, r1)
    whole = ((w0 * r0).sum(axis=0) + (w1 * r1).sum(axis=0)) / 2
    return (w1 - w0) * ((r0 + r1) / 2 - whole), (r1 - r0) * (w0 + w1) / 2


def _shares(weights: Numbers, rates: Numbers) -> tuple[Array, Array]:
    w, r = np.broadcast_arrays(floats(weights), floats(rates))
    w = np.where(w > 0, w, 0.0)
    return w / w.sum(axis=0), r


@quiet
def ratio_split(top_0: Numbers, below_0: Numbers, top_1: Numbers, below_1: Numbers) -> tuple[Array, Array]:
    """Split the change of N/D into ½·ΔN·(1/D₀ + 1/D₁) and ½·(N₀ + N₁)·Δ(1/D). NaN where a D is zero."""
    n0, n1 = floats(top_0), floats(top_1)
    inverse_0, inverse_1 = (1 / np.where(d == 0, np.nan, d) for d in (floats(below_0), floats(below_1)))
    return (n1 - n0) * (inverse_0 + inverse_1) / 2, (n0 + n1) * (inverse_1 - inverse_0) / 2


@quiet
def lmdi(factors_0: Numbers, factors_1: Numbers) -> Array:
    """Split the change of a product of factors [K, ...] along axis 0 into one effect a factor [K, ...], by LMDI-I.

    ΔV_k = L(V₁, V₀)·ln(x_k1/x_k0) with the logarithmic mean L(a, b) = (a − b)/ln(a/b), L(a, a) = a (Ang 2005, Energy
    Policy 33). Zeros take their limits (Ang, Zhang, Choi 1998, Energy 23): a product that comes from or falls to zero
    is the work of the factors that did, in equal parts. NaN where a factor is below zero: use `shapley`.
    """
    x0, x1 = np.broadcast_arrays(floats(factors_0), floats(factors_1))
    v0, v1 = x0.prod(axis=0), x1.prod(axis=0)
    logs = np.log(x1) - np.log(x0)
    regular = _logarithmic_mean(v0, v1, logs.sum(axis=0)) * logs
    zero_0, zero_1 = floats(x0 == 0), floats(x1 == 0)
    from_zero, to_zero = v1 * zero_0 / zero_0.sum(axis=0), -v0 * zero_1 / zero_1.sum(axis=0)
    none_0, none_1 = (x0 == 0).any(axis=0), (x1 == 0).any(axis=0)
    effects = np.where(none_0 & none_1, 0.0, np.where(none_0, from_zero, np.where(none_1, to_zero, regular)))
    unusable = ~((x0 >= 0) & (x1 >= 0)).all(axis=0)
    return np.where(unusable, np.nan, effects)


def _logarithmic_mean(a: Array, b: Array, log_ratio: Array) -> Array:
    """Return L(a, b), given ln(b/a); measured in the larger of the two, so that near equals lose no digits."""
    distance = -abs(log_ratio)
    return np.where(distance == 0, a, np.maximum(a, b) * np.expm1(distance) / distance)


def shapley(value: Callable[[Array], Array], start: Numbers, end: Numbers) -> Array:
    """Split the change of any function of children into one part a child [K] (Shapley 1953).

    A part is the effect of that child's going from `start` [K] to `end` [K], averaged over all orders in which the
    changed children can go; a child that did not change has part 0. `value` takes columns of children [K, S] and
    returns [S]. Raises ValueError when more than `MOST_CHANGED` changed.
    """
    before, after = np.broadcast_arrays(floats(start), floats(end))
    changed = np.flatnonzero((before != after) & ~(np.isnan(before) & np.isnan(after)))
    if len(changed) > MOST_CHANGED:
        raise ValueError(f"{len(changed)} children changed; at most {MOST_CHANGED} can be told apart exactly")
    parts = np.zeros(before.shape)
    parts[changed] = _shapley_parts(floats(value(_worlds(before, after, changed))), len(changed))
    return parts


def _worlds(before: Array, after: Array, changed: Codes) -> Array:
    """Return one column for every subset of the changed children, its bits saying which have gone to `after`."""
    subsets = np.arange(2 ** len(changed))
    worlds = np.repeat(before[:, None], len(subsets), axis=1)
    for bit, child in enumerate(changed):
        worlds[child] = np.where(subsets >> bit & 1, after[child], before[child])
    return worlds


def _shapley_parts(values: Array, count: int) -> Array:
    subsets = np.arange(2**count)
    size = sum((subsets >> bit & 1 for bit in range(count)), np.zeros_like(subsets))
    shares = floats([factorial(s) * factorial(count - s - 1) / factorial(count) for s in range(count)])
    parts = np.empty(count)
    for bit in range(count):
        without = subsets[subsets >> bit & 1 == 0]
        parts[bit] = (shares[size[without]] * (values[without | 1 << bit] - values[without])).sum()
    return parts
