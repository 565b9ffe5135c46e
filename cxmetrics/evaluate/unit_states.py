"""The states by units, or by groups of units, as arrays.

They are never merged: units seldom have two rows of one day and slice, and who needs totals adds them up where he needs
them.  So a cut costs no more than to say which slice each row is of.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from cxmetrics.calendars import last
from cxmetrics.evaluate.block import WHOLE, amounts
from cxmetrics.evaluate.points import Grid, Slice
from cxmetrics.evaluate.roll import Frames, Roll
from cxmetrics.ir import Grain
from cxmetrics.plan import Plan
from cxmetrics.states import DAY_0, names
from cxmetrics.statistics.arrays import Array, Flags, Ints, codes, floats
from cxmetrics.statistics.precise import Pair

SMALL = 2**16  # numbers below are sorted by their digits


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The states of a partial by units at a grid; all arrays [rows].

    `point` is −1 in slices that are not of the grid; `whole`: the amounts as they are, where floats do not hold them.
    """

    period: Ints
    point: Ints
    text: Ints
    key: Array
    value: Array
    whole: pl.Series | None = None

    def among(self, kept: Flags) -> Part:
        """Only the rows that are kept, [rows]."""
        return Part(self.period[kept], self.point[kept], self.text[kept], self.key[kept], self.value[kept],
                    None if self.whole is None else self.whole.filter(pl.Series(kept)))

    def added(self, places: Ints, length: int) -> Pair:
        """The sums of its amounts at each place [length], exactly, in two parts; `places` [rows]."""
        if self.whole is None:
            return floats(np.bincount(places, self.value, length)), np.zeros(length)
        found = pl.DataFrame({"place": places, "value": self.whole}).group_by("place").agg(pl.col("value").sum())
        result = np.zeros((2, length))
        result[:, found["place"].to_numpy()] = amounts(found["value"])
        return result[0], result[1]


class Units:
    """The states by units at a grid, which are read partial by partial, as they are asked for."""

    __slots__ = ("_known", "_read", "roll")

    def __init__(self, roll: Roll, read: Callable[[int], Part]) -> None:
        """Take what reads the states of a partial."""
        self.roll, self._read = roll, read
        self._known: dict[int, Part] = {}

    def part(self, partial: int) -> Part:
        """The states of a partial."""
        if partial not in self._known:
            self._known[partial] = self._read(partial)
        return self._known[partial]

    @staticmethod
    def of(rows: pl.DataFrame, roll: Roll, grid: Grid, low: int) -> Units:
        """Those of merged states by the number of their `period`; the slices begin with number `low` of the cut's."""
        parts = {partial: own for (partial,), own in rows.partition_by("partial", as_dict=True).items()}

        def read(partial: int) -> Part:
            own = parts.get(partial, rows.clear())
            period, slice_ = (codes(own[name].to_numpy()) for name in ("period", "d0"))
            value = floats(own["value"].cast(pl.Float64).to_numpy())
            return Part(period, _points(period, slice_, grid, low), codes(own["text"].to_numpy()),
                        floats(own["key"].cast(pl.Float64).to_numpy()), value,
                        None if np.abs(value).sum() < WHOLE else own["value"])

        return Units(roll, read)


def _points(period: Ints, slice_: Ints, grid: Grid, low: int) -> Ints:
    """The points of rows at a grid whose slices begin with number `low` of the cut's; −1 in other slices."""
    here = slice_ - low
    return np.where((here >= 0) & (here < len(grid.slices)), period * len(grid.slices) + here, -1)


@dataclass(frozen=True, slots=True, eq=False)
class _Family:
    """The states by units of a source in a family, sorted by partial and day; all arrays [rows] but `starts`.

    `starts` [partials + 1]: where the states of each partial begin.  `place`: row of `slices`, which has the
    dimensions, and since when each is known.
    """

    dimensions: tuple[str, ...]
    starts: Ints
    day: Ints
    place: Ints
    text: Ints
    key: Array
    value: Array
    whole: Mapping[int, pl.Series]
    slices: pl.DataFrame

    @staticmethod
    def of(frame: pl.DataFrame, family: tuple[str, ...], partials: int) -> _Family:
        """The family of a frame of states."""
        slices, place = _placed(frame, names(len(family)))
        partial, day = (codes(frame[name].to_physical().to_numpy()) for name in ("partial", "day"))
        order = _in_order(partial, day - day.min(initial=0))
        starts = np.searchsorted(partial[order], np.arange(partials + 1))
        value = floats(frame["value"].cast(pl.Float64).to_numpy())
        size = np.bincount(partial, np.abs(value), partials)
        whole = {int(index): frame["value"].gather(order[starts[index]:starts[index + 1]])
                 for index in np.flatnonzero(size >= WHOLE)}
        return _Family(family, starts, day[order], place[order], codes(frame["text"].to_numpy())[order],
                       floats(frame["key"].cast(pl.Float64).to_numpy())[order], value[order], whole, slices)

    def has(self, partial: int) -> bool:
        """Whether there are states of a partial."""
        return bool(self.starts[partial] < self.starts[partial + 1])


def _placed(frame: pl.DataFrame, dims: Sequence[str]) -> tuple[pl.DataFrame, Ints]:
    """The slices of states, with the first `day` of each, and the row there of each state."""
    since = pl.col("day").min()
    if not dims:
        return frame.select(since), np.zeros(frame.height, np.int64)
    # Numbers of rows, grouped with them, cost less than a join of all rows by texts that were just grouped by.
    found = frame.lazy().with_row_index("~row").group_by(dims).agg(since, pl.col("~row")).collect()
    place = np.empty(frame.height, np.int64)
    place[found["~row"].explode().to_numpy()] = np.repeat(np.arange(found.height), found["~row"].list.len().to_numpy())
    return found.drop("~row"), place


def _in_order(partial: Ints, day: Ints) -> Ints:
    """The order by partial and day: small numbers are sorted by their digits, in a fraction of the time."""
    small = max(partial.max(initial=0), day.max(initial=0)) < SMALL
    days, partials = ((each.astype(np.uint16) if small else each) for each in (day, partial))
    order = np.argsort(days, kind="stable")
    return codes(order[np.argsort(partials[order], kind="stable")])


class UnitStates:
    """The states by units of all sources."""

    __slots__ = ("families", "roll", "sources")

    def __init__(self, plan: Plan, states: Frames, roll: Roll) -> None:
        """Sort states, whose texts are by their number in the `roll`."""
        self.roll = roll
        self.sources = {index: partial.source for index, partial in enumerate(plan.partials)}
        self.families = {source: sorted(
            (_Family.of(frame, family, len(plan.partials)) for family, frame in families.items() if frame.height),
            key=lambda one: (len(one.day), one.dimensions)) for source, families in states.items()}

    @property
    def rows(self) -> int:
        """How many there are."""
        return sum(len(family.day) for families in self.families.values() for family in families)

    def slices(self, cut: tuple[str, ...]) -> Iterator[pl.DataFrame]:
        """The slices of a cut, as `d0…`, and days since when they are known."""
        for family in self._fitting(cut):
            yield family.slices.select(*_chosen(family.dimensions, cut), "day")

    def of(self, cut: tuple[str, ...], slices: Iterable[Slice], days: tuple[dt.date, dt.date] | None) -> UnitsOfCut:
        """The states of a cut with these slices; `days`: the first and the last that matter, or None for all."""
        dims = names(len(cut))
        places = pl.DataFrame(list(slices), schema=dict.fromkeys(dims, pl.String), orient="row").with_row_index("slice")
        tables = {id(family): _table(family.slices.with_columns(*_chosen(family.dimensions, cut)), places, dims)
                  for family in self._fitting(cut)}
        return UnitsOfCut(self, tables, days)

    def _fitting(self, cut: tuple[str, ...]) -> Iterator[_Family]:
        return (family for families in self.families.values() for family in families
                if set(cut) <= set(family.dimensions))


def _chosen(family: tuple[str, ...], cut: tuple[str, ...]) -> list[pl.Expr]:
    return [pl.col(f"d{family.index(name)}").alias(f"d{i}") for i, name in enumerate(cut)]


def _table(slices: pl.DataFrame, places: pl.DataFrame, dims: Sequence[str]) -> Ints:
    """The number of the slice of a cut that each slice of a family is part of."""
    if not dims:
        return np.zeros(slices.height, np.int64)
    return codes(slices.join(places, on=dims, how="left", maintain_order="left")["slice"].to_numpy())


class UnitsOfCut:
    """The states by units of a cut; `tables`: the slices of the cut by those of the families."""

    __slots__ = ("_days", "_states", "_tables", "roll")

    def __init__(self, states: UnitStates, tables: Mapping[int, Ints], days: tuple[dt.date, dt.date] | None) -> None:
        """Take what `UnitStates.of` has found."""
        self._states, self._tables, self._days, self.roll = states, tables, days, states.roll

    def at(self, grid: Grid, low: int, grain: Grain) -> Units:
        """The states at a grid whose slices begin with number `low` of the cut's."""
        first, after, table = _periods(grid, grain, self._days)

        def read(partial: int) -> Part:
            family = next((one for one in self._states.families.get(self._states.sources[partial], ())
                           if id(one) in self._tables and one.has(partial)), None)
            if family is None:
                none = np.empty(0, np.int64)
                return Part(none, none, none, np.empty(0), np.empty(0))
            begin, end = int(family.starts[partial]), int(family.starts[partial + 1])
            rows = slice(*(begin + np.searchsorted(family.day[begin:end], (first, after))).tolist())
            whole = family.whole.get(partial)
            period = table[family.day[rows] - first]
            found = Part(period, _points(period, self._tables[id(family)][family.place[rows]], grid, low),
                         family.text[rows], family.key[rows], family.value[rows],
                         None if whole is None else whole[rows.start - begin:rows.stop - begin])
            return found if (period >= 0).all() else found.among(period >= 0)

        return Units(self.roll, read)


def _periods(grid: Grid, grain: Grain, days: tuple[dt.date, dt.date] | None) -> tuple[int, int, Ints]:
    """The first of the days of a grid's periods, the one after the last, and of each the place of its period, or −1."""
    first, after = grid.periods[0].toordinal(), last(grid.periods[-1], grain).toordinal() + 1
    table = np.full(after - first, -1, np.int64)
    for place, period in enumerate(grid.periods):
        table[period.toordinal() - first:last(period, grain).toordinal() + 1 - first] = place
    if days is not None:
        low, high = max(first, days[0].toordinal()), max(min(after, days[1].toordinal() + 1), first)
        first, after, table = low, high, table[low - first:high - first]
    return first - DAY_0, after - DAY_0, table
