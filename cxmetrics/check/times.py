"""The proof of times: numbers of the clock and the calendar, which days people work on, durations scaled by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from math import isclose

from cxmetrics.check.matching import Proof, Proved
from cxmetrics.codes import days as codes
from cxmetrics.codes import units as unit_codes
from cxmetrics.diagnostics import report
from cxmetrics.ir import Apply, Constant, Expr
from cxmetrics.units import BOOLEAN, DATE, DURATIONS, NUMBER, Unit

_CLOCK = {name: size for name, size in DURATIONS.items() if name != "week"}  # a seventh is a mean of days


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


def scaled_by_hand(expr: Apply, unit: Unit, by: Expr, proof: Proof) -> None:
    """Doubt `latency / 1000` where the latency is in ms: what comes out is in ms as well, and a thousandth of it."""
    if not unit.is_duration or not isinstance(by, Constant) or by.unit != NUMBER:
        return
    if not isinstance(by.value, int | float):
        return
    factor = float(by.value) if expr.function == "/" else 1 / by.value if by.value else 0.0
    meant = next((name for name, size in _CLOCK.items() if factor != 1 and isclose(unit.factor * factor, size)), None)
    if meant is not None:
        proof.doubts.setdefault(expr, report(unit_codes.SCALED_BY_HAND, expr.span, unit=unit, operator=expr.function,
                                             number=f"{by.value:.10g}", other=meant))


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
