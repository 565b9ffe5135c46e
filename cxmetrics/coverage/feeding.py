"""Which values of a column formulas take rows of: conditions judged for one value of it, all else unknown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cxmetrics.ir import Aggregate, Apply, Column, Constant, Expr


def holds(condition: Expr | None, column: str, value: str) -> bool | None:
    """Whether a condition holds of rows with this value, whatever else they say; None where that depends on it."""
    match condition:
        case None:
            return True
        case Constant(bool() as truth):
            return truth
        case Apply("not", (inner,)):
            found = holds(inner, column, value)
            return None if found is None else not found
        case Apply("and" | "or" as function, args):
            parts = [holds(arg, column, value) for arg in args]
            decides = function == "or"
            return decides if decides in parts else None if None in parts else not decides
        case Apply("=" | "!=" | "in" as function, (Column(name=name), Constant(listed))) if name == column:
            inside = value in (listed if isinstance(listed, tuple) else (listed,))
            return inside != (function == "!=")
        case Apply("=" | "!=" as function, (Constant(listed), Column(name=name))) if name == column:
            return (value == listed) != (function == "!=")
        case Apply("is missing" | "is not missing" as function, (Column(name=name),)) if name == column:
            return function == "is not missing"
        case _:
            return None


def named(expr: Expr | None) -> Iterator[tuple[str, str]]:
    """The columns of texts that a row expression compares with literals, and these."""
    match expr:
        case Apply("=" | "!=" | "in", (Column(name=name, type="text"), Constant(listed))):
            yield from ((name, value) for value in (listed if isinstance(listed, tuple) else (listed,))
                        if isinstance(value, str))
        case Apply("=" | "!=", (Constant(str() as value), Column(name=name, type="text"))):
            yield name, value
        case Apply(_, args):
            for arg in args:
                yield from named(arg)
        case _:
            return


def expressions(aggregate: Aggregate) -> tuple[Expr, ...]:
    """All row expressions of an aggregate."""
    where = () if aggregate.where is None else (aggregate.where,)
    return (*aggregate.args, *where, *(option for _, option in aggregate.options))


def takes(aggregate: Aggregate, column: str, value: str) -> bool:
    """Whether rows with this value may count for an aggregate: its condition, and those it counts by, may hold."""
    if holds(aggregate.where, column, value) is False:
        return False
    steps: Sequence[Expr] = aggregate.args if aggregate.function == "conversion" else ()
    return not steps or any(holds(step, column, value) is not False for step in steps)
