"""Leaves finished from sums of products: indices of pairs, association, the reliability of a scale.

Sums come in two parts, [points] each, in the order of `plan.Leaf`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cxmetrics.plan import Leaf
from cxmetrics.statistics.arrays import Array, quiet
from cxmetrics.statistics.association import alpha, correlation, correlation_interval
from cxmetrics.statistics.intervals import Interval, ratio_interval
from cxmetrics.statistics.precise import Pair

ROUNDED = 4 * float(np.finfo(np.float64).eps)  # how far products of fractions are rounded before they are summed


@quiet
def moment(leaf: Leaf, sums: Sequence[Pair]) -> Array:
    """The values of a leaf, NaN where missing."""
    match leaf.function:
        case "csi":
            _, x, y, *_ = sums
            return np.where(y[0] == 0, np.nan, 100 * x[0] / y[0])
        case "correlation":
            n, x, y, xx, yy, xy = sums
            return correlation(n, (x, xx), (y, yy), xy, _noise(leaf))
        case "alpha":
            n, total, squares, *items = sums
            return alpha(n, _pairs(items), (total, squares), _noise(leaf))
        case _:
            raise AssertionError(leaf.function)


def moment_interval(leaf: Leaf, sums: Sequence[Pair], value: Array, confidence: float) -> Interval:
    """The interval of a leaf whose values are these."""
    n = sums[0][0]
    if leaf.function == "correlation":
        return correlation_interval(value, n, confidence)
    y, x, yy, xx, xy = (high for high, _ in sums[1:])
    low, high = ratio_interval(n, x=x, y=y, xx=xx, xy=xy, yy=yy, confidence=confidence)
    return 100 * low, 100 * high


def _pairs(items: Sequence[Pair]) -> list[tuple[Pair, Pair]]:
    return list(zip(items[::2], items[1::2], strict=True))


def _noise(leaf: Leaf) -> float:
    """Sums of one part are of integers, and exact."""
    return ROUNDED if any(len(total.parts) > 1 for total in leaf.inputs) else 0.0
