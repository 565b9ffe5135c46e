"""Quantiles at points, from how many rows have each value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxmetrics.evaluate.block import Block
from cxmetrics.nearness import error_of
from cxmetrics.plan import Leaf
from cxmetrics.statistics.arrays import Array, quiet
from cxmetrics.statistics.intervals import Interval, quantile_ranks
from cxmetrics.statistics.quantiles import at_rank, weighted_quantiles


@dataclass(frozen=True, slots=True)
class _Counted:
    """Values that occur, by point and size, and how often; all arrays [values]."""

    point: NDArray[np.int64]
    key: Array
    count: Array
    first: NDArray[np.int64]  # where each point begins

    def spread(self, found: Array, points: int) -> Array:
        """What was found of the points that have values, at all points."""
        result = np.full(points, np.nan)
        result[self.point[self.first]] = found
        return result


def quantile(leaf: Leaf, block: Block) -> Array:
    """A quantile at each point."""
    options, counted = dict(leaf.options), _counted(leaf, block)
    found = weighted_quantiles(counted.key, counted.count, counted.first, float(options["q"]),
                               str(options.get("rule", "hf7"))) if counted.key.size else np.empty(0)
    return counted.spread(found, block.points)


def quantile_interval(leaf: Leaf, block: Block, confidence: float) -> Interval:
    """The order statistics between which a quantile of the population lies, at each point."""
    counted = _counted(leaf, block)
    if not counted.key.size:
        return np.full(block.points, np.nan), np.full(block.points, np.nan)
    # Of many points most have as many values as others: ranks are looked up once for each number.
    size, which = np.unique(np.add.reduceat(counted.count, counted.first), return_inverse=True)
    low, high = (counted.spread(at_rank(counted.key, counted.count, counted.first, rank[which]), block.points)
                 for rank in quantile_ranks(size, float(dict(leaf.options)["q"]), confidence))
    return widened(leaf, low, high)


@quiet
def at_ranks(leaf: Leaf, block: Block, ranks: Interval) -> Interval:
    """The values of two ranks [points] (1..n) at each point; NaN for NaN."""
    counted = _counted(leaf, block)
    if not counted.key.size:
        return np.full(block.points, np.nan), np.full(block.points, np.nan)
    here = counted.point[counted.first]
    low, high = (counted.spread(at_rank(counted.key, counted.count, counted.first, rank[here]), block.points)
                 for rank in ranks)
    return widened(leaf, low, high)


def widened(leaf: Leaf, low: Array, high: Array) -> Interval:
    """Where values are kept to so many digits, what those counted at these ends may have been."""
    digits = dict(leaf.options).get("digits")
    if digits is None:
        return low, high
    part = error_of(int(digits))
    return (np.where(low > 0, low / (1 + part), low / (1 - part)),
            np.where(high > 0, high / (1 - part), high / (1 + part)))


def _counted(leaf: Leaf, block: Block) -> _Counted:
    parts = [(block.rows(part), factor) for part, factor in leaf.inputs[1].parts]
    point = np.concatenate([block.point[rows] for rows, _ in parts])
    key = np.concatenate([block.key[rows] for rows, _ in parts])
    count = np.concatenate([block.high[rows] * factor for rows, factor in parts])
    order = np.lexsort((key, point)) if len(parts) > 1 else np.arange(len(point))
    order = order[count[order] > 0]
    point = point[order]
    first = np.flatnonzero(np.append(True, point[1:] != point[:-1])) if point.size else np.empty(0, np.int64)
    return _Counted(point, key[order], count[order], first)
