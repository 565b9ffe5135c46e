"""Whether the project's calendar tells of all days that rows are asked about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from cxmetrics.backends.waiting import Rows, counts_of
from cxmetrics.codes import data as codes
from cxmetrics.diagnostics import Fault, report
from cxmetrics.evaluate.silences import LONGEST
from cxmetrics.fuse.wanted import asks_for_days
from cxmetrics.ir import Origin
from cxmetrics.plan import Days, Plan

STRAY = 7  # days with rows far from all others: clocks that were never set show few


def require_cover(plan: Plan, origin: Origin, cells: Iterable[Rows]) -> None:
    """See that the calendar tells of the days of a source's rows, if workdays or holidays are asked for.

    Of a few stray days, with a silence between them and the calendar, it is not
    known whether people worked, and nothing is stopped by them.
    Raises `Fault` CX755: rows of other years would be left out without a word.
    """
    covered = plan.project.holidays.covered
    if covered is None:
        return
    days = {day for rows in cells for day in counts_of(rows)}
    if all(covered[0] <= day <= covered[1] for day in days) or _are_stray(days, covered):
        return
    if asks_for_days(plan, origin):
        raise Fault(report(codes.CALENDAR_ENDS, origin.span, source=origin.id, first=min(days), last=max(days),
                           low=covered[0], high=covered[1]))


def _are_stray(days: Collection[dt.date], covered: Days) -> bool:
    """Whether the days outside of the calendar's are few and far from it."""
    away = [(covered[0] - day).days if day < covered[0] else (day - covered[1]).days for day in days
            if not covered[0] <= day <= covered[1]]
    return len(away) <= STRAY and min(away) > LONGEST
