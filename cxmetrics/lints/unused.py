"""Sources, columns and templates that nothing uses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cxmetrics.codes import unused as codes
from cxmetrics.diagnostics import Diagnostic, report
from cxmetrics.ir import Aggregate, Apply, Blend, Column, Expr, Indicator, Merged, Origin, Pyramid
from cxmetrics.load import Drafts
from cxmetrics.schema import IndicatorDraft
from cxmetrics.walks import aggregates_in, asked_of_all

_USED = re.compile(r"\s*([^\s(（]+)")
Used = dict[str, set[str]]  # the columns of each source


def unused_parts(pyramid: Pyramid) -> Iterator[Diagnostic]:
    """Sources without an indicator, and columns of the others that nothing looks at."""
    used = _used(pyramid)
    for name, origin in pyramid.sources.items():
        if name not in used:
            yield report(codes.UNUSED_SOURCE, origin.span, name=name)
            continue
        looked_at = _all_looked_at(origin, used[name])
        for spec in origin.columns.values():
            if spec.name not in looked_at and spec.silence is None:
                yield report(codes.UNUSED_COLUMN, spec.span, name=spec.name, source=name)


def unused_templates(drafts: Drafts) -> Iterator[Diagnostic]:
    """Templates that neither an indicator nor another template uses."""
    used = {name[1] for document in drafts.documents for section in (document.indicators, document.templates)
            for draft in _all(section.values()) if draft.use is not None and (name := _USED.match(draft.use.value))}
    for document in drafts.documents:
        for key in document.templates:
            head = _USED.match(key)
            if head is not None and head[1] not in used:
                yield report(codes.UNUSED_TEMPLATE, key.span, name=head[1])


def _all(section: Iterable[IndicatorDraft]) -> Iterator[IndicatorDraft]:
    stack = list(section)
    while stack:
        draft = stack.pop()
        yield draft
        stack += [child for child in (draft.children or {}).values() if isinstance(child, IndicatorDraft)]


def _used(pyramid: Pyramid) -> Used:
    """What the formulas of all indicators look at."""
    used: Used = {}
    for indicator in pyramid.indicators.values():
        for aggregate in aggregates_of(indicator):
            columns = used.setdefault(aggregate.source, set())
            for part in (*aggregate.args, aggregate.where, *(option for _, option in aggregate.options)):
                _collect(part, columns)
        if indicator.peers is not None and indicator.peers.computed is not None:
            computed = indicator.peers.computed
            used.setdefault(computed.source, set()).add(computed.column)
    return used


def _collect(expr: Expr | None, names: set[str]) -> None:
    """Add the columns that a row expression names."""
    if isinstance(expr, Column):
        names.add(expr.name)
    elif isinstance(expr, Apply):
        for arg in expr.args:
            _collect(arg, names)


def aggregates_of(indicator: Indicator) -> Iterator[Aggregate]:
    """The aggregates of an indicator in all its versions."""
    for era in indicator.eras:
        yield from aggregates_in(era.formula)
        match era.combine:
            case Merged(parts):
                yield from parts
            case Blend(formula):
                yield from aggregates_in(formula)
            case _:
                pass


def _all_looked_at(origin: Origin, by_formulas: set[str]) -> set[str]:
    """The columns that formulas, keys and dimensions of a source look at, and those that these are made from."""
    found = set(by_formulas)
    for asked in asked_of_all(origin):
        _collect(asked, found)
    found |= set(origin.unique.by) if origin.unique else set()
    named = (origin.time, origin.received, origin.entity, origin.weight, origin.strata, origin.population)
    found |= {name for name in named if isinstance(name, str)}
    for binding in origin.bindings:
        spec = origin.column_of(binding)
        found |= {binding.dimension, binding.column, *([spec.name] if spec else [])}
    found |= {lookup.on for lookup in origin.lookups if lookup.on is not None}
    waiting = list(found)
    while waiting:
        made = origin.columns.get(waiting.pop())
        new: set[str] = set()
        _collect(made.formula if made else None, new)
        waiting += new - found
        found |= new
    return found
