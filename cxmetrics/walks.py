"""Through indicators, sources and their formulas: what they are made of, and the same with other aggregates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from cxmetrics.ir import Aggregate, Apply, Expr, Indicator, Origin, Ref, Windowed


def aggregates_in(formula: Expr | None) -> Iterator[Aggregate]:
    """The aggregates in a formula, from the left."""
    match formula:
        case Aggregate():
            yield formula
        case Apply():
            for arg in formula.args:
                yield from aggregates_in(arg)
        case Windowed():
            yield from aggregates_in(formula.arg)


def references_in(formula: Expr | None) -> Iterator[Ref]:
    """The indicators a formula refers to, from the left, as often as it does."""
    match formula:
        case Ref():
            yield formula
        case Apply():
            for arg in formula.args:
                yield from references_in(arg)
        case Windowed():
            yield from references_in(formula.arg)


def asked_of_all(source: Origin) -> tuple[Expr | None, ...]:
    """The conditions that are asked of every row of a source: `keep`, and the flags."""
    return source.keep, *(asked for _, asked in source.flags)


def made_of(indicator: Indicator) -> Iterator[str]:
    """The indicators that one version of an indicator is made of: by its children, its leaves, its formula."""
    yield from (edge.child for edge in (*indicator.children, *indicator.over))
    yield from (ref.indicator for ref in references_in(indicator.formula))


def with_aggregates(formula: Expr, change: Callable[[Aggregate], Aggregate]) -> Expr:
    """A formula with each of its aggregates changed."""
    match formula:
        case Aggregate():
            return change(formula)
        case Apply():
            return replace(formula, args=tuple(with_aggregates(arg, change) for arg in formula.args))
        case Windowed():
            return replace(formula, arg=with_aggregates(formula.arg, change))
        case _:
            return formula
