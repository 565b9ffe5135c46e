"""What is left out without anything failing: days that no run has computed, and columns that new files have not.

A month of ten days looks like any other month, and so does one whose last ten days say less.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from cxmetrics.backends.readers import asked_of
from cxmetrics.calendars import start
from cxmetrics.codes import data as codes
from cxmetrics.diagnostics import Diagnostic, report
from cxmetrics.plan import Plan
from cxmetrics.run.need import Need
from cxmetrics.run.stale import Day, days_between, delivered, intervals
from cxmetrics.store.commits import InputFile

NAMED = 3  # stretches of days


def left_out(plan: Plan, needs: Mapping[str, Need]) -> Iterator[Diagnostic]:
    """The warnings."""
    for source, one in sorted(needs.items()):
        yield from _columns_gone(plan, source, one)
        days = missing(plan, one)
        if days:
            listed = [f"{first}" if first == last else f"{first}..{last}" for first, last in _stretches(days)]
            more = ", …" if len(listed) > NAMED else ""
            yield report(codes.DAYS_LEFT_OUT, plan.sources[source].span, source=source, count=len(days),
                         days=", ".join(listed[:NAMED]) + more)


def missing(plan: Plan, one: Need) -> frozenset[Day]:
    """The days that a source has told of and nobody has computed, of the periods with days that this run computes."""
    span = delivered(one.files)
    if one.bound is None or one.task is None or span is None:
        return frozenset()
    lacking, calendar = days_between(*span) - one.known, plan.project.calendar
    own = {grain for node in plan.shown.values() for grain in node.indicator.grains or plan.project.grains}
    found: set[Day] = set()
    for grain in own if lacking else ():
        written = {start(day, grain, calendar) for day in one.task.days}
        found.update(day for day in lacking if start(day, grain, calendar) in written)
    return frozenset(found)


def _stretches(days: frozenset[Day]) -> Iterator[tuple[Day, Day]]:
    """Days that follow each other, from the first to the last."""
    for first, end in intervals(days):
        yield first, Day.fromordinal(end.toordinal() - 1)


def _columns_gone(plan: Plan, source: str, one: Need) -> Iterator[Diagnostic]:
    """A warning for each column that a source names and that files of this run have not, where one before had it."""
    new = {path: _columns(file) for path, file in one.files.items()
           if one.bound is not None and file.columns and not file.holds_what(one.before.get(path))}
    had = frozenset[str]().union(*map(_columns, one.before.values())) if new else frozenset()
    for name, span in asked_of(plan.sources[source]) if new else ():
        without = sorted(path for path, names in new.items() if name.lower() not in names)
        if without and name.lower() in had:
            yield report(codes.COLUMN_GONE, span, column=name, source=source, path=without[0], count=len(without))


def _columns(file: InputFile) -> frozenset[str]:
    """The names of a file's columns, in small letters: case alone does not part them."""
    return frozenset(name.lower() for name in json.loads(file.columns or "{}"))
