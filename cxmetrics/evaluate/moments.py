"""Leaves finished from sums of products, and all leaves of rows with weights: values, intervals, effective sizes.

Sums come in two parts, [points] each, in the order of `plan.Leaf`; the first three are n, Σw and Σw².
Intervals of weighted rows are linearised (Taylor) with every row drawn by itself: u = w(y − m)/Σw and
Var = n/(n − 1) · Σu².
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cxmetrics.plan import Leaf
from cxmetrics.statistics.arrays import Array, quiet
from cxmetrics.statistics.association import alpha, correlation, correlation_interval, spread
from cxmetrics.statistics.distributions import t_quantile
from cxmetrics.statistics.intervals import Interval, ratio_interval, share_interval, upper
from cxmetrics.statistics.precise import Pair, two_product

SIZED = frozenset(("csi", "correlation", "alpha", "weighted_mean", "weighted_stdev", "weighted_share", "weighted_nps",
                   "weighted_apdex", "weighted_quantile"))
BOUNDED = SIZED - {"alpha", "weighted_stdev", "weighted_quantile"}
ROUNDED = 4 * float(np.finfo(np.float64).eps)  # how far products of fractions are rounded before they are summed
# What a row in the first box and in the second is worth, one in neither being worth nothing, and the least there is.
_BOXES = {"weighted_nps": (100.0, -100.0, -100.0), "weighted_apdex": (1.0, 0.5, 0.0)}


@quiet
def moment(leaf: Leaf, sums: Sequence[Pair]) -> Array:
    """The values of a leaf, NaN where missing."""
    (n, _), size, _, *rest = sums
    match leaf.function:
        case "csi":
            x, y, *_ = rest
            return np.where(y[0] == 0, np.nan, 100 * x[0] / y[0])
        case "correlation":
            x, y, xx, yy, xy = rest
            return correlation(size, (x, xx), (y, yy), xy, _noise(leaf))
        case "alpha":
            total, squares, *items = rest
            return alpha(size, list(zip(items[::2], items[1::2], strict=True)), (total, squares), _noise(leaf))
        case "weighted_mean" | "weighted_share":
            return _quotient(rest[0], size)
        case "weighted_stdev":
            high, low = spread(size, rest[0], rest[2], ROUNDED)
            return np.sqrt(n / (n - 1) * (high + low)) / size[0]
        case "weighted_nps":
            return 100 * (rest[0][0] - rest[1][0]) / size[0]
        case "weighted_apdex":
            return (rest[0][0] + rest[1][0] / 2) / size[0]
        case _:
            raise AssertionError(leaf.function)


@quiet
def effective(sums: Sequence[Pair]) -> Array:
    """The rows without weights that would tell as much: (Σw)²/Σw² (Kish 1965), NaN where there are none."""
    (_, _), (size, _), (squares, _), *_ = sums
    return size / (squares / size)


@quiet
def moment_interval(leaf: Leaf, sums: Sequence[Pair], value: Array, confidence: float) -> Interval:
    """The interval of a leaf whose values are these."""
    n, _, _, *rest = (high for high, _ in sums)
    match leaf.function:
        case "correlation":
            return correlation_interval(value, effective(sums), confidence)
        case "csi":
            y, x, yy, xx, xy = rest
            low, high = ratio_interval(n, x=x, y=y, xx=xx, xy=xy, yy=yy, confidence=confidence)
            return 100 * low, 100 * high
        case "weighted_share":
            return share_interval(value, effective(sums), confidence)
        case _:
            half = t_quantile(n - 1, upper(confidence)) * moment_error(leaf, sums, value)
            best, _, least = _BOXES.get(leaf.function, (np.inf, 0, -np.inf))
            return np.maximum(value - half, least), np.minimum(value + half, best)


@quiet
def moment_error(leaf: Leaf, sums: Sequence[Pair], value: Array) -> Array:
    """The standard error of weighted means, NPS and Apdex, whose values are these; of others NaN."""
    n, size, squares, *rest = (high for high, _ in sums)
    if leaf.function == "weighted_mean":
        far = _about_mean(sums, value)
    elif leaf.function in _BOXES:
        best, other, _ = _BOXES[leaf.function]
        far = rest[2] * (best - value) ** 2 + rest[3] * (other - value) ** 2
        far += np.maximum(squares - rest[2] - rest[3], 0) * value**2
    else:
        return np.full(n.shape, np.nan)
    return np.sqrt(n / (n - 1) * far) / size


def _about_mean(sums: Sequence[Pair], mean: Array) -> Array:
    """Σw²(x − m)², from sums about another middle: that of weights w²."""
    _, _, squares, _, x, xx = sums
    high, low = spread(squares, x, xx, ROUNDED)
    return (high + low) / squares[0] + squares[0] * (mean - _quotient(x, squares)) ** 2


def _quotient(total: Pair, size: Pair) -> Array:
    """Σwx/Σw rounded once."""
    near = total[0] / size[0]
    whole, rest = two_product(near, size[0])
    return near + ((total[0] - whole) - rest + total[1] - near * size[1]) / size[0]


def _noise(leaf: Leaf) -> float:
    """Sums of one part are of integers, and exact."""
    return ROUNDED if any(len(total.parts) > 1 for total in leaf.inputs) else 0.0
