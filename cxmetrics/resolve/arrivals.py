"""When rows may arrive: how late, and how far ahead their clocks may be; and what a delivery is held against."""

from __future__ import annotations

import datetime as dt

from cxmetrics.codes import names as name_codes
from cxmetrics.codes import yaml_files as codes
from cxmetrics.deliveries import Arrival, Watch
from cxmetrics.diagnostics import report
from cxmetrics.load.scalars import Found, date, share
from cxmetrics.parse import parse
from cxmetrics.schema import SourceDraft
from cxmetrics.source import Located
from cxmetrics.syntax import Number
from cxmetrics.units import DURATIONS

_LONGEST = dt.timedelta(days=36_525).total_seconds()


def resolve_arrival(draft: SourceDraft, found: Found) -> Arrival:
    """The limits that a source sets to the arrival of its rows."""
    for key, written in (("late", draft.late), ("skew", draft.skew)):
        if written is not None and (draft.received is None or date(draft.time.value) is not None):
            found.append(report(name_codes.ARRIVAL_UNKNOWN, written.span, key=key))
            return Arrival()
    return Arrival(_seconds(draft.late, "late", found), _seconds(draft.skew, "skew", found))


def resolve_watch(draft: SourceDraft, found: Found) -> Watch:
    """What a delivery of a source is held against."""
    return Watch(_seconds(draft.fresh, "fresh", found), share(draft.volume, "volume", Watch().least, found))


def _seconds(written: Located | None, key: str, found: Found) -> float | None:
    """A duration, at most a century."""
    if written is None:
        return None
    node, problems = parse(written)
    if not problems and isinstance(node, Number) and node.unit in DURATIONS and not node.multiplier:
        seconds = float(node.value) * DURATIONS[node.unit]
        if seconds <= _LONGEST:
            return seconds
    found.append(report(codes.WRONG_VALUE, written.span, key=key, expected="a duration such as 3 d",
                        found=written.value))
    return None
