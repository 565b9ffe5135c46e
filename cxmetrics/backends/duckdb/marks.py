"""Marks as columns of a table made of the narrow rows: what is told of a row by looking at others."""

from __future__ import annotations

from collections.abc import Iterator

from cxmetrics.backends.duckdb.cubes import AT, Narrow
from cxmetrics.backends.fates import FINE
from cxmetrics.backends.sql import (
    Cast,
    Infix,
    IsNull,
    Literal,
    Name,
    Node,
    Not,
    Order,
    Query,
    Select,
    Star,
    Window,
    both,
    call,
    when,
)
from cxmetrics.functions import AT_END, COMPLETES
from cxmetrics.ir import Apply, Constant
from cxmetrics.plan import NO_LIMIT

MARKED = "marked"  # the table


def marked_rows(narrowed: Narrow, relation: str, days: Node | None) -> Query:
    """The narrow rows that count, with a class for each mark: 1 false, 2 true."""
    counts = Infix("=", (Name("fate"), Literal(FINE)))
    first = Select(((Star(), None),), relation, where=counts if days is None else both(counts, days))
    steps, marks = [("counting", first)], list[tuple[Node, str | None]]([(Star(), None)])
    for key, column in narrowed.marks.items():
        assert isinstance(key.expr, Apply)
        if key.expr.function == COMPLETES:
            ends = [*_ends(narrowed, key.expr, column.name)]
            for name, node in ends:
                steps.append((name, Select(((Star(), None), (node, name)), steps[-1][0])))
            holds = _completes(narrowed, key.expr, Name(ends[-1][0]))
        else:
            holds = _at_one_moment(narrowed, key.expr)
        marks.append((Cast(when(holds, Literal(2), Literal(1)), "INTEGER"), column.name))
    return Query(tuple(steps), Select(tuple(marks), steps[-1][0]))


def _at_one_moment(narrowed: Narrow, mark: Apply) -> Node:
    """Whether no row of the day with the same text is later, or earlier."""
    moment = call("max" if mark.function == AT_END else "min", AT)
    return Infix("=", (AT, Window(moment, (Name("day"), narrowed.texts[mark.args[0]]), ())))


def _ends(narrowed: Narrow, mark: Apply, name: str) -> Iterator[tuple[str, Node]]:
    """From the last step back: when at the earliest the steps from this one on can be done, from each row on."""
    end: Node = AT
    for place, step in reversed([*enumerate(narrowed.steps[mark])]):
        later = (Order(AT, descending=True),)  # all rows of this time and after it
        yield f"{name} {place}", Window(call("min", when(step, end)), (narrowed.texts[mark.args[0]],), later)
        end = Name(f"{name} {place}")


def _completes(narrowed: Narrow, mark: Apply, end: Node) -> Node:
    limit = mark.args[1]
    assert isinstance(limit, Constant)
    assert isinstance(limit.value, int)
    done = both(Not(IsNull(narrowed.texts[mark.args[0]])), Not(IsNull(end)))
    return done if limit.value == NO_LIMIT else both(done, Infix("<=", (Infix("-", (end, AT)), Literal(limit.value))))
