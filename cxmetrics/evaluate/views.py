"""What the points of a grid look at through a window: which days, and what is known about these."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cxmetrics.calendars import BEGINNING, DAY, end, looked_at
from cxmetrics.days import Calendar
from cxmetrics.evaluate.daily import Daily
from cxmetrics.evaluate.points import Grid
from cxmetrics.ir import Grain
from cxmetrics.plan import Days
from cxmetrics.statistics.arrays import Flags
from cxmetrics.windows import Window, sets_length

Delivered = Mapping[str, tuple[dt.date, dt.date]]
"""Source → first and last day with rows read."""
Gaps = Mapping[str, Sequence[Days]]
"""Source → days between these (half-open intervals) that nobody has looked at."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What sources have delivered, which days between nobody has looked at, and of which the rows have no weights."""

    delivered: Delivered
    gaps: Gaps
    unweighted: Gaps = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class View:
    """The days [low, high) that each period of a grid looks at through a window."""

    window: Window
    grid: Grid
    days: tuple[Days, ...]

    def known(self, daily: Daily) -> Flags:
        """The points whose days reach the first row that names the slice: before it, there is no such slice."""
        since = np.array([daily.slices[cell].toordinal() for cell in self.grid.slices])
        after = np.array([high.toordinal() for _, high in self.days])
        return np.asarray((since < after[:, None]).ravel(), np.bool_)

    def first(self) -> NDArray[np.int64]:
        """The first of the days that each point looks at, as its ordinal."""
        return np.repeat(np.array([low.toordinal() for low, _ in self.days], np.int64), len(self.grid.slices))

    def open(self, daily: Daily, looked: Looked, source: str) -> Flags:
        """The points where a source has delivered and can make the slice: no rows there are 0 rows."""
        if source not in daily.able or source not in looked.delivered:
            return np.zeros(self.grid.points, np.bool_)
        return self._each([_is_open(days, looked, source) for days in self.days])

    def cut_short(self, looked: Looked, source: str) -> Flags:
        """The points whose window reaches before the first day that a source delivered, or over days not looked at.

        Only of windows that set their own length: a period by itself is what there is of it.
        """
        if source not in looked.delivered or not any(map(sets_length, self.window)):
            return np.zeros(self.grid.points, np.bool_)
        first = looked.delivered[source][0]
        missed = looked.gaps.get(source, ())
        return self._each([BEGINNING < low < first or any(low < after and begin < high for begin, after in missed)
                           for low, high in self.days])

    def unweighted(self, looked: Looked, source: str) -> Flags:
        """The points that look at days of which the rows of a source have no weights."""
        missed = looked.unweighted.get(source, ())
        return self._each([any(low < after and begin < high for begin, after in missed) for low, high in self.days])

    def _each(self, of_periods: Sequence[bool]) -> Flags:
        return np.repeat(np.array(of_periods, np.bool_), len(self.grid.slices))


def _is_open(days: Days, looked: Looked, source: str) -> bool:
    """Whether the source has delivered on some of the days, and they are not all in a gap."""
    first, final = looked.delivered[source]
    low, high = max(days[0], first), min(max(days[1] - DAY, days[0]), final)
    return low <= high and not any(begin <= low and high < after for begin, after in looked.gaps.get(source, ()))


def view(window: Window, grid: Grid, grain: Grain, calendar: Calendar) -> View:
    """The view of the points of a grid through a window."""
    days = tuple(looked_at(window, (first, end(first, grain)), grain, calendar) for first in grid.periods)
    return View(window, grid, days)
