"""Days on which a source delivered far fewer rows than usual: flagged, before they become a beautiful number."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from statistics import median

import polars as pl

from cxmetrics.backends.waiting import in_turn
from cxmetrics.codes import data as codes
from cxmetrics.diagnostics import Diagnostic, report
from cxmetrics.ir import Origin
from cxmetrics.plan import Plan
from cxmetrics.run.reports import ThinDay
from cxmetrics.run.scanning import Done
from cxmetrics.run.stale import Day
from cxmetrics.states import ROWS_AT_ONCE
from cxmetrics.store import Store

LOOKED_AT = 7  # days up to the last: older ones have been looked at by the runs that brought them
WEEKS = 8  # before a day; the same days of these weeks are what is usual
ENOUGH = 4  # of them at least
SIGMAS = 5  # fewer than chance explains: rows that come by themselves spread by the root of their number


def thin_days(origin: Origin, rows: Mapping[Day, int], new: Iterable[Day]) -> list[ThinDay]:
    """The new days that have less than the declared share of the usual rows; `rows` by day, none is 0.

    Usual is the median of the same days of the eight weeks before, where there were at least four.
    """
    if not rows:
        return []
    begin, found = min(rows), list[ThinDay]()
    for day in sorted(new):
        same = [day - dt.timedelta(weeks=i) for i in range(1, WEEKS + 1) if day.toordinal() > 7 * WEEKS]
        known = [rows.get(each, 0) for each in same if each >= begin]
        usual = float(median(known)) if len(known) >= ENOUGH else 0.0
        count = rows.get(day, 0)
        if count < origin.watch.least * usual and count < usual - SIGMAS * math.sqrt(usual):
            found.append(ThinDay(day, count, usual))
    return found


def watched(plan: Plan, store: Store, done: Done) -> list[ThinDay]:
    """The thin days that a scan brought, among the last of its source."""
    source, origin = done.task.source, plan.sources[done.task.source]
    counts = [i for i, partial in enumerate(plan.partials) if partial.source == source and partial.all_rows]
    if not done.task.partials.intersection(counts) or not done.task.days:
        return []
    family = min(done.frames, key=len)  # each has every row once
    last = max(done.task.days)
    first = Day.fromordinal(max(last.toordinal() - 7 * WEEKS - LOOKED_AT, 1))
    numbers = {} if done.task.everything else {plan.fingerprints[counts[0]]: counts[0]}
    old = store.states(source, family, numbers, first, last if numbers else first)
    parts = in_turn(done.frames[family], ROWS_AT_ONCE)
    new = pl.concat([part.filter(pl.col("partial") == counts[0]) for part in parts])
    kept = old.filter(~pl.col("day").is_in(sorted(done.task.days)))
    both = pl.concat([side.select("day", pl.col("value").cast(pl.Int64)) for side in (kept, new)])
    rows = dict(both.group_by("day").agg(pl.col("value").sum()).iter_rows())
    recent = {day for day in done.task.days if (last - day).days < LOOKED_AT}
    return thin_days(origin, rows, recent)


def said(origin: Origin, thin: Iterable[ThinDay]) -> Diagnostic:
    """The warning of a source's thin days, of which there are some."""
    days = ", ".join(f"{one.day}: {one.rows} ({one.usual:g})" for one in thin)
    return report(codes.FEW_ROWS, origin.span, source=origin.id, days=days)
