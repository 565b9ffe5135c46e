"""The pyramid with names resolved: drafts become sources, dimensions and indicators that know each other.

Children written in place become indicators of their own; indicators are put in an order in which
each stands after all it depends on; circles are refused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from cxmetrics.codes import names as codes
from cxmetrics.codes import yaml_files as yaml_codes
from cxmetrics.days import Calendar
from cxmetrics.diagnostics import DID_YOU_MEAN, Diagnostic, Fix, closest, report
from cxmetrics.ir import ASKED, Asked, Dimension, Expr, Origin, Project
from cxmetrics.load import Drafts
from cxmetrics.load.scalars import A_TIME_ZONE, Found, grains, is_time_zone, share, titles, whole, word
from cxmetrics.pauses import Pause, go_on
from cxmetrics.quick import quick
from cxmetrics.resolve.alike import Alike, Like
from cxmetrics.resolve.benchmarks import Recorded, resolve_benchmarks
from cxmetrics.resolve.expand import expand
from cxmetrics.resolve.gather import gather
from cxmetrics.resolve.holidays import resolve_holidays
from cxmetrics.resolve.homes import keep_apart
from cxmetrics.resolve.names import Columns, Names
from cxmetrics.resolve.origins import resolve_columns, resolve_dimensions, resolve_origin, text_column
from cxmetrics.resolve.versions import dated, validity
from cxmetrics.schema import IndicatorDraft, ProjectDocument
from cxmetrics.source import Key, Located, Span
from cxmetrics.walks import references_in

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FEWEST, MOST = 10, 99  # groups of units that are left out
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
           "november", "december")


@quick
@dataclass(frozen=True, slots=True)
class Child:
    """A child of a composite as written: its id and its weight, if it has one."""

    id: str
    weight: Located | None
    span: Span


@quick
@dataclass(frozen=True, slots=True)
class Outline:
    """An indicator whose names are resolved and whose rules are still text."""

    id: str
    draft: IndicatorDraft
    span: Span
    formula: Expr | Like | None
    children: tuple[Child, ...]
    valid: tuple[dt.date | None, dt.date | None] = (None, None)
    versions: tuple[tuple[dt.date, Outline], ...] = ()  # from these days on, in order
    text: str | None = None  # the formula as people read it


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What is known of indicators that are not resolved with the others: their outlines, and whom these combine.

    `above`: those that rest on indicators that are resolved, or did.
    """

    outlines: Mapping[str, Outline] = field(default_factory=dict)
    children: frozenset[str] = frozenset()
    above: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Resolved:
    """All definitions with their names resolved; outlines stand after all they depend on.

    `documents`: the numbers of those that say something of an indicator.  `cut`: ids that were left out.
    """

    project: Project
    sources: Mapping[str, Origin]
    dimensions: Mapping[str, Dimension]
    outlines: Mapping[str, Outline]
    benchmarks: Recorded
    documents: Mapping[str, tuple[int, ...]]
    cut: frozenset[str]
    elsewhere: Elsewhere = field(default_factory=Elsewhere)


def resolve(drafts: Drafts, elsewhere: Elsewhere | None = None,
            pause: Pause = go_on) -> tuple[Resolved, tuple[Diagnostic, ...]]:
    """Everything the drafts say, by name, and of the indicators `elsewhere` that they are there."""
    elsewhere = elsewhere or Elsewhere()
    drafts, problems = expand(drafts)
    found: Found = list(problems)
    defined = gather(drafts, found)
    dimensions = resolve_dimensions(defined.dimensions, found)
    columns: dict[str, Columns] = {key: resolve_columns(draft, found) for key, draft in defined.sources.items()}
    indicators = {**elsewhere.outlines, **defined.indicators}
    names = Names(columns, indicators, drafts.cut, found)
    sources = {str(key): resolve_origin(key, draft, dimensions, names) for key, draft in defined.sources.items()}
    _add_dimension_columns(sources, columns)
    formulas = Alike(names)
    outlines: dict[str, Outline] = {}
    for name, (key, draft) in defined.indicators.items():
        pause()
        outlines[name] = _outline(name, key, draft, formulas, defined.weights)
    around = {name: one for name, one in elsewhere.outlines.items() if name in elsewhere.above}
    days = [day for document in drafts.documents for day in document.calendar]
    project = replace(_project(drafts.project, dimensions, found), holidays=resolve_holidays(days, found))
    keep_apart(project.store, sources.values(), found)
    recorded = resolve_benchmarks(drafts, indicators, found)
    ordered = _in_order({**around, **outlines}, found)
    ordered = {name: one for name, one in ordered.items() if name in outlines} if around else ordered
    return Resolved(project, sources, dimensions, ordered, recorded, defined.documents, drafts.cut,
                    elsewhere), tuple(found)


def _add_dimension_columns(sources: dict[str, Origin], columns: dict[str, Columns]) -> None:
    """What a source names to make a dimension can be used in its formulas like a column."""
    for name, origin in sources.items():
        for binding in origin.bindings:
            if binding.declared and binding.dimension not in columns[name] and origin.column_of(binding) is None:
                columns[name][binding.dimension] = text_column(binding.dimension, binding.column, binding)


def _outline(name: str, key: Key, draft: IndicatorDraft, formulas: Alike, weights: Mapping[str, Located]) -> Outline:
    names = formulas.names
    formula, text = _formula(draft.formula, formulas)
    children = tuple(_children(draft, names, weights))
    if draft.formula is not None and draft.children is not None:
        names.found.append(report(codes.FORMULA_AND_CHILDREN, key.span, id=name))
    if draft.formula is None and not draft.children and name not in names.cut:
        names.found.append(report(codes.NO_CHILDREN_NO_FORMULA, key.span, id=name))
    first = Outline(name, draft, key.span, formula, children, text=text)
    versions: list[tuple[dt.date, Outline]] = []
    for day, merged in dated(draft, names.found):
        before = versions[-1][1] if versions else first
        made = replace(before, draft=merged)
        if merged.formula is not before.draft.formula:
            formula, text = _formula(merged.formula, formulas)
            made = replace(made, formula=formula, text=text)
        if merged.children is not before.draft.children:
            made = replace(made, children=tuple(_children(merged, names, weights)))
        versions.append((day, made))
    valid = validity(draft, names.found)
    return replace(first, valid=valid, versions=tuple(versions)) if versions or valid != first.valid else first


def _formula(written: Located | None, formulas: Alike) -> tuple[Expr | Like | None, str | None]:
    """A formula with its names resolved, and as people read it."""
    return (None, None) if written is None else (formulas.resolve(written), formulas.text(written))


def _children(draft: IndicatorDraft, names: Names, weights: Mapping[str, Located]) -> Iterator[Child]:
    for key, child in (draft.children or {}).items():
        if isinstance(child, IndicatorDraft):
            if key in names.indicators:
                yield Child(str(key), weights.get(key, child.weight), key.span)
            continue
        weight = child if child.value.strip() else None
        yield Child(str(key), weight, key.span)  # an unknown one too: its weight is part of the whole
        if key not in names.indicators and key not in names.cut:
            guess = closest(key, names.indicators, names.found)
            fix = Fix(key.span, guess) if guess else None
            names.found.append(report(codes.UNKNOWN_INDICATOR, key.span, help=DID_YOU_MEAN if guess else None,
                                      fix=fix, name=key, guess=guess or ""))


def _in_order(outlines: dict[str, Outline], found: Found) -> dict[str, Outline]:
    """Each after all it depends on; circles are reported once and broken."""
    ordered: dict[str, Outline] = {}
    for start in outlines:
        path: list[str] = []
        stack: list[tuple[str, Iterator[tuple[str, Span]]]] = []
        _enter(start, outlines, ordered, path, stack)
        while stack:
            name, below = stack[-1]
            step = next(below, None)
            if step is None:
                stack.pop()
                path.pop()
                ordered[name] = outlines[name]
            elif step[0] in path:
                circle = [*path[path.index(step[0]):], step[0]]
                found.append(report(codes.CYCLE, step[1], path=" → ".join(circle)))
            else:
                _enter(step[0], outlines, ordered, path, stack)
    return ordered


def _enter(name: str, outlines: Mapping[str, Outline], ordered: Mapping[str, Outline], path: list[str],
           stack: list[tuple[str, Iterator[tuple[str, Span]]]]) -> None:
    if name in ordered or name not in outlines:
        return
    outline = outlines[name]
    below: list[tuple[str, Span]] = []
    for one in (outline, *(version for _, version in outline.versions)):
        below += [(child.id, child.span) for child in one.children]
        if not isinstance(one.formula, Like):
            below += [(ref.indicator, ref.span or outline.span) for ref in references_in(one.formula)]
    path.append(name)
    stack.append((name, iter(below)))


def _project(draft: ProjectDocument | None, dimensions: Mapping[str, Dimension], found: Found) -> Project:
    if draft is None:
        return Project("project", {})
    zone = draft.time_zone.value if draft.time_zone else "UTC"
    if draft.time_zone and not is_time_zone(zone):
        found.append(report(yaml_codes.WRONG_VALUE, draft.time_zone.span, key="time_zone",
                            expected=A_TIME_ZONE, found=zone))
        zone = "UTC"
    lengths = grains(draft.grains, draft.project.span, found) or ("day", "month")
    confidence = share(draft.confidence, "confidence", 0.95, found)
    if draft.confidence is not None and confidence in (0, 1):
        found.append(report(yaml_codes.WRONG_VALUE, draft.confidence.span, key="confidence",
                            expected="a number between 0 and 1", found=draft.confidence.value))
    min_n = whole(draft.privacy.min_n if draft.privacy else None, "min_n", 1, found, least=1)
    return Project(
        draft.project.value, titles(draft.title), zone, lengths, resolve_cuts(draft.cuts, dimensions, found),
        _store(draft.store, found), min_n, confidence if 0 < confidence < 1 else 0.95,
        Calendar(_WEEKDAYS.index(word(draft.week_start, "week_start", _WEEKDAYS, "monday", found)),
                 1 + _MONTHS.index(word(draft.year_start, "year_start", _MONTHS, "january", found))),
        replicates=_replicates(draft.replicates, found), must_have=_asked(draft, found),
        span=draft.project.span)


def _asked(draft: ProjectDocument, found: Found) -> tuple[Asked, ...]:
    """What each indicator must have, in the order of the words."""
    written = draft.must_have
    several = written if isinstance(written, list) else [] if written is None else [written]
    named = {word(each, "must_have", ASKED, "", found) for each in several}
    return tuple(each for each in ASKED if each in named)


def _replicates(written: Located | None, found: Found) -> int:
    """How many groups of units are left out: none, or enough for the spread of what is left to tell something."""
    groups = whole(written, "replicates", 30, found, least=0)
    if written is not None and groups not in (0, *range(FEWEST, MOST + 1)):
        found.append(report(yaml_codes.WRONG_VALUE, written.span, key="replicates",
                            expected=f"0, or a whole number from {FEWEST} to {MOST}", found=written.value))
        return 30
    return groups


def _store(written: Located | None, found: Found) -> str:
    """The folder of the store, inside the project: definitions may be anybody's, and a run writes."""
    if written is None:
        return "store"
    path = PurePath(written.value)
    if path == PurePath():
        found.append(report(yaml_codes.WRONG_VALUE, written.span, key="store", expected="a folder of its own",
                            found=written.value))
    elif path.is_absolute() or ".." in path.parts:
        found.append(report(yaml_codes.PATH_OUTSIDE, written.span, path=written.value))
    return written.value


def resolve_cuts(written: list[list[Located]] | None, dimensions: Mapping[str, Dimension],
                 found: Found) -> tuple[tuple[str, ...], ...]:
    """Cuts as tuples of dimensions, each with its dimensions in the project's order."""
    result: list[tuple[str, ...]] = []
    order = list(dimensions)
    for cut in written or ():
        for name in cut:
            if name.value not in dimensions:
                guess = closest(name.value, dimensions, found)
                found.append(report(codes.UNKNOWN_DIMENSION, name.span, help=DID_YOU_MEAN if guess else None,
                                    fix=Fix(name.span, guess) if guess else None, name=name.value, guess=guess or ""))
        known = {name.value for name in cut if name.value in dimensions}
        if known and (sorted_cut := tuple(sorted(known, key=order.index))) not in result:
            result.append(sorted_cut)
    return tuple(result)
