"""How values of the same rows go together: correlation, and the reliability of a scale, from sums that cancel.

Sums come in two parts (see `precise`), those of weighted rows as Σw, Σwx, Σwxy.  `noise` says how far a term of a sum
may have been rounded, as a part of it: 0 where all are integers.  A spread below what such rounding makes is none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cxmetrics.statistics.arrays import Array, Numbers, floats, quiet
from cxmetrics.statistics.distributions import normal_quantile
from cxmetrics.statistics.intervals import Interval, upper
from cxmetrics.statistics.precise import Pair, comoment, difference, product

SURE = 4 * float(np.finfo(np.float64).eps)  # a correlation nearer to ±1 than this is ±1


@quiet
def spread(size: Pair, total: Pair, squares: Pair, noise: float = 0.0) -> Pair:
    """Return Σw·Σwx² − (Σwx)², which is 0 where the values are all alike; never below 0."""
    found = comoment(size, total, total, squares)
    alike = found[0] <= noise * size[0] * squares[0]
    return np.where(alike, 0 * found[0], found[0]), np.where(alike, 0 * found[0], found[1])


@quiet
def correlation(size: Pair, x: tuple[Pair, Pair], y: tuple[Pair, Pair], xy: Pair, noise: float = 0.0) -> Array:
    """Return Pearson's correlation from Σw, (Σwx, Σwx²), (Σwy, Σwy²) and Σwxy; NaN where one side never varies.

    r = (n·Σxy − Σx·Σy)/√((n·Σx² − (Σx)²)(n·Σy² − (Σy)²)), exactly ±1 where the rows lie on a line: there
    1 − r² = (s_xx·s_yy − s_xy²)/(s_xx·s_yy) is taken before any root.
    """
    xx, yy = spread(size, *x, noise), spread(size, *y, noise)
    both = comoment(size, x[0], y[0], xy)
    area = product(xx, yy)
    left = difference(area, product(both, both))
    r = (both[0] + both[1]) / (np.sqrt(xx[0] + xx[1]) * np.sqrt(yy[0] + yy[1]))
    r = np.where(left[0] + left[1] <= SURE * area[0], np.sign(both[0]), np.clip(r, -1.0, 1.0))
    return np.where((xx[0] > 0) & (yy[0] > 0), r, np.nan)


@quiet
def correlation_interval(r: Numbers, n: Numbers, confidence: Numbers = 0.95) -> Interval:
    """Return the interval of a correlation, tanh(atanh r ∓ z/√(n − 3)) (Fisher 1921); NaN up to three rows."""
    middle, size = np.arctanh(floats(r)), floats(n)
    half = normal_quantile(upper(confidence)) / np.sqrt(np.where(size > 3, size - 3, np.nan))
    return np.tanh(middle - half), np.tanh(middle + half)


@quiet
def alpha(size: Pair, items: Sequence[tuple[Pair, Pair]], total: tuple[Pair, Pair], noise: float = 0.0) -> Array:
    """Return Cronbach's alpha (1951) from Σw, (Σwx, Σwx²) of each of k items, and those of the sums of their rows.

    k/(k − 1)·(1 − Σs_i²/s²), s² the variance of the row sums.  NaN where the row sums never vary.
    """
    count = len(items)
    own = [spread(size, *item, noise) for item in items]
    whole = spread(size, *total, noise)
    parts = np.add.reduce([high for high, _ in own]) + np.add.reduce([low for _, low in own])
    found = count / (count - 1) * (1 - parts / (whole[0] + whole[1]))
    return np.where(whole[0] > 0, found, np.nan)


@quiet
def kendall_tau(x: Numbers, y: Numbers) -> float:
    """Return Kendall's tau-b of pairs (Kendall 1945, Biometrika 33(3)), those with NaN left out; NaN where it is none.

    (concordant − discordant)/√((pairs − ties in x)·(pairs − ties in y)).
    """
    left, right = floats(x), floats(y)
    both = ~np.isnan(left) & ~np.isnan(right)
    a, b = (np.sign(side[both][:, None] - side[both][None, :]) for side in (left, right))
    return float((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum()))
