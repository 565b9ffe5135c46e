"""Down from an indicator to the columns of sources, and expressions as short texts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import assert_never

from cxmetrics.cli.branches import below
from cxmetrics.ir import Aggregate, Apply, Column, Constant, Expr, Invalid, Pyramid, Ref, Scalar, Windowed, columns_in
from cxmetrics.source import Located
from cxmetrics.walks import aggregates_in


def is_over_rows(formula: Expr) -> bool:
    """Whether a formula looks at rows, and not only at other indicators."""
    return next(aggregates_in(formula), None) is not None


def columns_of(pyramid: Pyramid, name: str) -> Mapping[str, frozenset[str]]:
    """For each source the columns that an indicator looks at, itself or below, with those that derived ones need."""
    found: dict[str, set[str]] = {}
    todo, seen = [name], set[str]()
    while todo:
        current = todo.pop()
        if current in seen or current not in pyramid.indicators:
            continue
        seen.add(current)
        indicator = pyramid.indicators[current]
        todo += [child for child, _ in below(indicator)]
        for aggregate in aggregates_in(indicator.formula):
            found.setdefault(aggregate.source, set())  # of which rows are counted, whatever is in them
            for column in (column for expr in (*aggregate.args, aggregate.where) for column in columns_in(expr)):
                _add(column, pyramid, found)
    return {source: frozenset(names) for source, names in found.items()}


def _add(column: Column, pyramid: Pyramid, found: dict[str, set[str]]) -> None:
    names = found.setdefault(column.source, set())
    if column.name in names:
        return
    names.add(column.name)
    origin = pyramid.sources.get(column.source)
    spec = origin.columns.get(column.name) if origin else None
    for inner in columns_in(spec.formula) if spec else ():
        _add(inner, pyramid, found)


def strictest(pyramid: Pyramid, name: str) -> tuple[str, tuple[str, ...]] | None:
    """The strictest privacy class of the columns behind an indicator, whose rows are of persons among them, and which
    columns have it; None where none is classed."""
    found: dict[str, dict[str, None]] = {}
    for source, used in columns_of(pyramid, name).items():
        origin = pyramid.sources[source]
        for spec in origin.columns.values():
            if spec.privacy is not None and (spec.name in used or spec.name == origin.entity):
                found.setdefault(spec.privacy, {})[spec.name] = None
    return (max(found), tuple(found[max(found)])) if found else None


def written(expr: Expr) -> str:
    """An expression as the analyst wrote it, on one line."""
    span = expr.span
    if span is None or not isinstance(span.text, Located):
        return expression_text(expr)
    return " ".join(span.text.value[span.start:span.end].split())


def expression_text(expr: Expr) -> str:
    """An expression as `(function part …)`, columns by their bare names."""
    match expr:
        case Constant(value):
            return constant_text(value)
        case Column():
            return expr.name
        case Ref():
            return expr.indicator
        case Apply():
            return f"({' '.join((expr.function.replace(' ', '_'), *map(expression_text, expr.args)))})"
        case Aggregate():
            return f"({' '.join((expr.function, expr.source, *_clauses(expr)))})"
        case Windowed():
            return f"({expr.step} {expression_text(expr.arg)})"
        case Invalid():
            return "?"
        case _:
            assert_never(expr)


def _clauses(expr: Aggregate) -> Iterator[str]:
    yield from map(expression_text, expr.args)
    for name, option in expr.options:
        yield f":{name} {expression_text(option)}"
    if expr.where is not None:
        yield f":where {expression_text(expr.where)}"


def constant_text(value: Scalar | tuple[Scalar, ...]) -> str:
    """A literal: text in quotes, lists in brackets."""
    match value:
        case tuple():
            return f"[{' '.join(map(constant_text, value))}]"
        case bool():
            return "true" if value else "false"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case dt.date():
            return value.isoformat()
        case _:
            return f"{value:g}" if float(f"{value:g}") == value else repr(value)
