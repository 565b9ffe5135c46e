"""What is left out without anything failing: days that no run has computed, columns that new files have not or leave
empty, and files whose rows have no day.

A month of ten days looks like any other month, and so does one whose last ten days say less.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cxmetrics.backends.readers import asked_of
from cxmetrics.calendars import start
from cxmetrics.codes import data as codes
from cxmetrics.diagnostics import Diagnostic, report
from cxmetrics.plan import Plan
from cxmetrics.run.need import Need
from cxmetrics.run.stale import Day, days_between, delivered, intervals, told_as
from cxmetrics.run.unopened import filled_in
from cxmetrics.store.commits import InputFile

NAMED = 3  # stretches of days
CHANCE = 0.001  # that a column is empty in all rows of a file, if it were filled as in those before


def left_out(plan: Plan, needs: Mapping[str, Need]) -> Iterator[Diagnostic]:
    """The warnings."""
    for source, one in sorted(needs.items()):
        new = {path: file for path, file in one.files.items() if one.bound is not None
               and file.columns and not file.holds_what(one.before.get(path))}
        yield from _columns_gone(plan, source, one, new)
        yield from _columns_emptied(plan, source, one, new)
        yield from _without_days(plan, source, new)
        days = missing(plan, one)
        if days:
            listed = [told_as(first, last) for first, last in _stretches(days)]
            more = ", …" if len(listed) > NAMED else ""
            yield report(codes.DAYS_LEFT_OUT, plan.sources[source].span, source=source, count=len(days),
                         days=", ".join(listed[:NAMED]) + more)


def undelivered(spans: Iterable[tuple[Day, Day] | None], first: Day | None, last: Day | None) -> Iterator[Diagnostic]:
    """A warning where days [first, last) were asked for that lie out of those that any source has told of.

    `spans`: the first and the last day of each source; None where it has no rows.
    """
    told = [span for span in spans if span is not None]
    if (first is None and last is None) or not told or any(
            (last is None or low < last) and (first is None or first <= high) for low, high in told):
        return
    final = None if last is None else Day.fromordinal(last.toordinal() - 1)
    yield report(codes.NOTHING_OF_THE_DAYS, None, days=told_as(first, final), first=min(low for low, _ in told),
                 last=max(high for _, high in told))


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


New = Mapping[str, InputFile]
"""Files of this run that were not there, or otherwise, in the one before."""


def _columns_gone(plan: Plan, source: str, one: Need, new: New) -> Iterator[Diagnostic]:
    """A warning for each column that a source names and that files of this run have not, where one before had it."""
    had = frozenset(name for file in one.before.values() for name in filled_in(file)) if new else frozenset()
    for name, span in asked_of(plan.sources[source]) if new else ():
        without = sorted(path for path, file in new.items() if name.lower() not in filled_in(file))
        if without and name.lower() in had:
            yield report(codes.COLUMN_GONE, span, column=name, source=source, path=without[0], count=len(without))


def _columns_emptied(plan: Plan, source: str, one: Need, new: New) -> Iterator[Diagnostic]:
    """A warning for each column that new files leave empty, where those before had values enough to tell."""
    found = {path: filled_in(file) for path, file in new.items() if file.rows}
    before = [(filled_in(file), file.rows) for file in one.before.values()] if found else []
    for name, span in asked_of(plan.sources[source]) if found else ():
        key = name.lower()
        known = [(columns[key] or 0, rows) for columns, rows in before if columns.get(key) is not None]
        usual = sum(values for values, _ in known) / (sum(rows for _, rows in known) + 1)
        empty = sorted(path for path, columns in found.items()
                       if columns.get(key) == 0 and (1 - usual) ** new[path].rows < CHANCE)
        if empty:
            yield report(codes.COLUMN_EMPTIED, span, column=name, source=source, path=empty[0], count=len(empty))


def _without_days(plan: Plan, source: str, new: New) -> Iterator[Diagnostic]:
    """A warning for new files that have rows, of which none has a readable day."""
    origin = plan.sources[source]
    lost = sorted(path for path, file in new.items() if file.rows and file.first is None)
    if lost and isinstance(origin.time, str):
        spec = origin.columns.get(origin.time)
        yield report(codes.DAYS_UNREADABLE, origin.span if spec is None else spec.span, column=origin.time,
                     source=source, path=lost[0], count=len(lost))
