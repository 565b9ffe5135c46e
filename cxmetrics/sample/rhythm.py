"""Days and hours of the bank: weekends, public holidays, pay days and the hours people come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from cxmetrics.sample.drawing import Floats, Ints

SECOND = 1_000_000  # microseconds
DAY = 86_400 * SECOND
OFFSET = 8 * 3_600 * SECOND  # the bank's clocks are eight hours ahead of UTC, all year

# Public holidays of mainland China in 2026, and the weekend days worked in exchange (State Council notice of 2025-11).
HOLIDAYS = (
    ("2026-01-01", "2026-01-03"),
    ("2026-02-15", "2026-02-23"),
    ("2026-04-04", "2026-04-06"),
    ("2026-05-01", "2026-05-05"),
    ("2026-06-19", "2026-06-21"),
    ("2026-09-25", "2026-09-27"),
    ("2026-10-01", "2026-10-07"),
)
WORKED_WEEKENDS = frozenset({"2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"})

# How much of a working day's traffic comes on a weekend day and on a holiday, and the pull of each hour 0..23.
_EVENING = (2, 1, 1, 1, 1, 2, 5, 9, 12, 14, 14, 12, 13, 12, 11, 11, 11, 11, 12, 14, 16, 15, 11, 5)
_OFFICE = (0, 0, 0, 0, 0, 0, 0, 0, 1, 16, 18, 15, 8, 9, 13, 12, 7, 1, 0, 0, 0, 0, 0, 0)
_PHONE = (1, 1, 1, 1, 1, 1, 2, 4, 8, 14, 15, 13, 9, 10, 12, 12, 11, 9, 7, 6, 6, 5, 3, 2)
RHYTHMS: dict[str, tuple[float, float, tuple[int, ...]]] = {
    "digital": (0.9, 0.75, _EVENING),
    "office": (0.45, 0.2, _OFFICE),
    "phone": (0.7, 0.55, _PHONE),
    "flat": (1.0, 1.0, (1,) * 24),
}


@dataclass(frozen=True, slots=True)
class Slots:
    """Moments at which something begins: day index and UTC microseconds of each; `first`..`last` bound the part."""

    day: Ints
    at: Ints
    first: int
    last: int  # exclusive
    part: int

    def __len__(self) -> int:
        return len(self.day)


@dataclass(frozen=True, slots=True)
class Part:
    """What is made at a time: some of what begins on the days `first`..`last` (exclusive), share `chunk` of `chunks`.

    `number` is its own among the parts of a theme; `label` names its files.
    """

    number: int
    label: str
    first: int
    last: int
    chunk: int = 0
    chunks: int = 1

    def taken(self, counts: Ints) -> Ints:
        """What falls to this part of as many a day; the chunks of the same days add up to all of them."""
        of_days = counts[self.first : self.last]
        return of_days * (self.chunk + 1) // self.chunks - of_days * self.chunk // self.chunks


@dataclass(frozen=True, slots=True)
class Calendar:
    """The window of the bank: `days` days from `first_day`, each with a little noise of its own."""

    first_day: dt.date
    days: int
    noise: Floats

    def date(self, day: int) -> dt.date:
        """The calendar date of a day index."""
        return self.first_day + dt.timedelta(days=day)

    def midnight(self, day: int) -> int:
        """UTC microseconds at which a day begins on the bank's clocks."""
        return (self.date(day) - dt.date(1970, 1, 1)).days * DAY - OFFSET

    @property
    def reorganised(self) -> int:
        """The first of a month from the middle on, when a branch goes to another region; `days` where there is none."""
        return next((day for day in range(self.days // 2, self.days) if self.date(day).day == 1), self.days)

    def is_holiday(self, day: int) -> bool:
        """Whether the day is a public holiday."""
        return _is_holiday(self.date(day))

    def is_weekend(self, day: int) -> bool:
        """Whether the day is a free Saturday or Sunday."""
        return _is_weekend(self.date(day))

    def weights(self, rhythm: str) -> Floats:
        """Relative traffic of every day."""
        if rhythm == "flat":
            return np.ones(self.days)
        return _pulls(self.first_day, self.days, rhythm) * self.noise

    def spread(self, total: int, rhythm: str) -> Ints:
        """`total` split over the days by largest remainder, so that the sum is exact."""
        weights = self.weights(rhythm)
        exact = total * weights / weights.sum()
        counts: Ints = np.floor(exact).astype(np.int64)
        order = np.argsort(counts - exact, kind="stable")
        counts[order[: total - int(counts.sum())]] += 1
        return counts

    def slots(self, counts: Ints, rhythm: str, part: Part, rng: np.random.Generator) -> Slots:
        """Moments within the part, as many a day as it takes of `counts`."""
        first, last = part.first, part.last
        day = np.repeat(np.arange(first, last), part.taken(counts))
        pull = np.array(RHYTHMS[rhythm][2], dtype=np.float64)
        hour = rng.choice(24, size=len(day), p=pull / pull.sum())
        within = rng.integers(0, 3_600_000, size=len(day)) * 1_000
        starts = np.array([self.midnight(d) for d in range(first, last)], dtype=np.int64)
        at = starts[day - first] + hour * 3_600 * SECOND + within
        order = np.argsort(at, kind="stable")
        return Slots(day[order], at[order], first, last, part.number)


@cache
def _pulls(first: dt.date, days: int, rhythm: str) -> Floats:
    """Relative traffic of every day, but for the noise."""
    found = np.array([_pull(first + dt.timedelta(days=day), rhythm) for day in range(days)])
    found.flags.writeable = False
    return found


def _pull(date: dt.date, rhythm: str) -> float:
    weekend, holiday, _ = RHYTHMS[rhythm]
    if _is_holiday(date):
        return holiday
    payday = 1.15 if date.day in (10, 15) else 1.0
    return payday * (weekend if _is_weekend(date) else 1.0)


def _is_holiday(date: dt.date) -> bool:
    text = date.isoformat()
    return any(first <= text <= last for first, last in HOLIDAYS)


def _is_weekend(date: dt.date) -> bool:
    return date.weekday() >= 5 and date.isoformat() not in WORKED_WEEKENDS


def parts(calendar: Calendar, counts: Ints, *, by_day: bool, most: int) -> Iterator[Part]:
    """The files of a table: one a month, or one a day, or more where over `most` beginnings would come into one."""
    labels = [calendar.date(day).isoformat()[: 10 if by_day else 7] for day in range(calendar.days)]
    edges = [day for day in range(calendar.days) if day == 0 or labels[day] != labels[day - 1]]
    number = 0
    for first, last in zip(edges, [*edges[1:], calendar.days], strict=True):
        chunks = max(1, -(-int(counts[first:last].sum()) // most))
        for chunk in range(chunks):
            yield Part(number, labels[first] + (f"_{chunk}" if chunk else ""), first, last, chunk, chunks)
            number += 1
