"""Versions of an indicator: what is written of each over what was written of the one before, and from which day on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from cxmetrics.codes import names as name_codes
from cxmetrics.codes import pyramid as codes
from cxmetrics.codes import yaml_files as yaml_codes
from cxmetrics.diagnostics import report
from cxmetrics.ir import DAYS
from cxmetrics.load.scalars import Found, date
from cxmetrics.resolve.gather import over
from cxmetrics.schema import IndicatorDraft, VersionDraft
from cxmetrics.source import Located

_RULES = ("combine", "aggregate", "missing", "when_not_split", "require")  # rules about children


def dated(draft: IndicatorDraft, found: Found) -> Iterator[tuple[dt.date, IndicatorDraft]]:
    """The versions of an indicator with their first days, each whole; what has no day of its own is reported."""
    day = None if draft.valid_from is None else date(draft.valid_from.value)
    final = None if draft.valid_to is None else date(draft.valid_to.value)
    merged = draft
    if not any(version.children for version in draft.versions or ()):
        _without_children(draft, draft, found)
    for version in draft.versions or ():
        merged = over(version, merged)
        _without_children(merged, version, found)
        first = _day(version.valid_from, "valid_from", found)
        if first is None:
            continue
        if day is not None and first <= day:
            found.append(report(codes.VERSIONS_ORDER, version.valid_from.span, day=first, before=day))
            continue
        if final is not None and first > final:
            found.append(report(codes.VERSION_NEVER, version.valid_from.span, day=first, end=final))
        day = first
        yield first, merged


def _without_children(whole: IndicatorDraft, written: IndicatorDraft | VersionDraft, found: Found) -> None:
    """Report rules about children that a formula does not have: nothing would heed them."""
    if whole.formula is None or whole.children is not None:
        return
    for rule in _RULES:
        said = getattr(written, rule, None)
        for first in [said] if isinstance(said, Located) else (said or ())[:1]:
            found.append(report(name_codes.RULE_WITHOUT_CHILDREN, first.span, rule=rule))


def validity(draft: IndicatorDraft, found: Found) -> tuple[dt.date | None, dt.date | None]:
    """Between which days periods have to begin for the indicator to hold."""
    first = None if draft.valid_from is None else _day(draft.valid_from, "valid_from", found)
    final = None if draft.valid_to is None else _day(draft.valid_to, "valid_to", found)
    if first is not None and final is not None and final < first and draft.valid_to is not None:
        found.append(report(codes.VERSIONS_ORDER, draft.valid_to.span, day=final, before=first))
    return first, final


def _day(written: Located, key: str, found: Found) -> dt.date | None:
    day = date(written.value)
    if day is None or not DAYS[0] <= day <= DAYS[1]:
        found.append(report(yaml_codes.WRONG_VALUE, written.span, key=key, found=written.value,
                            expected="a date such as 2026-07-01"))
        return None
    return day
