"""Which cells of which leaves are hidden: leaves alike in their rows and their limit together, unit of time by unit."""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

import numpy as np
import polars as pl

from cxmetrics.backends.waiting import in_turn
from cxmetrics.calendars import DAY, end, last, start
from cxmetrics.crews import Relief, hands, relief
from cxmetrics.disclosure import Cut
from cxmetrics.disclosure.cells import Ints
from cxmetrics.evaluate.daily import daily
from cxmetrics.evaluate.points import Slice
from cxmetrics.evaluate.protection import closing, ranked
from cxmetrics.evaluate.reader import Interval, Reader
from cxmetrics.ir import GRAINS, Grain
from cxmetrics.plan import Days, Plan
from cxmetrics.states import DAY_0, ROWS_AT_ONCE
from cxmetrics.statistics.arrays import AT_ONCE, Array, Flags, codes, floats
from cxmetrics.statistics.grouping import distinct

# `cut`: its place; `age`: 0 where the leaf is hidden, else it has no rows there, and was hidden so many days before.
HIDDEN = pl.DataFrame(schema={"leaf": pl.UInt32, "grain": pl.Enum(GRAINS), "period": pl.Date, "cut": pl.UInt16,
                              "slice": pl.UInt32, "age": pl.Int32})  # no wider than need be: there may be millions
ALONE = 0.5  # seconds of work that are not worth processes
AHEAD = 8  # groups that are looked at while they are at work
_Owner = tuple[int, Grain, dt.date]  # leaf, grain, period


@dataclass(frozen=True, slots=True)
class _Group:
    """Leaves that rest on the same rows, and are shown from the same number of them on."""

    leaves: tuple[int, ...]
    parts: tuple[tuple[int, float], ...]
    sources: frozenset[str]
    least: int


@dataclass(frozen=True, slots=True)
class _Slices:
    """The slices of a cut and how many rows they have: running totals [slices, days + 1] over `days` with rows."""

    names: tuple[Slice, ...]
    total: Ints
    days: Ints  # ordinals, in order

    def rows(self, low: Ints, high: Ints) -> Ints:
        """The rows of each slice in intervals, [slices, intervals]."""
        begin, after = (np.searchsorted(self.days, side) for side in (low, high))
        return self.total[:, after] - self.total[:, begin]


def hidden_leaves(reader: Reader, leaves: Mapping[int, int], days: Days,
                  carried: frozenset[int]) -> tuple[pl.DataFrame, Mapping[int, tuple[Slice, ...]]]:
    """The hidden cells (`HIDDEN`) of protected leaves in days [low, high), and the slices of each cut.

    `leaves`: from how many rows on each is shown; `carried`: those whose last values may be told again.
    """
    kept = _States(reader, _groups(reader.plan, leaves))
    units = _units(reader.plan, reader.spans, days)
    with relief(hands(), ALONE) as relieved:
        frame = pl.concat([HIDDEN, *_frames(cells for unit in units for cells in _hidden(kept, unit, relieved))])
    more = [each for one in kept.groups for each in _carried_on(kept, one, carried & set(one.leaves), frame, units)]
    return pl.concat([frame, *more]), {place: kept.names[place] for place in range(len(reader.cuts))}


def _groups(plan: Plan, leaves: Mapping[int, int]) -> tuple[_Group, ...]:
    found: dict[tuple[object, ...], list[int]] = {}
    for leaf, least in leaves.items():
        one = plan.leaves[leaf]
        if not one.at_one_moment(plan.partials):
            found.setdefault((one.inputs[0].parts, frozenset(one.sources), least), []).append(leaf)
    return tuple(_Group(tuple(own), plan.leaves[own[0]].inputs[0].parts, frozenset(plan.leaves[own[0]].sources),
                        leaves[own[0]]) for own in found.values())


def _units(plan: Plan, spans: Sequence[Days], days: Days) -> list[Days]:
    """The units of time of some days, in order: see `closing`."""
    low = max(days[0], min((first for first, _ in spans), default=days[0]))
    high = min(days[1], max((final for _, final in spans), default=days[1] - DAY) + DAY)
    grain = closing(plan)
    if grain is None:
        return [(dt.date.min, dt.date.max)]
    found: list[Days] = []
    first = start(low, grain, plan.project.calendar)
    while first < high:
        found.append((first, end(first, grain)))
        first = end(first, grain)
    return found


@dataclass(frozen=True, slots=True)
class _Counts:
    """The rows that partials tell of in a cut, sorted by partial; all arrays [rows], `day` as ordinals."""

    partial: Ints
    day: Ints
    slice: Ints
    value: Array

    @staticmethod
    def of(frame: pl.DataFrame) -> _Counts:
        """Those of states merged to a cut."""
        rows = frame.sort("partial")
        day = codes(rows["day"].to_physical().to_numpy()) + DAY_0
        return _Counts(codes(rows["partial"].to_numpy()), day, codes(rows["d0"].to_numpy()),
                       floats(rows["value"].cast(pl.Float64).to_numpy()))

    def told(self, group: _Group) -> tuple[Ints, Ints, Ints]:
        """Days, slices and rows of a group, which may be told in parts."""
        factors = dict(group.parts)
        begins, ends = (np.searchsorted(self.partial, list(factors), side) for side in ("left", "right"))
        parts = [slice(*each) for each in zip(begins.tolist(), ends.tolist(), strict=True)]
        rows = [(self.value[part] * factor).astype(np.int64) for part, factor in zip(
            parts, factors.values(), strict=True)]
        return (np.concatenate([self.day[part] for part in parts]),
                np.concatenate([self.slice[part] for part in parts]), np.concatenate(rows))


class _States:
    """The numbers of rows by cut, read once."""

    __slots__ = ("_counts", "_extents", "_known", "groups", "names", "reader")

    def __init__(self, reader: Reader, groups: tuple[_Group, ...]) -> None:
        self.reader, self.groups = reader, groups
        wanted = sorted({part for group in groups for part, _ in group.parts})
        few = {source: {family: pl.concat([some.filter(pl.col("partial").is_in(wanted))
                                           for some in in_turn(rows, ROWS_AT_ONCE)])
                        for family, rows in families.items()} for source, families in reader.states.items()}
        self._counts: list[_Counts] = []
        self.names: list[tuple[Slice, ...]] = []
        self._known: dict[tuple[_Group, int], _Slices] = {}
        self._extents: dict[_Group, Interval | None] = {}
        for cut in reader.cuts:
            made = daily(reader.plan, few, cut, None)
            self._counts.append(_Counts.of(made.frame.select("partial", "day", "d0", "value")))
            self.names.append(tuple(made.slices))

    def slices(self, group: _Group, place: int) -> _Slices:
        """The rows of a group in a cut."""
        if (group, place) not in self._known:
            self._known[group, place] = self._slices(group, place)
        return self._known[group, place]

    def _slices(self, group: _Group, place: int) -> _Slices:
        each, slice_, rows = self._counts[place].told(group)
        days, day = np.unique(each, return_inverse=True)
        found = np.zeros((len(self.names[place]), len(days)), np.int64)
        np.add.at(found, (slice_, day), rows)
        total = np.concatenate([np.zeros((len(found), 1), np.int64), found.cumsum(axis=1)], axis=1)
        return _Slices(self.names[place], total, days)

    def extent(self, group: _Group) -> Interval | None:
        """The first day with rows, and the day after the last."""
        if group not in self._extents:
            days, _, _ = self._counts[0].told(group)
            self._extents[group] = (int(days.min()), int(days.max()) + 1) if len(days) else None
        return self._extents[group]


def _hidden(kept: _States, unit: Days, relieved: Relief) -> Iterator[Ints]:
    """The hidden cells in a unit of time, as `_Cells.told` tells them; the same numbers of rows are looked at once."""
    known = dict[object, Callable[[], dict[int, Flags]]]()
    begun = deque[tuple[dict[int, _Cells], Callable[[], dict[int, Flags]]]]()
    for group in kept.groups:
        cells = _cells(kept, group, unit)
        if any(one.small.any() for one in cells.values()):
            key = tuple((place, one.fingerprint) for place, one in cells.items())
            if key not in known:
                known[key] = cache(_concealed(kept.reader, cells, unit, relieved))
            begun.append((cells, known[key]))
        if len(begun) > AHEAD:
            yield from _told(*begun.popleft())
    for each in begun:
        yield from _told(*each)


def _told(cells: Mapping[int, _Cells], found: Callable[[], dict[int, Flags]]) -> Iterator[Ints]:
    return (cells[place].told(place, flags) for place, flags in found().items())


def _cells(kept: _States, group: _Group, unit: Days) -> dict[int, _Cells]:
    """The cells of a group in a unit of time, by cut; none where nothing is told of its rows."""
    reader, extent = kept.reader, kept.extent(group)
    owners = {place: _owners(reader, group, unit, place) for place, cut in enumerate(reader.cuts)
              if all(reader.able(source, cut) or not cut for source in group.sources)}
    told = [interval for own in owners.values() for interval in own]
    if extent is None or not told:
        return {}
    if max(min(begin for begin, _ in told), extent[0]) >= min(max(after for _, after in told), extent[1]):
        return {}
    return {place: _Cells.of(kept.slices(group, place), own, unit,
                             max(group.least, reader.plan.least_in(reader.cuts[place])))
            for place, own in owners.items()}


def _owners(reader: Reader, group: _Group, unit: Days, place: int) -> dict[Interval, list[_Owner]]:
    """Which leaves and periods look at each interval of days, in a cut."""
    plan, found = reader.plan, dict[Interval, list[_Owner]]()
    for grain in GRAINS:
        own = [leaf for leaf in group.leaves if leaf in reader.asked[grain, place]]
        for leaf in own:
            for interval, first in reader.intervals(plan.leaves[leaf].window, grain, unit):
                found.setdefault(interval, []).append((leaf, grain, first))
    low, high = (reach(side for interval in found for side in interval) for reach in (min, max)) if found else (0, 0)
    for begin, after in reader.untold if found else ():
        if begin < high and low < after:
            found.setdefault((max(begin, low), min(after, high)), [])
    return found


@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells of a cut in a unit of time; `low`, `high` [cells] are days within the unit, as ordinals.

    `small` [slices, cells]: too few rows, be it that some of the days are of the next unit.
    """

    slices: _Slices
    owners: Sequence[Sequence[_Owner]]
    low: Ints
    high: Ints
    n: Ints
    small: Flags

    @staticmethod
    def of(slices: _Slices, owners: Mapping[Interval, Sequence[_Owner]], unit: Days, least: int) -> _Cells:
        """The cells at some intervals."""
        low, high = (np.array([interval[side] for interval in owners], np.int64) for side in (0, 1))
        whole = slices.rows(low, high)
        low, high = (np.clip(side, unit[0].toordinal(), unit[1].toordinal()) for side in (low, high))
        n = slices.rows(low, high)
        return _Cells(slices, list(owners.values()), low, high, n, (whole < least) & (n > 0))

    @property
    def fingerprint(self) -> tuple[tuple[int, ...], bytes]:
        """Says which cells are to be hidden of the same slices in the same unit of time."""
        return self.n.shape, sha256(b"".join(map(bytes, (self.low, self.high, self.n, self.small)))).digest()

    def told(self, place: int, flags: Flags) -> Ints:
        """The hidden cells as numbers, [`HIDDEN`, cells]: grains by their place, periods as ordinals."""
        row, cell = np.nonzero(flags)
        count = np.array([len(own) for own in self.owners], np.int64)
        owners = np.array([(leaf, GRAINS.index(grain), period.toordinal())
                           for own in self.owners for leaf, grain, period in own], np.int64).reshape(-1, 3)
        each = np.repeat(np.arange(len(cell)), count[cell])  # a cell is told of once for each of its owners
        begins = np.cumsum(count) - count
        whose = np.arange(len(each)) - np.repeat(np.cumsum(count[cell]) - count[cell] - begins[cell], count[cell])
        leaf, grain, period = owners[whose].T
        return np.stack([leaf, grain, period, np.full(len(each), place), row[each], np.zeros(len(each), np.int64)])


def _frames(told: Iterable[Ints]) -> Iterator[pl.DataFrame]:
    """The rows of `HIDDEN` that cells tell of, of many at once: a frame costs as much as thousands of its rows."""
    waiting, count = list[Ints](), 0
    for cells in told:
        waiting.append(cells)
        count += cells.shape[1]
        if count > AT_ONCE:
            yield _frame(np.concatenate(waiting, axis=1))
            waiting, count = [], 0
    if waiting:
        yield _frame(np.concatenate(waiting, axis=1))


def _frame(told: Ints) -> pl.DataFrame:
    """The rows of `HIDDEN` that cells tell of; what reaches from one unit of time into another is told of twice."""
    found = pl.DataFrame(dict(zip(HIDDEN.columns, told, strict=True)))
    return found.select(
        pl.col("leaf").cast(pl.UInt32), pl.Series("grain", GRAINS, pl.Enum(GRAINS)).gather(found["grain"]),
        (pl.col("period") - DAY_0).cast(pl.Int32).cast(pl.Date),
        *(pl.col(name).cast(HIDDEN.schema[name]) for name in ("cut", "slice", "age")))


def _carried_on(kept: _States, group: _Group, carried: frozenset[int], hidden: pl.DataFrame,
                units: Sequence[Days]) -> Iterator[pl.DataFrame]:
    """Where leaves of a group have no rows, and were hidden when they last had some."""
    if not units:
        return
    days = units[0][0], units[-1][1]
    for leaf in sorted(carried):
        window = kept.reader.plan.leaves[leaf].window
        for (grain, place), asked in kept.reader.asked.items():
            listed = kept.reader.intervals(window, grain, days) if leaf in asked else []
            if listed:
                own = hidden.filter(pl.col("leaf") == leaf, pl.col("grain") == grain, pl.col("cut") == place)
                low, high = (np.array([interval[side] for interval, _ in listed], np.int64) for side in (0, 1))
                n = kept.slices(group, place).rows(low, high)
                yield _after(own, n, [period for _, period in listed], (leaf, grain, place))


def _after(hidden: pl.DataFrame, n: Ints, periods: Sequence[dt.date], who: tuple[int, Grain, int]) -> pl.DataFrame:
    """The cells without rows that follow hidden ones; `n` [slices, periods], `who`: leaf, grain, place of the cut."""
    leaf, grain, place = who
    flags = np.zeros(n.shape, np.bool_)
    where = {period: at for at, period in enumerate(periods)}
    known = hidden.filter(pl.col("period").is_in(periods))
    flags[known["slice"].to_numpy(), [where[period] for period in known["period"]]] = True
    ends = np.array([last(each, grain).toordinal() for each in periods], np.int64)
    at = np.maximum.accumulate(np.where(n == 0, -1, np.arange(len(periods))[None, :]), axis=1)
    was = np.take_along_axis(flags, np.maximum(at, 0), axis=1) & (at >= 0)
    row, here = np.nonzero((n == 0) & was)
    return pl.DataFrame({"leaf": leaf, "grain": grain, "period": [periods[i] for i in here.tolist()], "cut": place,
                         "slice": row, "age": ends[here] - ends[at[row, here]]}, schema=HIDDEN.schema)


def _concealed(reader: Reader, cells: Mapping[int, _Cells], unit: Days,
               relieved: Relief) -> Callable[[], dict[int, Flags]]:
    """How to come by the hidden cells by cut; cuts that cross others are hidden whole, if anything is."""
    tree, parents, others = ranked([reader.cuts[place] for place in cells], reader.plan.within)
    places = list(cells)
    order, ups = list[int](), dict[int, Ints]()
    for index in tree:
        up = _up(reader, cells, (places[index], places[parents[index]]), unit) if index in parents else \
            np.zeros(len(cells[places[index]].slices.names), np.int64)
        if up is None or (index in parents and parents[index] not in order):
            others.append(index)
        else:
            order.append(index)
            ups[index] = up
    chosen = [cells[places[index]] for index in order]
    bounds = distinct(np.concatenate([side for one in chosen for side in (one.low, one.high)]))
    made = [Cut(order.index(parents[index]) if index in parents else None, ups[index],
                np.searchsorted(bounds, one.low), np.searchsorted(bounds, one.high), one.n)
            for index, one in zip(order, chosen, strict=True)]
    asked = reader.memo.conceal(made, len(bounds), [one.small for one in chosen], unit, relieved)

    def hidden() -> dict[int, Flags]:
        result = {places[index]: flags for index, flags in zip(order, asked(), strict=True)}
        some = any(flags.any() for flags in result.values())
        whole = ((places[index], cells[places[index]]) for index in others)
        return result | {place: (one.n > 0) & (some or bool(one.small.any())) for place, one in whole}

    return hidden


def _up(reader: Reader, cells: Mapping[int, _Cells], places: tuple[int, int], unit: Days) -> Ints | None:
    """The slice of the coarser cut that each slice of a cut is part of, by its place there."""
    cut, other = (reader.cuts[place] for place in places)
    names, above = (cells[place].slices.names for place in places)
    where = {name: row for row, name in enumerate(above)}
    part = {name: tuple(name[cut.index(each)] for each in other) for name in names} if set(other) <= set(cut) else \
        reader.part_of(cut, other, unit)
    if part is None or not where:
        return None
    return np.array([where.get(part.get(name, ()), 0) for name in names], np.int64)
