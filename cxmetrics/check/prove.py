"""The proof of units: every expression gets a unit from the bottom up, or a finding at its place.

Proving also settles what was open: literals take the unit they are compared with, columns the unit
their source proved, durations of unlike size are converted to the left one's.
"""

from __future__ import annotations

from dataclasses import replace
from operator import is_
from typing import Literal, assert_never, cast

from cxmetrics.check.aggregates import prove_aggregate
from cxmetrics.check.bands import bands
from cxmetrics.check.matching import (
    Proof,
    Proved,
    as_condition,
    can_hold,
    differ,
    known_value,
    literal_value,
    match_sides,
    no_number,
)
from cxmetrics.check.number_functions import is_empty, number_function
from cxmetrics.check.peers import peer_function
from cxmetrics.check.times import of_time, scaled_by_hand
from cxmetrics.codes import names as name_codes
from cxmetrics.codes import units as codes
from cxmetrics.days import Holidays
from cxmetrics.diagnostics import Diagnostic
from cxmetrics.functions import EQUALITY, LOGIC, ORDER, PEER_FUNCTIONS, PRESENCE, ROW_TIMES, TEXT_TESTS
from cxmetrics.ir import (
    Aggregate,
    Apply,
    Column,
    ColumnSpec,
    Constant,
    Expr,
    Invalid,
    Origin,
    Ref,
    Windowed,
    columns_in,
)
from cxmetrics.patterns import flaw_of
from cxmetrics.resolve.alike import Like
from cxmetrics.units import (
    BOOLEAN,
    NUMBER,
    SECOND,
    SHARE,
    TEXT,
    UNKNOWN,
    Unit,
    add,
    comparable,
    conversion,
    divide,
    multiply,
    power,
)

_TURNED = {"<": ">", ">": "<"}  # the same comparison from the other side
_COMPARISONS = EQUALITY | ORDER | {"between"}
_SLACK = 1e-9  # what weights may be short of 1


def prove(expr: Expr, proof: Proof) -> Proved:
    """The expression with its units settled, and its unit."""
    match expr:
        case Constant():
            return (expr, expr.unit) if type(expr.value) is not tuple else proof.say(name_codes.LIST_OUTSIDE, expr.span)
        case Column():
            spec = proof.columns[expr.source].get(expr.name)
            if spec is None or (spec.type == expr.type and spec.unit == expr.unit and spec.name == expr.name):
                return expr, expr.unit
            return Column(expr.source, expr.name, spec.type, spec.unit, expr.span), spec.unit
        case Ref():
            return expr, proof.units.get(expr.indicator, UNKNOWN)
        case Apply():
            return _apply(expr, proof)
        case Aggregate():
            return prove_aggregate(expr, proof, prove)
        case Windowed():
            arg, unit = prove(expr.arg, proof)
            return (arg if isinstance(arg, Invalid) else replace(expr, arg=arg)), unit
        case Invalid():
            return expr, UNKNOWN
        case _:
            assert_never(expr)


def prove_as_others(expr: Expr | Like, proof: Proof) -> Proved:
    """As `prove`; of formulas that are alike one is proved, and holds for the others if nothing is wrong with it."""
    if not isinstance(expr, Like):
        return prove(expr, proof)
    known = proof.alike.get(expr.shape)
    if known is not None:
        return known[0].made(expr), known[1]
    before = len(proof.found) + len(proof.doubts)
    proved, unit = prove(expr.made(), proof)
    flawless = len(proof.found) + len(proof.doubts) == before and not isinstance(proved, Invalid)
    proof.alike[expr.shape] = (expr.shape.of(proved, expr), unit) if flawless else None
    return proved, unit


def condition(expr: Expr, proof: Proof) -> Expr:
    """An expression that has to be true or false."""
    return as_condition(prove(expr, proof), expr.span, proof)


def _apply(expr: Apply, proof: Proof) -> Proved:
    name = expr.function
    if name == "range":  # elsewhere than behind `in` and in options, which ask for one
        return proof.say(codes.NOT_A_NUMBER_EXPRESSION, expr.span, function="formula", found="a range")
    if name in LOGIC:
        return _of(expr, [condition(arg, proof) for arg in expr.args]), BOOLEAN
    proved = [(arg, arg.unit) if name == "in" and isinstance(arg, Constant) else prove(arg, proof)
              for arg in expr.args if name != "in" or not _is_range(arg)]
    args, units = [one[0] for one in proved], [one[1] for one in proved]
    if Invalid in map(type, args):
        return Invalid(expr.span), UNKNOWN
    if name in _COMPARISONS:
        return _comparison(expr, args, units, proof)
    match name:
        case "+" | "-":
            return _sum(expr, args, units, proof)
        case "*" | "/" | "^" | "negate":
            return _product(expr, args, units, proof)
        case "in":
            return _membership(expr, args, units, proof)
        case _ if name in PEER_FUNCTIONS:
            return peer_function(expr, proof)
        case _ if name in PRESENCE:
            return Apply(expr.function, tuple(args), expr.span), BOOLEAN
        case _ if name in TEXT_TESTS:
            return _text_test(expr, args, units, proof)
        case "bands":
            return bands(expr, args, units, proof)
        case _ if name in ROW_TIMES:
            if units[0].kind not in ("time", "date", "unknown"):
                return proof.say(codes.UNLIKE_KINDS, args[0].span, left=units[0], right="time")
            return of_time(Apply(expr.function, tuple(args), expr.span), proof)
        case _:
            tests = (condition(expr.args[0], proof),) if name == "if" else ()
            return number_function(expr, tests, args[len(tests):], units[len(tests):], proof)


def _of(expr: Apply, args: list[Expr]) -> Expr:
    """The same function of other arguments; itself where they are the same."""
    return expr if all(map(is_, args, expr.args)) else Apply(expr.function, tuple(args), expr.span)


def _is_range(expr: Expr) -> bool:
    return isinstance(expr, Apply) and expr.function == "range"


def _sum(expr: Apply, args: list[Expr], units: list[Unit], proof: Proof) -> Proved:
    sign = cast("Literal['+', '-']", expr.function)
    matched = match_sides((args[0], units[0]), (args[1], units[1]), expr.span, sign, proof)
    if matched is None:
        return Invalid(expr.span), UNKNOWN
    a, b, a_unit, b_unit = matched
    if sign == "+" and a_unit.kind == b_unit.kind and a_unit.kind in ("share", "nps") \
            and not isinstance(a, Constant) and not isinstance(b, Constant):
        return proof.say(codes.SUM_OF_SHARES, expr.span, name=f"{a_unit} + {b_unit}")
    if sign == "+" and a_unit == b_unit == NUMBER and not _means_alike(expr, proof):
        return Invalid(expr.span), UNKNOWN
    unit = add(a_unit, b_unit, sign)
    plain = [side for side, own in ((a, a_unit), (b, b_unit)) if own == NUMBER]
    if plain and unit == SHARE and not isinstance(plain[0], Constant):
        unit = NUMBER  # `1 - share` is a share; a number less a share is any number
    if unit is None:
        differ(a, a_unit, b, b_unit, expr.span, sign, proof)
        return Invalid(expr.span), UNKNOWN
    return Apply(expr.function, (a, b), expr.span), unit


def _means_alike(expr: Apply, proof: Proof) -> bool:
    """Whether the parts of a weighted mean are of one unit: that of half an NPS and half a share is none."""
    terms = _weighed(expr)
    if terms is None or abs(sum(weight for weight, _ in terms) - 1) > _SLACK:
        return True
    told = [(part, unit) for _, part in terms if (unit := prove(part, replace(proof, found=[]))[1]) not in (
        NUMBER, UNKNOWN)]
    for part, unit in told[1:]:
        if not comparable(told[0][1], unit):
            differ(*told[0], part, unit, expr.span, "+", proof)
            return False
    return True


def _weighed(expr: Expr) -> list[tuple[float, Expr]] | None:
    """The parts of a sum with the number each is multiplied by; None where one is not."""
    match expr:
        case Apply("+", (left, right)):
            first, others = _weighed(left), _weighed(right)
            return None if first is None or others is None else first + others
        case Apply("*", (Constant(int() | float() as weight, unit), part)) if unit == NUMBER:
            return [(weight, part)]
        case Apply("*", (part, Constant(int() | float() as weight, unit))) if unit == NUMBER:
            return [(weight, part)]
        case _:
            return None


def _product(expr: Apply, args: list[Expr], units: list[Unit], proof: Proof) -> Proved:
    for arg, own in zip(args, units, strict=True):
        if not own.numeric and own.kind != "unknown":
            return no_number(arg.span, expr.function, own, proof)
    unit: Unit | None
    match expr.function:
        case "negate":
            unit = units[0]
        case "*":
            unit = multiply(units[0], units[1])
            scaled_by_hand(expr, units[0], args[1], proof)
        case "/":
            unit = divide(units[0], units[1])
            scaled_by_hand(expr, units[0], args[1], proof)
        case _:
            exponent = literal_value(args[1])
            unit = power(units[0], exponent) if isinstance(exponent, int | float) else (
                NUMBER if units[0].kind != "quantity" else None)
    if unit is None or (expr.function == "^" and units[1].kind == "quantity"):
        return proof.say(codes.POWER_OF_UNIT, args[0].span, unit=units[0])
    result: Expr = Apply(expr.function, tuple(args), expr.span)
    if unit.factor != 1 and SECOND not in dict(unit.powers):  # no duration is left that could be in other units
        return Apply("convert", (result, Constant(unit.factor, NUMBER)), expr.span), unit._replace(factor=1.0)
    return result, unit


def _membership(expr: Apply, args: list[Expr], units: list[Unit], proof: Proof) -> Proved:
    if len(expr.args) > 1 and _is_range(expr.args[1]):
        low, high = cast("Apply", expr.args[1]).args
        return _apply(Apply("between", (args[0], low, high), expr.span), proof)
    if not isinstance(args[1], Constant):
        return proof.say(codes.UNLIKE_KINDS, expr.span, left=units[0], right="a value that is no list")
    values = args[1].value if isinstance(args[1].value, tuple) else (args[1].value,)
    places = args[1].spans or (args[1].span,) * len(values)
    items = [Constant(value, args[1].unit if not isinstance(value, str) else TEXT, place)
             for value, place in zip(values, places, strict=True)]
    settled: list[Expr] = []
    for item in items:
        matched = match_sides((args[0], units[0]), (item, item.unit), expr.span, "in", proof)
        if matched is None or not known_value(args[0], item, proof):
            return Invalid(expr.span), UNKNOWN
        settled.append(matched[1])
    chosen = tuple(cast("Constant", item).value for item in settled)
    listed = Constant(cast("tuple[str, ...]", chosen), args[1].unit, args[1].span)
    return Apply(expr.function, (args[0], listed), expr.span), BOOLEAN


def _comparison(expr: Apply, args: list[Expr], units: list[Unit], proof: Proof) -> Proved:
    settled, first = [args[0]], args[0]
    for arg, unit in zip(args[1:], units[1:], strict=True):
        matched = match_sides((args[0], units[0]), (arg, unit), expr.span, expr.function, proof)
        if matched is None or not _may_be(expr.function, args[0], arg, proof):
            return Invalid(expr.span), UNKNOWN
        first = matched[0] if isinstance(args[0], Constant) else first
        settled.append(matched[1])
    settled[0] = first
    if expr.function == "between" and is_empty(settled[1], settled[2], expr.args[1:], proof):
        return Invalid(expr.span), UNKNOWN
    if units[0].kind in ("text", "boolean") and expr.function not in ("=", "!="):
        return no_number(expr.args[0].span, expr.function, units[0], proof)
    return _of(expr, settled), BOOLEAN


def _may_be(sign: str, left: Expr, right: Expr, proof: Proof) -> bool:
    """Whether a comparison with a literal has an answer that hangs on the rows."""
    return known_value(left, right, proof) and known_value(right, left, proof) and (
        sign not in _TURNED or (can_hold(sign, left, right, proof) and can_hold(_TURNED[sign], right, left, proof)))


def _text_test(expr: Apply, args: list[Expr], units: list[Unit], proof: Proof) -> Proved:
    for arg, unit in zip(args, units, strict=True):
        if unit.kind not in ("text", "unknown"):
            return proof.say(codes.UNLIKE_KINDS, arg.span, left=unit, right="text")
    if expr.function == "matches":
        pattern = literal_value(args[1])
        flaw = flaw_of(pattern) if isinstance(pattern, str) else "a pattern that is no constant text"
        if flaw is not None:
            return proof.say(codes.PATTERN, args[1].span or expr.span, problem=flaw)
    return Apply(expr.function, tuple(args), expr.span), BOOLEAN


def _as_declared(spec: ColumnSpec, formula: Expr, unit: Unit, proof: Proof) -> Proved:
    """The formula of a derived column in the unit that is declared for it.

    A plain number may be of any; points moved along a scale are on the one that is declared, where the rows prove it.
    """
    if spec.unit == NUMBER or not spec.unit.numeric or isinstance(formula, Invalid) or unit.kind == "unknown":
        return formula, unit
    if unit == NUMBER or unit.kind == spec.unit.kind == "scale":
        return formula, spec.unit
    if not unit.numeric or not comparable(unit, spec.unit):
        return proof.say(codes.UNIT_MISMATCH_DECLARED, spec.span, declared=spec.unit, found=unit)
    if unit.kind == "quantity" and unit.factor != spec.unit.factor:
        formula = Apply("convert", (formula, Constant(conversion(unit, spec.unit), NUMBER)), formula.span)
    return formula, spec.unit


def prove_origin(origin: Origin, columns: dict[str, dict[str, ColumnSpec]], found: list[Diagnostic],
                 holidays: Holidays) -> Origin:
    """A source whose derived columns and `keep` have units; `columns` learns the derived ones."""
    proof = Proof(columns, {}, found, holidays)
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
        formula, unit = _as_declared(spec, formula, unit, proof)
        own[name] = replace(spec, formula=formula, unit=unit, type=cast("Literal['number']", kind))

    for name in list(own):
        derive(name)
    weight = own.get(origin.weight or "")
    if weight is not None and weight.formula is not None and not weight.unit.numeric:
        proof.say(codes.WEIGHT_NOT_NUMBER, weight.span, name=weight.name, found=weight.unit)
    keep = None if origin.keep is None else condition(origin.keep, proof)
    flags = ((name, condition(asked, proof)) for name, asked in origin.flags)
    sound = tuple((name, asked) for name, asked in flags if not isinstance(asked, Invalid))
    found += proof.doubts.values()
    return replace(origin, columns=own, keep=None if isinstance(keep, Invalid) else keep, flags=sound)
