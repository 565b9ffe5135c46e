"""Weighted and clustered surveys: linearised estimates, effective size, reliability of a scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxmetrics.statistics.arrays import Array, Codes, Flags, Numbers, codes, floats, quiet
from cxmetrics.statistics.distributions import t_quantile
from cxmetrics.statistics.intervals import upper


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """How the rows were drawn: weight, stratum and primary unit of each row [N], all codes from 0.

    A unit code is only unique within its stratum. `fractions` [H] is the share of its units that each stratum's
    sample holds, 0 where the population is as good as endless.
    """

    weights: Array
    strata: Codes
    units: Codes
    fractions: Array


def design(
    weights: Numbers, strata: Numbers | None = None, units: Numbers | None = None, fractions: Numbers = 0.0
) -> Design:
    """Return the design of rows with these weights [N]; one stratum, and every row its own unit, unless given."""
    w = floats(weights)
    layers = codes(0 if strata is None else strata)
    layers = np.broadcast_to(layers, w.shape)
    rows = np.arange(len(w)) if units is None else codes(units)
    shares = np.broadcast_to(floats(fractions), (int(layers.max(initial=-1)) + 1,))
    return Design(w, layers, rows, shares)


@dataclass(frozen=True, slots=True)
class Estimate:
    """Estimates of D domains [D] with standard error, interval and degrees of freedom, in the unit of the value."""

    value: Array
    error: Array
    low: Array
    high: Array
    df: Array


@quiet
def taylor_ratio(
    y: Numbers, x: Numbers, plan: Design, domains: Numbers = 0, *, count: int = 1, confidence: Numbers = 0.95
) -> Estimate:
    """Return Σw·y/Σw·x of every domain, linearised (Taylor), as `svyratio` of the R package `survey` does.

    `y`, `x` [N]; `domains` [N] holds codes 0..count−1, negative for none. A domain keeps all units and strata of the
    design. df = units − strata, of those that the domain touches, for a t interval. A row with NaN or without weight
    is in no domain. The error is NaN where a stratum of the domain has one unit and is not fully sampled.
    """
    top, bottom = np.broadcast_arrays(floats(y), floats(x))
    inside = np.broadcast_to(codes(domains), plan.weights.shape)
    known = (inside >= 0) & ~np.isnan(top) & ~np.isnan(bottom) & (plan.weights > 0)
    known_top, known_bottom, domain = top[known], bottom[known], inside[known]
    w = plan.weights[known]
    below = np.bincount(domain, weights=w * known_bottom, minlength=count)
    value = np.bincount(domain, weights=w * known_top, minlength=count) / below
    value = np.where(np.isfinite(value), value, np.nan)
    residuals = w * (known_top - value[domain] * known_bottom) / below[domain]
    variance, df = _variance(residuals, domain, known, plan, count)
    error = np.sqrt(variance)
    half = t_quantile(df, upper(confidence)) * error
    return Estimate(value, np.where(np.isnan(value), np.nan, error), value - half, value + half, df)


def taylor_mean(
    y: Numbers, plan: Design, domains: Numbers = 0, *, count: int = 1, confidence: Numbers = 0.95
) -> Estimate:
    """Return the weighted mean of `y` [N] in every domain: the ratio to a constant 1 (see `taylor_ratio`)."""
    return taylor_ratio(y, 1.0, plan, domains, count=count, confidence=confidence)


def taylor_nps(
    answers: Numbers, plan: Design, domains: Numbers = 0, *, count: int = 1, confidence: Numbers = 0.95
) -> Estimate:
    """Return the weighted NPS of answers 0..10 [N] in every domain, on the −100..100 scale (see `taylor_ratio`)."""
    given = floats(answers)
    points = np.where(np.isnan(given), np.nan, 100.0 * (given >= 9) - 100.0 * (given <= 6))
    return taylor_mean(points, plan, domains, count=count, confidence=confidence)


def _variance(residuals: Array, domain: Codes, known: Flags, plan: Design, count: int) -> tuple[Array, Array]:
    """Return Σ_h (1 − f_h)·m_h/(m_h − 1)·Σ_i (u_hi − ū_h)² and the degrees of freedom, of every domain."""
    unit, stratum_of_unit = _units(plan)
    layers = len(plan.fractions)
    size = floats(np.bincount(stratum_of_unit, minlength=layers))
    pair, of_row = np.unique(domain * len(stratum_of_unit) + unit[known], return_inverse=True)
    totals = np.bincount(of_row, weights=residuals, minlength=len(pair))
    cell = pair // len(stratum_of_unit) * layers + stratum_of_unit[pair % len(stratum_of_unit)]
    seen = floats(np.bincount(cell, minlength=count * layers))
    in_stratum = np.tile(size, count)
    centre = np.bincount(cell, weights=totals, minlength=count * layers) / in_stratum
    around = np.bincount(cell, weights=(totals - centre[cell]) ** 2, minlength=count * layers)
    # The units without a row of the domain have a total of zero; they still count.
    squares = floats(around) + (in_stratum - seen) * centre**2
    free = 1 - np.tile(plan.fractions, count)
    parts = np.where((seen > 0) & (free > 0), free * in_stratum / (in_stratum - 1) * squares, 0.0)
    by_domain = seen.reshape(count, layers)
    return parts.reshape(count, layers).sum(1), by_domain.sum(1) - (by_domain > 0).sum(1)


def _units(plan: Design) -> tuple[Codes, Codes]:
    """Return the dense code of every row's unit, unique over strata, and the stratum of every such unit."""
    _, local = np.unique(plan.units, return_inverse=True)
    width = int(local.max(initial=0)) + 1
    pairs, dense = np.unique(plan.strata * width + local, return_inverse=True)
    return dense.astype(np.int64), pairs // width


@quiet
def design_effect(n: Numbers, weight: Numbers, squared: Numbers) -> Array:
    """Return the design effect of weighting, n·Σw²/(Σw)², from n, Σw and Σw² (Kish 1965)."""
    return floats(n) * floats(squared) / floats(weight) ** 2


@quiet
def effective_n(weight: Numbers, squared: Numbers) -> Array:
    """Return the size of an unweighted sample as exact as this one: n/deff = (Σw)²/Σw² (Kish 1965)."""
    total = floats(weight)
    return np.where(total > 0, total**2 / floats(squared), np.nan)


@quiet
def cronbach_alpha(n: Numbers, sums: Numbers, products: Numbers) -> Array:
    """Return Cronbach's alpha (1951) of k items from n complete rows, Σx_i [..., k] and Σx_i·x_j [..., k, k].

    k/(k − 1)·(1 − Σs_i²/s²) with s² the variance of the row total. NaN for one item or where the total never varies.
    """
    size, x, xx = floats(n), floats(sums), floats(products)
    spread = xx - x[..., :, None] * x[..., None, :] / size[..., None, None]
    items = x.shape[-1]
    own, whole = np.trace(spread, axis1=-2, axis2=-1), spread.sum(axis=(-2, -1))
    alpha = floats(items) / (items - 1) * (1 - own / whole) if items > 1 else np.full(whole.shape, np.nan)
    return np.where(whole > 0, alpha, np.nan)
