"""The day that is now: the last that any source has rows of, so that the files alone decide it, and no clock.

All sources of a project share it, and so the structure that lookups `as_of: now` find.  A day that comes in makes
states stale only where a row of such a table has begun since.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace

from cxmetrics.backends.cells import Request
from cxmetrics.backends.polars.lookups import began
from cxmetrics.ir import Lookup, Origin
from cxmetrics.plan import Scan
from cxmetrics.run.bind import Bound
from cxmetrics.run.stale import LOOKUP
from cxmetrics.store.commits import InputFile


def today(spans: Iterable[tuple[dt.date, dt.date] | None]) -> dt.date | None:
    """The last day of sources that have delivered from one day to another; None where none has."""
    return max((span[1] for span in spans if span is not None), default=None)


def asks_for_now(origin: Origin) -> bool:
    """Whether a lookup of a source finds what holds on the day that is now."""
    return any(map(_asks, origin.lookups))


def settled(bound: Bound, now: dt.date | None) -> Bound:
    """The source with lookups that know which day is now."""
    return replace(bound, origin=dated(bound.origin, now))


def dated(origin: Origin, now: dt.date | None) -> Origin:
    """The source with lookups that know which day is now; the same where none asks."""
    return replace(origin, lookups=tuple(
        replace(lookup, valid=replace(lookup.valid, now=now)) if lookup.valid is not None and _asks(lookup) else lookup
        for lookup in origin.lookups))


def told_apart(bound: Bound, files: Mapping[str, InputFile], zone: str) -> Mapping[str, InputFile]:
    """The files of a source, those of its lookups read otherwise once another of their rows is the last that began.

    Raises `Fault` CX703, CX704, CX720, CX721 for tables that cannot be used.
    """
    request = Request(Scan(bound.origin, ()), bound.table, bound.lookups, zone)
    moments = [began(request, lookup) for lookup in bound.origin.lookups if _asks(lookup)]
    if not moments:
        return files
    mark = " ".join("" if moment is None else moment.isoformat() for moment in moments)
    return {path: replace(file, reading=f"{file.reading} {mark}") if file.reading.startswith(LOOKUP) else file
            for path, file in files.items()}


def _asks(lookup: Lookup) -> bool:
    return lookup.valid is not None and lookup.valid.as_of == "now"
