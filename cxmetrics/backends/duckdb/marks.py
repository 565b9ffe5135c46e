"""Marks as columns of a table made of the narrow rows: what is told of a row by looking at others."""

from __future__ import annotations

from cxmetrics.backends.duckdb.cubes import AT, Narrow
from cxmetrics.backends.duckdb.values import FINE
from cxmetrics.backends.sql import Cast, Infix, Literal, Name, Node, Query, Select, Star, Window, both, call, when
from cxmetrics.ir import Apply, Expr

MARKED = "marked"  # the table


def marked_rows(narrowed: Narrow, relation: str, days: Node | None) -> Query:
    """The narrow rows that count, with a class for each mark: 1 false, 2 true."""
    counts = Infix("=", (Name("fate"), Literal(FINE)))
    marks: list[tuple[Node, str | None]] = [(Star(), None)]
    for key, column in narrowed.marks.items():
        assert isinstance(key.expr, Apply)
        holds = _at_end(narrowed, key.expr.args[0])
        marks.append((Cast(when(holds, Literal(2), Literal(1)), "INTEGER"), column.name))
    return Query((), Select(tuple(marks), relation, where=counts if days is None else both(counts, days)))


def _at_end(narrowed: Narrow, by: Expr) -> Node:
    """Whether no row of the day with the same text is later."""
    return Infix("=", (AT, Window(call("max", AT), (Name("day"), narrowed.texts[by]), ())))
