"""What may be meant, and most likely is not: levels upside down, means that zero breaks, scores never shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cxmetrics.codes import pyramid as codes
from cxmetrics.codes import units as unit_codes
from cxmetrics.composite_rules import Neutral, PowerMean
from cxmetrics.diagnostics import Diagnostic, report
from cxmetrics.ir import Combine, Indicator, Pyramid
from cxmetrics.load.scalars import Found
from cxmetrics.resolve import Resolved
from cxmetrics.score_rules import (
    AmongPeers,
    Anchors,
    Bands,
    Goalposts,
    Lognormal,
    MinMax,
    Percentile,
    Pooled,
    ScoreRule,
    ZScore,
)
from cxmetrics.source import Located
from cxmetrics.units import of_each

LEVELS = ("north_star", "journey", "touchpoint", "factor")


def levels(indicators: Mapping[str, Indicator], resolved: Resolved, found: Found) -> None:
    """Higher levels under lower ones, and weights that are a share of nothing."""
    for name, indicator in indicators.items():
        for edge in dict.fromkeys(edge for one in indicator.eras for edge in one.children):
            child = indicators.get(edge.child)
            if child is None or indicator.level not in LEVELS or child.level not in LEVELS:
                continue
            if LEVELS.index(child.level) < LEVELS.index(indicator.level):
                found.append(report(codes.LEVEL_ORDER, edge.span, child=edge.child, child_level=child.level,
                                    parent=name, parent_level=indicator.level))
    used = {child.id for outline in resolved.outlines.values()
            for one in (outline, *(version for _, version in outline.versions)) for child in one.children}
    used |= resolved.elsewhere.children
    for name, outline in resolved.outlines.items():
        if outline.draft.weight is not None and name not in used:
            found.append(report(codes.WEIGHT_WITHOUT_PARENT, outline.draft.weight.span, id=name))


def directions(indicators: Mapping[str, Indicator], resolved: Resolved) -> Iterator[Diagnostic]:
    """Durations that are compared with something, of which nothing says that less is good."""
    for name, outline in resolved.outlines.items():
        indicator, draft = indicators[name], outline.draft
        if draft.direction is not None or not of_each(indicator.unit).is_duration:
            continue
        scored = any(isinstance(era.score, Pooled | AmongPeers) for era in indicator.eras)
        held = draft.target if indicator.target is not None else draft.benchmark
        place = draft.score if scored else held if draft.score is None else None
        if place:
            span = place.span if isinstance(place, Located) else outline.span
            yield report(unit_codes.DIRECTION_OPEN, span, indicator=name, unit=indicator.unit)


def floors(indicators: Mapping[str, Indicator]) -> Iterator[Diagnostic]:
    """Geometric and harmonic means over scores that can be 0 are missing as soon as one is."""
    for indicator in indicators.values():
        breaking = next((era for era in indicator.eras if _may_break(era, indicators)), None)
        if breaking is not None:
            yield report(codes.GEOMETRIC_FLOOR, indicator.span, parent=indicator.id, rule=breaking.combine)


def _may_break(indicator: Indicator, indicators: Mapping[str, Indicator]) -> bool:
    """Whether an indicator is a mean that has no zeros, over what can be zero."""
    if not _refuses_zero(indicator.combine):
        return False
    children = [indicators[edge.child] for edge in indicator.combined if edge.child in indicators]
    neutral = isinstance(indicator.missing, Neutral) and indicator.missing.value <= 0
    reached = any(_reaches_zero(era.score) for child in children for era in child.eras)
    return neutral or reached


def _refuses_zero(rule: Combine) -> bool:
    return rule in ("geometric", "harmonic") or (isinstance(rule, PowerMean) and rule.exponent <= 0)


def _reaches_zero(score: ScoreRule | None) -> bool:
    match score:
        case Anchors(points):
            return any(earned <= 0 for _, earned in points)
        case Bands(_, points):
            return min(points) <= 0
        case Goalposts(clip=False):
            return True
        case MinMax() | Percentile() | Goalposts() | AmongPeers():
            return score.low <= 0
        case ZScore():
            return True
        case Lognormal() | None:
            return False


def uncut_scores(pyramid: Pyramid) -> Iterator[Diagnostic]:
    """Scores across a dimension that no cut has would always be missing."""
    cut = {name for one in pyramid.project.cuts for name in one}
    for indicator in pyramid.indicators.values():
        across = dict.fromkeys(era.score.across for era in indicator.eras if isinstance(era.score, Pooled))
        for name in across:
            if name not in cut and not any(name in one for one in indicator.cuts or ()):
                yield report(codes.CUT_NOT_DECLARED, indicator.span, dimension=name)
