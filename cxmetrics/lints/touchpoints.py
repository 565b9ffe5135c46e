"""Events and error codes that were put under two touchpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cxmetrics.codes import pyramid as codes
from cxmetrics.diagnostics import Diagnostic, Label, report
from cxmetrics.ir import Apply, Column, Constant, Expr, Pyramid
from cxmetrics.lints.unused import aggregates_of
from cxmetrics.source import Located, Span

_LEVEL = "touchpoint"


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The values of a column by which a touchpoint chooses its rows, and where each is written."""

    touchpoint: str
    values: Mapping[str, Span | None]


def mapped_twice(pyramid: Pyramid) -> Iterator[Diagnostic]:
    """Values that two touchpoints count by lists that differ; one list for both is a filter, and no mapping.

    Where a column declares its values, a list that holds all of another is a part and its whole, and no mapping.
    """
    groups: dict[tuple[str, str, frozenset[object]], dict[tuple[str, frozenset[str]], _Chosen]] = {}
    for touchpoint, source, chosen in _choices(pyramid):
        for column, values in chosen.items():
            others = frozenset((name, frozenset(given)) for name, given in chosen.items() if name != column)
            group = groups.setdefault((source, column, others), {})
            group.setdefault((touchpoint, frozenset(values)), _Chosen(touchpoint, values))
    told: set[tuple[str, str, str]] = set()
    for (source, column, _), group in groups.items():
        spec = pyramid.sources[source].columns.get(column)
        closed = spec is not None and spec.values is not None
        for value, one, other in _overlaps(list(group.values()), parts_are_fine=closed):
            if (source, column, value) not in told and not (spec is not None and spec.personal):
                told.add((source, column, value))
                yield _finding(f"{source}.{column}", value, one, other)


def _finding(column: str, value: str, one: _Chosen, other: _Chosen) -> Diagnostic:
    before = one.values[value]
    related = (Label(before, codes.OTHER_TOUCHPOINT),) if before else ()
    return report(codes.TWO_TOUCHPOINTS, other.values[value], related=related, value=value, column=column,
                  first=one.touchpoint, second=other.touchpoint, other=one.touchpoint)


def _choices(pyramid: Pyramid) -> Iterator[tuple[str, str, Mapping[str, Mapping[str, Span | None]]]]:
    """By aggregate: the one touchpoint that it is under, its source, and the values by which it chooses its rows."""
    above = _touchpoints(pyramid)
    for name, indicator in pyramid.indicators.items():
        if len(above[name]) == 1:
            touchpoint, = above[name]
            for aggregate in aggregates_of(indicator):
                chosen: dict[str, Mapping[str, Span | None]] = {}
                _collect(aggregate.where, chosen)
                if chosen:
                    yield touchpoint, aggregate.source, chosen


def _touchpoints(pyramid: Pyramid) -> Mapping[str, frozenset[str]]:
    """The touchpoints that each indicator is part of."""
    above: dict[str, set[str]] = {name: set() for name in pyramid.indicators}
    for name in reversed(tuple(pyramid.indicators)):  # parents before their children
        indicator = pyramid.indicators[name]
        if indicator.level == _LEVEL:
            above[name] = {name}
        for era in indicator.eras:
            for edge in era.children:
                above.get(edge.child, set()).update(above[name])
    return {name: frozenset(found) for name, found in above.items()}


def _collect(where: Expr | None, chosen: dict[str, Mapping[str, Span | None]]) -> None:
    """The columns of text that a condition holds to some values, all at once."""
    match where:
        case Apply("and", args):
            for arg in args:
                _collect(arg, chosen)
        case Apply("=", (Column(name=name), Constant(str() as value, span=span))):
            chosen[name] = {value: span}
        case Apply("in", (Column(name=name), Constant(tuple() as values) as listed)):
            spans = listed.spans or tuple(_part(listed.span, value) for value in values)
            chosen[name] = {each: span for each, span in zip(values, spans, strict=True) if isinstance(each, str)}
        case _:
            pass


def _part(listed: Span | None, value: object) -> Span | None:
    """Where in a list a text is written; the list, where that cannot be told."""
    if listed is None or not isinstance(listed.text, Located):
        return listed
    written = f"'{value}'"
    at = listed.text.value.find(written, listed.start, listed.end)
    return listed if at < 0 else listed._replace(start=at, end=at + len(written))


def _overlaps(group: list[_Chosen], *, parts_are_fine: bool) -> Iterator[tuple[str, _Chosen, _Chosen]]:
    """Each value in the lists of two touchpoints that differ; a value is held against the first list it is in."""
    first: dict[str, _Chosen] = {}
    for chosen in group:
        for value in chosen.values:
            other = first.setdefault(value, chosen)
            mine, theirs = chosen.values.keys(), other.values.keys()
            part = mine <= theirs or theirs <= mine
            if chosen.touchpoint != other.touchpoint and mine != theirs and not (part and parts_are_fine):
                yield value, other, chosen
