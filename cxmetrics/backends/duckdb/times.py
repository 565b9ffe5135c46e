"""Instants and local times in SQL.

Where a zone keeps few offsets over the years in question, they are written out as cases; all other times, and zones
with many changes, go through the calendar library.
"""

from __future__ import annotations

import datetime as dt

from cxmetrics.backends.sql import Call, Case, Cast, Infix, Literal, Node, both, call
from cxmetrics.backends.zones import MOST_CASES, USUAL, Years, offsets


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


def instant_literal(moment: dt.datetime) -> Node:
    """An instant as a constant."""
    return Cast(Literal(moment.astimezone(dt.UTC).isoformat(" ")), "TIMESTAMPTZ")


def micros(time: Node) -> Call:
    """Microseconds from the epoch, of an instant or a naive time."""
    return call("epoch_us", time)
