"""The proof of functions of numbers: values of one unit, the ends of limits in order, digits that are a number."""

from __future__ import annotations

import datetime as dt

from cxmetrics.check.matching import Proof, Proved, literal_text, match_sides, no_number
from cxmetrics.check.rules import fold
from cxmetrics.codes import names as name_codes
from cxmetrics.codes import units as codes
from cxmetrics.ir import Apply, Constant, Expr, Invalid
from cxmetrics.units import COUNTED, NUMBER, UNKNOWN, Unit, power


def number_function(expr: Apply, tests: tuple[Expr, ...], values: list[Expr], units: list[Unit],
                    proof: Proof) -> Proved:
    """A function of numbers with its values in one unit; `tests`: what `if` asks, proved."""
    name, args = expr.function, (*tests, *values)
    for arg, unit in zip(values, units, strict=True):
        if not unit.numeric and unit.kind != "unknown" and name not in ("if", "coalesce"):
            return no_number(arg.span, name, unit, proof)
    match name:
        case "ln" | "exp":
            if units[0].kind == "quantity" and units[0].powers != COUNTED.powers:
                return proof.say(codes.LOGARITHM_OF_UNIT, values[0].span, function=name, unit=units[0])
            return Apply(expr.function, args, expr.span), NUMBER
        case "sqrt":
            root = power(units[0], 0.5)
            return proof.say(codes.POWER_OF_UNIT, values[0].span, unit=units[0]) if root is None \
                else (Apply(expr.function, args, expr.span), root)
        case "round":
            if any(unit != NUMBER for unit in units[1:]):
                return no_number(values[1].span, name, units[1], proof)
            if not all(map(_may_be_digits, values[1:])):
                return proof.say(name_codes.OPTION_VALUE, values[1].span, option="second argument",
                                 expected="a whole number from -15 to 15")
            return Apply(expr.function, args, expr.span), units[0]
        case "weighted_mean":
            return _weighted_mean(expr, values, units, proof)
        case _:
            settled = _alike(values, units, expr, proof)
            if name == "clamp" and settled is not None and is_empty(settled[0][1], settled[0][2], expr.args[1:], proof):
                return Invalid(expr.span), UNKNOWN
            return (Invalid(expr.span), UNKNOWN) if settled is None else (
                Apply(expr.function, (*tests, *settled[0]), expr.span), settled[1])


def _may_be_digits(value: Expr) -> bool:
    """Whether it may say to how many decimals to round: only of a literal it is known."""
    digits = fold(value)
    return not isinstance(digits, Constant) or digits.value in range(-15, 16)


def is_empty(low: Expr, high: Expr, written: tuple[Expr, ...], proof: Proof) -> bool:
    """Whether two literals are the ends of nothing, the lower behind the higher; reports it."""
    ends = [fold(low), fold(high)]
    least, most = (end.value if isinstance(end, Constant) else None for end in ends)
    if isinstance(least, dt.date) and isinstance(most, dt.date):
        empty = least > most
    else:
        empty = isinstance(least, int | float) and isinstance(most, int | float) and least > most
    if empty:
        proof.say(codes.ENDS_SWAPPED, written[1].span, low=literal_text(ends[0]), high=literal_text(ends[1]))
    return empty


def _weighted_mean(expr: Apply, args: list[Expr], units: list[Unit], proof: Proof) -> Proved:
    """Values alike, and weights alike: the weights' own unit falls out."""
    values = _alike(args[::2], units[::2], expr, proof)
    weights = _alike(args[1::2], units[1::2], expr, proof)
    if values is None or weights is None:
        return Invalid(expr.span), UNKNOWN
    paired = [arg for pair in zip(values[0], weights[0], strict=True) for arg in pair]
    return Apply(expr.function, tuple(paired), expr.span), values[1]


def _alike(values: list[Expr], units: list[Unit], expr: Apply, proof: Proof) -> tuple[list[Expr], Unit] | None:
    """Several values in the unit of the first that is no literal, and that unit."""
    first = next((i for i, value in enumerate(values) if not isinstance(value, Constant)), 0)
    settled, unit = list(values), units[first]
    for i, (value, own) in enumerate(zip(values, units, strict=True)):
        if i == first:
            continue
        matched = match_sides((values[first], units[first]), (value, own), expr.span, expr.function, proof)
        if matched is None:
            return None
        settled[i] = matched[1]
        if isinstance(values[first], Constant):
            unit = own if unit == NUMBER else unit
        elif own == NUMBER and not isinstance(value, Constant):
            unit = NUMBER  # what a plain number may be is no share and no point on a scale
    return settled, unit
