"""The proved pyramid: units, weights, scores and rules of every indicator, from the leaves up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cxmetrics.amid import Amid
from cxmetrics.benchmarks import NOBODY
from cxmetrics.check.bounds import check_bounds
from cxmetrics.check.composites import compose
from cxmetrics.check.doubts import directions, floors, levels, uncut_scores
from cxmetrics.check.matching import Proof, no_number
from cxmetrics.check.peers import NO_BENCHMARK, check_score, our_rows, read_peers
from cxmetrics.check.prove import prove_as_others, prove_origin
from cxmetrics.check.rules import literal, read_rounding
from cxmetrics.check.scores import direction_of, score_of
from cxmetrics.check.triangulation import triangulated
from cxmetrics.check.versions import versioned, without_peers
from cxmetrics.check.windows import check_windows
from cxmetrics.codes import pyramid as codes
from cxmetrics.codes import units as unit_codes
from cxmetrics.diagnostics import DID_YOU_MEAN, Diagnostic, Fix, report
from cxmetrics.ir import CRITICALITY, Apply, ColumnSpec, Constant, Expr, Indicator, Invalid, Pyramid
from cxmetrics.load.scalars import grains, titles, whole, word, words
from cxmetrics.pauses import Pause, go_on
from cxmetrics.resolve import Outline, Resolved, resolve_cuts
from cxmetrics.units import NUMBER, UNKNOWN, Unit, comparable, conversion, likely_unit, read_unit


def check(resolved: Resolved) -> tuple[Pyramid, tuple[Diagnostic, ...]]:
    """Every indicator proved, or what is wrong with it."""
    pyramid, proof = prove_all(resolved)
    return pyramid, tuple(proof.found)


def prove_all(resolved: Resolved, known: Proof | None = None, pause: Pause = go_on) -> tuple[Pyramid, Proof]:
    """Every indicator proved, and what was found out on the way; `known`: of the indicators elsewhere."""
    proof = _begun(resolved, known)
    sources = {name: prove_origin(origin, proof.columns, proof.found, proof.holidays)
               for name, origin in resolved.sources.items()}
    proof.entities.update((name, one.column(one.entity)) for name, one in sources.items() if one.entity is not None)
    proof.weighted.update(name for name, one in sources.items() if one.weight is not None or one.rake is not None)
    around = resolved if known is None else replace(
        resolved, outlines=Amid(resolved.elsewhere.outlines, resolved.outlines))
    for name, outline in resolved.outlines.items():
        pause()
        _prove_indicator(name, outline, around, proof)
    found, indicators = proof.found, proof.indicators
    levels(indicators, around, found)
    found += directions(indicators, around)
    found += [*floors(indicators), *proof.doubts.values()]
    pyramid = Pyramid(resolved.project, sources, resolved.dimensions, triangulated(indicators, around, found))
    found += uncut_scores(pyramid)
    found += check_windows(indicators)
    return pyramid, proof


def _begun(resolved: Resolved, known: Proof | None) -> Proof:
    """A proof of which nothing is proved yet."""
    columns: dict[str, dict[str, ColumnSpec]] = {
        name: dict(origin.columns) for name, origin in resolved.sources.items()}
    if known is None:
        return Proof(columns, {}, [], resolved.project.holidays)
    return Proof(columns, Amid(known.units), [], resolved.project.holidays, Amid(known.peers), Amid(known.indicators),
                 reaches=Amid(known.reaches), earned=Amid(known.earned))


def _prove_indicator(name: str, outline: Outline, resolved: Resolved, proof: Proof) -> None:
    indicators, found = proof.indicators, proof.found
    indicator = versioned(outline, lambda one: _indicator(one, indicators, resolved, proof), found)
    peers = proof.peers[name] = read_peers(outline, indicator.unit, indicator.formula, resolved, proof)
    without_peers(indicator, peers, found)
    for one in indicator.eras:
        check_score(one, peers, found)
    indicators[name] = indicator if peers in (None, NOBODY) else replace(
        indicator, peers=peers, formula=our_rows(indicator.formula, peers, proof.columns))
    proof.units[name] = indicator.unit


def _indicator(outline: Outline, below: Mapping[str, Indicator], resolved: Resolved, proof: Proof) -> Indicator:
    draft, found = outline.draft, proof.found
    formula, unit = _formula(outline, proof)
    made = compose(outline, unit, below, resolved.outlines, proof)
    unit = made.unit
    score = score_of(outline, unit, resolved.dimensions, found)
    direction = direction_of(outline, score, [] if unit == UNKNOWN else found)
    target = None if draft.target is None else literal(draft.target, unit, found, codes.TARGET_UNIT)
    indicator = Indicator(
        outline.id, draft.level.value if draft.level else None, titles(draft.title), unit, direction, formula,
        made.edges, made.combine, made.missing, score, target,
        read_rounding(draft.rounding, found), read_rounding(draft.display, found),
        None if draft.min_n is None else whole(draft.min_n, "min_n", 0, found),
        None if draft.cuts is None else resolve_cuts(draft.cuts, resolved.dimensions, found),
        grains(draft.grains, outline.span, found) or None,
        titles(draft.description), draft.owner.value if draft.owner else None, words(draft.tags), outline.span,
        outline.text,
        criticality=word(draft.criticality, "criticality", CRITICALITY, "", found) or None,
        alone=draft.benchmark is not None and draft.benchmark.value == NO_BENCHMARK,
        require=made.require, over=made.over, use_total=made.use_total)
    check_bounds(outline, indicator, proof)
    return indicator


def _formula(outline: Outline, proof: Proof) -> tuple[Expr | None, Unit]:
    """The formula with its unit settled to the declared one."""
    draft = outline.draft
    declared = None if draft.unit is None else read_unit(draft.unit.value)
    if draft.unit is not None and declared is None:
        proof.say(unit_codes.UNIT_UNKNOWN, draft.unit.span, unit=draft.unit.value)
    elif draft.unit is not None and (meant := likely_unit(draft.unit.value)) is not None:
        found = report(unit_codes.UNIT_UNKNOWN, draft.unit.span, help=DID_YOU_MEAN, fix=Fix(draft.unit.span, meant),
                       unit=draft.unit.value, guess=meant)
        proof.found.append(found)
        declared = read_unit(meant)
    if outline.formula is None:
        return None, declared or UNKNOWN
    formula, unit = prove_as_others(outline.formula, proof)
    if isinstance(formula, Invalid):
        return formula, declared or UNKNOWN
    if not unit.numeric and unit.kind != "unknown":
        no_number(formula.span, "formula", unit, proof)
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


