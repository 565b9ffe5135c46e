"""Weighted means over children: scores [K, ...] with the children along axis 0, weights [K] or [K, ...].

A child is present when its score is not NaN and its weight is above zero; the weights of the children present are
scaled up to the whole. (OECD/JRC Handbook on Constructing Composite Indicators 2008, step 6.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxmetrics.statistics.arrays import Array, Flags, Numbers, floats, lined_up, quiet


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean in the unit of the scores, NaN where no child is present.

    `coverage` is the weight of the children present over that of all children (0..1). `refused` marks means that are
    NaN because a child present has a score for which this kind of mean is not defined.
    """

    value: Array
    coverage: Array
    refused: Flags


@quiet
def arithmetic(scores: Numbers, weights: Numbers = 1.0) -> Mean:
    """Return Σw·s/Σw."""
    s, w, coverage = _present(scores, weights)
    return _mean((w * s).sum(axis=0), coverage, np.zeros(s.shape, np.bool_))


@quiet
def geometric(scores: Numbers, weights: Numbers = 1.0) -> Mean:
    """Return exp(Σw·ln s/Σw); refused where a child present has a score of zero or below."""
    s, w, coverage = _present(scores, weights, absent=1.0)
    return _mean(np.exp((w * np.log(s)).sum(axis=0)), coverage, s <= 0)


@quiet
def harmonic(scores: Numbers, weights: Numbers = 1.0) -> Mean:
    """Return Σw/Σ(w/s); refused where a child present has a score of zero or below."""
    s, w, coverage = _present(scores, weights, absent=1.0)
    return _mean(1 / (w / s).sum(axis=0), coverage, s <= 0)


@quiet
def power(scores: Numbers, weights: Numbers = 1.0, *, exponent: float) -> Mean:
    """Return (Σw·s^p/Σw)^(1/p), the geometric mean at p = 0.

    Refused where a child present has a score below zero, or of zero at p <= 0. Raises ValueError unless p is finite.
    """
    if not np.isfinite(exponent):
        raise ValueError("the exponent of a power mean must be finite")
    if exponent == 0:
        return geometric(scores, weights)
    s, w, coverage = _present(scores, weights, absent=1.0)
    seen = np.where(w > 0, s, np.nan)
    # Measured in its largest (or, for p < 0, smallest) score no term overflows.
    extreme = np.fmax.reduce(seen, axis=0) if exponent > 0 else np.fmin.reduce(seen, axis=0)
    scale = np.where(extreme > 0, extreme, 1.0)
    value = scale * (w * (s / scale) ** exponent).sum(axis=0) ** (1 / exponent)
    return _mean(value, coverage, (s < 0) if exponent > 0 else (s <= 0))


@quiet
def minimum(scores: Numbers, weights: Numbers = 1.0) -> Mean:
    """Return the smallest score present; the weights only tell the coverage."""
    s, _, coverage = _present(scores, weights, absent=np.inf)
    return _mean(s.min(axis=0, initial=np.inf), coverage, np.zeros(s.shape, np.bool_))


def _present(scores: Numbers, weights: Numbers, absent: float = 0.0) -> tuple[Array, Array, Array]:
    """Return scores with absent children as `absent`, weights that sum to 1 over those present, and the coverage."""
    s = floats(scores)
    w = lined_up(weights, s)
    w = np.where(w > 0, w, 0.0)
    present = ~np.isnan(s) & (w > 0)
    kept = np.where(present, w, 0.0)
    here, whole = kept.sum(axis=0), w.sum(axis=0)
    return np.where(present, s, absent), kept / here, here / whole


def _mean(value: Array, coverage: Array, refusals: Flags) -> Mean:
    refused = np.asarray(refusals.any(axis=0))
    return Mean(np.where(refused | ~(coverage > 0), np.nan, value), coverage, refused)
