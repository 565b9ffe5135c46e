"""Two revisions of a project's definitions: what changed in meaning, and what that touches.

Meaning is what the fingerprints of a plan hold; text that is laid out otherwise is no change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from cxmetrics.ir import Pyramid
from cxmetrics.plan import Plan

Effect = Literal["cosmetic", "added", "restating", "breaking"]
Kind = Literal["project", "dimension", "source", "indicator"]
EFFECTS: tuple[Effect, ...] = ("cosmetic", "added", "restating", "breaking")  # from the least

_WORDS = frozenset({"owner", "criticality", "alone", "tags", "display", "triangulate", "store", "watch", "must_have"})
_PLACES = frozenset({"grains", "cuts"})  # where there are values: fewer of them are values lost
_BREAKING = frozenset({"unit", "level", "id"})  # columns that readers of `values` go by
_TITLES = frozenset({"title", "description"})


@dataclass(frozen=True, slots=True)
class Aspect:
    """One thing that is said otherwise: its name, what it was and what it is; None for what was, or is, not there."""

    name: str
    before: Any
    after: Any
    effect: Effect


@dataclass(frozen=True, slots=True)
class Change:
    """A part of the definitions that changed.

    `aspects`: empty for one that came or went; `touches`: the indicators whose numbers are others for it, itself left
    out; `renamed`: what it was called before.
    """

    kind: Kind
    id: str
    effect: Effect
    aspects: tuple[Aspect, ...] = ()
    touches: tuple[str, ...] = ()
    renamed: str | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Revision:
    """The definitions at one time, without faults."""

    pyramid: Pyramid
    plan: Plan


def changes(before: Revision, after: Revision) -> tuple[Change, ...]:
    """What changed from one revision to the other: project, dimensions, sources, then indicators as they stand."""
    return (*_of_project(before, after), *_of_dimensions(before, after), *_of_sources(before, after),
            *_of_indicators(before, after))


def worst(found: Sequence[Change]) -> Effect | None:
    """The gravest effect of some changes; None where there are none."""
    return max((change.effect for change in found), key=EFFECTS.index, default=None)


def _of_project(before: Revision, after: Revision) -> Iterator[Change]:
    aspects = _aspects(before.pyramid.project, after.pyramid.project)
    if aspects:
        restates = any(aspect.effect == "restating" for aspect in aspects)
        yield Change("project", after.pyramid.project.id, _gravest(aspects), aspects,
                     _restated(before, after) if restates else ())


def _of_dimensions(before: Revision, after: Revision) -> Iterator[Change]:
    old, new = before.pyramid.dimensions, after.pyramid.dimensions
    for name in _either(old, new):
        if name not in old:
            yield Change("dimension", name, "added")
        elif name not in new:
            yield Change("dimension", name, "breaking", gone=True)
        elif aspects := _aspects(old[name], new[name]):
            yield Change("dimension", name, _gravest(aspects), aspects)


def _of_sources(before: Revision, after: Revision) -> Iterator[Change]:
    old, new = before.pyramid.sources, after.pyramid.sources
    for name in _either(old, new):
        if name not in old or name not in new:  # what becomes of the indicators over it is told of them
            yield Change("source", name, "added" if name in new else "cosmetic", gone=name not in new)
        elif aspects := (*_aspects(old[name], new[name], but=("columns",)),
                         *_parts("column", old[name].columns, new[name].columns)):
            over = frozenset(one for one, node in after.plan.nodes.items() if name in node.sources)
            touched = _restated(before, after, over.__contains__)
            yield Change("source", name, "restating" if touched else "cosmetic", aspects, touched)


def _of_indicators(before: Revision, after: Revision) -> Iterator[Change]:
    old, new = before.pyramid.indicators, after.pyramid.indicators
    names = renamed(before, after)
    above = _above(after.plan)
    for name in new:
        was = names.get(name, name)
        if was not in old:
            yield Change("indicator", name, "added", touches=_touched(name, above, before, after))
            continue
        aspects = _of_one(was, name, before, after, names)
        if was != name:
            yield Change("indicator", name, "breaking", aspects, renamed=was)
        elif aspects:
            restates = any(aspect.effect in ("restating", "breaking") for aspect in aspects)
            yield Change("indicator", name, _gravest(aspects), aspects,
                         _touched(name, above, before, after) if restates else ())
    for name in old:
        if name not in new and name not in names.values():
            yield Change("indicator", name, "breaking", gone=True)


def _of_one(was: str, name: str, before: Revision, after: Revision,
            names: Mapping[str, str]) -> tuple[Aspect, ...]:
    """What is said otherwise of an indicator; rules that come to the same meaning are words."""
    old, new = before.pyramid.indicators[was], after.pyramid.indicators[name]
    found = list(_aspects(old, new, but=("id", "formula", "over", "children")))
    texts = [" ".join((one.formula_text or "").split()) for one in (old, new)]
    if old.formula != new.formula or texts[0] != texts[1]:
        same = _alike(before.plan, was, after.plan, name)
        found.append(Aspect("formula", texts[0] or None, texts[1] or None, "cosmetic" if same else "restating"))
    found += _parts("child", {edge.child: edge for edge in old.children},
                    {names.get(edge.child, edge.child): replace(edge, child=names.get(edge.child, edge.child))
                     for edge in new.children})
    return tuple(found)


def _alike(one: Plan, name: str, other: Plan, called: str) -> bool:
    return one.nodes[name].fingerprint == other.nodes[called].fingerprint


def renamed(before: Revision, after: Revision) -> Mapping[str, str]:
    """New names and the old ones: of what went and what came, those of one meaning that only one of each has."""
    gone, come = (_by_meaning(one, other) for one, other in ((before, after), (after, before)))
    return {come[meaning][0]: gone[meaning][0] for meaning in come
            if len(come[meaning]) == 1 == len(gone.get(meaning, ()))}


def _by_meaning(one: Revision, other: Revision) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in one.pyramid.indicators:
        if name not in other.pyramid.indicators:
            found.setdefault(one.plan.nodes[name].fingerprint, []).append(name)
    return found


def _restated(before: Revision, after: Revision,
              concerned: Callable[[str], bool] = lambda _: True) -> tuple[str, ...]:
    """The indicators of both revisions whose meaning is another, of those concerned."""
    return tuple(name for name in after.pyramid.indicators
                 if name in before.pyramid.indicators and concerned(name)
                 and not _alike(before.plan, name, after.plan, name))


def _above(plan: Plan) -> Mapping[str, Sequence[str]]:
    """For each node those that are computed from it."""
    found: dict[str, list[str]] = {}
    for name, node in plan.nodes.items():
        for below in node.below:
            found.setdefault(below, []).append(name)
    return found


def _touched(name: str, above: Mapping[str, Sequence[str]], before: Revision, after: Revision) -> tuple[str, ...]:
    """All above an indicator whose meaning is another, in the order of the pyramid."""
    reached, left = set[str](), [name]
    while left:
        for one in above.get(left.pop(), ()):
            if one not in reached:
                reached.add(one)
                left.append(one)
    return _restated(before, after, reached.__contains__)


def _aspects(old: object, new: object, but: Sequence[str] = ()) -> tuple[Aspect, ...]:
    """The fields of two things of one kind that differ."""
    found: list[Aspect] = []
    for each in fields(old):  # type: ignore[arg-type]
        was, now = getattr(old, each.name), getattr(new, each.name)
        if each.name in _TITLES:  # by language
            found += _parts(each.name, was, now, "cosmetic")
            continue
        if each.name not in but and each.name not in ("span", "read_span", "formula_text") and was != now:
            found.append(Aspect(each.name, was, now, _effect(each.name, was, now)))
    return tuple(found)


def _effect(name: str, was: Any, now: Any) -> Effect:  # noqa: ANN401 - the value of any field
    if name in _WORDS:
        return "cosmetic"
    if name in _PLACES:
        lost = None in (was, now) or not set(was) <= set(now)
        return "breaking" if lost else "added"
    return "breaking" if name in _BREAKING else "restating"


def _parts(kind: str, old: Mapping[str, Any], new: Mapping[str, Any], effect: Effect = "restating") -> Iterator[Aspect]:
    """The parts of a thing, by name, that came, went, or are others."""
    for name in _either(old, new):
        if old.get(name) != new.get(name):
            yield Aspect(f"{kind} {name}".rstrip(), old.get(name), new.get(name), effect)


def _either(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """The names of the one, in their order, then those of the other alone."""
    yield from new
    yield from (name for name in old if name not in new)


def _gravest(aspects: Sequence[Aspect]) -> Effect:
    return max((aspect.effect for aspect in aspects), key=EFFECTS.index)

