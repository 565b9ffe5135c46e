"""Periods and the days seen through windows; the dates are read off a calendar."""

import datetime as dt
from itertools import pairwise

import pytest

from cxmetrics.calendars import before, end, last, looked_at, periods, start
from cxmetrics.days import Calendar
from cxmetrics.ir import GRAINS
from cxmetrics.windows import Earlier, Inception, LastYear, ToDate, Trailing

APRIL = Calendar(0, 4)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize("calendar", [Calendar(), APRIL, Calendar(6, 12), Calendar(3, 2)])
@pytest.mark.parametrize("grain", GRAINS)
def test_periods_follow_each_other_without_a_gap(grain, calendar):
    listed = periods([(day("2023-12-25"), day("2029-03-03"))], grain, calendar)
    for first, following in pairwise(listed):
        assert end(first, grain) == following
        assert before(following, grain, calendar) == first
        assert start(last(first, grain), grain, calendar) == first


@pytest.mark.parametrize(("period", "grain", "window", "low", "high"), [
    ("2026-03-01", "month", (Earlier(1, "month"),), "2026-02-01", "2026-03-01"),
    ("2026-03-01", "month", (Earlier(1, None),), "2026-02-01", "2026-03-01"),
    ("2026-03-01", "month", (Earlier(3, "d"),), "2026-02-26", "2026-03-29"),
    ("2026-03-31", "day", (Earlier(1, "month"),), "2026-02-28", "2026-03-01"),
    ("2028-03-31", "day", (Earlier(1, "month"),), "2028-02-29", "2028-03-01"),
    ("2026-03-29", "day", (Earlier(1, "month"),), "2026-02-28", "2026-03-01"),
    ("2026-02-28", "day", (Earlier(1, "month"),), "2026-01-28", "2026-01-29"),
    ("2026-01-01", "day", (Earlier(1, None),), "2025-12-31", "2026-01-01"),
    ("2026-03-30", "week", (Earlier(1, "month"),), "2026-02-28", "2026-03-07"),
    ("2026-03-30", "week", (Earlier(2, None),), "2026-03-16", "2026-03-23"),
    ("2026-12-28", "week", (LastYear(),), "2025-12-29", "2026-01-05"),
    ("2028-02-29", "day", (LastYear(),), "2027-02-28", "2027-03-01"),
    ("2028-02-01", "month", (LastYear(),), "2027-02-01", "2027-03-01"),
    ("2026-01-01", "quarter", (Earlier(1, "year"),), "2025-01-01", "2025-04-01"),
    ("2026-05-01", "month", (Trailing(3, "month"),), "2026-03-01", "2026-06-01"),
    ("2026-03-30", "day", (Trailing(1, "month"),), "2026-02-28", "2026-03-31"),
    ("2026-02-28", "day", (Trailing(1, "month"),), "2026-02-01", "2026-03-01"),
    ("2026-05-01", "month", (Trailing(7, "d"),), "2026-05-25", "2026-06-01"),
    ("2026-05-01", "month", (ToDate("year"),), "2026-01-01", "2026-06-01"),
    ("2025-12-29", "week", (ToDate("year"),), "2026-01-01", "2026-01-05"),
    ("2026-05-31", "day", (ToDate("week"),), "2026-05-25", "2026-06-01"),
    ("2026-05-01", "month", (Earlier(1, "month"), Trailing(3, "month")), "2026-02-01", "2026-05-01"),
    ("2026-05-01", "month", (Trailing(3, "month"), Earlier(1, "month")), "2026-02-01", "2026-05-01"),
    ("2026-03-01", "month", (Earlier(1, "year"), ToDate("quarter")), "2025-01-01", "2025-04-01"),
    ("2026-05-01", "month", (Inception(),), "1899-01-01", "2026-06-01"),
    ("2026-05-01", "month", (Earlier(1, "month"), Inception()), "1899-01-01", "2026-05-01"),
    ("2026-05-01", "month", (Inception(), Earlier(1, "month")), "1899-01-01", "2026-05-01"),
    ("2026-05-31", "day", (Inception(), Earlier(3, "month")), "1899-01-01", "2026-03-01"),
    ("2026-03-15", "day", (Inception(), Earlier(1, "month")), "1899-01-01", "2026-02-16"),
    ("2026-05-04", "week", (Inception(), Earlier(2, "week")), "1899-01-01", "2026-04-27"),
    ("2026-01-15", "day", (Trailing(1, "quarter"), Earlier(1, None)), "2025-10-15", "2026-01-15"),
    ("0001-02-01", "month", (Earlier(10, "year"),), "0001-01-01", "0001-01-01"),
])
def test_the_days_seen_through_a_window(period, grain, window, low, high):
    days = day(period), end(day(period), grain)
    assert looked_at(window, days, grain) == (day(low), day(high))


@pytest.mark.parametrize(("period", "grain", "unit", "low"), [
    ("2026-03-31", "day", "year", "2025-04-01"),
    ("2026-04-01", "day", "year", "2026-04-01"),
    ("2027-01-01", "quarter", "year", "2026-04-01"),
    ("2026-05-31", "day", "quarter", "2026-04-01"),
])
def test_to_date_begins_with_the_year_of_the_project(period, grain, unit, low):
    days = day(period), end(day(period), grain)
    assert looked_at((ToDate(unit),), days, grain, APRIL) == (day(low), days[1])
