"""Leaves: aggregates of the language finished from merged states.

A block of merged states is a list of rows (which partial, which point, how much), sorted; points are the
places of a matrix, one a period and slice.  Sums come as two float64 parts, `high` the nearest to the
exact integer and `low` what is left, so that variances and sums of many fractions keep their digits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cxmetrics.evaluate.block import Block
from cxmetrics.evaluate.moments import BOUNDED, SIZED, effective, moment, moment_error, moment_interval
from cxmetrics.evaluate.visits import visits
from cxmetrics.plan import Leaf, Total
from cxmetrics.statistics.arrays import Array, Flags, quiet
from cxmetrics.statistics.intervals import (
    adjusted_error,
    apdex_interval,
    mean_interval,
    nps_interval,
    share_interval,
)
from cxmetrics.statistics.precise import Pair, two_product, two_sum, variance
from cxmetrics.statistics.quantiles import weighted_quantiles

_BY_TEXT = ("conversion", "checklist")  # leaves whose n is how many texts there are
_BY_KEY = ("min", "max", "first", "last", "quantile", "distinct")  # leaves whose states beyond the first are no sums
EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Finished:
    """Leaves at points: all arrays [leaves, points], NaN where missing.

    `n`: rows behind the value; 0 where there are none or the source has not delivered.  `effective`: as many rows
    without weights would tell as much.  `low`, `high`: the interval, where one was asked for and has a closed form;
    `error` then the standard error of means, NPS and Apdex.
    `short`: the window goes beyond what has been delivered.
    """

    value: Array
    n: Array
    low: Array
    high: Array
    error: Array
    effective: Array
    short: Flags

    @staticmethod
    def missing(leaves: int, points: int) -> Finished:
        """So many leaves at so many points, all missing."""
        value, low, high, error = np.full((4, leaves, points), np.nan)
        n, effective = np.zeros((2, leaves, points))
        return Finished(value, n, low, high, error, effective, np.zeros((leaves, points), np.bool_))

    def put(self, rows: Sequence[int], others: Finished) -> None:
        """Take over leaves at the same points into some rows."""
        for own, other in ((self.value, others.value), (self.n, others.n), (self.low, others.low),
                           (self.high, others.high), (self.error, others.error), (self.effective, others.effective),
                           (self.short, others.short)):
            own[rows] = other


def finish(leaves: Sequence[Leaf], block: Block, open_points: Mapping[str, Flags], bounded: frozenset[int],
           confidence: float, short: Mapping[str, Flags]) -> Finished:
    """Finish leaves from a block of states.

    `open_points` [points] by source: where it has delivered and can make the slice; elsewhere its leaves are missing.
    `bounded`: the leaves (index into `leaves`) whose interval is wanted, at `confidence` (0.95).
    `short` [points] by source: where the window goes beyond what it has delivered.
    """
    done = Finished.missing(len(leaves), block.points)
    sums = _Sums(leaves, block)
    groups: dict[str, list[int]] = {}
    for index, leaf in enumerate(leaves):
        groups.setdefault(leaf.function, []).append(index)
        done.n[index] = told_apart(leaf.inputs[0], block) if leaf.function in _BY_TEXT else \
            sums.of(leaf.inputs[:1])[0][0]
    for function, members in groups.items():
        _finish_group(function, members, leaves, sums, done)
        _bound_group(function, [i for i in members if i in bounded], leaves, sums, done, confidence)
    for index, leaf in enumerate(leaves):
        weighed = leaf.function in SIZED
        done.effective[index] = np.nan_to_num(effective(sums.each(leaf))) if weighed else done.n[index]
        closed = ~np.logical_or.reduce([open_points[source] for source in leaf.sources])
        for matrix in (done.value, done.low, done.high, done.error):
            matrix[index, closed] = np.nan
        done.n[index, closed] = done.effective[index, closed] = 0
        done.short[index] = np.logical_or.reduce([short[source] for source in leaf.sources])
    return done


class _Sums:
    """Totals of sums and counts, each computed once: [totals, points] in two parts."""

    __slots__ = ("block", "high", "low", "places")

    def __init__(self, leaves: Sequence[Leaf], block: Block) -> None:
        wanted = [total for leaf in leaves if leaf.function not in _BY_TEXT
                  for total in (leaf.inputs[:1] if leaf.function in _BY_KEY else leaf.inputs)]
        self.places = {total: row for row, total in enumerate(dict.fromkeys(wanted))}
        self.block = block
        self.high, self.low = np.zeros((2, len(self.places), block.points))
        for total, row in self.places.items():
            _add(total, block, self.high[row], self.low[row])

    def of(self, totals: Sequence[Total]) -> Pair:
        """The two parts of several totals, [totals, points]."""
        rows = [self.places[total] for total in totals]
        return self.high[rows], self.low[rows]

    def each(self, leaf: Leaf) -> Sequence[Pair]:
        """The two parts of each total of a leaf, [points]."""
        return [(self.high[row], self.low[row]) for row in (self.places[total] for total in leaf.inputs)]


def _add(total: Total, block: Block, high: Array, low: Array) -> None:
    """Add Σ state · factor to a row of points, exactly but for the last of some 32 digits."""
    for part, factor in total.parts:
        rows = block.rows(part)
        at = block.point[rows]
        term, rest = two_product(block.high[rows], np.float64(factor) + np.zeros(at.shape))
        summed, error = two_sum(high[at], term)
        high[at], low[at] = two_sum(summed, low[at] + (error + rest + block.low[rows] * factor))


@quiet
def _finish_group(function: str, members: Sequence[int], leaves: Sequence[Leaf], sums: _Sums, done: Finished) -> None:
    """Give the leaves of one function their values."""
    chosen = [leaves[i] for i in members]
    n = done.n[members]
    seen = np.where(n > 0, n, np.nan)

    def amount(place: int) -> Array:
        return sums.of([leaf.inputs[place] for leaf in chosen])[0]

    match function:
        case "count":
            done.value[members] = n
        case "sum":
            done.value[members] = amount(1)
        case "mean" | "share":
            done.value[members] = _quotient(sums.of([leaf.inputs[1] for leaf in chosen]), seen)
        case "stdev":
            done.value[members] = _deviation(chosen, sums)
        case "nps":
            done.value[members] = 100 * (amount(1) - amount(2)) / seen
        case "apdex":
            done.value[members] = (amount(1) + amount(2) / 2) / seen
        case "min" | "max":
            done.value[members] = np.stack([_extreme(leaf, sums.block) for leaf in chosen])
        case "first" | "last":
            done.value[members] = np.stack([_end(leaf, sums.block) for leaf in chosen])
        case "distinct":
            done.value[members] = np.stack([told_apart(leaf.inputs[1], sums.block) for leaf in chosen])
        case "checklist":
            found = [visits(leaf, sums.block).moments(sums.block.points) for leaf in chosen]
            done.n[members], done.value[members] = (np.stack([each[place] for each in found]) for place in (0, 1))
        case "conversion":
            done.value[members] = np.stack([told_apart(leaf.inputs[1], sums.block) for leaf in chosen]) / seen
        case "quantile":
            done.value[members] = np.stack([_quantile(leaf, sums.block) for leaf in chosen])
        case _:
            done.value[members] = np.stack([moment(leaf, sums.each(leaf)) for leaf in chosen])


def _quotient(total: Pair, n: Array) -> Array:
    """Σ/n rounded once: the mean of rows that are all alike is what they are, however many they are."""
    high, low = total
    near = high / n
    whole, rest = two_product(near, n)
    return near + ((high - whole) - rest + low) / n


def _bound_group(function: str, members: Sequence[int], leaves: Sequence[Leaf], sums: _Sums, done: Finished,
                 confidence: float) -> None:
    """Give the leaves of one function their intervals, where there is a closed form."""
    if not members:
        return
    chosen = [leaves[i] for i in members]
    n = done.n[members]

    def amount(place: int) -> Array:
        return sums.of([leaf.inputs[place] for leaf in chosen])[0]

    match function:
        case "mean":
            stdev = _deviation(chosen, sums)
            done.error[members] = stdev / np.sqrt(np.where(n > 0, n, np.nan))
            bounds = mean_interval(done.value[members], stdev, n, confidence)
        case "checklist":
            stdev = np.stack([visits(leaf, sums.block).moments(sums.block.points)[2] for leaf in chosen])
            done.error[members] = stdev / np.sqrt(np.where(n > 0, n, np.nan))
            bounds = mean_interval(done.value[members], stdev, n, confidence)
        case "share" | "conversion":
            bounds = share_interval(done.value[members], n, confidence)
        case "nps":
            done.error[members] = adjusted_error(amount(1), amount(2), n)
            bounds = nps_interval(amount(1), amount(2), n, confidence)
        case "apdex":
            done.error[members] = adjusted_error(amount(1), n - amount(1) - amount(2), n) / 200
            bounds = apdex_interval(amount(1), amount(2), n, confidence)
        case _ if function in BOUNDED:
            both = [moment_interval(leaf, sums.each(leaf), done.value[i], confidence)
                    for i, leaf in zip(members, chosen, strict=True)]
            bounds = np.stack([low for low, _ in both]), np.stack([high for _, high in both])
            done.error[members] = np.stack([moment_error(leaf, sums.each(leaf), done.value[i])
                                            for i, leaf in zip(members, chosen, strict=True)])
        case _:
            return
    done.low[members], done.high[members] = bounds


def _deviation(leaves: Sequence[Leaf], sums: _Sums) -> Array:
    """Standard deviations, divisor n − 1, in the unit of the values."""
    n, total, squares = (sums.of([leaf.inputs[place] for leaf in leaves]) for place in range(3))
    spread = variance(n[0], total, squares)
    # Squares of fractions are rounded before they are summed: what is less than that rounding is no spread.
    rounded = np.array([[any(factor != 1 for _, factor in leaf.inputs[2].parts)] for leaf in leaves])
    return np.sqrt(np.where(rounded & (spread * n[0] <= EPSILON * squares[0]), 0 * spread, spread))


def _extreme(leaf: Leaf, block: Block) -> Array:
    pick = np.fmin if leaf.function == "min" else np.fmax
    result = np.full(block.points, np.nan)
    for part, factor in leaf.inputs[1].parts:
        rows = block.rows(part)
        at = block.point[rows]
        result[at] = pick(result[at], block.key[rows] * factor)
    return result


def _end(leaf: Leaf, block: Block) -> Array:
    """The first or the last value in time at each point; of one time, the least or the greatest."""
    parts = [(block.rows(part), factor) for part, factor in leaf.inputs[1].parts]
    point = np.concatenate([block.point[rows] for rows, _ in parts])
    value = np.concatenate([block.key[rows] * factor for rows, factor in parts])
    order = np.lexsort((value, np.concatenate([block.high[rows] for rows, _ in parts])))
    if leaf.function == "first":
        order = order[::-1]
    result = np.full(block.points, np.nan)
    result[point[order]] = value[order]  # what is written last stays
    return result


def told_apart(total: Total, block: Block) -> Array:
    """How many texts, or values, there are at each point."""
    rows = np.concatenate([np.arange(*block.rows(part).indices(block.point.size)) for part, _ in total.parts])
    if len(total.parts) > 1:  # of one partial, states are apart already
        apart = np.column_stack([block.point[rows], block.text[rows], np.nan_to_num(block.key[rows])])
        rows = rows[np.unique(apart, axis=0, return_index=True)[1]]
    return np.bincount(block.point[rows], minlength=block.points).astype(np.float64)


def _quantile(leaf: Leaf, block: Block) -> Array:
    """A quantile at each point, from how many rows have each value."""
    options = dict(leaf.options)
    parts = [(block.rows(part), factor) for part, factor in leaf.inputs[1].parts]
    point = np.concatenate([block.point[rows] for rows, _ in parts])
    key = np.concatenate([block.key[rows] for rows, _ in parts])
    count = np.concatenate([block.high[rows] * factor for rows, factor in parts])
    if len(parts) > 1:
        order = np.lexsort((key, point))
        point, key, count = point[order], key[order], count[order]
    result = np.full(block.points, np.nan)
    if point.size:
        first = np.flatnonzero(np.append(True, point[1:] != point[:-1]))
        result[point[first]] = weighted_quantiles(key, count, first, float(options["q"]),
                                                  str(options.get("rule", "hf7")))
    return result
