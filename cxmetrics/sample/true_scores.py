"""The true scores of the retail bank's composites: what its library makes of the true values of the factors.

Worked out without the engine: a straight line between anchors, and a weighted mean at each step up to the top.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cxmetrics.ir import Indicator, Pyramid
from cxmetrics.score_rules import Anchors
from cxmetrics.units import conversion, duration

Values = Mapping[str, float]
_SECOND = duration("s")
_ENOUGH = 0.5  # of the weight: the rule of the language where a composite says nothing else


def true_scores(pyramid: Pyramid, true: Mapping[str, Mapping[str, Values]]) -> dict[str, dict[str, dict[str, float]]]:
    """By composite, month and place, the points that it has if each factor has its true value.

    `true` are these, by factor, month and place, durations in seconds.  Weighted means of scores by anchors are
    understood, which is all that the library asks for.
    """
    cells = {(month, place) for months in true.values() for month, places in months.items() for place in places}
    found: dict[str, dict[str, dict[str, float]]] = {}
    for month, place in sorted(cells):
        values = {name: months[month][place] for name, months in true.items() if place in months.get(month, {})}
        points: dict[str, float | None] = {}
        for name, indicator in pyramid.indicators.items():
            score = _points(pyramid, name, values, points)
            if indicator.children and score is not None:
                found.setdefault(name, {}).setdefault(month, {})[place] = score
    return found


def _points(pyramid: Pyramid, name: str, values: Values, known: dict[str, float | None]) -> float | None:
    """What an indicator gives to those above it in one cell; `known` keeps what was worked out."""
    if name not in known:
        indicator = pyramid.indicators[name]
        known[name] = (_mean(pyramid, indicator, values, known) if indicator.children
                       else _score(indicator, values.get(name)))
    return known[name]


def _mean(pyramid: Pyramid, composite: Indicator, values: Values, known: dict[str, float | None]) -> float | None:
    parts = [(edge.weight, _points(pyramid, edge.child, values, known)) for edge in composite.children]
    there = [(weight, points) for weight, points in parts if points is not None]
    weight = sum(part for part, _ in there)
    if not there or weight < _ENOUGH * sum(part for part, _ in parts):
        return None
    return sum(part * points for part, points in there) / weight


def _score(factor: Indicator, value: float | None) -> float | None:
    if value is None or not isinstance(factor.score, Anchors):
        return None
    size = conversion(_SECOND, factor.unit) if factor.unit.is_duration else 1.0
    at, points = zip(*factor.score.points, strict=True)
    return float(np.interp(value * size, at, points))
