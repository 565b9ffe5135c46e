"""Replicates: the leaves of a block with the units of one random group left out, for the delete-a-group jackknife.

All replicates of a grid are points of one larger grid: point = (period · groups + group) · slices + slice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cxmetrics.evaluate.block import WHOLE, Block, amounts
from cxmetrics.evaluate.finish import finish_values
from cxmetrics.evaluate.finished import Finished
from cxmetrics.evaluate.roll import Roll
from cxmetrics.evaluate.sums import BY_KEY, BY_TEXT, Sums
from cxmetrics.plan import Leaf, Plan, Total
from cxmetrics.pseudonyms import HIDDEN, LABEL, Grouping, key_of
from cxmetrics.statistics.arrays import Array
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


@dataclass(frozen=True, slots=True)
class Sample:
    """The states of a block by units, in groups.

    `twins`: of plain sums, `partial`, `point`, `key`, `value` and `group`, sorted by the first.  `texts`: whose states
    those of all rows are, in the order of `block`, by their number in the `roll`.
    """

    plan: Plan
    block: Block
    texts: pl.Series
    roll: Roll
    twins: pl.DataFrame
    slices: int
    least: int  # rows behind a value that is shown

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return self.plan.project.replicates

    def without(self, leaves: Sequence[Leaf]) -> Finished:
        """The leaves at the points of all replicates: their values, but for quantiles, and rows."""
        done = Finished.missing(len(leaves), self.block.points * self.groups)
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

    def of(self, partial: int) -> pl.DataFrame:
        """The states by units of one partial; `twins` are sorted by it."""
        first, after = (self.twins["partial"].search_sorted(each, "left") for each in (partial, partial + 1))
        return self.twins[first:after]

    def _by_text(self, leaves: Sequence[Leaf], places: Sequence[int], done: Finished) -> None:
        """Leaves of states by text, which go with the group of their text."""
        value, n = (own.reshape(len(own), -1, self.groups, self.slices) for own in (done.value, done.n))
        whose = _whose(self.texts, self.roll, Grouping(key_of(self.plan.project.id), self.groups))
        for group in range(self.groups):
            some = finish_values(leaves, Sums(leaves, self.block.among(whose != group)))
            shape = len(leaves), -1, self.slices
            value[places, :, group], n[places, :, group] = some.value.reshape(shape), some.n.reshape(shape)


class _LeftOut(Sums):
    """Totals without each of the groups: those of all rows less the group's."""

    __slots__ = ("_nothing",)

    def __init__(self, leaves: Sequence[Leaf], sample: Sample) -> None:
        groups, points = sample.groups, sample.block.points * sample.groups
        pairs = {whole: part for leaf in leaves for whole, part in list(zip(
            leaf.followed, leaf.units, strict=True))[:1 if leaf.function in BY_KEY else None]}
        self.block = sample.block.empty(points)
        self.places = {total: row for row, total in enumerate(pairs)}
        high, low = Sums([Leaf("", "", tuple(pairs))], sample.block).of(list(pairs))
        self.high, self.low = (stacked(each, groups, sample.slices) for each in (high, low))
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
    high, low = np.zeros((2, sample.block.points * sample.groups))
    for part, factor in total.parts:
        whole, left = _summed(sample.of(part), sample)
        term, rest = two_product(whole, np.float64(factor) + np.zeros(whole.shape))
        high, error = two_sum(high, term)
        high, low = two_sum(high, low + (error + rest + left * factor))
    return high, low


def _summed(rows: pl.DataFrame, sample: Sample) -> Pair:
    """The states of groups of units at the points of all replicates, exactly, in two parts."""
    period, slice_ = np.divmod(rows["point"].to_numpy(), max(sample.slices, 1))
    point = (period * sample.groups + rows["group"].to_numpy()) * sample.slices + slice_
    points = sample.block.points * sample.groups
    high = amounts(rows["value"])[0]
    if np.abs(high).sum() < WHOLE:  # floats add these exactly, and in a tenth of the time
        return np.bincount(point, high, points).astype(np.float64), np.zeros(points)
    found = pl.DataFrame({"point": point, "value": rows["value"]}).group_by("point").agg(pl.col("value").sum())
    result = np.zeros((2, points))
    result[:, found["point"].to_numpy()] = amounts(found["value"])
    return result[0], result[1]


def with_groups(rows: pl.DataFrame, roll: Roll) -> pl.DataFrame:
    """States by units with the `group` of their text."""
    return rows.with_columns(roll.group.gather(rows["text"]).alias("group"))


def _whose(texts: pl.Series, roll: Roll, grouping: Grouping) -> NDArray[np.int64]:
    """The group of those whose states these are: told by hidden texts, of others by their hash; −1 for none."""
    told = texts.unique().drop_nulls()
    found = [int(text[:LABEL] if _is_hidden(text) else grouping.label(text)) for text in roll.named(told)]
    return texts.replace_strict(told, pl.Series(found, dtype=pl.Int64), default=-1,
                                return_dtype=pl.Int64).fill_null(-1).to_numpy()


def _is_hidden(text: str) -> bool:
    return text[LABEL:LABEL + 1] == HIDDEN and text[:LABEL].isdecimal() and text[:LABEL].isascii()
