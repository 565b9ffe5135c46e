"""Versions of an indicator: each proved like an indicator of its own, and all of them one series."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from cxmetrics.benchmarks import NOBODY, Peers
from cxmetrics.check.scores import earns
from cxmetrics.codes import pyramid as codes
from cxmetrics.diagnostics import report
from cxmetrics.ir import Indicator
from cxmetrics.load.scalars import Found
from cxmetrics.resolve import Outline
from cxmetrics.units import UNKNOWN


def versioned(outline: Outline, made: Callable[[Outline], Indicator], found: Found) -> Indicator:
    """An indicator with its versions, as the last of them; what is wrong with several is reported once."""
    begin = len(found)
    first = last = made(outline)
    if not outline.versions and outline.valid == first.valid:
        return first
    eras: list[tuple[dt.date | None, Indicator]] = [(None, first)]
    for day, version in outline.versions:
        before = len(found)
        last = made(version)
        found[before:] = [problem for problem in found[before:] if problem not in found[begin:before]]
        if len(found) == begin:
            _one_series(day, version, first, last, found)
        eras.append((day, last))
    return replace(last, valid=outline.valid, versions=tuple(eras) if outline.versions else ())


def _one_series(day: dt.date, version: Outline, first: Indicator, last: Indicator, found: Found) -> None:
    """Report a version in another unit, of another direction, or scored where the first is not."""
    for expected, given in ((first.unit, last.unit), (first.direction, last.direction), (earns(first), earns(last))):
        if expected != given and UNKNOWN not in (expected, given) and version.draft.valid_from is not None:
            found.append(report(codes.VERSION_UNLIKE, version.draft.valid_from.span, day=day, indicator=first.id,
                                expected=expected, found=given))
            return


def without_peers(indicator: Indicator, peers: Peers | None, found: Found) -> None:
    """Report peers of an indicator with versions: they would be computed by its last rules."""
    if indicator.versions and peers is not None and peers != NOBODY:
        found.append(report(codes.VERSIONED_WITHIN, indicator.span, indicator=indicator.id, use="peers"))


def changes(indicator: Indicator) -> bool:
    """Whether it is not made alike in all periods."""
    return bool(indicator.versions) or indicator.valid != (None, None)
