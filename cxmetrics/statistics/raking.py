"""Weights raked to known distributions of the population (iterative proportional fitting: Deming, Stephan 1940).

What is raked are units of any kind with a weight each: rows, or the cells of all margins with what their rows weigh
together, for a row's factor depends on its cell alone.  One margin is post-stratification, and met in one pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxmetrics.statistics.arrays import Array, Codes, Flags, Numbers, codes, floats, quiet

TOLERANCE = 1e-10  # how far the shares may be from the margins, and factors from those of the pass before
PASSES = 1000
_STEEPEST = 2.0**60
_HALVINGS = 120  # of an interval that ends in neighbouring numbers


@dataclass(frozen=True, slots=True, eq=False)
class Margin:
    """A known distribution: the category of each unit [N], negative where unknown, and the share of each category."""

    categories: Codes
    targets: Array


def margin(categories: Numbers, targets: Numbers) -> Margin:
    """Return a margin, its targets scaled to shares; ValueError unless they are above zero somewhere, and none below.

    ValueError also for a category without a target.
    """
    of_unit, wanted = codes(categories), floats(targets)
    if not (wanted >= 0).all() or not 0 < wanted.sum() < np.inf:
        raise ValueError("the targets of a margin must be shares, none below zero")
    if of_unit.max(initial=-1) >= len(wanted):
        raise ValueError("a category has no target")
    return Margin(of_unit, wanted / wanted.sum())


@dataclass(frozen=True, slots=True, eq=False)
class Raked:
    """By what weights are multiplied [N], so that they meet the margins and keep their sum; 1 on average.

    `gap` is the largest distance between a category's weighted share and its target.  `converged`: that fell to
    `TOLERANCE`, or factors held at a bound keep it from falling and no longer move.  `passes` counts rounds over all
    margins; `trimmed` [N] says whose factor is held at a bound.
    """

    factors: Array
    converged: bool
    passes: int
    gap: float
    trimmed: Flags


@quiet
def rake(weights: Numbers, margins: Sequence[Margin], *, low: float = 0.0, high: float = np.inf,
         passes: int = PASSES) -> Raked:
    """Return the factors that make weights [N] meet every margin, with none below `low` or above `high`.

    After each pass a factor beyond a bound is set to it, and the others are scaled to keep the sum; that shifts the
    margins, and the next pass mends them as far as the bounds let it.  A unit of unknown category keeps its share of a
    margin.  A category without units cannot be met and shows in the gap.  Units that weigh nothing have a factor of 1.
    Raises ValueError unless low <= 1 <= high.
    """
    if not low <= 1 <= high:
        raise ValueError("the bounds of the factors must lie on both sides of 1")
    w = np.nan_to_num(np.maximum(floats(weights), 0.0))
    factors, gap, done, moved = np.ones(w.shape), np.inf, 0, np.inf
    while done < passes and min(gap, moved) > TOLERANCE:
        before = factors
        for one in margins:
            factors = _fitted(w, factors, one)
        factors = _bounded(w, factors, low, high)
        gap = max((_gap(w * factors, one) for one in margins), default=0.0)
        moved = float(abs(factors - before).max(initial=0.0))
        done += 1
    held = (((factors <= low) & (low > 0)) | (factors >= high)) & (w > 0)
    return Raked(factors, bool(gap <= TOLERANCE or (held.any() and moved <= TOLERANCE)), done, float(gap), held)


def _shares(w: Array, one: Margin) -> tuple[Array, Flags]:
    """Return the weighted share of each category among the units of known category, and which units those are."""
    known = one.categories >= 0
    sums = np.bincount(one.categories[known], weights=w[known], minlength=len(one.targets))
    return sums / sums.sum(), known


def _fitted(w: Array, factors: Array, one: Margin) -> Array:
    shares, known = _shares(w * factors, one)
    reachable = one.targets[shares > 0].sum()
    by = np.where((shares > 0) & (reachable > 0), one.targets / shares / reachable, 1.0)
    return np.where(known & (w > 0), factors * by[one.categories], factors)


def _bounded(w: Array, factors: Array, low: float, high: float) -> Array:
    """Return factors scaled alike and cut to the bounds, so that they keep the sum of the weights."""
    total, some = w.sum(), w > 0
    if not total > 0:
        return factors
    factors = np.where(some, factors * (total / (w * factors).sum()), 1.0)
    if ((factors >= low) & (factors <= high)).all():
        return factors
    least, most = 0.0, 1.0
    while (w * np.clip(factors * most, low, high)).sum() < total and most < _STEEPEST:
        most *= 2
    for _ in range(_HALVINGS):
        middle = (least + most) / 2
        short = (w * np.clip(factors * middle, low, high)).sum() < total
        least, most = (middle, most) if short else (least, middle)
    return np.where(some, np.clip(factors * most, low, high), 1.0)


def _gap(w: Array, one: Margin) -> float:
    shares, _ = _shares(w, one)
    return float(np.nan_to_num(abs(shares - one.targets), nan=1.0).max(initial=0.0))
