"""The proof of functions of a time: numbers of the clock and the calendar, and which days people work on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from cxmetrics.check.matching import Proof, Proved
from cxmetrics.codes import names as codes
from cxmetrics.ir import Apply, Constant, Expr
from cxmetrics.units import BOOLEAN, DATE, NUMBER


def of_time(expr: Apply, proof: Proof) -> Proved:
    """A function of a time that was proved, and its unit.

    What the project's calendar says becomes a list of days in the expression, so it is a part of its meaning.
    """
    match expr.function:
        case "workday":
            return _workday(expr, proof)
        case "holiday":
            return _on_days(expr, proof.holidays.off, proof)
        case "date":
            return expr, DATE
        case _:
            return expr, NUMBER


def _workday(expr: Apply, proof: Proof) -> Proved:
    """Monday to Friday, but for the days that are not as their weekday says."""
    other = [day for day in proof.holidays.off if day.isoweekday() <= 5]
    listed, unit = _on_days(expr, sorted((*other, *proof.holidays.made_up)), proof)
    if unit != BOOLEAN:
        return listed, unit
    usual = Apply("<=", (Apply("weekday", expr.args, expr.span), Constant(5, NUMBER)), expr.span)
    return Apply("!=", (usual, listed), expr.span), BOOLEAN


def _on_days(expr: Apply, days: Sequence[dt.date], proof: Proof) -> Proved:
    """Whether a time lies on some days; missing in years that the calendar does not tell of."""
    covered = proof.holidays.covered
    if covered is None:
        return proof.say(codes.NO_CALENDAR, expr.span, function=expr.function)
    day: Expr = Apply("date", expr.args, expr.span)
    ends = tuple(Constant(end, DATE) for end in covered)
    return Apply("on_days", (day, Constant(tuple(days), DATE), *ends), expr.span), BOOLEAN
