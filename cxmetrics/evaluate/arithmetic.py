"""Formulas over numbers: operators and functions at many points at once.

A missing number is NaN, and what is computed from it is missing, but for `coalesce`, `if`, `and`, `or` and
`is missing`.  Division by zero, logarithms of zero and below and overflow are missing, never an error and
never infinite.  Conditions are 1 and 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import assert_never

import numpy as np

from cxmetrics.ir import Constant, Ref
from cxmetrics.plan import LeafValue, Operation, Series, Value
from cxmetrics.statistics.among import SUMMARIES
from cxmetrics.statistics.arrays import Array, Flags, floats, quiet
from cxmetrics.statistics.rounding import half_up

UNBOUND = np.inf  # the n of what rests on no rows: a constant


@dataclass(frozen=True, slots=True)
class Figure:
    """A number [points] and the rows behind it [2, points]: how many, and how many without weights would tell as much.

    `n` is UNBOUND for constants, and for a count or sum of no rows, which is evidence all the same.
    """

    value: Array
    n: Array


@dataclass(frozen=True, slots=True)
class Known:
    """What a formula may refer to: `leaf` by index into `Plan.leaves`, `indicator` by id, and dated numbers."""

    leaf: Callable[[int], Figure]
    indicator: Callable[[str], Figure]
    series: Callable[[Series], Array]
    points: int


def compute(value: Value, known: Known) -> Figure:
    """The value of a formula at all points."""
    match value:
        case Constant(number):
            return _constant(number, known.points)
        case Ref(indicator):
            return known.indicator(indicator)
        case LeafValue(leaf):
            return known.leaf(leaf)
        case Series():
            return Figure(known.series(value), np.full((2, known.points), UNBOUND))
        case Operation("in", (first, Constant(tuple() as listed))):
            given = compute(first, known)
            return Figure(_where(np.isin(given.value, np.asarray(listed, np.float64)), given.value), given.n)
        case Operation(function, args):
            return _operate(function, [compute(arg, known) for arg in args])
        case _:
            assert_never(value)


def _constant(number: object, points: int) -> Figure:
    if not isinstance(number, int | float):
        raise TypeError(f"{number!r} is no number")
    return Figure(np.full(points, float(number)), np.full((2, points), UNBOUND))


@quiet
def _operate(function: str, args: Sequence[Figure]) -> Figure:
    values = [arg.value for arg in args]
    n = [arg.n for arg in args]
    if function in _STRICT:
        missing = np.logical_or.reduce([np.isnan(v) for v in values])
        found = _STRICT[function](values)
        result = np.where(missing | ~np.isfinite(found), np.nan, found)
        return Figure(result, _larger(n) if function in ("/", "ratio") else reduce(np.minimum, n))
    # What is missing and yet leaves a result does not make that result poor in evidence.
    n = [np.where(np.isnan(arg.value), UNBOUND, arg.n) for arg in args]
    match function:
        case "if":
            chosen, unknown = values[0] == 1, np.isnan(values[0])
            taken = np.where(chosen, args[1].n, args[2].n)
            value = np.where(unknown, np.nan, np.where(chosen, values[1], values[2]))
            return Figure(value, np.where(unknown, args[0].n, np.minimum(n[0], taken)))
        case "coalesce":
            return reduce(_first_present, args)
        case "peers.median" | "peers.mean" | "peers.min" | "peers.max":
            return Figure(SUMMARIES[function](np.stack(values)), reduce(np.minimum, n))
        case "is missing" | "is not missing":
            absent = np.isnan(values[0])
            return Figure(floats(absent if function == "is missing" else ~absent), n[0])
        case "and" | "or":
            return Figure(reduce(_CONNECTIVES[function], values), reduce(np.minimum, n))
        case _:
            raise AssertionError(function)


def _first_present(left: Figure, right: Figure) -> Figure:
    absent = np.isnan(left.value)
    return Figure(np.where(absent, right.value, left.value), np.where(absent, right.n, left.n))


def _larger(n: Sequence[Array]) -> Array:
    """The larger n of both sides of a quotient; a side that rests on no rows does not count."""
    bound = reduce(np.maximum, [np.where(np.isinf(side), -1.0, side) for side in n])
    return np.where(bound < 0, UNBOUND, bound)


def _where(holds: Flags, *given: Array) -> Array:
    missing = np.logical_or.reduce([np.isnan(value) for value in given])
    return np.where(missing, np.nan, holds.astype(np.float64))


def _and(a: Array, b: Array) -> Array:
    return np.where((a == 0) | (b == 0), 0.0, np.where(np.isnan(a) | np.isnan(b), np.nan, 1.0))


def _or(a: Array, b: Array) -> Array:
    return 1 - _and(1 - a, 1 - b)


def _sum(terms: Sequence[Array]) -> Array:
    return reduce(np.add, terms)


def _geometric(values: Sequence[Array]) -> Array:
    return np.exp(_sum([np.log(np.where(v > 0, v, np.nan)) for v in values]) / len(values))


def _weighted(values: Sequence[Array]) -> Array:
    weights = values[1::2]
    return _sum([v * w for v, w in zip(values[::2], weights, strict=True)]) / _sum(weights)


def _round(values: Sequence[Array]) -> Array:
    places = values[1] if len(values) > 1 else np.zeros(values[0].shape)
    result = np.full(values[0].shape, np.nan)
    for decimals in np.unique(places[np.isfinite(places)]):
        chosen = places == decimals
        result[chosen] = half_up(values[0][chosen], int(decimals))
    return result


_CONNECTIVES: Mapping[str, Callable[[Array, Array], Array]] = {"and": _and, "or": _or}
_STRICT: Mapping[str, Callable[[Sequence[Array]], Array]] = {
    "+": _sum,
    "-": lambda v: v[0] - v[1],
    "*": lambda v: reduce(np.multiply, v),
    "/": lambda v: v[0] / v[1],
    "ratio": lambda v: v[0] / v[1],
    "^": lambda v: np.float_power(v[0], v[1]),
    "convert": lambda v: v[0] * v[1],
    "negate": lambda v: -v[0],
    "min": lambda v: reduce(np.minimum, v),
    "max": lambda v: reduce(np.maximum, v),
    "abs": lambda v: np.abs(v[0]),
    "ln": lambda v: np.log(v[0]),
    "exp": lambda v: np.exp(v[0]),
    "sqrt": lambda v: np.sqrt(v[0]),
    "clamp": lambda v: np.minimum(np.maximum(v[0], v[1]), v[2]),
    "geomean": _geometric,
    "weighted_mean": _weighted,
    "round": _round,
    "=": lambda v: floats(v[0] == v[1]),
    "!=": lambda v: floats(v[0] != v[1]),
    "<": lambda v: floats(v[0] < v[1]),
    "<=": lambda v: floats(v[0] <= v[1]),
    ">": lambda v: floats(v[0] > v[1]),
    ">=": lambda v: floats(v[0] >= v[1]),
    "not": lambda v: 1 - v[0],
    "between": lambda v: floats((v[1] <= v[0]) & (v[0] <= v[2])),
}
