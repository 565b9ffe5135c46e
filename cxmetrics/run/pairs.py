"""Pairs of indicators that look at one thing from two sides, in the last period that a run computed."""

from __future__ import annotations

from collections.abc import Iterable

from cxmetrics.calendars import usual
from cxmetrics.codes import surveys as codes
from cxmetrics.diagnostics import Diagnostic, report
from cxmetrics.evaluate.triangulation import agreement, better, pairs_of
from cxmetrics.plan import Plan
from cxmetrics.run.reports import PairReport
from cxmetrics.store.commits import ValuesChange
from cxmetrics.store.rewrite import in_total


def paired(plan: Plan, changes: Iterable[ValuesChange]) -> tuple[tuple[PairReport, ...], list[Diagnostic]]:
    """How pairs stand in total, in the last month or else the coarsest period; a finding for each that diverges."""
    pairs, grain = pairs_of(plan, plan.shown), usual(plan.project.grains)
    frames = [change.frame for change in changes if change.grain == grain] if pairs else []
    reports, found = list[PairReport](), list[Diagnostic]()
    for frame in frames:
        rows = {(row["indicator"], row["period"]): row for row in in_total(frame).iter_rows(named=True)}
        last = max((period for _, period in rows), default=None)
        for name, other in pairs.items():
            first, second = rows.get((name, last)), rows.get((other, last))
            verdict = agreement(first, second, plan) if first is not None and second is not None else None
            if last is None or verdict is None or first is None:
                continue
            reports.append(PairReport(name, other, grain, last, verdict))
            if verdict == "diverge":
                ways = (name, other) if better(first, plan) == 1 else (other, name)
                found.append(report(codes.DIVERGES, plan.nodes[name].indicator.span, indicator=ways[0], other=ways[1],
                                    period=last))
    return tuple(reports), found
