"""How surveys were answered, in the last period that a run computed: what indicators tell, and items that say no more.

Shares of answers, of skipping and of straight-lining and the reliability of scales are indicators like others; a run
repeats them in its report.  An item of which all answers are the best can tell of nothing better: it is saturated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import polars as pl

from cxmetrics.calendars import usual
from cxmetrics.codes import surveys as codes
from cxmetrics.diagnostics import Diagnostic, report
from cxmetrics.evaluate.intervals import ends
from cxmetrics.ir import Aggregate, Apply, Column, Constant, Expr, Indicator
from cxmetrics.lower.sampling import is_survey
from cxmetrics.plan import Plan
from cxmetrics.run.reports import QualityReport
from cxmetrics.store.commits import ValuesChange
from cxmetrics.store.rewrite import in_total

FEWEST = 30  # answers that all are at the best end
_ITEMS = frozenset(("mean", "ces", "top_box", "csat", "nps"))
_TOLD = frozenset(("alpha", "straight_lining"))


def quality(plan: Plan, changes: Iterable[ValuesChange]) -> tuple[tuple[QualityReport, ...], list[Diagnostic]]:
    """What indicators tell of how surveys were answered, in total; and a finding for each item that is saturated."""
    grain = usual(plan.project.grains)
    reports, found, shown = list[QualityReport](), list[Diagnostic](), plan.shown
    for row in _last(frame for frame in (change.frame for change in changes if change.grain == grain)):
        if row["indicator"] not in shown:  # of a frozen period, whose indicators may have been withdrawn since
            continue
        indicator = plan.nodes[row["indicator"]].indicator
        kind = _kind(plan, indicator, row)
        if kind is not None:
            reports.append(QualityReport(indicator.id, kind, grain, row["period"], row["value"], row["n"]))
        if kind == "saturated":
            found.append(report(codes.SATURATED, indicator.span, indicator=indicator.id, n=row["n"],
                                period=row["period"]))
    return tuple(reports), found


def _last(frames: Iterable[pl.LazyFrame]) -> Iterator[Mapping[str, Any]]:
    """The rows of the last period, in total, that have a value."""
    for frame in frames:
        last = pl.lit(frame.select(pl.col("period").max()).collect(engine="streaming").item(), pl.Date)
        ended = in_total(frame.filter(pl.col("period") == last))
        yield from ended.filter(pl.col("value").is_not_null()).iter_rows(named=True)


def _kind(plan: Plan, indicator: Indicator, row: Mapping[str, Any]) -> str | None:
    """What an indicator tells of how a survey was answered, if it does."""
    formula = indicator.formula
    if not isinstance(formula, Aggregate):
        return None
    if formula.function in _TOLD:
        return formula.function
    if formula.function == "share":
        return _condition(formula.args[0], is_survey(plan.sources[formula.source]))
    best = _best(indicator, formula) if formula.function in _ITEMS else None
    return "saturated" if best is not None and row["value"] == best and row["n"] >= FEWEST else None


def _condition(asked: Expr, survey: bool) -> str | None:
    """What the share of rows tells for which a condition holds."""
    match asked:
        case Column(name=name) if name.startswith("skipped("):
            return "skipping"
        case Apply("is not missing", (Column(unit=unit),)) if unit.kind == "scale":
            return "response"
        case Apply("<" | "<=", (Column(unit=unit), Constant())) if unit.is_duration and survey:
            return "speeding"
        case _:
            return None


def _best(indicator: Indicator, formula: Aggregate) -> float | None:
    """What an item comes to of which all answers are the best; None where it is no item."""
    answer = formula.args[0]
    if not isinstance(answer, Column) or answer.unit.kind != "scale":
        return None
    low, high = ends(indicator.unit)
    return high if indicator.direction == "up" else low
