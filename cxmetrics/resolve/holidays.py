"""The calendar of a project: its holidays, and the workdays that make up for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from cxmetrics.calendars import DAY
from cxmetrics.codes import days as codes
from cxmetrics.codes import yaml_files as yaml_codes
from cxmetrics.days import Holidays
from cxmetrics.diagnostics import Label, report
from cxmetrics.ir import DAYS
from cxmetrics.load.scalars import Found, date, word
from cxmetrics.schema import HolidayDraft
from cxmetrics.source import Located, Span

KINDS = ("holiday", "workday")
MOST = 20_000  # days, in all
_LONGEST = 100  # days from the first to the last of one entry
_DATES = "a day, or the first and the last of some: 2026-10-01..2026-10-07"


def resolve_holidays(drafts: Sequence[HolidayDraft], found: Found) -> Holidays:
    """The days that a calendar names, each of one kind."""
    kinds: dict[dt.date, tuple[str, Span]] = {}
    for draft in drafts:
        kind = word(draft.kind, "kind", KINDS, "holiday", found)
        for day in _days(draft.date, found):
            first = kinds.setdefault(day, (kind, draft.date.span))
            if first[0] != kind:
                found.append(report(codes.DAY_OF_TWO_KINDS, draft.date.span, day=day, kind=kind, first=first[0],
                                    related=(Label(first[1], codes.OTHER_KIND_HERE),)))
            elif kind == "workday" and day.isoweekday() <= 5:
                found.append(report(codes.WORKDAY_ANYWAY, draft.date.span, day=day))
        if len(kinds) > MOST:
            found.append(report(yaml_codes.TOO_LARGE, draft.date.span, what="the calendar", limit=f"{MOST:,}"))
            break
    _without_gap(kinds, found)
    return Holidays(*(tuple(sorted(day for day, (own, _) in kinds.items() if own == kind)) for kind in KINDS))


def _days(written: Located, found: Found) -> Iterator[dt.date]:
    low, dots, high = (part.strip() for part in written.value.partition(".."))
    first, last = date(low), date(high if dots else low)
    if first is None or last is None or not DAYS[0] <= first <= last <= DAYS[1] or (last - first).days >= _LONGEST:
        found.append(report(yaml_codes.WRONG_VALUE, written.span, key="date", expected=_DATES, found=written.value))
        return
    yield from (first + DAY * i for i in range((last - first).days + 1))


def _without_gap(kinds: dict[dt.date, tuple[str, Span]], found: Found) -> None:
    """A year without a day is a year that was forgotten."""
    years = {day.year for day in kinds}
    for year in range(min(years, default=0), max(years, default=0)):
        if year not in years:
            _, span = kinds[min(day for day in kinds if day.year > year)]
            found.append(report(codes.YEAR_FORGOTTEN, span, year=year))
            return
