"""The steps of windows: functions that look at other days, and the spans they go."""

from __future__ import annotations

from typing import cast

from cxmetrics.codes import names as codes
from cxmetrics.diagnostics import report
from cxmetrics.resolve.names import Names
from cxmetrics.syntax import Broken, Call, Name, Node, Number
from cxmetrics.windows import LONGEST, Earlier, Inception, LastYear, SpanUnit, Step, ToDate, Trailing


def step_of(node: Call, names: Names) -> Step | None:
    """The step that a function of windows takes; None, and a finding, where its span is none."""
    match node.function:
        case "prior" if len(node.args) == 1:
            return Earlier(1, None)
        case "prior" | "rolling":
            span = span_of(node.args[1], names)
            step = Earlier if node.function == "prior" else Trailing
            return None if span is None else step(*span)
        case "week_to_date":
            return ToDate("week")
        case "month_to_date":
            return ToDate("month")
        case "quarter_to_date":
            return ToDate("quarter")
        case "year_to_date":
            return ToDate("year")
        case "inception_to_date":
            return Inception()
        case _:
            return LastYear()


def span_of(node: Node, names: Names) -> tuple[int, SpanUnit] | None:
    """`28 d`, `3 month`: how many of which unit; None, and a finding, where it is no such span."""
    if isinstance(node, Broken):
        return None
    if isinstance(node, Name) and "$" in node.value:
        names.found.append(report(codes.UNKNOWN_PARAMETER, node.span, name=node.value))
        return None
    if not isinstance(node, Number) or node.unit not in LONGEST or node.multiplier \
            or node.value != node.value.to_integral_value():
        names.found.append(report(codes.NOT_A_SPAN, node.span))
        return None
    unit = cast("SpanUnit", node.unit)
    if not 1 <= node.value <= LONGEST[unit]:
        names.found.append(report(codes.SPAN_OUT_OF_RANGE, node.span, found=f"{node.value:f} {unit}",
                                  longest=f"{LONGEST[unit]} {unit}"))
        return None
    return int(node.value), unit
