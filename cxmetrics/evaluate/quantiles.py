"""Quantiles at points, from how many rows have each value."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cxmetrics.evaluate.block import Block
from cxmetrics.plan import Leaf
from cxmetrics.statistics.arrays import Array, quiet
from cxmetrics.statistics.intervals import Interval, quantile_ranks
from cxmetrics.statistics.quantiles import at_rank, interpolated, position, weighted_quantiles


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
    size = np.add.reduceat(counted.count, counted.first)
    low, high = (counted.spread(at_rank(counted.key, counted.count, counted.first, rank), block.points)
                 for rank in quantile_ranks(size, float(dict(leaf.options)["q"]), confidence))
    return low, high


@quiet
def at_ranks(leaf: Leaf, block: Block, ranks: Interval) -> Interval:
    """The values of two ranks [points] (1..n) at each point; NaN for NaN."""
    counted = _counted(leaf, block)
    if not counted.key.size:
        return np.full(block.points, np.nan), np.full(block.points, np.nan)
    here = counted.point[counted.first]
    low, high = (counted.spread(at_rank(counted.key, counted.count, counted.first, rank[here]), block.points)
                 for rank in ranks)
    return low, high


@dataclass(frozen=True, slots=True)
class Parts:
    """How many rows of each value at a point are a group's; all arrays [parts]."""

    point: NDArray[np.int64]
    key: Array
    count: Array
    group: NDArray[np.int64]


@quiet
def quantile_without(leaf: Leaf, block: Block, parts: Parts, points: NDArray[np.int64], groups: int) -> Array:
    """A quantile at some points without each of the groups, [all points · groups]; NaN elsewhere and of nothing."""
    counted, options = _counted(leaf, block), dict(leaf.options)
    result = np.full((block.points, groups), np.nan)
    if not counted.key.size or not len(points):
        return result.ravel()
    left = _Left.of(counted, parts, points, groups, block.points)
    rank, part = position(left.size, np.full(left.size.shape, float(options["q"])), str(options.get("rule", "hf7")))
    lower, higher = left.at(rank), left.at(rank + 1)
    result[points] = np.where(left.size > 0, interpolated(lower, higher, part), np.nan).reshape(-1, groups)
    return result.ravel()


@dataclass(frozen=True, slots=True)
class _Left:
    """What is left of the values of points without each group; a segment is a point and a group, [segments].

    `running` [values + 1] counts rows up to each value.  `places` [parts] are sorted: segment · values + value;
    `less` [parts + 1] counts their rows.  `first`, `last`: of the values of the point; `size`: rows left.
    """

    key: Array
    running: NDArray[np.int64]
    places: NDArray[np.int64]
    less: NDArray[np.int64]
    segment: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    size: NDArray[np.int64]

    @staticmethod
    def of(counted: _Counted, parts: Parts, points: NDArray[np.int64], groups: int, every: int) -> _Left:
        """What is left at some of the points."""
        distinct, values = np.unique(counted.key), len(counted.key)
        code = counted.point * len(distinct) + np.searchsorted(distinct, counted.key)
        at = np.searchsorted(code, parts.point * len(distinct) + np.searchsorted(distinct, parts.key))
        places = (parts.point * groups + parts.group) * values + at
        order = np.argsort(places, kind="stable")
        less = np.append(0, np.cumsum(parts.count[order])).astype(np.int64)
        running = np.append(0, np.cumsum(counted.count)).astype(np.int64)
        ends = np.searchsorted(counted.point, np.arange(every + 1))
        segment = (points[:, None] * groups + np.arange(groups)).ravel()
        first, last = (np.repeat(each[points], groups) for each in (ends[:-1], ends[1:]))
        found = _Left(counted.key, running, places[order], less, segment, first, last, running[last] - running[first])
        return replace(found, size=found.size - found.gone(last - 1))

    def gone(self, value: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many rows up to a value [segments] are the group's."""
        start = self.segment * len(self.key)
        return self.less[np.searchsorted(self.places, start + value, "right")] - self.less[
            np.searchsorted(self.places, start)]

    def at(self, rank: NDArray[np.int64]) -> Array:
        """The value of a rank [segments] (1..size; beyond these the nearest end), by bisection."""
        wanted = np.minimum(np.maximum(rank, 1), np.maximum(self.size, 1))
        low = np.minimum(self.first, len(self.key) - 1)  # of points without values anything will do
        high = np.maximum(self.last - 1, low)
        for _ in range(int((high - low).max(initial=0)).bit_length() + 1):
            middle = (low + high) // 2
            reached = self.running[middle + 1] - self.running[self.first] - self.gone(middle) >= wanted
            low, high = np.where(reached, low, np.minimum(middle + 1, high)), np.where(reached, middle, high)
        return self.key[high]


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
