"""How rows were weighted in a run, and what it says where they could not be."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cxmetrics.calendars import DAY
from cxmetrics.diagnostics import Diagnostic
from cxmetrics.evaluate.raking import Raking
from cxmetrics.run.reports import RakeReport
from cxmetrics.run.stale import Day

_MOST = 3  # findings of a source: its last stretches


def rake_reports(rakings: Sequence[Raking]) -> tuple[RakeReport, ...]:
    """What the report of a run tells of them."""
    return tuple(RakeReport(
        each.source, each.days[0], each.days[1] if each.days[1] == Day.max else each.days[1] - DAY, each.rows,
        each.passes, _number(each.gap), each.trimmed, _number(each.deff), each.fault is None) for each in rakings)


def unraked(rakings: Sequence[Raking]) -> list[Diagnostic]:
    """Why there are no weights, of the last stretches of each source."""
    faults: dict[str, list[Diagnostic]] = {}
    for each in sorted(rakings, key=lambda each: each.days):
        if each.fault is not None:
            faults.setdefault(each.source, []).append(each.fault)
    return [fault for listed in faults.values() for fault in listed[-_MOST:]]


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
