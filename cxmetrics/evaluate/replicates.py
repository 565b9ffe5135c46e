"""Replicates: the leaves of a block with the units of one random group left out, for the delete-a-group jackknife.

All replicates of a grid are points of one larger grid: point = (period · groups + group) · slices + slice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cxmetrics.evaluate.block import Block, numbered
from cxmetrics.evaluate.finish import finish_values
from cxmetrics.evaluate.finished import Finished
from cxmetrics.evaluate.roll import Roll
from cxmetrics.evaluate.sums import BY_KEY, BY_TEXT, Sums
from cxmetrics.evaluate.unit_states import Part, Units
from cxmetrics.plan import Leaf, Plan, Total
from cxmetrics.pseudonyms import HIDDEN, LABEL, Grouping, key_of
from cxmetrics.statistics.arrays import Array, Flags, Ints
from cxmetrics.statistics.precise import Pair, two_product, two_sum

_T = TypeVar("_T", bound=np.generic)
TOTALS = ("count", "sum")  # leaves that grow with the sample: without a group they are that much smaller


def stacked(whole: NDArray[_T], groups: int, slices: int) -> NDArray[_T]:
    """An array [..., points] repeated for every group."""
    by_period = whole.reshape(*whole.shape[:-1], whole.shape[-1] // max(slices, 1), 1, slices)
    return np.repeat(by_period, groups, axis=-2).reshape(*whole.shape[:-1], whole.shape[-1] * groups)


def by_group(replicated: Array, groups: int, slices: int) -> Array:
    """Values of replicates [..., points] as [..., periods, groups, slices]."""
    periods = replicated.shape[-1] // max(groups * slices, 1)
    return replicated.reshape(*replicated.shape[:-1], periods, groups, slices)


class Sample:
    """The states of some points (numbers in a grid), by units.

    `whole`: the block of all rows at the grid, and `sums` of it; `texts`: whose states those are, by their number.
    """

    __slots__ = ("_block", "_places", "plan", "points", "slices", "sums", "texts", "units", "whole")

    def __init__(self, plan: Plan, sums: Sums, texts: pl.Series, units: Units, points: Ints, slices: int) -> None:
        """Number the points anew, in so many slices."""
        self.plan, self.sums, self.whole, self.texts, self.units = plan, sums, sums.block, texts, units
        self.points, self.slices, self._places = points, slices, numbered(sums.block.points, points)
        self._block: tuple[Block, Flags] | None = None

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return self.plan.project.replicates

    @property
    def block(self) -> Block:
        """The states of all rows."""
        return self._chosen()[0]

    def _chosen(self) -> tuple[Block, Flags]:
        if self._block is None:
            self._block = self.whole.at(self.points)
        return self._block

    def without(self, leaves: Sequence[Leaf]) -> Finished:
        """The leaves at the points of all replicates: their values, but for quantiles, and rows."""
        done = Finished.missing(len(leaves), len(self.points) * self.groups)
        sampled = [i for i, leaf in enumerate(leaves) if leaf.units]
        left = _LeftOut([leaves[i] for i in sampled], self)
        linear = [i for i in sampled if leaves[i].function not in BY_KEY]
        some = finish_values([leaves[i] for i in linear], left)
        done.value[linear], done.n[linear] = some.value, some.n
        for i in set(sampled) - set(linear):
            done.n[i] = left.of(leaves[i].inputs[:1])[0][0]
        told = [i for i, leaf in enumerate(leaves) if leaf.function in BY_TEXT]
        if told:
            self._by_text([leaves[i] for i in told], told, done)
        for i in linear:
            if leaves[i].function in TOTALS:
                done.value[i] *= self.groups / (self.groups - 1)
        return done

    def of(self, partial: int) -> Part:
        """The states by units of one partial."""
        part = self.units.part(partial)
        point = np.append(self._places, -1)[part.point]
        kept, moved = point >= 0, replace(part, point=point)
        return moved if kept.all() else moved.among(kept)

    def _by_text(self, leaves: Sequence[Leaf], places: Sequence[int], done: Finished) -> None:
        """Leaves of states by text, which go with the group of their text."""
        value, n = (own.reshape(len(own), -1, self.groups, self.slices) for own in (done.value, done.n))
        texts = self.texts.filter(pl.Series(self._chosen()[1]))
        whose = _whose(texts, self.units.roll, Grouping(key_of(self.plan.project.id), self.groups))
        for group in range(self.groups):
            some = finish_values(leaves, Sums(leaves, self.block.among(whose != group)))
            shape = len(leaves), -1, self.slices
            value[places, :, group], n[places, :, group] = some.value.reshape(shape), some.n.reshape(shape)


class _LeftOut(Sums):
    """Totals without each of the groups: those of all rows less the group's."""

    __slots__ = ("_nothing",)

    def __init__(self, leaves: Sequence[Leaf], sample: Sample) -> None:
        groups, points = sample.groups, len(sample.points) * sample.groups
        pairs = {whole: part for leaf in leaves for whole, part in list(zip(
            leaf.followed, leaf.units, strict=True))[:1 if leaf.function in BY_KEY else None]}
        self.block = sample.whole.empty(points)
        self.places = {total: row for row, total in enumerate(pairs)}
        self.high, self.low = (stacked(each[:, sample.points], groups, sample.slices)
                               for each in sample.sums.of(list(pairs)))
        for row, total in enumerate(pairs.values()):
            less, rest = _by_replicate(total, sample)
            self.high[row] -= less
            self.low[row] -= rest
        self._nothing = np.full(points, np.nan)

    def each(self, leaf: Leaf) -> Sequence[Pair]:
        """The two parts of each total of a leaf, [points]; NaN of those that its value does not follow from."""
        rows = [self.places.get(total) for total in leaf.inputs]
        return [(self._nothing, self._nothing) if row is None else (self.high[row], self.low[row]) for row in rows]


def _by_replicate(total: Total, sample: Sample) -> Pair:
    """The two parts of the total of each group by itself, at the points of all replicates."""
    points = len(sample.points) * sample.groups
    high, low = np.zeros((2, points))
    for part, factor in total.parts:
        own = sample.of(part)
        period, slice_ = np.divmod(own.point, max(sample.slices, 1))
        group = sample.units.roll.group[own.text]
        whole, left = own.added((period * sample.groups + group) * sample.slices + slice_, points)
        if len(total.parts) == 1 and factor == 1:
            return whole, left
        term, rest = two_product(whole, np.float64(factor) + np.zeros(whole.shape))
        high, error = two_sum(high, term)
        high, low = two_sum(high, low + (error + rest + left * factor))
    return high, low


def _whose(texts: pl.Series, roll: Roll, grouping: Grouping) -> NDArray[np.int64]:
    """The group of those whose states these are: told by hidden texts, of others by their hash; −1 for none."""
    told = texts.unique().drop_nulls()
    found = [int(text[:LABEL] if _is_hidden(text) else grouping.label(text)) for text in roll.named(told)]
    return texts.replace_strict(told, pl.Series(found, dtype=pl.Int64), default=-1,
                                return_dtype=pl.Int64).fill_null(-1).to_numpy()


def _is_hidden(text: str) -> bool:
    return text[LABEL:LABEL + 1] == HIDDEN and text[:LABEL].isdecimal() and text[:LABEL].isascii()
