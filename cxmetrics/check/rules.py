"""Rules written as small formulas: score functions, `missing`, `combine`, `rounding`, and single literals."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import add, mul, sub, truediv

from cxmetrics.check.matching import settle
from cxmetrics.codes import pyramid as codes
from cxmetrics.codes import units as unit_codes
from cxmetrics.composite_rules import Rounding
from cxmetrics.diagnostics import DID_YOU_MEAN, Code, Diagnostic, Fix, closest, report
from cxmetrics.ir import Apply, Constant, Expr
from cxmetrics.parse import parse
from cxmetrics.parse.arguments import Argument, Bound
from cxmetrics.resolve.formulas import resolve_formula
from cxmetrics.resolve.names import Names
from cxmetrics.source import Located, Source, Span
from cxmetrics.syntax import Call, Name, Node
from cxmetrics.units import NUMBER, UNKNOWN, Unit, comparable, conversion, divide, multiply, of_each, scaled

Found = list[Diagnostic]
Known = Mapping[str, tuple[int, tuple[str, ...]]]  # how many values a rule takes (`MANY`: some), and its options
MANY = -1
_SHORT = 40  # characters
_PARAMETER = re.compile(r"\$(\w+)")
NOWHERE = Source("", "")  # where a constant stands of which only the value is asked


@dataclass(frozen=True, slots=True)
class Rule:
    """`minmax(across = branch, to = 1..100)`: a name, its values in order, its options, and places."""

    name: str
    values: tuple[Node, ...]
    options: Mapping[str, Node]
    span: Span


_OTHER_WORDS: Mapping[str, Mapping[str, str]] = {  # of other tools, and of those who have not read ours yet
    "combine": {**dict.fromkeys(("average", "avg", "mean", "weighted", "weighted_average"), "weighted_mean"),
                **dict.fromkeys(("min", "worst"), "minimum"), "product": "geometric"},
    "missing": {**dict.fromkeys(("ignore", "skip", "drop", "exclude"), "renormalise"),
                **dict.fromkeys(("none", "fail"), "null"), **dict.fromkeys(("last", "ffill", "forward_fill"), "carry")},
    "rounding": {**dict.fromkeys(("round", "half"), "half_up"), **dict.fromkeys(("floor", "trunc"), "truncate")},
    "score": {"z": "zscore", "rank": "percentile", "linear": "goalposts"},
}
_DIGITS = re.compile(r"[0-9]{1,2}")


def _meant(word: str, kind: str) -> str | None:
    """The rule that is meant by another word for it; of a bare number of decimals, the usual rounding."""
    if kind in ("rounding", "display") and _DIGITS.fullmatch(word):
        return f"half_up({word})"
    return _OTHER_WORDS.get("rounding" if kind == "display" else kind, {}).get(word.lower())


def read_rule(written: Located, kind: str, known: Known, found: Found) -> Rule | None:
    """A rule by its name; `known` gives for each name how many values it takes, and its options."""
    node, problems = parse(written)
    found += problems
    if problems:
        return None
    call = node if isinstance(node, Call) else Call(node.value if isinstance(node, Name) else written.value, (),
                                                   node.span, node.span)
    if call.function not in known:
        guess = _meant(call.function, kind) or closest(call.function, known, found)
        found.append(report(codes.UNKNOWN_RULE, call.name_span, help=DID_YOU_MEAN if guess else None, kind=kind,
                            fix=Fix(call.name_span, guess) if guess else None, name=call.function, guess=guess or "",
                            known=", ".join(known)))
        return None
    count, option_names = known[call.function]
    options = {arg.args[0].value: arg.args[1] for arg in call.args
               if isinstance(arg, Call) and arg.function == "=" and isinstance(arg.args[0], Name)}
    values = tuple(arg for arg in call.args if not (isinstance(arg, Call) and arg.function == "="))
    right = len(values) == count or (count == MANY and len(values) > 0)
    if not right or not set(options) <= set(option_names):
        miswritten(call.function, call.span, found, "1…" if count == MANY else count, ", ".join(option_names))
        return None
    return Rule(call.function, values, options, call.span)


_EXAMPLES: Mapping[str, str] = {
    "renormalise": "renormalise(min_coverage = 50%)", "neutral": "neutral(50)", "carry": "carry(28 d)",
    "power": "power(2)", "at_least": "at_least(3)", "half_up": "half_up(1)", "half_even": "half_even(1)",
    "truncate": "truncate(2)", "to": "to(0.5)", "goalposts": "goalposts(20, 85)",
    "bands": "bands(1 s, 3 s, to = [100, 60, 0])", "lognormal": "lognormal(median = 4 s, p10 = 2 s)",
    "minmax": "minmax(across = branch, to = 0..100)", "zscore": "zscore(across = branch)",
    "percentile": "percentile(across = branch)"}


def miswritten(name: str, span: Span, found: Found, count: object, options: str) -> None:
    """Report a rule with other values or options than it takes, and show one as it is written."""
    found.append(report(codes.RULE_ARGUMENTS, span, name=name, count=count, options=options or "–",
                        example=_EXAMPLES.get(name, name)))


def literal(written: Located | Node, unit: Unit, found: Found,
            code: Code = codes.VALUE_UNIT) -> float | None:
    """A constant (`99.5%`, `2 * 4 s`, `-100`) as a number in `unit`; `code` where it is of another kind."""
    read = constant_of(written, unit, found, code, beyond=False)
    return None if read is None else read[0]


def constant_of(written: Located | Node, unit: Unit, found: Found, code: Code, *,
                beyond: bool = True) -> tuple[float, Unit] | None:
    """As `literal`; also the unit that was written.  `beyond`: whoever asks looks whether a share is beyond all."""
    if isinstance(written, Located):
        known = _well_known(written, unit, beyond)
        if known is not None:
            return known
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
    each = unit if comparable(expr.unit, unit) else of_each(unit)
    if expr.unit != NUMBER and not comparable(expr.unit, each):
        found.append(report(code, expr.span, declared=unit, expected=unit, found=expr.unit))
        return None
    settled = settle(expr, expr.unit, each, found, beyond=beyond)
    if isinstance(settled, Constant) and isinstance(settled.value, int | float):
        return float(settled.value), expr.unit
    return None


def is_as_written(written: Located) -> bool:
    """Whether a scalar says the same wherever its text stands: no parameter of a template is to be put in."""
    return type(written) is Located or "$" not in written.value


def _well_known(written: Located, unit: Unit, beyond: bool) -> tuple[float, Unit] | None:
    """A short constant nothing is wrong with, by its text: scores, weights and targets repeat each other."""
    if len(written.value) > _SHORT:
        return None
    if not isinstance(written, Bound) or is_as_written(written):
        return _by_text(written.value, unit, beyond, ())
    names, given = _PARAMETER.findall(written.value), written.arguments
    if not all(name in given for name in names):
        return None
    return _by_text(written.value, unit, beyond, tuple([(name, given[name]) for name in names]))


@lru_cache(maxsize=10_000)
def _by_text(text: str, unit: Unit, beyond: bool, given: tuple[tuple[str, Argument], ...]) -> tuple[float, Unit] | None:
    node, problems = parse(Bound(text, NOWHERE, 0, len(text), arguments=dict(given), uses=()))
    return None if problems else constant_of(node, unit, [], codes.VALUE_UNIT, beyond=beyond)


def fold(expr: Expr) -> Expr:
    """Arithmetic of constants done, in the units they are written in: `1 min + 30 s` is 1.5 min."""
    if not isinstance(expr, Apply):
        return expr
    args = [fold(arg) for arg in expr.args]
    known = [arg for arg in args if isinstance(arg, Constant) and isinstance(arg.value, int | float)]
    if len(known) != len(args):
        return expr
    if expr.function == "negate":
        return replace(known[0], value=-_number(known[0]), span=expr.span)
    done = _done(expr.function, *known) if expr.function in _ARITHMETIC else None
    return expr if done is None else Constant(*done, expr.span)


def _done(function: str, left: Constant, right: Constant) -> tuple[float, Unit] | None:
    """The value of a sum, difference, product or quotient, and its unit; None where there is none."""
    x, y, unit = _number(left), _number(right), left.unit
    alike = comparable(left.unit, right.unit)
    if alike and function != "*" and left.unit.kind == right.unit.kind == "quantity":
        y = scaled(y, conversion(right.unit, left.unit))
    if function in ("+", "-"):
        unit = right.unit if left.unit == NUMBER else left.unit
        if not alike and not (NUMBER in (left.unit, right.unit) and 0 in (x, y)):
            return None
    elif function == "*":
        unit = right.unit if left.unit == NUMBER else left.unit if right.unit == NUMBER else \
            multiply(left.unit, right.unit) or UNKNOWN
    elif right.unit != NUMBER:
        unit = NUMBER if alike else divide(left.unit, right.unit) or UNKNOWN
    try:
        return _ARITHMETIC[function](x, y), unit
    except (ZeroDivisionError, OverflowError):
        return None


def _number(constant: Constant) -> float:
    return constant.value if isinstance(constant.value, int | float) else 0.0


_ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {"+": add, "-": sub, "*": mul, "/": truediv}


def fits(rule: Rule, expected: str, found: Found, *, holds: bool) -> bool:
    """Whether what has to hold of the values of a rule does; reports otherwise."""
    if not holds:
        found.append(report(codes.RULE_VALUES, rule.span, name=rule.name, expected=expected))
    return holds


def read_rounding(written: Located | None, found: Found) -> Rounding | None:
    """`half_up(1)`, `half_even(1)`, `truncate(2)` or `to(0.5)`."""
    if written is None:
        return None
    known = _known_rounding(written.value) if is_as_written(written) else None
    return known or _rounding(written, found)


@lru_cache(maxsize=100)
def _known_rounding(text: str) -> Rounding | None:
    """A rounding nothing is wrong with, by its text."""
    found: Found = []
    rounding = _rounding(Located(text, NOWHERE, 0, len(text)), found)
    return None if found else rounding


def _rounding(written: Located, found: Found) -> Rounding | None:
    known: Known = dict.fromkeys(("half_up", "half_even", "truncate", "to"), (1, ()))
    rule = read_rule(written, "rounding", known, found)
    value = None if rule is None else literal(rule.values[0], NUMBER, found)
    if rule is None or value is None:
        return None
    if rule.name == "to":
        good = fits(rule, "step > 0", found, holds=value > 0)
    else:
        good = fits(rule, "0, 1, … 15", found, holds=value == int(value) and 0 <= value <= 15)
    if not good:
        return None
    match rule.name:
        case "half_up" | "half_even" | "truncate" | "to":
            return Rounding(rule.name, value)
        case _:
            return None
