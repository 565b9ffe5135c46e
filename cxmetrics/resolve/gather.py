"""All definitions by id: children written in place stand on their own, and those of libraries can be overridden.

What a project writes of a definition that a library has holds key by key: keys given stand in place of the library's.
Libraries that know nothing of each other may have the same dimensions and sources, if they say the same of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from cxmetrics.codes import names as codes
from cxmetrics.diagnostics import Label, report
from cxmetrics.load import Drafts
from cxmetrics.load.scalars import Found, id_is_good
from cxmetrics.schema import DimensionDraft, Document, Draft, IndicatorDraft, SourceDraft, VersionDraft
from cxmetrics.source import Key, Located

T = TypeVar("T")
_WORDS = frozenset(("title", "description"))


@dataclass(frozen=True, slots=True)
class Gathered:
    """The definitions of a project by id; `weights` are those that overrides give to children of a library.

    `documents`: the numbers of those that say something of an indicator.
    """

    sources: Mapping[Key, SourceDraft]
    dimensions: Mapping[Key, DimensionDraft | Located]
    indicators: Mapping[str, tuple[Key, IndicatorDraft]]
    weights: Mapping[str, Located]
    documents: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class _Defined(Generic[T]):
    """A definition, and the number of its document."""

    key: Key
    draft: T
    document: int
    others: tuple[int, ...] = ()  # the documents whose definitions it stands over


def gather(drafts: Drafts, found: Found) -> Gathered:
    """Every definition of the documents once; `found` gets the ids that are defined twice."""
    sources: dict[str, _Defined[SourceDraft]] = _section("source", drafts, lambda one: one.sources, found)
    dimensions: dict[str, _Defined[DimensionDraft | Located]] = _section(
        "dimension", drafts, lambda one: one.dimensions, found)
    weights: dict[str, Located] = {}
    indicators = _indicators(drafts, weights, found)
    return Gathered({one.key: one.draft for one in sources.values()},
                    {one.key: one.draft for one in dimensions.values()},
                    {name: (one.key, one.draft) for name, one in indicators.items()}, weights,
                    {name: (one.document, *one.others) for name, one in indicators.items()})


def _section(kind: str, drafts: Drafts, section: Callable[[Document], Mapping[Key, T]],
             found: Found) -> dict[str, _Defined[T]]:
    """A section of all documents; the draft that overrides another was merged over it when it was loaded."""
    result: dict[str, _Defined[T]] = {}
    for number, document in enumerate(drafts.documents):
        for key, draft in section(document).items():
            if not id_is_good(key, found) or _is_shared(key, draft, number, result, drafts):
                continue
            if _is_new(kind, key, number, result, drafts, found):
                result[str(key)] = _Defined(key, draft, number)
    return result


def _is_shared(key: Key, draft: object, number: int, known: Mapping[str, _Defined[T]], drafts: Drafts) -> bool:
    """Whether another library brought the same: of two libraries each may come without the other."""
    first = known.get(key)
    if first is None or number >= drafts.own or first.document >= drafts.own:
        return False
    return _said(first.draft) == _said(draft)


def _said(draft: object) -> object:
    """What a definition says, wherever it stands, without the words for people."""
    match draft:
        case Draft():
            return {name: _said(getattr(draft, name)) for name in draft.model_fields_set - _WORDS}
        case Located():
            return str(draft)
        case Mapping():
            return {str(name): _said(value) for name, value in draft.items()}
        case list() | tuple():
            return [_said(value) for value in draft]
        case _:
            return draft


def _is_new(kind: str, key: Key, number: int, known: Mapping[str, _Defined[T]], drafts: Drafts, found: Found) -> bool:
    """Whether a definition is the first of its id, or stands over the first; else it is reported."""
    first = known.get(key)
    if first is None or drafts.beneath and first.document in drafts.beneath[number]:
        return True
    related = (Label(first.key.span, codes.FIRST_DEFINED),)
    found.append(report(codes.DUPLICATE_ID, key.span, related=related, kind=kind, id=key))
    return False


def _indicators(drafts: Drafts, weights: dict[str, Located], found: Found) -> dict[str, _Defined[IndicatorDraft]]:
    """All indicators by id, those written as children of others among them."""
    result: dict[str, _Defined[IndicatorDraft]] = {}
    for number, document in enumerate(drafts.documents):
        for key, draft in _all_below(document.indicators):
            if not id_is_good(key, found) or not _is_new("indicator", key, number, result, drafts, found):
                continue
            below = result.get(key)
            if below is None:
                result[str(key)] = _Defined(key, draft, number)
                continue
            if draft.weight is not None and document.indicators.get(key) is draft:
                weights[str(key)] = draft.weight
            merged = over(draft, below.draft)
            _set_free(below.draft.children or {}, merged.children or {}, result)
            result[str(key)] = _Defined(key, merged, number, (below.document, *below.others))
    return result


def over(upper: IndicatorDraft | VersionDraft, lower: IndicatorDraft) -> IndicatorDraft:
    """A draft with what another writes over it: a formula stands in place of children, and the other way round."""
    given = {name: getattr(upper, name) for name in upper.model_fields_set}
    if upper.children is None and upper.formula is not None:
        given["children"] = None
    elif upper.formula is None and upper.children is not None:
        given["formula"] = None
    return lower.model_copy(update=given)


def _set_free(children: Mapping[Key, object], kept: Mapping[Key, object],
              known: dict[str, _Defined[IndicatorDraft]]) -> None:
    """Children written in place that an override leaves out stay indicators, without a parent and its weight."""
    for key in children:
        if key not in kept and key in known:
            one = known[key]
            known[str(key)] = _Defined(one.key, one.draft.model_copy(update={"weight": None}), one.document,
                                        one.others)


def _all_below(section: Mapping[Key, IndicatorDraft]) -> Iterator[tuple[Key, IndicatorDraft]]:
    stack = list(section.items())[::-1]
    while stack:
        key, draft = stack.pop()
        yield key, draft
        inner = [(k, child) for k, child in (draft.children or {}).items() if isinstance(child, IndicatorDraft)]
        stack += reversed(inner)
