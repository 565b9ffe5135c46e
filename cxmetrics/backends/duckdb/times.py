"""Instants and local times.

Turning an instant into local time through the calendar library costs far more than adding an
offset.  Where the zone keeps few offsets over the years in question, they are written out as cases; all other
times, and zones with many changes, go through the library.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from zoneinfo import ZoneInfo

from cxmetrics.backends.sql import Call, Case, Cast, Infix, Literal, Node, both, call
from cxmetrics.plan import Days

Years = tuple[dt.datetime, dt.datetime]
USUAL: Years = (dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(2040, 1, 1, tzinfo=dt.UTC))
MOST_CASES = 6
_SECOND = dt.timedelta(seconds=1)


def local_of(instant: Node, zone: str, years: Years = USUAL) -> Node:
    """The naive local time of an instant (mentioned several times: a column or a constant)."""
    by_library = call("timezone", Literal(zone), instant)
    spans = offsets(zone, *years)
    if len(spans) > MOST_CASES:
        return by_library
    return Case(tuple(
        (both(Infix(">=", (instant, instant_literal(start))), Infix("<", (instant, instant_literal(end)))),
         call("make_timestamp", Infix("+", (call("epoch_us", instant), Literal(offset * 1_000_000)))))
        for start, end, offset in spans), by_library)


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


def instant_literal(moment: dt.datetime) -> Node:
    """An instant as a constant."""
    return Cast(Literal(moment.astimezone(dt.UTC).isoformat(" ")), "TIMESTAMPTZ")


def micros(time: Node) -> Call:
    """Microseconds from the epoch, of an instant or a naive time."""
    return call("epoch_us", time)
