"""Whether the project's calendar tells of all days that are asked about."""

from __future__ import annotations

import datetime as dt

from cxmetrics.codes import data as codes
from cxmetrics.diagnostics import Fault, report
from cxmetrics.ir import Apply, Expr, Origin
from cxmetrics.plan import Plan


def require_cover(plan: Plan, origin: Origin, first: dt.date, last: dt.date) -> None:
    """See that the calendar tells of the days of a source, if workdays or holidays are asked for.

    Raises `Fault` CX755: rows of other years would be left out without a word.
    """
    covered = plan.project.holidays.covered
    if covered is None or covered[0] <= first and last <= covered[1]:
        return
    own = (partial for partial in plan.partials if partial.source == origin.id)
    asked = [expr for partial in own for expr in (partial.arg, partial.where)]
    asked += [spec.formula for spec in origin.columns.values()] + [origin.keep]
    if any(map(_asks, asked)):
        raise Fault(report(codes.CALENDAR_ENDS, origin.span, source=origin.id, first=first, last=last,
                           low=covered[0], high=covered[1]))


def _asks(expr: Expr | None) -> bool:
    return isinstance(expr, Apply) and (expr.function == "on_days" or any(map(_asks, expr.args)))
