"""Conditions on rows joined, so that equal ones are written alike and shared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from cxmetrics.functions import PRESENCE
from cxmetrics.ir import Apply, Column, Expr


def all_of(*conditions: Expr | None) -> Expr | None:
    """The conditions joined by `and`, each once and in a fixed order of writing; None where there is none."""
    parts: dict[Expr, None] = {}
    for condition in conditions:
        if isinstance(condition, Apply) and condition.function == "and":
            parts |= dict.fromkeys(_conjuncts(condition))
        elif condition is not None:
            parts[condition] = None
    ordered = sorted(parts, key=_written)
    return Apply("and", tuple(ordered)) if len(ordered) > 1 else ordered[0] if ordered else None


@lru_cache(maxsize=50_000)
def _written(condition: Expr) -> str:
    return repr(condition)


def _conjuncts(condition: Expr) -> Iterable[Expr]:
    if isinstance(condition, Apply) and condition.function == "and":
        for arg in condition.args:
            yield from _conjuncts(arg)
    else:
        yield condition


def present(condition: Expr) -> list[Expr]:
    """That every column a condition looks at has a value, but those it asks for being missing.

    So has what is not known of every present value: whether a day is a holiday.
    """
    columns: dict[Expr, None] = {}

    def visit(expr: Expr) -> None:
        if isinstance(expr, Column):
            columns[replace(expr, span=None)] = None
        elif isinstance(expr, Apply) and expr.function == "on_days":
            columns[expr] = None  # days that the calendar does not tell of are not known
        elif isinstance(expr, Apply) and expr.function not in PRESENCE:
            for arg in expr.args:
                visit(arg)

    visit(condition)
    return [Apply("is not missing", (column,)) for column in columns]
