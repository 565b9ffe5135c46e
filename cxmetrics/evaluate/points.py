"""Points: the periods and slices at which a pyramid is evaluated."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from cxmetrics.backends.cells import MISSING
from cxmetrics.evaluate.scoring import Pools
from cxmetrics.ir import Grain
from cxmetrics.plan import Days

Slice = tuple[str, ...]
DAY = dt.timedelta(days=1)


def start(day: dt.date, grain: Grain, week_start: int = 0) -> dt.date:
    """The first day of the period that `day` is in; `week_start`: 0 Monday … 6 Sunday."""
    match grain:
        case "day":
            return day
        case "week":
            back = (day.weekday() - week_start) % 7
            return day - back * DAY if day.toordinal() > back else dt.date.min
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "year":
            return day.replace(month=1, day=1)
        case _:
            assert_never(grain)


def last(first: dt.date, grain: Grain) -> dt.date:
    """The last day of the period that begins on `first`."""
    length = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}[grain]
    ahead = dt.date.fromordinal(min(first.toordinal() + length, dt.date.max.toordinal()))
    match grain:
        case "day" | "week":
            return ahead - DAY if ahead < dt.date.max else ahead
        case "month" | "quarter" | "year":
            following = start(ahead, grain)
            return following - DAY if following > first else dt.date.max
        case _:
            assert_never(grain)


def before(first: dt.date, grain: Grain, week_start: int = 0) -> dt.date | None:
    """The first day of the period before the one that begins on `first`."""
    return start(first - DAY, grain, week_start) if first > dt.date.min else None


def periods(spans: Iterable[tuple[dt.date, dt.date]], grain: Grain, week_start: int = 0,
            within: Days | None = None) -> list[dt.date]:
    """The first days of all periods that one of the spans (first day, last day) touches, in order.

    `within` (half-open) limits them to the periods it touches.
    """
    found: set[dt.date] = set()
    least, most = dt.date.min, dt.date.max
    if within is not None:
        least, most = start(within[0], grain, week_start), last(start(within[1] - DAY, grain, week_start), grain)
    for low, high in spans:
        found.update(_touched(max(low, least), min(high, most), grain, week_start))
    return sorted(found)


def _touched(low: dt.date, high: dt.date, grain: Grain, week_start: int) -> Iterator[dt.date]:
    while low <= high:
        first = start(low, grain, week_start)
        yield first
        end = last(first, grain)
        if end >= high:
            return
        low = end + DAY


@dataclass(frozen=True, slots=True)
class Grid:
    """Some periods and some slices of a cut: point = period · slices + slice."""

    cut: tuple[str, ...]
    periods: tuple[dt.date, ...]
    slices: tuple[Slice, ...]

    @property
    def points(self) -> int:
        """How many there are."""
        return len(self.periods) * len(self.slices)

    def pools(self, within: Mapping[str, str]) -> Pools:
        """The pools of slices that are compared across a dimension.

        A pool is one period and one value of every other dimension of the cut, but for the coarser ones that the
        dimension is within.  Rows that do not say which slice they are in are in no pool.
        """
        known: dict[str, NDArray[np.int64] | None] = {}

        def pool(across: str) -> NDArray[np.int64] | None:
            if across not in known:
                known[across] = self._pool(across, within) if across in self.cut else None
            return known[across]

        return pool

    def _pool(self, across: str, within: Mapping[str, str]) -> NDArray[np.int64]:
        freed = coarser(across, within)
        kept = [i for i, name in enumerate(self.cut) if name not in freed]
        place = self.cut.index(across)
        codes: dict[Slice, int] = {}
        of_slice = [-1 if cell[place] == MISSING else codes.setdefault(tuple(cell[i] for i in kept), len(codes))
                    for cell in self.slices]
        each = np.tile(np.array(of_slice, np.int64), len(self.periods))
        period = np.repeat(np.arange(len(self.periods)), len(self.slices))
        return np.where(each < 0, -1, period * max(len(codes), 1) + each)


def coarser(dimension: str, within: Mapping[str, str]) -> frozenset[str]:
    """A dimension and all that it is within."""
    found = {dimension}
    while (dimension := within.get(dimension, "")) and dimension not in found:
        found.add(dimension)
    return frozenset(found)
