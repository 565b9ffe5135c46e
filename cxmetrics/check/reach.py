"""How far values can reach: the least and the greatest that a formula or a score may come to, from what is promised.

A share lies from 0 to 1, an NPS from −100 to 100, a mean of answers on their scale, and so on upwards.  What nothing
bounds reaches everything; a reach is never narrower than what can come out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import product
from typing import assert_never

from cxmetrics.composite_rules import Neutral, Rounding
from cxmetrics.functions import quantile_of
from cxmetrics.ir import Aggregate, Apply, Blend, Column, Constant, Expr, Indicator, Merged, Ref, Windowed
from cxmetrics.score_rules import (
    AmongPeers,
    Anchors,
    Bands,
    Goalposts,
    Lognormal,
    MinMax,
    Percentile,
    ScoreRule,
    ZScore,
)

Reach = tuple[float, float]  # both ends in it
EVERYTHING: Reach = (-math.inf, math.inf)
_NONE_BELOW: Reach = (0.0, math.inf)
_SLACK = 1e-9  # what sums of fractions may be beside the number that was meant, in parts of it
_AGGREGATES: Mapping[str, Reach] = {
    "count": _NONE_BELOW, "distinct": _NONE_BELOW, "stdev": _NONE_BELOW, "nps": (-100.0, 100.0),
    "alpha": (-math.inf, 1.0), "correlation": (-1.0, 1.0),
    **dict.fromkeys(("share", "top_box", "csat", "conversion", "straight_lining", "apdex"), (0.0, 1.0))}
_OF_ARGUMENT = frozenset(("mean", "min", "max", "first", "last", "ces", "median", "quantile"))


def within(value: float, reach: Reach) -> bool:
    """Whether a number that a person wrote lies in a reach."""
    low, high = reach
    return low - _SLACK * abs(low) <= value <= high + _SLACK * abs(high) if math.isfinite(low) and math.isfinite(high) \
        else low <= value <= high


def hull(reaches: Iterable[Reach]) -> Reach:
    """From the least to the greatest of several; of none, everything."""
    several = tuple(reaches)
    return (min(low for low, _ in several), max(high for _, high in several)) if several else EVERYTHING


def reach_of(expr: Expr | None, known: Mapping[str, Reach]) -> Reach:
    """How far a proved formula reaches; `known`: the indicators it refers to."""
    match expr:
        case Constant(int() | float() as value) if not isinstance(value, bool):
            return float(value), float(value)
        case Column(unit=unit) if unit.low is not None and unit.high is not None:
            return unit.low, unit.high
        case Ref(name):
            return known.get(name, EVERYTHING)
        case Aggregate():
            return _of_aggregate(expr)
        case Windowed(_, arg):
            return reach_of(arg, known)
        case Apply(function, args):
            return _of_function(function, args, known)
        case _:
            return EVERYTHING


def _of_aggregate(aggregate: Aggregate) -> Reach:
    name = aggregate.function
    if name in _AGGREGATES:
        return _AGGREGATES[name]
    if name == "sum":
        low, high = reach_of(aggregate.args[0], {})
        return (0.0 if low >= 0 else -math.inf), (0.0 if high <= 0 else math.inf)
    return reach_of(aggregate.args[0], {}) if name in _OF_ARGUMENT or quantile_of(name) is not None else EVERYTHING


def _of_function(function: str, args: tuple[Expr, ...], known: Mapping[str, Reach]) -> Reach:
    match function:
        case "+" | "-" | "*" | "/" | "ratio" | "convert":
            left, right = (reach_of(arg, known) for arg in args)
            return _combined(function, left, right)
        case "negate":
            low, high = reach_of(args[0], known)
            return -high, -low
        case "min" | "max" | "clamp":
            return _chosen(function, [reach_of(arg, known) for arg in args])
        case "if":
            return hull(reach_of(arg, known) for arg in args[1:])
        case "coalesce" | "geomean":
            return hull(reach_of(arg, known) for arg in args)
        case "weighted_mean":
            weights = hull(reach_of(arg, known) for arg in args[1::2])
            return hull(reach_of(arg, known) for arg in args[::2]) if weights[0] >= 0 else EVERYTHING
        case "abs":
            low, high = reach_of(args[0], known)
            return (0.0 if low <= 0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))
        case _:
            return EVERYTHING


def _combined(sign: str, left: Reach, right: Reach) -> Reach:
    (a, b), (c, d) = left, right
    match sign:
        case "+":
            return a + c, b + d
        case "-":
            return a - d, b - c
        case "*" | "convert":
            ends = [_times(one, other) for one, other in product(left, right)]
            return min(ends), max(ends)
        case _ if c > 0 or d < 0:
            return _combined("*", left, (1 / d, 1 / c))
        case _:  # a quotient by what may be near 0 has no ends, but a sign where both sides have one
            return _NONE_BELOW if a >= 0 and c >= 0 else EVERYTHING


def _times(one: float, other: float) -> float:
    """A product of ends: nothing of what has no end is nothing."""
    return 0.0 if one == 0 or other == 0 else one * other


def _chosen(function: str, reaches: list[Reach]) -> Reach:
    lows, highs = [low for low, _ in reaches], [high for _, high in reaches]
    match function:
        case "min":
            return min(lows), min(highs)
        case "max":
            return max(lows), max(highs)
        case _:  # `clamp`: what is between its limits
            return lows[1], highs[2]


def value_reach(made: Indicator, known: Mapping[str, Reach], earned: Mapping[str, Reach]) -> Reach:
    """How far the value of an indicator reaches; `earned`: what the indicators below give to their parents."""
    if not made.children:
        reach = reach_of(made.formula, known)
    elif isinstance(made.combine, Blend):
        reach = reach_of(made.combine.formula, earned)
    else:
        given = known if isinstance(made.combine, Merged) else earned
        neutral = [(made.missing.value, made.missing.value)] if isinstance(made.missing, Neutral) else []
        reach = hull((*(given.get(edge.child, EVERYTHING) for edge in made.combined), *neutral))
    return _rounded(reach, made.rounding)


def _rounded(reach: Reach, rounding: Rounding | None) -> Reach:
    if rounding is None:
        return reach
    return reach[0] - rounding.step, reach[1] + rounding.step


def points_reach(score: ScoreRule) -> Reach:
    """How far the points of a score reach."""
    match score:
        case Anchors(points):
            return min(earned for _, earned in points), max(earned for _, earned in points)
        case Bands(_, points):
            return min(points), max(points)
        case Goalposts(clip=False) | ZScore():
            return EVERYTHING
        case Goalposts() | MinMax() | Percentile() | AmongPeers():
            return score.low, score.high
        case Lognormal():
            return 0.0, 100.0
        case _:
            assert_never(score)
