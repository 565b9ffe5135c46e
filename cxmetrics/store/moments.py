"""Times in the life of a store, as people write them."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

from cxmetrics.codes import data as codes
from cxmetrics.diagnostics import Fault, report
from cxmetrics.store import AsOf

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ONE = dt.timedelta(days=1)


def moment(text: str, zone: str) -> AsOf:
    """A day (its end), a time (in the zone of the project unless it says its own), or else the id of a run.

    Raises `Fault` CX717 for a date or time that cannot be.
    """
    if not _DAY.match(text):
        return text
    try:
        at = dt.datetime.fromisoformat(text)
        if _DAY.fullmatch(text):
            return (at + _ONE).replace(tzinfo=ZoneInfo(zone)) - dt.timedelta(microseconds=1)
        return at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(zone))
    except (ValueError, OverflowError) as error:
        raise Fault(report(codes.BAD_DATE, None, text=text)) from error
