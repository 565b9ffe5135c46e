"""Literals: numbers with units, texts, days, lists and ranges."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import assert_never

from cxmetrics.codes import names as codes
from cxmetrics.codes import units as unit_codes
from cxmetrics.diagnostics import DID_YOU_MEAN, Diagnostic, Fix, report
from cxmetrics.ir import Apply, Constant, Expr, Invalid, Scalar
from cxmetrics.resolve.names import Names
from cxmetrics.source import Located, Span
from cxmetrics.syntax import Date, Items, Node, Number, Range, Text, Truth
from cxmetrics.units import (
    BOOLEAN,
    DATE,
    MULTIPLIERS,
    TEXT,
    UNKNOWN,
    Unit,
    comparable,
    conversion,
    likely_unit,
    literal_unit,
    scaled,
)
from cxmetrics.windows import LONGEST

Literal = Number | Text | Date | Truth | Items | Range
Resolve = Callable[[Node, Names], Expr]


def constant(node: Literal, names: Names, resolve: Resolve) -> Expr:
    """A literal; `resolve` is asked for what stands in a list or at the ends of a range."""
    match node:
        case Number():
            unit = literal_unit(node.unit)
            if unit is None:
                names.found.append(_unknown_unit(node))
                return Invalid(node.span)
            value = node.value * MULTIPLIERS[node.multiplier] / (100 if node.unit == "%" else 1)
            return Constant(_plain(value), unit, node.span)
        case Text():
            return Constant(node.value, TEXT, node.span)
        case Date():
            return Constant(node.value, DATE, node.span)
        case Truth():
            return Constant(node.value, BOOLEAN, node.span)
        case Items():
            return _list(node, names, resolve)
        case Range():
            ends = [resolve(end, names) for end in (node.low, node.high)]
            wrong = [end for end in ends if not (isinstance(end, Constant) and isinstance(end.value, int | float))]
            for end in wrong:
                if not isinstance(end, Invalid):
                    names.found.append(report(unit_codes.NOT_A_NUMBER_EXPRESSION, end.span, function="..",
                                              found="an expression"))
            if wrong:
                return Invalid(node.span)
            return Apply("range", tuple(ends), node.span)
        case _:
            assert_never(node)


def _unknown_unit(node: Number) -> Diagnostic:
    """The finding that a word behind a number is no unit."""
    others = (likely_unit(node.unit), node.unit.lower(), node.unit.upper())  # the last makes a currency of any three
    folded = next((one for one in others if one and literal_unit(one) is not None), None)
    written = node.span.text.value[node.span.start:node.span.end] if isinstance(node.span.text, Located) else ""
    fix = Fix(node.span, written.removesuffix(node.unit) + folded) if folded and written.endswith(node.unit) else None
    help_ = codes.ONLY_OF_WINDOWS if node.unit in LONGEST else DID_YOU_MEAN if folded else None
    return report(codes.UNKNOWN_LITERAL_UNIT, node.span, help=help_, fix=fix, unit=node.unit, guess=folded or "")


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() and abs(value) < 2**53 else float(value)


def _list(node: Items, names: Names, resolve: Resolve) -> Expr:
    items = [resolve(item, names) for item in node.items]
    values: list[Scalar] = []
    spans: tuple[Span | None, ...] = tuple(item.span for item in items)
    unit: Unit | None = None
    for item in items:
        if not isinstance(item, Constant) or isinstance(item.value, tuple):
            if not isinstance(item, Invalid):
                names.found.append(report(unit_codes.NOT_A_NUMBER_EXPRESSION, item.span, function="in [...]",
                                          found="an expression"))
            return Invalid(node.span)
        unit = item.unit if unit is None else unit
        if item.unit != unit and not isinstance(item.value, str) and not (
                item.unit.kind == "quantity" and comparable(item.unit, unit)):
            names.found.append(report(unit_codes.UNITS_DIFFER, item.span, operation="in", left=unit, right=item.unit))
            return Invalid(node.span)
        values.append(_in_unit(item, unit))
    return Constant(tuple(values), unit or UNKNOWN, node.span, spans)


def _in_unit(item: Constant, unit: Unit) -> Scalar:
    """The value of an item of a list in the unit of the first."""
    assert not isinstance(item.value, tuple)
    if item.unit == unit or not isinstance(item.value, int | float):
        return item.value
    return scaled(item.value, conversion(item.unit, unit))
