"""Row expressions of the language as Polars expressions.

Integers are computed exactly: in 64 bits where their bounds say that this is enough, else in 128, and where
even that may not be enough an overflow is raised.  A result that is not finite is null.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import polars as pl

from cxmetrics.backends.needs import edges_of
from cxmetrics.ir import Aggregate, Apply, Column, ColumnType, Constant, Expr, Invalid, Ref, Windowed
from cxmetrics.nearness import LARGE, NEAR, splitter

NARROW = 2.0**63  # integers up to it (those of columns) are kept in 64 bits; what is computed stays below it
WIDE = 2.0**126
ROUND_PLACES = 308  # 10 to more than that is no float


@dataclass(frozen=True, slots=True)
class Term:
    """A row expression: what computes it, its type, a bound of |x| for integers, and for times the UTC, if known."""

    expr: pl.Expr
    type: ColumnType
    bound: float = math.inf
    instant: pl.Expr | None = None


Columns = Mapping[str, Term]


def term(expr: Expr, columns: Columns) -> Term:
    """The expression over the columns of the rows."""
    match expr:
        case Constant(value):
            return _constant(value)
        case Column(_, name):
            return columns[name]
        case Apply(function, args):
            return _apply(function, args, columns)
        case Ref() | Aggregate() | Windowed() | Invalid():
            raise TypeError(f"not an expression over the values of a row: {expr}")


def _apply(function: str, args: tuple[Expr, ...], columns: Columns) -> Term:
    if function == "in":
        return _among(term(args[0], columns), args[1])
    if function == "on_days":
        return _on_days(args[1], *(term(arg, columns) for arg in (args[0], *args[2:])))
    if function == "bands":
        return _bands(term(args[0], columns), *edges_of(args[1], args[2]))
    if function == "matches":
        return _matches(term(args[0], columns), args[1])
    if function == NEAR:
        return _near(term(args[0], columns), args[1])
    return _FUNCTIONS[function](*(term(arg, columns) for arg in args))


def _constant(value: object) -> Term:
    match value:
        case bool():
            return Term(pl.lit(value), "boolean")
        case int() if abs(value) < WIDE:
            return Term(pl.lit(value, pl.Int64 if abs(value) < NARROW else pl.Int128), "integer", abs(value))
        case int() | float():
            return Term(pl.lit(float(value), pl.Float64), "number")
        case str():
            return Term(pl.lit(value, pl.String), "text")
        case dt.datetime():
            return Term(pl.lit(value.replace(tzinfo=None), pl.Datetime("us")), "time")
        case dt.date():
            return Term(pl.lit(value, pl.Date), "date")
        case _:
            raise TypeError(f"not a constant of rows: {value!r}")


# --- numbers ---------------------------------------------------------------------------------------------------


def _float(x: Term) -> pl.Expr:
    return x.expr.cast(pl.Float64)


def finite(x: pl.Expr) -> pl.Expr:
    """Null where a float is not finite."""
    return pl.when(x.is_finite()).then(x)


def _number(x: pl.Expr) -> Term:
    return Term(finite(x), "number")


def _whole(*terms: Term) -> bool:
    return all(x.type in ("integer", "boolean") for x in terms)


def integer(x: Term, bound: float) -> pl.Expr:
    """The integer in the width that holds |values| up to `bound`."""
    return x.expr.cast(pl.Int64 if bound <= NARROW else pl.Int128)


def _computed(bound: float) -> float:
    """The bound of a result: at 2^63 itself only values of columns fit in 64 bits, their negatives do not."""
    return math.nextafter(bound, math.inf) if bound == NARROW else bound


def _exact(result: Callable[[pl.Expr, pl.Expr], pl.Expr], bound: float, left: Term, right: Term) -> Term:
    """`result` of two integers; where it may not fit in 128 bits, a cast that fails raises."""
    bound = _computed(bound)
    exact = result(integer(left, bound), integer(right, bound))
    if bound >= WIDE:
        about = result(_float(left), _float(right)) / 2.0**64
        exact = pl.when(about.cast(pl.Int64, strict=True).is_not_null()).then(exact)
    return Term(exact, "integer", bound)


def _add(left: Term, right: Term) -> Term:
    if _whole(left, right):
        return _exact(lambda a, b: a + b, left.bound + right.bound, left, right)
    return _number(_float(left) + _float(right))


def _subtract(left: Term, right: Term) -> Term:
    if left.type in ("time", "date"):
        return _seconds(left, right)
    if _whole(left, right):
        return _exact(lambda a, b: a - b, left.bound + right.bound, left, right)
    return _number(_float(left) - _float(right))


def _multiply(left: Term, right: Term) -> Term:
    if _whole(left, right):
        bound = 0.0 if 0 in (left.bound, right.bound) else left.bound * right.bound
        return _exact(lambda a, b: a * b, max(bound, left.bound, right.bound), left, right)
    return _number(_float(left) * _float(right))


def unsigned_zero(x: pl.Expr) -> pl.Expr:
    """The float, with 0.0 for -0.0 (Polars leaves out the addition of a zero)."""
    return pl.when(x == 0.0).then(pl.lit(0.0)).otherwise(x)


def quotient(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    """The quotient of finite floats to the last bit.

    Where all rows have one divisor Polars multiplies by its reciprocal, so the divisor is made a column.
    """
    return left / (right + left * 0.0)


def _divide(left: Term, right: Term) -> Term:
    return _number(quotient(_float(left), _float(right)))


def _power(left: Term, right: Term) -> Term:
    base = _float(left)
    return _number(base.pow(_float(right) + base * 0.0))  # of one exponent Polars may make products


def _round(x: Term, places: Term | None = None) -> Term:
    """Half up in decimals, as `statistics.rounding.half_up` does."""
    given = _float(x)
    decimals = pl.lit(0.0) if places is None else _float(places)
    size = decimals.abs().floor().clip(0, ROUND_PLACES) + given * 0.0
    power, coarse = pl.lit(10.0).pow(size), decimals < 0
    scaled = pl.when(coarse).then(given / power).otherwise(given * power).abs()
    noise = pl.min_horizontal(scaled * 5e-16, pl.lit(0.25))
    slack = pl.max_horizontal(pl.min_horizontal(scaled * 1e-9, pl.lit(1e-6)), noise)
    whole = (scaled + 0.5 + slack).floor()
    back = pl.when(coarse).then(whole * power).otherwise(whole / power)
    fits = back.is_finite() & (whole < 2.0**52)
    signed = pl.when(given < 0).then(-back).otherwise(back)
    present = pl.when(size.is_not_null()).then(given)
    return Term(unsigned_zero(pl.when(fits).then(signed).otherwise(present)), "number")


def _negate(x: Term) -> Term:
    bound = _computed(x.bound)
    return Term(pl.lit(0, pl.Int64) - integer(x, bound), "integer", bound) if _whole(x) else Term(-_float(x), "number")


def _abs(x: Term) -> Term:
    bound = _computed(x.bound)
    return Term(integer(x, bound).abs(), "integer", bound) if _whole(x) else Term(_float(x).abs(), "number")


def _of_float(function: Callable[[pl.Expr], pl.Expr]) -> Callable[[Term], Term]:
    return lambda x: _number(function(_float(x)))


def unified(terms: Sequence[Term]) -> tuple[list[pl.Expr], Term]:
    """The terms in one type, and an example of what comes of choosing among them."""
    types = {x.type for x in terms}
    if types <= {"integer", "number"} and "number" in types:
        return [_float(x) for x in terms], Term(terms[0].expr, "number")
    if types == {"integer"}:
        bound = max(x.bound for x in terms)
        return [integer(x, bound) for x in terms], Term(terms[0].expr, "integer", bound)
    if types == {"date", "time"}:
        return [_local(x) for x in terms], Term(terms[0].expr, "time")
    return [x.expr for x in terms], Term(terms[0].expr, terms[0].type)


def _extreme(horizontal: Callable[..., pl.Expr]) -> Callable[..., Term]:
    def of(*terms: Term) -> Term:
        exprs, like = unified(terms)
        present = pl.all_horizontal([x.is_not_null() for x in exprs])
        return replace(like, expr=pl.when(present).then(horizontal(*exprs)))
    return of


_least, _greatest = _extreme(pl.min_horizontal), _extreme(pl.max_horizontal)


def _clamp(x: Term, low: Term, high: Term) -> Term:
    return _least(_greatest(x, low), high)


def _if(condition: Term, yes: Term, no: Term) -> Term:
    """One of two terms; missing where it is unknown which."""
    (a, b), like = unified((yes, no))
    instant = None
    if yes.instant is not None and no.instant is not None:
        instant = _either(condition.expr, yes.instant, no.instant)
    return replace(like, expr=_either(condition.expr, a, b), instant=instant)


def _either(held: pl.Expr, yes: pl.Expr, no: pl.Expr) -> pl.Expr:
    return pl.when(held).then(yes).when(~held).then(no)


def _coalesce(*terms: Term) -> Term:
    exprs, like = unified(terms)
    return replace(like, expr=pl.coalesce(exprs))


def _geometric(*terms: Term) -> Term:
    """Missing where one is 0 or below: its logarithm is."""
    positive = [finite(pl.when(_float(x) > 0).then(_float(x).log())) for x in terms]
    return _number((quotient(reduce(lambda a, b: a + b, positive), pl.lit(float(len(terms))))).exp())


def _weighted(*terms: Term) -> Term:
    """Of value, weight, value, weight …"""
    parts = [_multiply(value, weight) for value, weight in zip(terms[::2], terms[1::2], strict=True)]
    return _divide(reduce(_add, parts), reduce(_add, terms[1::2]))


# --- times -----------------------------------------------------------------------------------------------------


def _local(x: Term) -> pl.Expr:
    return x.expr.cast(pl.Datetime("us"))


def _microseconds(left: Term, right: Term) -> pl.Expr:
    """From `right` to `left`: between instants where both are known, else between local times."""
    local = (_local(left) - _local(right)).dt.total_microseconds()
    if left.instant is None or right.instant is None:
        return local
    return (left.instant - right.instant).dt.total_microseconds().fill_null(local)


def _seconds(left: Term, right: Term) -> Term:
    return Term(quotient(_microseconds(left, right).cast(pl.Float64), pl.lit(1e6)), "number")


def _part(take: Callable[[pl.Expr], pl.Expr], most: int) -> Callable[[Term], Term]:
    return lambda x: Term(take(_local(x)).cast(pl.Int64), "integer", most)


def _on_days(listed: Expr, day: Term, low: Term, high: Term) -> Term:
    """Whether a day is listed; null where nothing is known of it, before `low` and after `high`."""
    assert isinstance(listed, Constant)
    assert isinstance(listed.value, tuple)
    days = pl.Series(list(listed.value), dtype=pl.Date)
    return _condition(pl.when(_between(day, low, high).expr).then(day.expr.is_in(days.implode())))


# --- conditions ------------------------------------------------------------------------------------------------


def _condition(expr: pl.Expr) -> Term:
    return Term(expr, "boolean", 1)


def _compare(test: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> Callable[[Term, Term], Term]:
    def of(left: Term, right: Term) -> Term:
        if "time" in (left.type, right.type):
            return _condition(test(_microseconds(left, right), pl.lit(0, pl.Int64)))
        (a, b), _ = unified((left, right))
        return _condition(test(a, b))
    return of


_at_least, _at_most = _compare(lambda a, b: a >= b), _compare(lambda a, b: a <= b)


def _between(x: Term, low: Term, high: Term) -> Term:
    return _condition(_at_least(x, low).expr & _at_most(x, high).expr)


def _among(x: Term, choices: Expr) -> Term:
    assert isinstance(choices, Constant)
    values = choices.value if isinstance(choices.value, tuple) else (choices.value,)
    if x.type in ("integer", "number"):
        series = pl.Series([float(v) for v in values if isinstance(v, int | float)], dtype=pl.Float64)
        if x.type == "integer" and all(isinstance(v, int) and abs(v) < NARROW for v in values):
            exact = pl.Series(list(values), dtype=pl.Int64)
            return _condition(x.expr.is_in((exact.cast(pl.Int128) if x.bound > NARROW else exact).implode()))
        return _condition(_float(x).is_in(series.implode()))
    if x.type == "time":
        is_one = [_compare(lambda a, b: a == b)(x, _constant(value)).expr for value in values]
        return _condition(reduce(lambda a, b: a | b, is_one))
    return _condition(x.expr.is_in(list(values)))


def _matches(x: Term, pattern: Expr) -> Term:
    assert isinstance(pattern, Constant)
    assert isinstance(pattern.value, str)
    return _condition(x.expr.str.contains(in_ascii(pattern.value)))


def comparable(x: Term, point: float) -> tuple[pl.Expr, pl.Expr]:
    """A number and what it is compared with, in one type."""
    if x.type == "integer" and float(point).is_integer() and abs(point) < NARROW:
        return x.expr, pl.lit(int(point), pl.Int64)
    return _float(x), pl.lit(point, pl.Float64)


def _bands(x: Term, edges: tuple[float, ...], labels: tuple[str, ...]) -> Term:
    """The label of the stretch that a value lies in; missing where there is none."""
    label = pl.lit(labels[-1])
    for edge, name in reversed([*zip(edges, labels, strict=False)]):
        value, at = comparable(x, edge)
        label = pl.when(value < at).then(pl.lit(name)).otherwise(label)
    return Term(pl.when(x.expr.is_not_null()).then(label), "text")


def _near(x: Term, digits: Expr) -> Term:
    """The number to so many binary digits, see `nearness`."""
    assert isinstance(digits, Constant)
    assert isinstance(digits.value, int)
    given = _float(x)
    wide = given * splitter(digits.value)
    return Term(pl.when(given.abs() >= LARGE).then(given).otherwise(wide - (wide - given)), "number")


def _given(x: Term, *columns: Term) -> Term:
    """The value, where all the columns have one."""
    present = pl.all_horizontal([column.expr.is_not_null() for column in columns])
    instant = None if x.instant is None else pl.when(present).then(x.instant)
    return replace(x, expr=pl.when(present).then(x.expr), instant=instant)


def in_ascii(pattern: str) -> str:
    r"""The pattern with `\d`, `\w`, `\s` and `\b` of ASCII, as RE2 has them; a class may stand in a class."""
    return re.sub(r"\\(.)", lambda found: _ASCII.get(found[1], found[0]), pattern, flags=re.DOTALL)


_ASCII = {"d": "[0-9]", "D": "[^0-9]", "w": "[0-9A-Za-z_]", "W": "[^0-9A-Za-z_]", "s": r"[\t\n\f\r ]",
          "S": r"[^\t\n\f\r ]", "b": r"(?-u:\b)", "B": r"(?-u:\B)"}


_FUNCTIONS: Mapping[str, Callable[..., Term]] = {
    "+": _add, "-": _subtract, "*": _multiply, "/": _divide, "^": _power, "negate": _negate, "convert": _multiply,
    "=": _compare(lambda a, b: a == b), "!=": _compare(lambda a, b: a != b),
    "<": _compare(lambda a, b: a < b), "<=": _at_most, ">": _compare(lambda a, b: a > b), ">=": _at_least,
    "between": _between,
    "and": lambda *terms: _condition(reduce(lambda a, b: a & b, [x.expr for x in terms])),
    "or": lambda *terms: _condition(reduce(lambda a, b: a | b, [x.expr for x in terms])),
    "not": lambda x: _condition(~x.expr),
    "is missing": lambda x: _condition(x.expr.is_null()),
    "is not missing": lambda x: _condition(x.expr.is_not_null()),
    "contains": lambda x, part: _condition(x.expr.str.contains(part.expr, literal=True)),
    "starts_with": lambda x, part: _condition(x.expr.str.starts_with(part.expr)),
    "abs": _abs, "round": _round, "ln": _of_float(lambda x: x.log()), "exp": _of_float(lambda x: x.exp()),
    "sqrt": _of_float(lambda x: x.sqrt()),
    "geomean": _geometric, "weighted_mean": _weighted,
    "min": _least, "max": _greatest, "clamp": _clamp, "if": _if, "coalesce": _coalesce,
    "hour": _part(lambda x: x.dt.hour(), 23), "weekday": _part(lambda x: x.dt.weekday(), 7),
    "day": _part(lambda x: x.dt.day(), 31), "month": _part(lambda x: x.dt.month(), 12),
    "year": _part(lambda x: x.dt.year(), 9999), "date": lambda x: Term(x.expr.cast(pl.Date), "date"),
    "given": _given,
}
