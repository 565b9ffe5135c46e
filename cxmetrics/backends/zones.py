"""Time zones: the offsets a zone keeps over the years in question.

Turning an instant into local time through a calendar library costs far more than adding an offset.  Where a zone keeps
few, engines add them, and ask the library only for what lies outside of these years.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo

from cxmetrics.plan import Days

Years = tuple[dt.datetime, dt.datetime]
USUAL: Years = (dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(2040, 1, 1, tzinfo=dt.UTC))
MOST_CASES = 6
_SECOND = dt.timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Zone:
    """The project's time zone, the years in which the data may lie, and the zone of times that do not say theirs."""

    name: str
    years: Years = USUAL
    unsaid: str | None = None  # where it is another, or its clocks are changed


@cache
def clocks(said: str | None, project: str) -> str | None:
    """The zone by which times that do not say theirs are instants; None where they can stay what they are.

    `said`: the zone that a column names.  Where the project's own clocks are put forward and back, the time between two
    of them is not what they show.
    """
    if said is not None and said != project:
        return said
    return project if len(offsets(project, *USUAL)) > 1 else None


def years_of(days: tuple[Days, ...] | None) -> Years:
    """The years whose offsets matter, with a margin that no zone exceeds."""
    if not days:
        return USUAL
    first, last = min(start for start, _ in days), max(end for _, end in days)
    margin = dt.timedelta(days=2)
    if first < dt.date(2, 1, 1) or last > dt.date(9990, 1, 1):
        return USUAL
    return (dt.datetime.combine(first, dt.time(), dt.UTC) - margin,
            dt.datetime.combine(last, dt.time(), dt.UTC) + margin)


@cache
def offsets(zone: str, start: dt.datetime, end: dt.datetime) -> tuple[tuple[dt.datetime, dt.datetime, int], ...]:
    """The stretches of constant offset (seconds east of Greenwich) of a zone from `start` to `end`.

    Gives up, with more of them than anyone wants, once there are many.
    """
    clock = ZoneInfo(zone)
    found: list[tuple[dt.datetime, dt.datetime, int]] = []
    begin = start
    while begin < end and len(found) <= MOST_CASES:
        offset = _offset(clock, begin)
        until = begin
        while until < end and _offset(clock, until) == offset:
            until = min(until + dt.timedelta(days=7), end)
        if _offset(clock, until) != offset:
            until = _change(clock, until - dt.timedelta(days=7), until)
        found.append((begin, until, offset))
        begin = until
    return tuple(found)


def _change(clock: ZoneInfo, before: dt.datetime, after: dt.datetime) -> dt.datetime:
    """The first second with the offset of `after`."""
    offset = _offset(clock, before)
    while after - before > _SECOND:
        middle = (before + (after - before) / 2).replace(microsecond=0)
        before, after = (middle, after) if _offset(clock, middle) == offset else (before, middle)
    return after


def _offset(clock: ZoneInfo, instant: dt.datetime) -> int:
    offset = instant.astimezone(clock).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())
