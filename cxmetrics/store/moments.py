"""Times in the life of a store, as people write them."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

from cxmetrics.codes import data as codes
from cxmetrics.diagnostics import Fault, report
from cxmetrics.store import AsOf

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def moment(text: str, zone: str) -> AsOf:
    """A day (its end), a time (in the zone of the project unless it says its own), or else the id of a run.

    Raises `Fault` CX717 for a date or time that cannot be.
    """
    if not _DAY.match(text):
        return text
    try:
        at = dt.datetime.fromisoformat(text)
        if _DAY.fullmatch(text):
            at = dt.datetime.combine(at, dt.time.max)
        return _told(at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(zone)))
    except ValueError as error:
        raise Fault(report(codes.BAD_DATE, None, text=text)) from error


def _told(at: dt.datetime) -> dt.datetime:
    """The same, or where it is in no year elsewhere on earth, the first moment of all, or the last."""
    try:
        at.astimezone(dt.UTC)
    except OverflowError:
        day, time = (dt.date.min, dt.time.min) if at.year == dt.MINYEAR else (dt.date.max, dt.time.max)
        return dt.datetime.combine(day, time, dt.UTC)
    return at
