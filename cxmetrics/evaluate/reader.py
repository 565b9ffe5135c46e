"""What is read of states besides their merged sums: who has rows, on which days, and how slices hang together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from cxmetrics.backends.waiting import Rows, counts_of, in_turn
from cxmetrics.calendars import DAY, end, looked_at, periods
from cxmetrics.disclosure import Memo
from cxmetrics.evaluate.points import Slice
from cxmetrics.evaluate.roll import States
from cxmetrics.evaluate.work import dimensions_of, work_of
from cxmetrics.fuse import crosses
from cxmetrics.ir import GRAINS, Grain
from cxmetrics.plan import Days, Plan
from cxmetrics.states import ROWS_AT_ONCE
from cxmetrics.windows import Window

Interval = tuple[int, int]  # days as ordinals, half-open


@dataclass(frozen=True)
class Reader:
    """States of which the numbers of rows are read.  `spans`: the days on which there may be something to say.

    `memo`: what was found to be hidden.
    """

    plan: Plan
    states: States
    spans: Sequence[Days]
    cuts: tuple[tuple[str, ...], ...]
    memo: Memo = field(default_factory=Memo)
    _parts: dict[tuple[tuple[str, ...], tuple[str, ...], Days], Mapping[Slice, Slice] | None] = field(
        default_factory=dict)
    _intervals: dict[tuple[Window, Grain, Days], list[tuple[Interval, dt.date]]] = field(default_factory=dict)

    @cached_property
    def dimensions(self) -> tuple[str, ...]:
        """Those of all cuts."""
        return dimensions_of(self.cuts)

    @cached_property
    def asked(self) -> Mapping[tuple[Grain, int], frozenset[int]]:
        """The leaves that each grain and cut need."""
        return {(grain, place): frozenset(work_of(self.plan, grain, cut).leaves)
                for grain in GRAINS for place, cut in enumerate(self.cuts)}

    def intervals(self, window: Window, grain: Grain, unit: Days) -> list[tuple[Interval, dt.date]]:
        """The days looked at from the periods of a grain that touch a unit of time, each with its period."""
        calendar = self.plan.project.calendar
        if (window, grain, unit) not in self._intervals:
            seen = ((looked_at(window, (first, end(first, grain)), grain, calendar), first)
                    for first in periods(self.spans, grain, calendar, unit))
            self._intervals[window, grain, unit] = [((low.toordinal(), high.toordinal()), first)
                                                    for (low, high), first in seen if low < high]
        return self._intervals[window, grain, unit]

    @cached_property
    def untold(self) -> list[Interval]:
        """The days on which there is nothing to say, as everyone knows, before and after the spans too."""
        found, after = list[Interval](), dt.date.min.toordinal()
        for first, final in sorted(span for span in self.spans if span[0] <= span[1]):
            if first.toordinal() > after:
                found.append((after, first.toordinal()))
            after = max(after, final.toordinal() + 1)
        return [*found, (after, dt.date.max.toordinal() + 1)]

    def able(self, source: str, cut: tuple[str, ...]) -> bool:
        """Whether a source can make a cut."""
        return any(set(cut) <= set(family) for family in self.states.get(source, {}))

    @cached_property
    def _days(self) -> Mapping[tuple[str, tuple[str, ...]], Collection[dt.date]]:
        """The days of the states of a source and family."""
        return {(source, family): counts_of(rows).keys() for source, families in self.states.items()
                for family, rows in families.items()}

    def part_of(self, cut: tuple[str, ...], other: tuple[str, ...], unit: Days) -> Mapping[Slice, Slice] | None:
        """Which slice of a coarser cut each slice of a cut is part of in a unit; None where that is not for sure."""
        if (cut, other, unit) not in self._parts:
            self._parts[cut, other, unit] = self._part_of(cut, other, unit)
        return self._parts[cut, other, unit]

    def _part_of(self, cut: tuple[str, ...], other: tuple[str, ...], unit: Days) -> Mapping[Slice, Slice] | None:
        wide, found = {*cut, *other}, dict[Slice, Slice]()
        for source, families in self.states.items():
            able = [family for family in families if set(cut) <= set(family)
                    and not crosses(family, families)  # which need not have all slices
                    and any(unit[0] <= day < unit[1] for day in self._days[source, family])]
            chosen = next((family for family in able if wide <= set(family)), None)
            if chosen is None and able:
                return None
            for row in () if chosen is None else _distinct(
                    families[chosen], unit, chosen, sorted(wide)):
                own, above = (tuple(row[name] for name in names) for names in (cut, other))
                if found.setdefault(own, above) != above:
                    return None
        return found


def _distinct(rows: Rows, unit: Days, family: tuple[str, ...], wanted: Sequence[str]) -> Iterator[dict[str, str]]:
    """The different slices of a family in some of its dimensions, on the days [low, high) of a unit of time."""
    dims = [pl.col(f"d{family.index(name)}").alias(name) for name in wanted]
    parts = [some.select(dims).unique() for some in in_turn(rows, ROWS_AT_ONCE, (unit[0], unit[1] - DAY))]
    return pl.concat(parts).unique().iter_rows(named=True)
