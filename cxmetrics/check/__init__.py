"""The proved pyramid: units, weights, scores and rules of every indicator, from the leaves up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import assert_never, cast

from cxmetrics.check.matching import Proof
from cxmetrics.check.prove import prove, prove_origin
from cxmetrics.check.rules import (
    earns,
    literal,
    read_anchors,
    read_combine,
    read_missing,
    read_require,
    read_rounding,
    read_score,
)
from cxmetrics.codes import pyramid as codes
from cxmetrics.codes import units as unit_codes
from cxmetrics.diagnostics import Diagnostic, Label, Phrase, report
from cxmetrics.ir import (
    GRAINS,
    Anchors,
    Apply,
    ColumnSpec,
    Combine,
    Constant,
    Direction,
    Edge,
    Expr,
    Goalposts,
    Indicator,
    Invalid,
    Lognormal,
    MinMax,
    Neutral,
    Percentile,
    Pooled,
    PowerMean,
    Pyramid,
    ScoreRule,
    ZScore,
)
from cxmetrics.load.scalars import Found, number, titles, whole, word, words
from cxmetrics.resolve import Child, Outline, Resolved, resolve_cuts
from cxmetrics.resolve.expand import formula_text
from cxmetrics.source import Located
from cxmetrics.units import NUMBER, SCORE, UNKNOWN, Unit, comparable, conversion, read_unit

LEVELS = ("north_star", "journey", "touchpoint", "factor")
_UNITS_OF_BOTH = Phrase("this child is {other}", "这个下级是 {other}")


def check(resolved: Resolved) -> tuple[Pyramid, tuple[Diagnostic, ...]]:
    """Every indicator proved, or what is wrong with it."""
    found: Found = []
    columns: dict[str, dict[str, ColumnSpec]] = {
        name: dict(origin.columns) for name, origin in resolved.sources.items()}
    sources = {name: prove_origin(origin, columns, found) for name, origin in resolved.sources.items()}
    indicators: dict[str, Indicator] = {}
    units: dict[str, Unit] = {}
    proof = Proof(columns, units, found)
    for name, outline in resolved.outlines.items():
        indicators[name] = _indicator(outline, indicators, resolved, proof)
        units[name] = indicators[name].unit
    _warn_about_levels(indicators, resolved, found)
    found += _floors(indicators)
    pyramid = Pyramid(resolved.project, sources, resolved.dimensions, indicators)
    found += _uncut_scores(pyramid)
    return pyramid, tuple(found)


def _indicator(outline: Outline, below: Mapping[str, Indicator], resolved: Resolved, proof: Proof) -> Indicator:
    draft, found = outline.draft, proof.found
    formula, unit = _formula(outline, proof)
    edges = tuple(_edges(outline, found))
    if outline.children:
        unit = _composite_unit(outline, below, resolved.outlines, found)
    score = _score(outline, unit, resolved.dimensions, found)
    direction = _direction(outline, score, found)
    target = None if draft.target is None else literal(draft.target, unit, found, codes.TARGET_UNIT)
    asked = {word(grain, "grains", GRAINS, "", found) for grain in draft.grains or ()}
    grains = tuple(grain for grain in GRAINS if grain in asked) or None
    return Indicator(
        outline.id, draft.level.value if draft.level else None, titles(draft.title), unit, direction, formula, edges,
        read_combine(draft.combine, found), read_missing(draft.missing, unit, found), score, target,
        read_rounding(draft.rounding, found), read_rounding(draft.display, found),
        None if draft.min_n is None else whole(draft.min_n, "min_n", 0, found),
        None if draft.cuts is None else resolve_cuts(draft.cuts, resolved.dimensions, found), grains,
        titles(draft.description), draft.owner.value if draft.owner else None, words(draft.tags), outline.span,
        formula_text(draft.formula) if draft.formula else None,
        require=read_require(outline.id, draft.require, [child.id for child in outline.children], found))


def _formula(outline: Outline, proof: Proof) -> tuple[Expr | None, Unit]:
    """The formula with its unit settled to the declared one."""
    draft = outline.draft
    declared = None if draft.unit is None else read_unit(draft.unit.value)
    if draft.unit is not None and declared is None:
        proof.say(unit_codes.UNIT_UNKNOWN, draft.unit.span, unit=draft.unit.value)
    if outline.formula is None:
        return None, declared or UNKNOWN
    formula, unit = prove(outline.formula, proof)
    if isinstance(formula, Invalid):
        return formula, declared or UNKNOWN
    if not unit.numeric and unit.kind != "unknown":
        proof.say(unit_codes.NOT_A_NUMBER_EXPRESSION, formula.span, function="formula", found=unit)
        return Invalid(formula.span), UNKNOWN
    if declared is None or draft.unit is None:
        return formula, unit
    if unit == NUMBER or "unknown" in (unit.kind, declared.kind):
        return formula, declared
    if not comparable(unit, declared):
        proof.say(unit_codes.UNIT_MISMATCH_DECLARED, draft.unit.span, declared=draft.unit.value, found=unit)
        return Invalid(formula.span), declared
    if unit.kind == declared.kind == "quantity" and unit.factor != declared.factor:
        formula = Apply("convert", (formula, Constant(conversion(unit, declared), NUMBER)), formula.span)
    return formula, declared


def _edges(outline: Outline, found: Found) -> Iterator[Edge]:
    """Children with their part of the whole weight."""
    written = [(child, _weight(child, found)) for child in outline.children]
    if not any(child.weight for child in outline.children):
        yield from (Edge(child.id, 1 / len(written), child.span) for child, _ in written)
        return
    kinds = {child.weight.value.strip().endswith("%") for child in outline.children if child.weight}
    for child, _ in written:
        if child.weight is None:
            found.append(report(codes.WEIGHT_MISSING, child.span, child=child.id))
    if len(kinds) > 1:
        found.append(report(codes.WEIGHTS_MIXED, outline.span, parent=outline.id))
    weights = [weight for _, weight in written if weight is not None]
    total = sum(weights)
    whole_known = len(weights) == len(written)
    if whole_known and kinds == {True} and abs(total - 100) > 1e-6:
        found.append(report(codes.WEIGHTS_SUM, outline.span, parent=outline.id, total=f"{total:.10g}%"))
    if whole_known and total <= 0:
        found.append(report(codes.ZERO_WEIGHT, outline.span, child=outline.id))
    if total > 0:
        yield from (Edge(child.id, (weight or 0.0) / total, child.span) for child, weight in written)


def _weight(child: Child, found: Found) -> float | None:
    if child.weight is None:
        return None
    text = child.weight.value.strip().removesuffix("%").strip()
    at = Located(text, child.weight.source, child.weight.start, child.weight.end, child.weight.style)
    value = number(at, found)
    if value is not None and value < 0:
        found.append(report(codes.WEIGHT_NEGATIVE, child.weight.span, child=child.id))
        return None
    if value == 0:
        found.append(report(codes.ZERO_WEIGHT, child.weight.span, child=child.id))
    return value


def _composite_unit(outline: Outline, below: Mapping[str, Indicator], outlines: Mapping[str, Outline],
                    found: Found) -> Unit:
    """Children with scores make a score; children without make a value of their common unit."""
    children = [(child, below[child.id]) for child in outline.children if child.id in below]
    units = [UNKNOWN if outlines[child.id].draft.score is not None and indicator.score is None else earns(indicator)
             for child, indicator in children]  # a score that was refused has been reported
    known = [unit for unit in units if unit.kind != "unknown"]
    if not known:
        return UNKNOWN
    scored = any(indicator.score is not None or indicator.unit == SCORE for _, indicator in children)
    wanted = SCORE if scored and SCORE in known else known[0]
    for (child, _), unit in zip(children, units, strict=True):
        if unit.kind != "unknown" and unit != wanted:
            other = Label(children[units.index(wanted)][0].span, _UNITS_OF_BOTH)
            found.append(report(codes.CHILD_WITHOUT_SCORE, child.span, related=(other,), child=child.id,
                                parent=outline.id, unit=unit, other=wanted))
    return wanted


def _score(outline: Outline, unit: Unit, dimensions: Mapping[str, object], found: Found) -> ScoreRule | None:
    written = outline.draft.score
    if written is None:
        return None
    if isinstance(written, Located):
        return read_score(written, unit, dimensions, found)
    anchors = {str(points): value for points, value in written.items()}
    return read_anchors(anchors, next(iter(written)).span if written else outline.span, unit, found)


def _direction(outline: Outline, score: ScoreRule | None, found: Found) -> Direction:
    declared = outline.draft.direction
    chosen = cast("Direction", word(declared, "direction", ("up", "down"), "up", found))
    match score:
        case Anchors(points):
            rises = points[-1][1] > points[0][1]
        case Goalposts(worst, best):
            rises = best > worst
        case Lognormal():
            rises = False
        case MinMax() | ZScore() | Percentile() | None:
            return chosen
        case _:
            assert_never(score)
    follows: Direction = "up" if rises else "down"
    if declared is not None and chosen != follows:
        found.append(report(codes.DIRECTION_CONTRADICTS, declared.span, direction=declared.value))
    return follows


def _warn_about_levels(indicators: Mapping[str, Indicator], resolved: Resolved, found: Found) -> None:
    for name, indicator in indicators.items():
        for edge in indicator.children:
            child = indicators.get(edge.child)
            if child is None or indicator.level not in LEVELS or child.level not in LEVELS:
                continue
            if LEVELS.index(child.level) < LEVELS.index(indicator.level):
                found.append(report(codes.LEVEL_ORDER, edge.span, child=edge.child, child_level=child.level,
                                    parent=name, parent_level=indicator.level))
    used = {edge.child for indicator in indicators.values() for edge in indicator.children}
    for name, outline in resolved.outlines.items():
        if outline.draft.weight is not None and name not in used:
            found.append(report(codes.WEIGHT_WITHOUT_PARENT, outline.draft.weight.span, id=name))


def _floors(indicators: Mapping[str, Indicator]) -> Iterator[Diagnostic]:
    """Geometric and harmonic means over scores that can be 0 are missing as soon as one is."""
    for indicator in indicators.values():
        children = [indicators[edge.child] for edge in indicator.children if edge.child in indicators]
        neutral = isinstance(indicator.missing, Neutral) and indicator.missing.value <= 0
        if _refuses_zero(indicator.combine) and (neutral or any(_reaches_zero(child.score) for child in children)):
            yield report(codes.GEOMETRIC_FLOOR, indicator.span, parent=indicator.id, rule=indicator.combine)


def _refuses_zero(rule: Combine) -> bool:
    return rule in ("geometric", "harmonic") or (isinstance(rule, PowerMean) and rule.exponent <= 0)


def _reaches_zero(score: ScoreRule | None) -> bool:
    match score:
        case Anchors(points):
            return any(earned <= 0 for _, earned in points)
        case MinMax() | Percentile() | Goalposts():
            return score.low <= 0
        case ZScore():
            return True
        case Lognormal() | None:
            return False


def _uncut_scores(pyramid: Pyramid) -> Iterator[Diagnostic]:
    """Scores across a dimension that no cut has would always be missing."""
    cut = {name for one in pyramid.project.cuts for name in one}
    for indicator in pyramid.indicators.values():
        if isinstance(indicator.score, Pooled) and indicator.score.across not in cut \
                and not any(indicator.score.across in one for one in indicator.cuts or ()):
            yield report(codes.CUT_NOT_DECLARED, indicator.span, dimension=indicator.score.across)
