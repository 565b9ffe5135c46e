"""Rules written as small formulas: score functions, `missing`, `combine`, `rounding`, and single literals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cxmetrics.check.matching import Proof, settle
from cxmetrics.codes import pyramid as codes
from cxmetrics.codes import units as unit_codes
from cxmetrics.diagnostics import DID_YOU_MEAN, Code, Diagnostic, Fix, closest, report
from cxmetrics.ir import (
    Anchors,
    Apply,
    Combine,
    Constant,
    Expr,
    Goalposts,
    Indicator,
    Lognormal,
    MinMax,
    MissingRule,
    Neutral,
    NullIfMissing,
    Percentile,
    PowerMean,
    Renormalise,
    Rounding,
    ScoreRule,
    ZScore,
)
from cxmetrics.parse import parse
from cxmetrics.resolve.formulas import resolve_formula
from cxmetrics.resolve.names import Names
from cxmetrics.source import Located, Span
from cxmetrics.syntax import Call, Name, Node, Number, Range
from cxmetrics.units import NUMBER, Unit, comparable

Found = list[Diagnostic]
Known = Mapping[str, tuple[int, tuple[str, ...]]]  # how many values a rule takes, and its options


@dataclass(frozen=True, slots=True)
class Rule:
    """`minmax(across = branch, to = 1..100)`: a name, its values in order, its options, and places."""

    name: str
    values: tuple[Node, ...]
    options: Mapping[str, Node]
    span: Span


def read_rule(written: Located, kind: str, known: Known, found: Found) -> Rule | None:
    """A rule by its name; `known` gives for each name how many values it takes, and its options."""
    node, problems = parse(written)
    found += problems
    if problems:
        return None
    call = node if isinstance(node, Call) else Call(node.value if isinstance(node, Name) else written.value, (),
                                                   node.span, node.span)
    if call.function not in known:
        guess = closest(call.function, known)
        found.append(report(codes.UNKNOWN_RULE, call.name_span, help=DID_YOU_MEAN if guess else None, kind=kind,
                            fix=Fix(call.name_span, guess) if guess else None, name=call.function, guess=guess or "",
                            known=", ".join(known)))
        return None
    count, option_names = known[call.function]
    options = {arg.args[0].value: arg.args[1] for arg in call.args
               if isinstance(arg, Call) and arg.function == "=" and isinstance(arg.args[0], Name)}
    values = tuple(arg for arg in call.args if not (isinstance(arg, Call) and arg.function == "="))
    if len(values) != count or not set(options) <= set(option_names):
        found.append(report(codes.RULE_ARGUMENTS, call.span, name=call.function, count=count,
                            options=", ".join(option_names) or "no option"))
        return None
    return Rule(call.function, values, options, call.span)


def literal(written: Located | Node, unit: Unit, found: Found,
            code: Code = unit_codes.UNIT_MISMATCH_DECLARED) -> float | None:
    """A constant (`99.5%`, `2 * 4 s`, `-100`) as a number in `unit`; `code` where it is of another kind."""
    node, problems = parse(written) if isinstance(written, Located) else (written, ())
    found += problems
    names = Names({}, {})
    expr = fold(resolve_formula(node, names))
    found += names.found
    if problems or names.found:
        return None
    if not isinstance(expr, Constant) or isinstance(expr.value, bool) or not isinstance(expr.value, int | float):
        found.append(report(unit_codes.NOT_A_NUMBER_EXPRESSION, node.span, function="literal", found="an expression"))
        return None
    if expr.unit != NUMBER and not comparable(expr.unit, unit):
        found.append(report(code, expr.span, declared=unit, expected=unit, found=expr.unit))
        return None
    settled = settle(expr, expr.unit, unit, Proof({}, {}, found))
    return float(settled.value) if isinstance(settled, Constant) and isinstance(settled.value, int | float) else None


def fold(expr: Expr) -> Expr:
    """Arithmetic of constants done."""
    if not isinstance(expr, Apply):
        return expr
    args = [fold(arg) for arg in expr.args]
    numbers = [arg.value for arg in args if isinstance(arg, Constant) and isinstance(arg.value, int | float)]
    if len(numbers) != len(args) or expr.function not in _ARITHMETIC:
        return expr
    try:
        value = _ARITHMETIC[expr.function](*numbers)
    except (ZeroDivisionError, OverflowError):
        return expr
    units = [arg.unit for arg in args if isinstance(arg, Constant) and arg.unit != NUMBER]
    return Constant(value, units[0] if units else NUMBER, expr.span)


_ARITHMETIC: Mapping[str, Callable[..., float]] = {
    "negate": lambda a: -a, "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b,
    "/": lambda a, b: a / b}


def read_anchors(written: Mapping[str, Located], span: Span, unit: Unit, found: Found) -> Anchors | None:
    """`{0: 8 s, 60: 3 s, 100: 1 s}` as (value, points), by value."""
    points: list[tuple[float, float]] = []
    for key, at in written.items():
        value = literal(at, unit, found)
        try:
            earned = float(key)
        except ValueError:
            found.append(report(codes.ANCHOR_POINTS, at.span, points=key))
            return None
        if value is None:
            return None
        points.append((value, earned))
    if len(points) < 2:
        found.append(report(codes.ANCHORS_TOO_FEW, span))
        return None
    by_points = sorted(points, key=lambda point: point[1])
    steps = [later[0] - earlier[0] for earlier, later in pairwise(by_points)]
    if not (all(step > 0 for step in steps) or all(step < 0 for step in steps)):
        found.append(report(codes.ANCHORS_NOT_MONOTONE, span))
        return None
    return Anchors(tuple(sorted(points)))


_SCORES: Known = {
    "minmax": (0, ("across", "to")), "zscore": (0, ("across",)), "percentile": (0, ("across", "to")),
    "goalposts": (2, ("to",)), "lognormal": (0, ("median", "p10"))}
_POWERS = 0.001, 1000.0  # of exponents other than 0: beyond these, a power mean loses its digits


def read_score(written: Located, unit: Unit, dimensions: Mapping[str, object], found: Found) -> ScoreRule | None:
    """A score function."""
    rule = read_rule(written, "score", _SCORES, found)
    if rule is None:
        return None
    low, high = _target_range(rule, found)
    if rule.name == "goalposts":
        worst, best = (literal(value, unit, found) for value in rule.values)
        if worst is None or best is None or not _fits(rule, "worst != best", found, holds=worst != best):
            return None
        return Goalposts(worst, best, low, high)
    if rule.name == "lognormal":
        return _lognormal(rule, unit, found)
    across = rule.options.get("across")
    if not isinstance(across, Name) or across.value not in dimensions:
        name = across.value if isinstance(across, Name) else "…"
        found.append(report(codes.ACROSS_UNKNOWN, across.span if across else rule.span, dimension=name))
        return None
    if rule.name == "zscore":
        return ZScore(across.value)
    return Percentile(across.value, low, high) if rule.name == "percentile" else MinMax(across.value, low, high)


def _lognormal(rule: Rule, unit: Unit, found: Found) -> Lognormal | None:
    if set(rule.options) != {"median", "p10"}:
        found.append(report(codes.RULE_ARGUMENTS, rule.span, name=rule.name, count=0, options="median, p10"))
        return None
    median, p10 = (literal(rule.options[name], unit, found) for name in ("median", "p10"))
    if median is None or p10 is None or not _fits(rule, "0 < p10 < median", found, holds=0 < p10 < median):
        return None
    return Lognormal(median, p10)


def _fits(rule: Rule, expected: str, found: Found, *, holds: bool) -> bool:
    if not holds:
        found.append(report(codes.RULE_VALUES, rule.span, name=rule.name, expected=expected))
    return holds


def _target_range(rule: Rule, found: Found) -> tuple[float, float]:
    written = rule.options.get("to")
    if written is None:
        return 0.0, 100.0
    if isinstance(written, Range) and isinstance(written.low, Number) and isinstance(written.high, Number) \
            and written.low.value < written.high.value:
        return float(written.low.value), float(written.high.value)
    found.append(report(codes.RULE_ARGUMENTS, written.span, name=rule.name, count=len(rule.values),
                        options="to = 0..100"))
    return 0.0, 100.0


_MISSING: Known = {"renormalise": (0, ("min_coverage",)), "null": (0, ()), "neutral": (1, ())}


def read_missing(written: Located | None, unit: Unit, found: Found) -> MissingRule:
    """`renormalise(min_coverage = 50%)`, `null` or `neutral(50)`; `unit`: what the children are combined in."""
    rule = None if written is None else read_rule(written, "missing", _MISSING, found)
    if rule is None:
        return Renormalise()
    if rule.name == "null":
        return NullIfMissing()
    if rule.name == "neutral":
        neutral = literal(rule.values[0], unit, found, codes.NEUTRAL_UNIT)
        return Renormalise() if neutral is None else Neutral(neutral)
    coverage = rule.options.get("min_coverage")
    value = None if coverage is None else literal(coverage, NUMBER, found)
    if value is not None and not 0 <= value <= 1:
        found.append(report(codes.RULE_ARGUMENTS, rule.span, name=rule.name, count=0, options="min_coverage = 50%"))
        return Renormalise()
    return Renormalise() if value is None else Renormalise(value)


_COMBINE: Known = {
    "weighted_mean": (0, ()), "geometric": (0, ()), "harmonic": (0, ()), "minimum": (0, ()), "power": (1, ())}


def read_combine(written: Located | None, found: Found) -> Combine:
    """`weighted_mean`, `geometric`, `harmonic`, `minimum` or `power(2)`."""
    rule = None if written is None else read_rule(written, "combine", _COMBINE, found)
    if rule is None:
        return "weighted_mean"
    match rule.name:
        case "geometric" | "harmonic" | "minimum":
            return rule.name
        case "power":
            exponent = literal(rule.values[0], NUMBER, found)
            least, most = _POWERS
            fits = exponent is not None and (exponent == 0 or least <= abs(exponent) <= most)
            if exponent is None or not _fits(rule, f"p = 0, {least:g} <= abs(p) <= {most:g}", found, holds=fits):
                return "weighted_mean"
            return PowerMean(exponent)
        case _:
            return "weighted_mean"


def read_require(parent: str, written: Located | Sequence[Located] | None, children: Sequence[str],
                 found: Found) -> tuple[str, ...]:
    """`[a, b]`: names of children."""
    required: dict[str, None] = {}
    for name in [written] if isinstance(written, Located) else written or ():
        if name.value in children:
            required[name.value] = None
            continue
        guess = closest(name.value, children)
        found.append(report(codes.REQUIRED_NOT_CHILD, name.span, help=DID_YOU_MEAN if guess else None, parent=parent,
                            fix=Fix(name.span, guess) if guess else None, name=name.value, guess=guess or ""))
    return tuple(required)


def read_rounding(written: Located | None, found: Found) -> Rounding | None:
    """`half_up(1)`, `half_even(1)`, `truncate(2)` or `to(0.5)`."""
    if written is None:
        return None
    known: Known = dict.fromkeys(("half_up", "half_even", "truncate", "to"), (1, ()))
    rule = read_rule(written, "rounding", known, found)
    value = None if rule is None else literal(rule.values[0], NUMBER, found)
    if rule is None or value is None:
        return None
    fits = value > 0 if rule.name == "to" else value == int(value) and 0 <= value <= 15
    if not fits:
        found.append(report(codes.RULE_ARGUMENTS, rule.span, name=rule.name, count=1, options="no option"))
        return None
    match rule.name:
        case "half_up" | "half_even" | "truncate" | "to":
            return Rounding(rule.name, value)
        case _:
            return None


def earns(indicator: Indicator) -> Unit:
    """The unit of what an indicator gives to its parents: of its score if it has a rule, else of its value."""
    match indicator.score:
        case None:
            return indicator.unit
        case ZScore():
            return NUMBER
        case _:
            return Unit("score")
