"""What of an answer stands in the store: as it is now, as it was at a time, or frozen as it was published."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl

from cxmetrics.calendars import end
from cxmetrics.codes import data as codes
from cxmetrics.diagnostics import Fault, report
from cxmetrics.plan import Plan
from cxmetrics.query.question import Question
from cxmetrics.run.against import against, beside_frozen
from cxmetrics.store import AsOf
from cxmetrics.store.whose import committed, opened


def stored(path: Path, plan: Plan, asked: Question) -> pl.DataFrame | None:
    """The stored values, if the store has this cut and grain of these very definitions; None otherwise."""
    if not _kept(plan, asked):
        return None
    found = committed(path, plan.project)
    if found is None:
        return None
    with found as store:
        frame = store.values(grain=asked.grain, cut=asked.by, indicators=asked.indicators)
        free = frame.filter(~_frozen(frame, asked, store.frozen_before()))
    prints = {plan.nodes[name].fingerprint for name in asked.indicators}
    return frame if set(free["definition"].unique()) == prints else None


def _kept(plan: Plan, asked: Question) -> bool:
    """Whether a run keeps what is asked for."""
    for name in asked.indicators:
        indicator = plan.nodes[name].indicator
        cuts = plan.project.cuts if indicator.cuts is None else indicator.cuts
        grains = plan.project.grains if indicator.grains is None else indicator.grains
        if asked.grain not in grains or asked.by and set(asked.by) not in map(set, cuts):
            return False
    return asked.where is None


def as_published(path: Path, plan: Plan, asked: Question, frame: pl.DataFrame) -> pl.DataFrame:
    """Computed values of a cut, with those of frozen periods as they were published."""
    there = committed(path, plan.project) if asked.where is None else None
    if there is None:
        return frame
    with there as store:
        before = store.frozen_before()
        found = store.values(grain=asked.grain, cut=asked.by, indicators=asked.indicators, last=before) \
            if before else None
    if found is None or before is None:
        return frame
    fixed = found.filter(_frozen(found, asked, before))
    others = frame.join(fixed, on=["indicator", "period"], how="anti")
    last, free = beside_frozen(asked.grain, before, plan.project.calendar)
    known = pl.concat([others, fixed], how="diagonal").filter(pl.col("period") == last)
    return pl.concat([against(others.lazy(), known, asked.grain, free).collect(), fixed], how="diagonal")


def _frozen(frame: pl.DataFrame, asked: Question, before: dt.date | None) -> pl.Expr:
    """Of which rows the period is frozen."""
    fixed = [] if before is None else [each for each in frame["period"].unique() if end(each, asked.grain) <= before]
    return pl.col("period").is_in(fixed)


def recalled(path: Path, plan: Plan, asked: Question, then: AsOf) -> pl.DataFrame:
    """The values as they were known at a time, which only the store can tell.

    Raises `Fault` CX754 for what was not kept then, CX752, CX753, CX804, CX810.
    """
    with opened(path, plan.project, as_of=then) as store:
        frame = store.values(grain=asked.grain, cut=asked.by, indicators=asked.indicators)
    lacking = [name for name in asked.indicators if name not in set(frame["indicator"])]
    if asked.where is not None or lacking:
        by = ", ".join(asked.by)
        raise Fault(report(codes.NOT_STORED_THEN, None, what=", ".join(lacking or asked.indicators),
                           grain=asked.grain, by=by or "-"))
    return frame
