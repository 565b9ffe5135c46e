"""Weighted and clustered surveys: linearised estimates, raking, effective size, reliability of a scale."""

from __future__ import annotations

from collections.abc import Sequence
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


@dataclass(frozen=True, slots=True, eq=False)
class Margin:
    """A known distribution: the category of each row [N], negative where unknown, and the share of each category."""

    categories: Codes
    targets: Array


def margin(categories: Numbers, targets: Numbers) -> Margin:
    """Return a margin, its targets scaled to shares; ValueError unless they are above zero somewhere, and none below.

    ValueError also for a category without a target.
    """
    of_row, wanted = codes(categories), floats(targets)
    if not (wanted >= 0).all() or not 0 < wanted.sum() < np.inf:
        raise ValueError("the targets of a margin must be shares, none below zero")
    if of_row.max(initial=-1) >= len(wanted):
        raise ValueError("a category has no target")
    return Margin(of_row, wanted / wanted.sum())


@dataclass(frozen=True, slots=True, eq=False)
class Raked:
    """Weights [N] that keep the sum of those given, and how well they meet the margins.

    `gap` is the largest distance between a category's weighted share and its target; `converged` says that it fell
    to the tolerance; `passes` counts rounds over all margins; `trimmed` counts the rows held at the cap.
    """

    weights: Array
    converged: bool
    passes: int
    gap: float
    trimmed: int


@quiet
def rake(
    weights: Numbers,
    margins: Sequence[Margin],
    *,
    cap: float = np.inf,
    tolerance: float = 1e-10,
    passes: int = 200,
) -> Raked:
    """Return weights that meet every margin (iterative proportional fitting: Deming, Stephan 1940).

    After each pass a weight above `cap` times the mean weight is cut to it and the others take what it loses; that
    shifts the margins, and the next pass mends them as far as the cap lets it. A row of unknown category keeps its
    weight in that margin. A category without rows cannot be met and shows in the gap. Raises ValueError unless cap is
    at least 1.
    """
    if not cap >= 1:
        raise ValueError("a cap below the mean weight cannot hold")
    given = floats(weights)
    w, total = np.where(given > 0, given, 0.0), float(np.where(given > 0, given, 0.0).sum())
    gap, done = np.inf, 0
    limit = cap * total / max(int((w > 0).sum()), 1)
    while done < passes and gap > tolerance and total > 0:
        for one in margins:
            w = _fitted(w, one)
        w = _capped(w, limit, total)
        gap = max((_gap(w, one) for one in margins), default=0.0)
        done += 1
    held = int((w >= limit * (1 - 1e-9)).sum()) if np.isfinite(limit) else 0
    return Raked(w, bool(gap <= tolerance), done, float(gap), held)


def _shares(w: Array, one: Margin) -> tuple[Array, Array]:
    """Return the weighted share of each category among the rows of known category, and which rows those are."""
    known = one.categories >= 0
    sums = np.bincount(one.categories[known], weights=w[known], minlength=len(one.targets))
    return sums / sums.sum(), floats(known)


def _fitted(w: Array, one: Margin) -> Array:
    shares, known = _shares(w, one)
    reachable = one.targets[shares > 0].sum()
    factors = np.where((shares > 0) & (reachable > 0), one.targets / shares / reachable, 1.0)
    return np.where(known > 0, w * factors[one.categories], w)


def _capped(w: Array, limit: float, total: float) -> Array:
    """Return weights of at most `limit` that sum to `total`: what is cut goes to the others in proportion."""
    w = w * (total / w.sum())
    while (w > limit).any():
        held = w >= limit
        free = w[~held].sum()
        w = np.where(held, limit, w * ((total - limit * held.sum()) / free if free > 0 else 1.0))
    return w


def _gap(w: Array, one: Margin) -> float:
    shares, _ = _shares(w, one)
    return float(np.nan_to_num(abs(shares - one.targets), nan=1.0).max(initial=0.0))


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
