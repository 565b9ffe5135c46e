"""Periods and windows as lists of days, one by one: by counting, without the arithmetic of the product."""

import datetime as dt
from itertools import pairwise

from cxmetrics.windows import Earlier, Inception, LastYear, ToDate, Trailing

DAY = dt.timedelta(days=1)
EARLIEST = dt.date(2024, 1, 1)  # before all that is drawn
MONTHS = {"month": 1, "quarter": 3, "year": 12}


def beginning(day, grain, calendar):
    """The first day of the period a day is in: back to the first day that begins one."""
    while not begins(day, grain, calendar):
        day -= DAY
    return day


def begins(day, grain, calendar):
    match grain:
        case "day":
            return True
        case "week":
            return day.weekday() == calendar.week_start
        case "month":
            return day.day == 1
        case _:
            return day.day == 1 and (day.month - calendar.year_start) % MONTHS[grain] == 0


def days_of(period, grain):
    """All days of the period that begins on a day."""
    days = {"day": 1, "week": 7}.get(grain)
    return run_of(period, days) if days else run_of(period, (later(period, MONTHS[grain]) - period).days)


def run_of(first, length):
    return [first + DAY * i for i in range(length)]


def later(day, months):
    """The first of a month, so many months on or back."""
    step = 1 if months > 0 else -1
    for _ in range(abs(months)):
        day = (day + 31 * DAY).replace(day=1) if step > 0 else (day - DAY).replace(day=1)
    return day


def back(day, count, unit):
    """A day so many units before; in a shorter month its last day."""
    if unit in ("d", "week"):
        return day - DAY * count * (7 if unit == "week" else 1)
    first = later(day.replace(day=1), -count * MONTHS[unit])
    fitting = [other for other in days_of(first, "month") if other.day <= day.day]
    return fitting[-1]


def seen_through(window, days, grain, calendar):
    """The days seen through the steps of a window, the outermost first."""
    for step in window:
        days = one_step(step, days, grain, calendar)
    return days


def one_step(step, days, grain, calendar):
    after = days[-1] + DAY
    match step:
        case Earlier(count, unit):
            return moved(days, count, unit or {"day": "d"}.get(grain, grain))
        case LastYear():
            return [day - 364 * DAY for day in days] if grain == "week" else moved(days, 1, "year")
        case Trailing(count, unit):
            first = back(after, count, unit)
        case Inception():
            first = EARLIEST
        case ToDate(unit):
            first = beginning(days[-1], unit, calendar)
    return run_of(first, (after - first).days)


def moved(days, count, unit):
    if unit in ("d", "week"):
        return [back(day, count, unit) for day in days]
    whole = days[0].day == 1 and (days[-1] + DAY).day == 1
    if not whole:
        return run_of(back(days[0], count, unit), len(days))
    firsts = [*sorted({day.replace(day=1) for day in days}), days[-1] + DAY]
    return [day for low, _ in pairwise(firsts) for day in days_of(back(low, count, unit), "month")]
