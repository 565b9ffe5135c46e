"""Two sides meet: whether their units go together, and the literals and conversions that make them one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import cast

from cxmetrics.benchmarks import Peers
from cxmetrics.check.provenance import brought_by, labels
from cxmetrics.codes import units as codes
from cxmetrics.days import NONE_TOLD, Holidays
from cxmetrics.diagnostics import DID_YOU_MEAN, Code, Diagnostic, Fix, Label, closest, listed, report
from cxmetrics.ir import Apply, Column, ColumnSpec, Constant, Expr, Indicator, Invalid
from cxmetrics.resolve.alike import Shape
from cxmetrics.source import Span
from cxmetrics.units import COUNTED, NUMBER, UNKNOWN, Unit, as_literal, comparable, conversion, of_each, scaled

Proved = tuple[Expr, Unit]


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known while proving: columns of each source, indicators below, their units and peers, holidays; findings.

    `entities`: the column of each source that says whom a row is about.

    The peers of an indicator are None where some of them were reported.  `weighted`: the sources whose rows have
    weights.  `reaches`: the least and the greatest that indicators come to; `earned`: that they give to parents.
    `doubts`: what may be meant of columns and quotients, and most likely is not.
    `alike`: of formulas that are alike, what was proved of one; None where that holds for no other.
    """

    columns: dict[str, dict[str, ColumnSpec]]
    units: dict[str, Unit]
    found: list[Diagnostic]
    holidays: Holidays = NONE_TOLD
    peers: dict[str, Peers | None] = field(default_factory=dict)
    indicators: dict[str, Indicator] = field(default_factory=dict)
    entities: dict[str, Column] = field(default_factory=dict)
    weighted: set[str] = field(default_factory=set)
    reaches: dict[str, tuple[float, float]] = field(default_factory=dict)
    earned: dict[str, tuple[float, float]] = field(default_factory=dict)
    doubts: dict[Expr, Diagnostic] = field(default_factory=dict)
    alike: dict[Shape, tuple[Shape, Unit] | None] = field(default_factory=dict)

    def say(self, code: Code, span: Span | None, **facts: object) -> Proved:
        """Report, and go on with an expression that silences what follows from it."""
        self.found.append(Diagnostic(code, span, {name: str(fact) for name, fact in facts.items()}))
        return Invalid(span), UNKNOWN


def as_condition(proved: Proved, span: Span | None, proof: Proof) -> Expr:
    """What was proved, if it is true or false."""
    expr, unit = proved
    return expr if unit.kind in ("boolean", "unknown") else proof.say(codes.NOT_A_CONDITION, span, found=unit)[0]


_INSTEAD = {"boolean": codes.TO_A_NUMBER, "text": codes.TEXTS_COUNTED, **dict.fromkeys(("date", "time"),
                                                                                       codes.TIMES_APART)}

_TIMES = ("us", "ms", "s", "min", "h")  # one is easily taken for another


def no_number(span: Span | None, function: str, found: Unit, proof: Proof) -> Proved:
    """Report that a number is wanted, and how one is made of what stands there."""
    proof.found.append(report(codes.NOT_A_NUMBER_EXPRESSION, span, help=_INSTEAD.get(found.kind), function=function,
                              found=found))
    return Invalid(span), UNKNOWN


def settle(constant: Expr, own: Unit, wanted: Unit, found: list[Diagnostic], *, beyond: bool = False) -> Expr | None:
    """A literal in the unit `wanted`; None, and a finding, where it cannot be.

    `beyond`: whoever asks looks itself whether a share is beyond all.
    """
    if isinstance(constant, Invalid) or "unknown" in (own.kind, wanted.kind):
        return constant
    if own == NUMBER and _means_little(constant, wanted) and not (wanted.kind == "share" and beyond):
        code = codes.SHARE_ABOVE_ALL if wanted.kind == "share" else codes.LITERAL_NEEDS_UNIT
        unit = as_literal(wanted)
        timed = code is codes.LITERAL_NEEDS_UNIT and unit in _TIMES
        found.append(report(code, constant.span, help=codes.TIME_MEANT if timed else None, unit=unit,
                            value=literal_text(constant), other="ms" if unit == "s" else "s"))
        return None
    if own != NUMBER and not comparable(own, wanted):
        found.append(report(codes.UNITS_DIFFER, constant.span, left=wanted, right=own, operation="comparison"))
        return None
    factor = conversion(own, wanted) if own.kind == wanted.kind == "quantity" else 1.0
    if factor == 1 or not isinstance(constant, Constant):
        return Constant(constant.value, wanted, constant.span) if isinstance(constant, Constant) else constant
    values = constant.value if isinstance(constant.value, tuple) else (constant.value,)
    converted = tuple(scaled(cast("float", value), factor) for value in values)
    return replace(constant, value=converted if isinstance(constant.value, tuple) else converted[0], unit=wanted)


def _means_little(constant: Expr, wanted: Unit) -> bool:
    """Whether a number without a unit could be two things, or none: 5 of milliseconds, 50 of a share."""
    value = literal_value(constant)
    values = value if isinstance(value, tuple) else (value,)
    if wanted.kind == "share":
        return any(isinstance(one, int | float) and abs(one) > 1 for one in values)
    return wanted.kind == "quantity" and wanted != COUNTED and any(one != 0 for one in values)


def literal_value(expr: Expr) -> object:
    """The value of a literal; None for anything else."""
    return expr.value if isinstance(expr, Constant) else None


def literal_text(expr: Expr) -> str:
    """A literal as a person would write it."""
    value = literal_value(expr)
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def match_sides(left: Proved, right: Proved, span: Span | None, operation: str,
           proof: Proof) -> tuple[Expr, Expr, Unit, Unit] | None:
    """Both sides in one unit: literals take the other side's, else the right side is converted."""
    (a, a_unit), (b, b_unit) = left, right
    if a_unit == b_unit and not a_unit.numeric:
        return a, b, a_unit, b_unit
    a, a_unit = _of_each(a, a_unit, b_unit)
    b, b_unit = _of_each(b, b_unit, a_unit)
    if NUMBER not in (a_unit, b_unit) and not comparable(a_unit, b_unit):
        differ(a, a_unit, b, b_unit, span, operation, proof)
        return None
    if isinstance(a, Constant) and a_unit.numeric and b_unit.numeric and not isinstance(b, Constant):
        settled = settle(a, a_unit, b_unit, proof.found)
        return None if settled is None else (settled, b, b_unit if b_unit.kind == "quantity" else a_unit, b_unit)
    if isinstance(b, Constant) and b_unit.numeric and a_unit.numeric:
        settled = settle(b, b_unit, a_unit, proof.found)
        return None if settled is None else (a, settled, a_unit, a_unit if a_unit.kind == "quantity" else b_unit)
    if not comparable(a_unit, b_unit):
        differ(a, a_unit, b, b_unit, span, operation, proof)
        return None
    if a_unit.kind == b_unit.kind == "quantity" and a_unit.factor != b_unit.factor:
        b = Apply("convert", (b, Constant(conversion(b_unit, a_unit), NUMBER)), b.span)
        b_unit = a_unit
    return a, b, a_unit, b_unit


def _of_each(side: Expr, own: Unit, other: Unit) -> Proved:
    """A literal of each thing beside what is per thing: `50 CNY` beside CNY per count is as much of each."""
    if not isinstance(side, Constant) or comparable(own, other) or not comparable(own, of_each(other)):
        return side, own
    unit = other._replace(factor=own.factor)
    return replace(side, unit=unit), unit


def differ(a: Expr, a_unit: Unit, b: Expr, b_unit: Unit, span: Span | None, operation: str, proof: Proof) -> None:
    """Report that two sides do not go together, pointing at both."""
    related = [Label(side.span, phrase) for side, phrase in ((a, codes.LEFT_IS), (b, codes.RIGHT_IS)) if side.span]
    origins, facts = labels([brought_by(side, unit, proof.columns, proof.indicators)
                             for side, unit in ((a, a_unit), (b, b_unit))])
    joined = operation in ("+", "-") or (a_unit.numeric and b_unit.numeric)
    code = codes.UNITS_DIFFER if joined else codes.UNLIKE_KINDS
    currencies = [unit.powers[0][0] for unit in (a_unit, b_unit)
                  if len(unit.powers) == 1 and unit.powers[0][0].isupper() and unit.powers[0][1] == 1]
    if len(currencies) == 2:
        code = codes.CURRENCIES_DIFFER
    facts |= {"left": str(a_unit), "right": str(b_unit), "operation": operation}
    proof.found.append(Diagnostic(code, span, facts, (*related, *origins)))


def can_hold(sign: str, column: Expr, value: Expr, proof: Proof) -> bool:
    """Whether `score > 10` can hold on the column's scale; reports otherwise."""
    if not isinstance(column, Column) or not isinstance(value, Constant):
        return True
    spec = proof.columns[column.source].get(column.name)
    if spec is None or sign not in (">", "<") or value.value != (spec.high if sign == ">" else spec.low):
        return True
    number = literal_text(value)
    proof.say(codes.NEVER_HOLDS, value.span, comparison=f"{sign} {number}", scale=spec.unit,
              instead=f"{sign}= {number}")
    return False


_OF_THE_CLOCK = {"hour": (0, 23), "weekday": (1, 7), "day": (1, 31), "month": (1, 12)}


def known_value(column: Expr, value: Expr, proof: Proof) -> bool:
    """Whether a literal can occur in the column, or as the hour or weekday, it is compared with."""
    if not isinstance(value, Constant):
        return True
    if isinstance(column, Apply) and column.function in _OF_THE_CLOCK:
        low, high = _OF_THE_CLOCK[column.function]
        if isinstance(value.value, int | float) and not low <= value.value <= high:
            proof.say(codes.OUTSIDE_SCALE, value.span, value=literal_text(value), scale=f"{low}..{high}")
            return False
        return True
    if not isinstance(column, Column):
        return True
    spec = proof.columns[column.source].get(column.name)
    if spec and spec.low is not None and spec.high is not None and isinstance(value.value, int | float) \
            and not spec.low <= value.value <= spec.high:
        proof.say(codes.OUTSIDE_SCALE, value.span, value=literal_text(value), scale=spec.unit)
        return False
    if spec and spec.values is not None and isinstance(value.value, str) and value.value not in spec.values:
        guess = closest(value.value, spec.values, proof.found)
        fix = Fix(value.span, f"'{guess}'") if guess and value.span else None
        proof.found.append(report(codes.VALUE_NOT_IN_SET, value.span, help=DID_YOU_MEAN if guess else None, fix=fix,
                                  value=value.value, column=f"{column.source}.{column.name}", guess=guess or "",
                                  known=listed(spec.values)))
        return False
    return True
