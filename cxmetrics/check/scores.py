"""Scores: from what is written to a rule, and the direction that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import assert_never, cast

from cxmetrics.check.rules import MANY, NOWHERE, Known, Rule, fits, is_as_written, literal, miswritten, read_rule
from cxmetrics.codes import pyramid as codes
from cxmetrics.diagnostics import report
from cxmetrics.ir import Indicator
from cxmetrics.load.scalars import Found, plain_number, word
from cxmetrics.resolve import Outline
from cxmetrics.score_rules import (
    AmongPeers,
    Anchors,
    Bands,
    Direction,
    Goalposts,
    Lognormal,
    MinMax,
    Percentile,
    ScoreRule,
    ZScore,
)
from cxmetrics.source import Key, Located, Span
from cxmetrics.syntax import Items, Name, Number, Range, Truth
from cxmetrics.units import NUMBER, UNKNOWN, Unit

_MOST = 10_000  # rules that are kept in mind


def read_anchors(written: Mapping[Key, Located], span: Span, unit: Unit, found: Found) -> Anchors | None:
    """`{0: 8 s, 60: 3 s, 100: 1 s}` as (value, points), by value."""
    points: list[tuple[float, float]] = []
    for key, at in written.items():
        value = literal(at, unit, found)
        earned = plain_number(key)
        if earned is None:
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
    "minmax": (0, ("across", "to")), "zscore": (0, ("across",)), "percentile": (0, ("across", "among", "to")),
    "goalposts": (2, ("to", "log", "clip")), "lognormal": (0, ("median", "p10")), "bands": (MANY, ("to",))}


def read_score(written: Located, unit: Unit, dimensions: Mapping[str, object], found: Found) -> ScoreRule | None:
    """A score function."""
    rule = read_rule(written, "score", _SCORES, found)
    if rule is None:
        return None
    if rule.name == "bands":
        return _bands(rule, unit, found)
    low, high = _target_range(rule, found)
    if rule.name == "goalposts":
        return _goalposts(rule, unit, (low, high), found)
    if rule.name == "lognormal":
        return _lognormal(rule, unit, found)
    if "among" in rule.options:
        return _among(rule, low, high, found)
    across = rule.options.get("across")
    if not isinstance(across, Name) or across.value not in dimensions:
        name = across.value if isinstance(across, Name) else "…"
        found.append(report(codes.ACROSS_UNKNOWN, across.span if across else rule.span, dimension=name))
        return None
    if rule.name == "zscore":
        return ZScore(across.value)
    return Percentile(across.value, low, high) if rule.name == "percentile" else MinMax(across.value, low, high)


def _goalposts(rule: Rule, unit: Unit, to: tuple[float, float], found: Found) -> Goalposts | None:
    worst, best = (literal(value, unit, found) for value in rule.values)
    log, clip = _truth(rule, "log", found, otherwise=False), _truth(rule, "clip", found, otherwise=True)
    if worst is None or best is None or not fits(rule, "worst != best", found, holds=worst != best):
        return None
    if log and not fits(rule, "worst > 0, best > 0", found, holds=worst > 0 and best > 0):
        return None
    return Goalposts(worst, best, *to, log, clip)


def _truth(rule: Rule, option: str, found: Found, *, otherwise: bool) -> bool:
    written = rule.options.get(option)
    if written is None or isinstance(written, Truth):
        return otherwise if written is None else written.value
    miswritten(rule.name, written.span, found, len(rule.values), f"{option} = true")
    return otherwise


def _bands(rule: Rule, unit: Unit, found: Found) -> Bands | None:
    """`bands(1 s, 3 s, to = [100, 60, 0])`: one more number of points than edges, all in one direction."""
    to = rule.options.get("to")
    edges = [literal(value, unit, found) for value in rule.values]
    points = [literal(item, NUMBER, found) for item in to.items] if isinstance(to, Items) else []
    if any(edge is None for edge in edges) or any(earned is None for earned in points):
        return None
    at, gives = tuple(map(_known, edges)), tuple(map(_known, points))
    if not fits(rule, "count(to) = count(edges) + 1", found, holds=len(gives) == len(at) + 1) \
            or not fits(rule, "e1 < e2 < …", found, holds=all(low < high for low, high in pairwise(at))):
        return None
    steps = [later - earlier for earlier, later in pairwise(gives)]
    one_way = all(step >= 0 for step in steps) or all(step <= 0 for step in steps)
    if not one_way or not any(steps):
        found.append(report(codes.ANCHORS_NOT_MONOTONE, to.span if to else rule.span))
        return None
    return Bands(at, gives)


def _known(value: float | None) -> float:
    if value is None:
        raise AssertionError
    return value


def _among(rule: Rule, low: float, high: float, found: Found) -> AmongPeers | None:
    among = rule.options["among"]
    if isinstance(among, Name) and among.value == "peers" and "across" not in rule.options:
        return AmongPeers(low, high)
    miswritten(rule.name, among.span, found, 0, "among = peers, across = branch")
    return None


def _lognormal(rule: Rule, unit: Unit, found: Found) -> Lognormal | None:
    if set(rule.options) != {"median", "p10"}:
        miswritten(rule.name, rule.span, found, 0, "median, p10")
        return None
    median, p10 = (literal(rule.options[name], unit, found) for name in ("median", "p10"))
    if median is None or p10 is None or not fits(rule, "0 < p10 < median", found, holds=0 < p10 < median):
        return None
    return Lognormal(median, p10)


def _target_range(rule: Rule, found: Found) -> tuple[float, float]:
    written = rule.options.get("to")
    if written is None:
        return 0.0, 100.0
    if isinstance(written, Range) and isinstance(written.low, Number) and isinstance(written.high, Number) \
            and written.low.value < written.high.value:
        return float(written.low.value), float(written.high.value)
    miswritten(rule.name, written.span, found, len(rule.values), "to = 0..100")
    return 0.0, 100.0


def earns(indicator: Indicator) -> Unit:
    """The unit of what an indicator gives to its parents: of its score if it has a rule, else of its value."""
    match indicator.score:
        case None:
            return indicator.unit
        case ZScore():
            return NUMBER
        case _:
            return Unit("score")


def score_of(outline: Outline, unit: Unit, dimensions: Mapping[str, object], found: Found) -> ScoreRule | None:
    """The score rule of an indicator whose value has a unit.

    Where that is not known, as the formula is wrong, nothing says whether 2 s is more than 500 ms.
    """
    told: Found = []
    rule = _score(outline, unit, dimensions, told)
    found += [one for one in told if unit != UNKNOWN or one.code not in _BY_VALUE]
    return rule


_BY_VALUE = (codes.ANCHORS_NOT_MONOTONE, codes.RULE_VALUES)


def _score(outline: Outline, unit: Unit, dimensions: Mapping[str, object], found: Found) -> ScoreRule | None:
    written = outline.draft.score
    if written is None:
        return None
    if isinstance(written, Located):
        known = _known_score(written.value, unit) if is_as_written(written) else None
        return known or read_score(written, unit, dimensions, found)
    if all(map(is_as_written, written.values())):
        anchors = _known_anchors(tuple([(str(key), at.value) for key, at in written.items()]), unit)
        if anchors is not None:
            return anchors
    return read_anchors(written, next(iter(written)).span if written else outline.span, unit, found)


# Rules nothing is wrong with, by their text: thousands of indicators are scored by few of them.  None: to be read.


@lru_cache(maxsize=_MOST)
def _known_score(text: str, unit: Unit) -> ScoreRule | None:
    found: Found = []
    rule = read_score(Located(text, NOWHERE, 0, len(text)), unit, {}, found)  # what asks for a dimension is not known
    return None if found else rule


@lru_cache(maxsize=_MOST)
def _known_anchors(points: tuple[tuple[str, str], ...], unit: Unit) -> Anchors | None:
    found: Found = []
    written = {Key(earned): Located(at, NOWHERE, 0, len(at)) for earned, at in points}
    anchors = read_anchors(written, NOWHERE.whole, unit, found)
    return None if found else anchors


def direction_of(outline: Outline, score: ScoreRule | None, found: Found) -> Direction:
    """Which way is good: what is declared, unless the score says so itself."""
    declared = outline.draft.direction
    chosen = cast("Direction", word(declared, "direction", ("up", "down"), "up", found))
    match score:
        case Anchors(points):
            rises = points[-1][1] > points[0][1]
        case Bands(_, points):
            rises = points[-1] > points[0]
        case Goalposts(worst, best):
            rises = best > worst
        case Lognormal():
            rises = False
        case MinMax() | ZScore() | Percentile() | AmongPeers() | None:
            return chosen
        case _:
            assert_never(score)
    follows: Direction = "up" if rises else "down"
    if declared is not None and chosen != follows:
        found.append(report(codes.DIRECTION_CONTRADICTS, declared.span, direction=declared.value))
    return follows


