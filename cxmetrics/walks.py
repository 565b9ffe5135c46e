"""Through the formulas of indicators: what stands in them, and the same formula with other aggregates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from cxmetrics.ir import Aggregate, Apply, Expr, Ref, Windowed


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
