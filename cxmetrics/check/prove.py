"""The proof of units: every expression gets a unit from the bottom up, or a finding at its place.

Proving also settles what was open: literals take the unit they are compared with, columns the unit
their source proved, durations of unlike size are converted to the left one's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, assert_never, cast

from cxmetrics.check.matching import (
    Proof,
    Proved,
    differ,
    known_value,
    literal_text,
    literal_value,
    match_sides,
    settle,
)
from cxmetrics.codes import names as name_codes
from cxmetrics.codes import units as codes
from cxmetrics.diagnostics import Diagnostic
from cxmetrics.functions import AGGREGATES, LOGIC, PRESENCE, QUANTILE_RULES, ROW_TIMES, TEXT_TESTS
from cxmetrics.ir import Aggregate, Apply, Column, ColumnSpec, Constant, Expr, Invalid, Origin, Ref, columns_in
from cxmetrics.patterns import flaw_of
from cxmetrics.units import (
    BOOLEAN,
    COUNTED,
    NPS,
    NUMBER,
    SHARE,
    TEXT,
    UNKNOWN,
    Unit,
    add,
    divide,
    multiply,
    power,
)

_NPS_SCALE = (0.0, 10.0)


def prove(expr: Expr, proof: Proof) -> Proved:
    """The expression with its units settled, and its unit."""
    match expr:
        case Constant():
            return expr, expr.unit
        case Column():
            spec = proof.columns[expr.source].get(expr.name)
            if spec is None:
                return expr, expr.unit
            return replace(expr, type=spec.type, unit=spec.unit), spec.unit
        case Ref():
            return expr, proof.units.get(expr.indicator, UNKNOWN)
        case Apply():
            return _apply(expr, proof)
        case Aggregate():
            return _aggregate(expr, proof)
        case Invalid():
            return expr, UNKNOWN
        case _:
            assert_never(expr)


def condition(expr: Expr, proof: Proof) -> Expr:
    """An expression that has to be true or false."""
    proved, unit = prove(expr, proof)
    if unit.kind not in ("boolean", "unknown"):
        return proof.say(codes.NOT_A_CONDITION, expr.span, found=unit)[0]
    return proved


def _apply(expr: Apply, proof: Proof) -> Proved:
    name = expr.function
    if name == "range":  # elsewhere than behind `in` and in options, which ask for one
        return proof.say(codes.NOT_A_NUMBER_EXPRESSION, expr.span, function="formula", found="a range")
    if name in LOGIC:
        return replace(expr, args=tuple(condition(arg, proof) for arg in expr.args)), BOOLEAN
    proved = [prove(arg, proof) for arg in expr.args if name != "in" or not _is_range(arg)]
    args, units = [arg for arg, _ in proved], [unit for _, unit in proved]
    if any(isinstance(arg, Invalid) for arg in args):
        return Invalid(expr.span), UNKNOWN
    match name:
        case "+" | "-":
            return _sum(expr, args, units, proof)
        case "*" | "/" | "^" | "negate":
            return _product(expr, args, units, proof)
        case "in":
            return _membership(expr, args, units, proof)
        case _ if name in PRESENCE:
            return replace(expr, args=tuple(args)), BOOLEAN
        case _ if name in TEXT_TESTS:
            return _text_test(expr, args, units, proof)
        case "=" | "!=" | "<" | "<=" | ">" | ">=" | "between":
            return _comparison(expr, args, units, proof)
        case _ if name in ROW_TIMES:
            if units[0].kind not in ("time", "date", "unknown"):
                return proof.say(codes.UNLIKE_KINDS, args[0].span, left=units[0], right="time")
            return replace(expr, args=tuple(args)), NUMBER
        case _:
            return _number_function(expr, args, units, proof)


def _is_range(expr: Expr) -> bool:
    return isinstance(expr, Apply) and expr.function == "range"


def _sum(expr: Apply, args: list[Expr], units: list[Unit], proof: Proof) -> Proved:
    sign = cast("Literal['+', '-']", expr.function)
    matched = match_sides((args[0], units[0]), (args[1], units[1]), expr.span, sign, proof)
    if matched is None:
        return Invalid(expr.span), UNKNOWN
    a, b, a_unit, b_unit = matched
    if sign == "+" and a_unit.kind == b_unit.kind and a_unit.kind in ("share", "nps"):
        return proof.say(codes.SUM_OF_SHARES, expr.span, name=f"{a_unit} + {b_unit}")
    unit = add(a_unit, b_unit, sign)
    if unit is None:
        differ(a, a_unit, b, b_unit, expr.span, sign, proof)
        return Invalid(expr.span), UNKNOWN
    return replace(expr, args=(a, b)), unit


def _product(expr: Apply, args: list[Expr], units: list[Unit], proof: Proof) -> Proved:
    for arg, own in zip(args, units, strict=True):
        if not own.numeric and own.kind != "unknown":
            return proof.say(codes.NOT_A_NUMBER_EXPRESSION, arg.span, function=expr.function, found=own)
    unit: Unit | None
    match expr.function:
        case "negate":
            unit = units[0]
        case "*":
            unit = multiply(units[0], units[1])
        case "/":
            unit = divide(units[0], units[1])
        case _:
            exponent = literal_value(args[1])
            unit = power(units[0], exponent) if isinstance(exponent, int | float) else (
                NUMBER if units[0].kind != "quantity" else None)
    if unit is None or (expr.function == "^" and units[1].kind == "quantity"):
        return proof.say(codes.POWER_OF_UNIT, args[0].span, unit=units[0])
    result: Expr = replace(expr, args=tuple(args))
    if unit.kind == "number" and unit.factor != 1:
        return Apply("convert", (result, Constant(unit.factor, NUMBER)), expr.span), NUMBER
    return result, unit


def _membership(expr: Apply, args: list[Expr], units: list[Unit], proof: Proof) -> Proved:
    if len(expr.args) > 1 and _is_range(expr.args[1]):
        low, high = cast("Apply", expr.args[1]).args
        return _apply(Apply("between", (args[0], low, high), expr.span), proof)
    if not isinstance(args[1], Constant):
        return proof.say(codes.UNLIKE_KINDS, expr.span, left=units[0], right="a value that is no list")
    values = args[1].value if isinstance(args[1].value, tuple) else (args[1].value,)
    items = [Constant(value, args[1].unit if not isinstance(value, str) else TEXT, args[1].span) for value in values]
    settled: list[Expr] = []
    for item in items:
        matched = match_sides((args[0], units[0]), (item, item.unit), expr.span, "in", proof)
        if matched is None or not known_value(args[0], item, proof):
            return Invalid(expr.span), UNKNOWN
        settled.append(matched[1])
    chosen = tuple(cast("Constant", item).value for item in settled)
    return replace(expr, args=(args[0], replace(args[1], value=cast("tuple[str, ...]", chosen)))), BOOLEAN


def _comparison(expr: Apply, args: list[Expr], units: list[Unit], proof: Proof) -> Proved:
    settled, first = [args[0]], args[0]
    for arg, unit in zip(args[1:], units[1:], strict=True):
        matched = match_sides((args[0], units[0]), (arg, unit), expr.span, expr.function, proof)
        if matched is None or not known_value(args[0], arg, proof) or not known_value(arg, args[0], proof):
            return Invalid(expr.span), UNKNOWN
        first = matched[0] if isinstance(args[0], Constant) else first
        settled.append(matched[1])
    settled[0] = first
    if units[0].kind in ("text", "boolean") and expr.function not in ("=", "!="):
        return proof.say(codes.NOT_A_NUMBER_EXPRESSION, expr.args[0].span, function=expr.function, found=units[0])
    return replace(expr, args=tuple(settled)), BOOLEAN


def _text_test(expr: Apply, args: list[Expr], units: list[Unit], proof: Proof) -> Proved:
    for arg, unit in zip(args, units, strict=True):
        if unit.kind not in ("text", "unknown"):
            return proof.say(codes.UNLIKE_KINDS, arg.span, left=unit, right="text")
    if expr.function == "matches":
        pattern = literal_value(args[1])
        flaw = flaw_of(pattern) if isinstance(pattern, str) else "a pattern that is no constant text"
        if flaw is not None:
            return proof.say(codes.PATTERN, args[1].span or expr.span, problem=flaw)
    return replace(expr, args=tuple(args)), BOOLEAN


def _number_function(expr: Apply, args: list[Expr], units: list[Unit], proof: Proof) -> Proved:
    name, values = expr.function, args
    tests: tuple[Expr, ...] = ()
    if name == "if":
        tests = (condition(expr.args[0], proof),)
        values, units = args[1:], units[1:]
    for arg, unit in zip(values, units, strict=True):
        if not unit.numeric and unit.kind != "unknown" and name not in ("if", "coalesce"):
            return proof.say(codes.NOT_A_NUMBER_EXPRESSION, arg.span, function=name, found=unit)
    if name in ("ln", "exp", "geomean"):
        return replace(expr, args=tuple(args)), NUMBER
    if name == "sqrt":
        return replace(expr, args=tuple(args)), NUMBER if units[0].kind != "quantity" else UNKNOWN
    if name == "weighted_mean":
        return replace(expr, args=tuple(args)), units[0]
    settled, unit = [values[0]], units[0]
    for arg, other in zip(values[1:], units[1:], strict=True):
        if name == "round":
            settled.append(arg)
            continue
        matched = match_sides((values[0], unit), (arg, other), expr.span, name, proof)
        if matched is None:
            return Invalid(expr.span), UNKNOWN
        settled.append(matched[1])
        settled[0], unit = matched[0], matched[2] if unit == NUMBER else unit
    return replace(expr, args=(*tests, *settled)), unit


def _aggregate(expr: Aggregate, proof: Proof) -> Proved:
    before = len(proof.found)
    row = AGGREGATES[expr.function]
    where = None if expr.where is None else condition(expr.where, proof)
    if row.arguments[0] == "condition":
        args: tuple[Expr, ...] = (condition(expr.args[0], proof),)
        unit = SHARE
    else:
        args, unit = _arguments(expr, proof)
    # What was proved is not proved again: conversions are in it by now.
    scale = prove(expr.args[0], replace(proof, found=[]))[1] if args and expr.options else UNKNOWN
    options = tuple((name, _option(name, value, scale, proof)) for name, value in expr.options)
    if len(proof.found) > before or any(isinstance(arg, Invalid) for arg in (*args, *([where] if where else []))):
        return Invalid(expr.span), UNKNOWN
    return replace(expr, args=args, where=where, options=options), unit


def _arguments(expr: Aggregate, proof: Proof) -> tuple[tuple[Expr, ...], Unit]:
    """The arguments of an aggregate of values, and the unit of what it gives."""
    name, row = expr.function, AGGREGATES[expr.function]
    if not expr.args:
        return (), COUNTED
    value, unit = prove(expr.args[0], proof)
    if row.arguments[0] == "number" and not unit.numeric and unit.kind != "unknown":
        return (proof.say(codes.NOT_A_NUMBER_EXPRESSION, expr.args[0].span, function=name, found=unit)[0],), UNKNOWN
    if name == "sum" and unit.kind in ("share", "nps", "score"):
        return (proof.say(codes.SUM_OF_SHARES, expr.args[0].span, name=f"sum of {unit}")[0],), UNKNOWN
    _scale_fits(expr, unit, proof)
    rest = tuple(_second(expr, arg, unit, proof) for arg in expr.args[1:])
    match row.result:
        case "count":
            result = COUNTED
        case "argument":
            result = NUMBER if name in ("sum", "stdev") and unit.kind == "scale" else unit
        case "share":
            result = SHARE
        case "nps":
            result = NPS
        case _:
            result = NUMBER
    return (value, *rest), result


def _scale_fits(expr: Aggregate, unit: Unit, proof: Proof) -> None:
    column = expr.args[0].name if isinstance(expr.args[0], Column) else "the argument"
    if expr.function == "csat" and unit.kind not in ("scale", "unknown"):
        proof.say(codes.NEEDS_SCALE, expr.args[0].span, function="csat", column=column)
    own_boxes = {name for name, _ in expr.options} >= {"promoters", "detractors"}
    if expr.function == "nps" and not own_boxes and unit.kind == "scale" and (unit.low, unit.high) != _NPS_SCALE:
        proof.say(codes.NPS_SCALE, expr.args[0].span, column=column, scale=unit)


def _second(expr: Aggregate, arg: Expr, unit: Unit, proof: Proof) -> Expr:
    """The second argument: a range of points, a part, or a threshold."""
    if expr.function == "top_box":
        return _range(arg, "boxes", unit, proof)
    proved, own = prove(arg, proof)
    value = literal_value(proved)
    if not isinstance(value, int | float) or isinstance(value, bool):
        expected = "a number between 0 and 1" if expr.function == "quantile" else "a number"
        return proof.say(name_codes.OPTION_VALUE, arg.span, option="second argument", expected=expected)[0]
    if expr.function == "quantile":
        return proved if 0 < value < 1 else proof.say(codes.QUANTILE_RANGE, arg.span, value=literal_text(proved))[0]
    return settle(proved, own, unit, proof) or Invalid(arg.span)


def _range(arg: Expr, option: str, unit: Unit, proof: Proof) -> Expr:
    """A range of answers, inside the scale `unit`, if it is one."""
    if isinstance(arg, Apply) and arg.function == "range":
        low, high = (literal_value(end) for end in arg.args)
        if isinstance(low, int | float) and isinstance(high, int | float) and low <= high:
            if unit.low is not None and unit.high is not None and not unit.low <= low <= high <= unit.high:
                return proof.say(codes.OUTSIDE_SCALE, arg.span, value=f"{low:g}..{high:g}", scale=unit)[0]
            return arg
    return proof.say(name_codes.OPTION_VALUE, arg.span, option=option, expected="a range such as 9..10")[0]


def _option(name: str, value: Expr, unit: Unit, proof: Proof) -> Expr:
    match name:
        case "promoters" | "detractors":
            return _range(value, name, unit, proof)
        case "failed":
            return condition(value, proof)
        case "rule":
            if literal_value(value) in QUANTILE_RULES:
                return value
            return proof.say(name_codes.OPTION_VALUE, value.span, option=name, expected=", ".join(QUANTILE_RULES))[0]
        case _:
            top = literal_value(value)
            most = 100 if unit.low is None or unit.high is None else int(unit.high - unit.low)
            if isinstance(top, int) and not isinstance(top, bool) and 1 <= top <= most:
                return value
            return proof.say(name_codes.OPTION_VALUE, value.span, option=name, expected=f"a number from 1 to {most}")[0]


def prove_origin(origin: Origin, columns: dict[str, dict[str, ColumnSpec]], found: list[Diagnostic]) -> Origin:
    """A source whose derived columns and `keep` have units; `columns` learns the derived ones."""
    proof = Proof(columns, {}, found)
    own = columns[origin.id]
    done: set[str] = set()

    def derive(name: str) -> None:
        spec = own[name]
        if name in done or spec.formula is None:
            return
        done.add(name)
        for below in sorted({column.name for column in columns_in(spec.formula)}):
            if below in own:
                derive(below)
        formula, unit = prove(spec.formula, proof)
        kind = unit.kind if unit.kind in ("boolean", "text", "date", "time") else spec.type
        if spec.type not in ("integer", "number"):
            kind = kind if kind != "text" or unit.kind == "text" else "number"
        own[name] = replace(spec, formula=formula, unit=unit if spec.unit == NUMBER or not unit.numeric else spec.unit,
                            type=cast("Literal['number']", kind))

    for name in list(own):
        derive(name)
    keep = None if origin.keep is None else condition(origin.keep, proof)
    return replace(origin, columns=own, keep=None if isinstance(keep, Invalid) else keep)
