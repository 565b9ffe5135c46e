"""Row expressions and classifiers of the language as SQL expressions.

Integers are computed exactly: in 64 bits where their bounds say that this is enough, else in 128, where
DuckDB raises what does not fit.  A result that is not finite is null.  Types never change by
themselves: what is compared or chosen among is cast to one type here.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import assert_never

from cxmetrics.backends.duckdb.steps import Steps
from cxmetrics.backends.duckdb.times import micros
from cxmetrics.backends.needs import edges_of
from cxmetrics.backends.sql import (
    Case,
    Cast,
    In,
    Infix,
    IsNull,
    Literal,
    Node,
    Not,
    Operator,
    Values,
    both,
    call,
    choice,
    either,
    text_literal,
    when,
)
from cxmetrics.ir import Aggregate, Apply, Column, ColumnType, Constant, Expr, Invalid, Ref, Windowed
from cxmetrics.nearness import LARGE, NEAR, splitter
from cxmetrics.plan import Classifier

NARROW = 2.0**63  # what is computed in 64 bits stays below it
ROUND_PLACES = 308.0  # 10 to more than that is no float
LITERALS_BY_HAND = 12  # with more literals than this a join is quicker than a CASE
_COMPARISONS: Mapping[str, Operator] = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


@dataclass(frozen=True, slots=True)
class Term:
    """A row expression: its SQL, its type, a bound of |x| for integers, and for times the instant, if known.

    A `time` is a naive local TIMESTAMP, an `integer` BIGINT or HUGEINT, a `number` DOUBLE.
    """

    node: Node
    type: ColumnType
    bound: float = math.inf
    instant: Node | None = None


Columns = Mapping[str, Term]


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes row expressions over `columns`; what is mentioned twice goes into `steps`."""

    steps: Steps
    columns: Columns

    def term(self, expr: Expr) -> Term:
        """The expression over the columns of the rows."""
        match expr:
            case Constant(value):
                return _constant(value)
            case Column(_, name):
                return self.columns[name]
            case Apply(function, args):
                return self._apply(function, args)
            case Ref() | Aggregate() | Windowed() | Invalid():
                raise TypeError(f"not an expression over the values of a row: {expr}")
            case _:
                assert_never(expr)

    def _apply(self, function: str, args: tuple[Expr, ...]) -> Term:
        if function == "in":
            return self._among(self.term(args[0]), args[1])
        if function == "on_days":
            return self._on_days(args[1], *(self.term(arg) for arg in (args[0], *args[2:])))
        if function == "bands":
            return self._bands(self.term(args[0]), *edges_of(args[1], args[2]))
        terms = [self.term(arg) for arg in args]
        if function in _COMPARISONS:
            return _condition(self._compared(_COMPARISONS[function], *terms))
        return _FUNCTIONS[function](self, *terms)

    # --- numbers

    def finite(self, node: Node) -> Node:
        """Null where a float is not finite."""
        held = self.steps.bind(node)
        return when(call("isfinite", held), held)

    def _number(self, node: Node) -> Term:
        return Term(self.finite(node), "number")

    def _arithmetic(self, operator: Operator, bound: float, left: Term, right: Term) -> Term:
        if _whole(left, right):
            bound = _computed(bound)
            exact = Infix(operator, (integer(left, bound), integer(right, bound)))
            return Term(exact, "integer", bound)
        return self._number(Infix(operator, (double(left), double(right))))

    def add(self, left: Term, right: Term) -> Term:
        """The sum."""
        return self._arithmetic("+", left.bound + right.bound, left, right)

    def subtract(self, left: Term, right: Term) -> Term:
        """The difference; of times, in seconds."""
        if left.type in ("time", "date"):
            seconds = Infix("/", (Cast(self._microseconds(left, right), "DOUBLE"), Literal(1e6)))
            return Term(seconds, "number")
        return self._arithmetic("-", left.bound + right.bound, left, right)

    def multiply(self, left: Term, right: Term) -> Term:
        """The product."""
        bound = 0.0 if 0 in (left.bound, right.bound) else left.bound * right.bound
        return self._arithmetic("*", max(bound, left.bound, right.bound), left, right)

    def divide(self, left: Term, right: Term) -> Term:
        """The quotient; by zero, null."""
        return self._number(Infix("/", (double(left), double(right))))

    def power(self, left: Term, right: Term) -> Term:
        """The power."""
        return self._number(call("pow", double(left), double(right)))

    def negate(self, x: Term) -> Term:
        """The number with the other sign."""
        return self.subtract(Term(Literal(0), "integer", 0), x)

    def absolute(self, x: Term) -> Term:
        """The distance from zero."""
        if _whole(x):
            bound = _computed(x.bound)
            return Term(call("abs", integer(x, bound)), "integer", bound)
        return Term(call("abs", double(x)), "number")

    def extreme(self, function: str, terms: Sequence[Term]) -> Term:
        """The least or the greatest of the terms; null if one is null."""
        nodes, like = unified(terms)
        held = tuple(self.steps.bind(node) for node in nodes)
        missing = either(*(IsNull(node) for node in held if not isinstance(node, Literal)))
        return replace(like, node=Case(((missing, Literal(None)),), call(function, *held)))

    def clamp(self, x: Term, low: Term, high: Term) -> Term:
        """The number, kept between two limits."""
        return self.extreme("least", (self.extreme("greatest", (x, low)), high))

    def round(self, x: Term, places: Term | None = None) -> Term:
        """The nearest decimal, half up, as `statistics.rounding.half_up` finds it."""
        given = self.steps.bind(double(x))
        decimals = Literal(0.0) if places is None else self.steps.bind(double(places))
        size = call("least", call("floor", call("abs", decimals)), Literal(ROUND_PLACES))
        power, coarse = self.steps.bind(call("pow", Literal(10.0), size)), Infix("<", (decimals, Literal(0.0)))
        moved = when(coarse, Infix("/", (given, power)), Infix("*", (given, power)))
        scaled = self.steps.bind(call("abs", moved))
        noise = call("least", Infix("*", (scaled, Literal(5e-16))), Literal(0.25))
        slack = call("greatest", call("least", Infix("*", (scaled, Literal(1e-9))), Literal(1e-6)), noise)
        whole = self.steps.bind(call("floor", Infix("+", (Infix("+", (scaled, Literal(0.5))), slack))))
        back = self.steps.bind(when(coarse, Infix("*", (whole, power)), Infix("/", (whole, power))))
        fits = both(call("isfinite", back), Infix("<", (whole, Literal(2.0**52))))
        signed = when(Infix("<", (given, Literal(0.0))), Infix("-", (Literal(0.0), back)), back)
        rounded = Infix("+", (when(fits, signed, given), Literal(0.0)))
        return Term(when(Not(IsNull(decimals)), rounded), "number")  # `least` passes over nulls

    # --- conditions and choice

    def choose(self, condition: Term, yes: Term, no: Term) -> Term:
        """One of two terms; missing where it is unknown which."""
        (a, b), like = unified((yes, no))
        held, instant = self.steps.bind(condition.node), None
        if yes.instant is not None and no.instant is not None:
            instant = choice(held, yes.instant, no.instant)
        return replace(like, node=choice(held, a, b), instant=instant)

    def _microseconds(self, left: Term, right: Term) -> Node:
        """From `right` to `left`: between instants where both are known, else between local times."""
        local = Infix("-", (micros(local_time(left)), micros(local_time(right))))
        if left.instant is None or right.instant is None:
            return local
        return call("coalesce", Infix("-", (micros(left.instant), micros(right.instant))), local)

    def _compared(self, operator: Operator, left: Term, right: Term) -> Node:
        if "time" in (left.type, right.type):
            if left.instant is None or right.instant is None:
                return Infix(operator, (local_time(left), local_time(right)))
            return Infix(operator, (self._microseconds(left, right), Literal(0)))
        return Infix(operator, tuple(unified((left, right))[0]))

    def between(self, x: Term, low: Term, high: Term) -> Term:
        """Whether it lies between two ends or is one of them."""
        held = replace(x, node=self.steps.bind(x.node))
        return _condition(both(self._compared(">=", held, low), self._compared("<=", held, high)))

    def _among(self, x: Term, choices: Expr) -> Term:
        assert isinstance(choices, Constant)
        values = choices.value if isinstance(choices.value, tuple) else (choices.value,)
        if x.type in ("integer", "number"):
            whole = x.type == "integer" and all(isinstance(v, int) for v in values)
            options = tuple(Literal(v) if whole else Literal(float(v))
                            for v in values if isinstance(v, int | float))
            return _condition(In(x.node if whole else double(x), options))
        if x.type == "time":
            held = replace(x, node=self.steps.bind(x.node))
            return _condition(either(*(self._compared("=", held, _constant(v)) for v in values)))
        return _condition(In(x.node, tuple(_constant(v).node for v in values)))

    def _on_days(self, listed: Expr, day: Term, low: Term, high: Term) -> Term:
        """Whether a day is listed; null where nothing is known of it, before `low` and after `high`."""
        held = replace(day, node=self.steps.bind(day.node))
        return _condition(when(self.between(held, low, high).node, self._among(held, listed).node))

    def _bands(self, x: Term, edges: tuple[float, ...], labels: tuple[str, ...]) -> Term:
        """The label of the stretch that a value lies in; missing where there is none."""
        held = replace(x, node=self.steps.bind(x.node))
        below = tuple((Infix("<", _comparable(held, edge)), text_literal(label))
                      for edge, label in zip(edges, labels, strict=False))
        return Term(Case(((IsNull(held.node), Literal(None)), *below), text_literal(labels[-1])), "text")

    def near(self, x: Term, digits: Term) -> Term:
        """The number to so many binary digits, see `nearness`; `digits` is a constant."""
        assert isinstance(digits.node, Literal)
        assert isinstance(digits.node.value, int)
        given = self.steps.bind(double(x))
        wide = self.steps.bind(Infix("*", (given, Literal(splitter(digits.node.value)))))
        large = Infix(">=", (call("abs", given), Literal(LARGE)))
        return Term(when(large, given, Infix("-", (wide, Infix("-", (wide, given))))), "number")

    def given(self, x: Term, *columns: Term) -> Term:
        """The value, where all the columns have one."""
        present = both(*(Not(IsNull(column.node)) for column in columns))
        held = self.steps.bind(present)
        return replace(x, node=when(held, x.node), instant=None if x.instant is None else when(held, x.instant))

    # --- classes

    def classes(self, classifier: Classifier) -> Node:
        """The class of each row, INTEGER, 0 where the expression is missing."""
        x = self.term(classifier.expr)
        x = replace(x, node=self.steps.bind(x.node))
        if classifier.literals is not None:
            return Cast(self._by_literals(x.node, classifier), "INTEGER")
        if classifier.breaks is not None and classifier.codes is not None:
            return Cast(_by_breaks(x, classifier.breaks, classifier.codes), "INTEGER")
        return Cast(Case(((IsNull(x.node), Literal(0)), (x.node, Literal(2))), Literal(1)), "INTEGER")

    def _by_literals(self, text: Node, classifier: Classifier) -> Node:
        pairs = [(text_literal(literal), Literal(code)) for literal, code in sorted(classifier.texts.items())]
        other, missing = Literal(classifier.classes - 1), (IsNull(text), Literal(0))
        if len(pairs) <= LITERALS_BY_HAND:
            return Case((missing, *((Infix("=", (text, literal)), code) for literal, code in pairs)), other)
        relation = self.steps.table(Values(("literal", "code"), tuple(pairs)))
        found = f"code of {relation}"
        self.steps.join(relation, text, "literal", {found: "code"})
        return Case((missing,), call("coalesce", self.steps.column(found), other))


def _by_breaks(x: Term, breaks: tuple[float, ...], codes: tuple[int, ...]) -> Node:
    """The code of each stretch; neighbours of one code are one stretch."""
    branches: list[tuple[Node, Node]] = [(IsNull(x.node), Literal(0))]
    ends: list[tuple[Operator, float]] = [end for point in breaks for end in (("<", point), ("<=", point))]
    for place, (operator, point) in enumerate(ends):
        if codes[place] != codes[place + 1]:
            value, at = _comparable(x, point)
            branches.append((Infix(operator, (value, at)), Literal(codes[place])))
    return Case(tuple(branches), Literal(codes[-1]))


def _comparable(x: Term, point: float) -> tuple[Node, Node]:
    if x.type == "integer" and float(point).is_integer() and abs(point) < NARROW:
        return x.node, Literal(int(point))
    return double(x), Literal(float(point))


def double(x: Term) -> Node:
    """The number as DOUBLE."""
    if isinstance(x.node, Literal) and isinstance(x.node.value, int | float):
        return Literal(float(x.node.value))
    return x.node if x.type == "number" else Cast(x.node, "DOUBLE")


def integer(x: Term, bound: float) -> Node:
    """The integer in the width that holds what is computed up to `bound`; true is 1."""
    return Cast(x.node, "BIGINT" if bound < NARROW else "HUGEINT")


def local_time(x: Term) -> Node:
    """The time, or the midnight a date begins with, as a naive TIMESTAMP."""
    return Cast(x.node, "TIMESTAMP") if x.type == "date" else x.node


def unified(terms: Sequence[Term]) -> tuple[list[Node], Term]:
    """The terms in one type, and an example of what comes of choosing among them."""
    types = {x.type for x in terms}
    first = terms[0].node
    if types <= {"integer", "number"} and "number" in types:
        return [double(x) for x in terms], Term(first, "number")
    if types == {"integer"}:
        bound = max(x.bound for x in terms)
        wide = any(x.bound > NARROW for x in terms)
        return [integer(x, NARROW if wide else 0) for x in terms], Term(first, "integer", bound)
    if types == {"date", "time"}:
        return [local_time(x) for x in terms], Term(first, "time")
    return [x.node for x in terms], Term(first, terms[0].type)


def _computed(bound: float) -> float:
    """The bound of a result: at 2^63 itself only values of columns fit in 64 bits, their negatives do not."""
    return math.nextafter(bound, math.inf) if bound == NARROW else bound


def _whole(*terms: Term) -> bool:
    return all(x.type in ("integer", "boolean") for x in terms)


def _condition(node: Node) -> Term:
    return Term(node, "boolean", 1)


def _constant(value: object) -> Term:
    match value:
        case bool():
            return Term(Literal(value), "boolean", 1)
        case int() if abs(value) < 2**126:
            return Term(Literal(value), "integer", abs(value))
        case int() | float():
            return Term(Literal(float(value)), "number")
        case str():
            return Term(text_literal(value), "text")
        case dt.datetime():
            return Term(Literal(value), "time")
        case dt.date():
            return Term(Literal(value), "date")
        case _:
            raise TypeError(f"not a constant of rows: {value!r}")


def _coalesce(_: Writer, *terms: Term) -> Term:
    nodes, like = unified(terms)
    return replace(like, node=call("coalesce", *nodes), instant=None)


def _of_double(function: str) -> Callable[[Writer, Term], Term]:
    return lambda writer, x: Term(writer.finite(call(function, double(x))), "number")


def _part(function: str, most: int) -> Callable[[Writer, Term], Term]:
    return lambda _, x: Term(call(function, local_time(x)), "integer", most)


def _geometric(writer: Writer, *terms: Term) -> Term:
    """Missing where one is 0 or below: its logarithm is."""
    positive = [writer.finite(when(Infix(">", (x, Literal(0.0))), call("ln", x)))
                for x in (writer.steps.bind(double(term)) for term in terms)]
    total = reduce(lambda a, b: Infix("+", (a, b)), positive)
    return Term(writer.finite(call("exp", Infix("/", (total, Literal(float(len(terms))))))), "number")


def _weighted(writer: Writer, *terms: Term) -> Term:
    """Of value, weight, value, weight …"""
    parts = [writer.multiply(value, weight) for value, weight in zip(terms[::2], terms[1::2], strict=True)]
    return writer.divide(reduce(writer.add, parts), reduce(writer.add, terms[1::2]))


def _text_test(function: str) -> Callable[[Writer, Term, Term], Term]:
    return lambda _, x, part: _condition(call(function, x.node, part.node))


_FUNCTIONS: Mapping[str, Callable[..., Term]] = {
    "+": Writer.add, "-": Writer.subtract, "*": Writer.multiply, "/": Writer.divide, "^": Writer.power,
    "negate": Writer.negate, "convert": Writer.multiply, "between": Writer.between,
    "and": lambda _, *terms: _condition(both(*(x.node for x in terms))),
    "or": lambda _, *terms: _condition(either(*(x.node for x in terms))),
    "not": lambda _, x: _condition(Not(x.node)),
    "is missing": lambda _, x: _condition(IsNull(x.node)),
    "is not missing": lambda _, x: _condition(Not(IsNull(x.node))),
    "contains": _text_test("contains"), "starts_with": _text_test("starts_with"),
    "matches": _text_test("regexp_matches"),
    "abs": Writer.absolute, "round": Writer.round,
    "ln": _of_double("ln"), "exp": _of_double("exp"), "sqrt": _of_double("sqrt"),
    "min": lambda writer, *terms: writer.extreme("least", terms),
    "max": lambda writer, *terms: writer.extreme("greatest", terms),
    "geomean": _geometric, "weighted_mean": _weighted,
    "clamp": Writer.clamp, "if": Writer.choose, "given": Writer.given, NEAR: Writer.near, "coalesce": _coalesce,
    "hour": _part("hour", 23), "weekday": _part("isodow", 7), "day": _part("day", 31), "month": _part("month", 12),
    "year": _part("year", 9999), "date": lambda _, x: Term(Cast(x.node, "DATE"), "date"),
}
