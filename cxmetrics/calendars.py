"""The arithmetic of days: periods of a grain, and the days a window looks at.

Everything here stays within what a date can say: what would begin before the first day begins with it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from functools import reduce
from typing import assert_never

from cxmetrics.days import PLAIN, Calendar
from cxmetrics.ir import GRAINS, Grain
from cxmetrics.plan import Days
from cxmetrics.weights import Stretch
from cxmetrics.windows import Earlier, Inception, LastYear, SpanUnit, Step, ToDate, Trailing, Window

DAY = dt.timedelta(days=1)
BEGINNING = dt.date(1899, 1, 1)  # before all rows, and no period of one begins here
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_DAYS = {"d": 1, "week": 7}
_UNITS: dict[Grain, SpanUnit] = {"day": "d", "week": "week", "month": "month", "quarter": "quarter", "year": "year"}


def coarsest(grains: Iterable[Grain]) -> Grain:
    """The longest of some periods, of which there is one at least."""
    return max(grains, key=GRAINS.index)


def usual(grains: Collection[Grain]) -> Grain:
    """The period that is told of where none is asked for: the month, if it is among them, else the longest."""
    return "month" if "month" in grains else coarsest(grains)


def start(day: dt.date, grain: Grain, calendar: Calendar = PLAIN) -> dt.date:
    """The first day of the period that `day` is in."""
    match grain:
        case "day":
            return day
        case "week":
            return days_before(day, (day.weekday() - calendar.week_start) % 7)
        case "month":
            return day.replace(day=1)
        case "quarter" | "year":
            return months_before(day.replace(day=1), (day.month - calendar.year_start) % _MONTHS[grain])
        case _:
            assert_never(grain)


def end(first: dt.date, grain: Grain) -> dt.date:
    """The day after the period that begins on `first`; the last day there is, where the period goes on beyond it."""
    match grain:
        case "day" | "week":
            return dt.date.fromordinal(min(first.toordinal() + (7 if grain == "week" else 1),
                                           dt.date.max.toordinal()))
        case "month" | "quarter" | "year":
            months = first.year * 12 + first.month - 1 + _MONTHS[grain]
            return dt.date(months // 12, months % 12 + 1, 1) if months // 12 <= dt.MAXYEAR else dt.date.max
        case _:
            assert_never(grain)


def last(first: dt.date, grain: Grain) -> dt.date:
    """The last day of the period that begins on `first`."""
    after = end(first, grain)
    return after - DAY if dt.date.max > after > first else after


def stretch(day: dt.date, per: Stretch, calendar: Calendar = PLAIN) -> Days:
    """The days that belong together with a day: those of its period, or all."""
    if per == "all":
        return dt.date.min, dt.date.max
    first = start(day, per, calendar)
    return first, end(first, per)


def before(first: dt.date, grain: Grain, calendar: Calendar = PLAIN) -> dt.date | None:
    """The first day of the period before the one that begins on `first`."""
    return start(first - DAY, grain, calendar) if first > dt.date.min else None


def periods(spans: Iterable[tuple[dt.date, dt.date]], grain: Grain, calendar: Calendar = PLAIN,
            within: Days | None = None) -> list[dt.date]:
    """The first days of all periods that one of the spans (first day, last day) touches, in order.

    `within` (half-open) limits them to the periods it touches.
    """
    found: set[dt.date] = set()
    least, most = dt.date.min, dt.date.max
    if within is not None:
        least, most = start(within[0], grain, calendar), last(start(within[1] - DAY, grain, calendar), grain)
    for low, high in spans:
        found.update(_touched(max(low, least), min(high, most), grain, calendar))
    return sorted(found)


def _touched(low: dt.date, high: dt.date, grain: Grain, calendar: Calendar) -> Iterator[dt.date]:
    while low <= high:
        first = start(low, grain, calendar)
        yield first
        final = last(first, grain)
        if final >= high:
            return
        low = final + DAY


def days_before(day: dt.date, count: int) -> dt.date:
    """So many days before."""
    return dt.date.fromordinal(max(day.toordinal() - count, 1))


def months_before(day: dt.date, count: int) -> dt.date:
    """The same day so many months before, or the last of that month where it has no such day."""
    months = day.year * 12 + day.month - 1 - count
    if months < 12 * dt.MINYEAR:
        return dt.date.min
    first = dt.date(months // 12, months % 12 + 1, 1)
    return first.replace(day=min(day.day, last(first, "month").day))


def looked_at(window: Window, days: Days, grain: Grain, calendar: Calendar = PLAIN) -> Days:
    """The days (half-open) that a period of a grain looks at through a window; never any after it."""
    return reduce(lambda seen, step: _stepped(step, seen, grain, calendar), window, days)


def _stepped(step: Step, days: Days, grain: Grain, calendar: Calendar) -> Days:
    match step:
        case Earlier(count, unit):
            return _moved(days, count, unit or _UNITS[grain])
        case LastYear():
            return _moved(days, 52, "week") if grain == "week" else _moved(days, 1, "year")
        case Trailing(count, unit):
            return _back(days[1], count, unit), days[1]
        case Inception():
            return BEGINNING, days[1]
        case ToDate(unit):
            return start(max(days[1] - DAY, days[0]), unit, calendar), days[1]
        case _:
            assert_never(step)


def _moved(days: Days, count: int, unit: SpanUnit) -> Days:
    low, high = (_back(day, count, unit) for day in days)
    if days[0] == BEGINNING:
        return BEGINNING, high if unit in _DAYS or days[1].day == 1 else _back(days[1] - DAY, count, unit) + DAY
    if unit in _DAYS or days[0].day == days[1].day == 1:
        return low, high
    return low, low + (days[1] - days[0])


def _back(day: dt.date, count: int, unit: SpanUnit) -> dt.date:
    return days_before(day, count * _DAYS[unit]) if unit in _DAYS else months_before(day, count * _MONTHS[unit])
