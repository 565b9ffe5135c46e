"""SQL as a tree, and the one place where it becomes text.

Names are always quoted and text literals escaped here, so nothing a user wrote is ever SQL: a
`Name` prints as a quoted identifier, a `Literal` as a literal, and what is printed bare (functions, operators,
types) comes from closed sets or must look like a plain word.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal as OneOf
from typing import assert_never

Type = OneOf["BIGINT", "BIT", "BOOLEAN", "DATE", "DECIMAL(38,0)", "DOUBLE", "HUGEINT", "INTEGER", "TIMESTAMP",
             "TIMESTAMPTZ", "TIMESTAMP_NS", "TIMESTAMPTZ_NS", "UBIGINT", "UINTEGER", "VARCHAR"]
Operator = OneOf["+", "-", "*", "/", "=", "<>", "<", "<=", ">", ">=", "AND", "OR", "|", "&", ">>"]
_WORD = re.compile(r"[a-z][a-z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class Name:
    """A column, or a column of a relation (`of`)."""

    name: str
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; None is NULL."""

    value: str | float | bool | dt.date | None


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments; `named` ones are for table functions."""

    function: str
    args: tuple[Node, ...] = ()
    named: tuple[tuple[str, Node], ...] = ()


@dataclass(frozen=True, slots=True)
class Infix:
    """Operands joined by one operator; of AND and OR as many as there are."""

    operator: Operator
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Logical negation."""

    arg: Node


@dataclass(frozen=True, slots=True)
class IsNull:
    """Whether there is no value."""

    arg: Node


@dataclass(frozen=True, slots=True)
class In:
    """Whether a value is one of some; of no values, false."""

    arg: Node
    values: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """The value of the first branch whose condition is true."""

    branches: tuple[tuple[Node, Node], ...]
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Cast:
    """A value in another type; `safe` gives NULL where it cannot be had."""

    arg: Node
    type: Type
    safe: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A list value."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """A struct value."""

    fields: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Order:
    """A sort key; nulls stand last."""

    arg: Node
    descending: bool = False
    nulls_first: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """A window function over rows of equal `partition`."""

    call: Call
    partition: tuple[Node, ...]
    order: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class Star:
    """All columns (of one relation)."""

    of: str | None = None


Node = Name | Literal | Call | Infix | Not | IsNull | In | Case | Cast | Items | Record | Order | Window | Star
NULL = Literal(None)


def both(*args: Node) -> Node:
    """All of the conditions (of none: true)."""
    return args[0] if len(args) == 1 else Infix("AND", args) if args else Literal(True)


def either(*args: Node) -> Node:
    """One of the conditions (of none: false)."""
    return args[0] if len(args) == 1 else Infix("OR", args) if args else Literal(False)


def text_literal(text: str) -> Node:
    """Text as a constant; what the printer refuses is put together from characters."""
    if "\0" not in text:
        return Literal(text)
    parts = [part for piece in text.split("\0") for part in (call("chr", Literal(0)), Literal(piece))]
    return call("concat", *parts[1:])


def when(condition: Node, value: Node, otherwise: Node = NULL) -> Node:
    """`value` where the condition is true, else `otherwise`."""
    return Case(((condition, value),), otherwise)


def choice(condition: Node, yes: Node, no: Node) -> Node:
    """One of two values; null where the condition is."""
    return Case(((condition, yes), (Not(condition), no)), NULL)


def call(function: str, *args: Node) -> Call:
    """A function of positional arguments."""
    return Call(function, args)


def children(node: Node) -> tuple[Node, ...]:
    """The nodes a node is directly made of."""
    match node:
        case Name() | Literal() | Star():
            return ()
        case Call(_, args, named):
            return (*args, *(arg for _, arg in named))
        case Infix(_, args) | Items(args):
            return args
        case Not(arg) | IsNull(arg) | Cast(arg) | Order(arg):
            return (arg,)
        case In(arg, values):
            return (arg, *values)
        case Case(branches, otherwise):
            return (*(part for branch in branches for part in branch), otherwise)
        case Record(fields):
            return tuple(value for _, value in fields)
        case Window(function, partition, order):
            return (function, *partition, *order)
        case _:
            assert_never(node)


def names(node: Node) -> Iterator[str]:
    """The columns (of no named relation) that a node mentions."""
    if isinstance(node, Name) and node.of is None:
        yield node.name
    for child in children(node):
        yield from names(child)


def show(node: Node) -> str:
    """A node as SQL."""
    match node:
        case Name(name, of):
            return quoted(name) if of is None else f"{quoted(of)}.{quoted(name)}"
        case Star(of):
            return "*" if of is None else f"{quoted(of)}.*"
        case Literal(value):
            return _literal(value)
        case Call(function, args, named):
            given = [*map(show, args), *(f"{plain(key)} = {show(arg)}" for key, arg in named)]
            return f"{plain(function)}({', '.join(given)})"
        case Infix(operator, args):
            return "(" + f" {operator} ".join(map(show, args)) + ")"
        case Not(arg):
            return f"(NOT {show(arg)})"
        case IsNull(arg):
            return f"({show(arg)} IS NULL)"
        case In(arg, values):
            return f"({show(arg)} IN ({', '.join(map(show, values))}))" if values else "FALSE"
        case Case(branches, otherwise):
            cases = " ".join(f"WHEN {show(condition)} THEN {show(value)}" for condition, value in branches)
            rest = "" if otherwise == NULL else f" ELSE {show(otherwise)}"
            return f"CASE {cases}{rest} END"
        case Cast(arg, kind, safe):
            return f"{'TRY_CAST' if safe else 'CAST'}({show(arg)} AS {kind})"
        case Items(items):
            return f"[{', '.join(map(show, items))}]"
        case Record(fields):
            return "{" + ", ".join(f"{_text(key)}: {show(value)}" for key, value in fields) + "}"
        case Order(arg, descending, nulls_first):
            return f"{show(arg)} {'DESC' if descending else 'ASC'} NULLS {'FIRST' if nulls_first else 'LAST'}"
        case Window(function, partition, order):
            by = f"PARTITION BY {', '.join(map(show, partition))} " if partition else ""
            sort = f"ORDER BY {', '.join(map(show, order))}" if order else ""
            return f"{show(function)} OVER ({by}{sort})"
        case _:
            assert_never(node)


def quoted(name: str) -> str:
    """A name as a quoted identifier."""
    return '"' + _clean(name).replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + _clean(value).replace("'", "''") + "'"


def _clean(text: str) -> str:
    if "\0" in text:
        raise ValueError("text for SQL holds a NUL character")
    text.encode()  # refuses half a surrogate pair
    return text


def plain(word: str) -> str:
    """A word that is printed bare."""
    if not _WORD.match(word):
        raise ValueError(f"not the name of a function: {word!r}")
    return word


def _literal(value: str | float | bool | dt.date | None) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _double(value)
    if isinstance(value, dt.datetime):
        return f"TIMESTAMP '{value.replace(tzinfo=None).isoformat(' ')}'"
    if isinstance(value, dt.date):
        return f"DATE '{value.isoformat()}'"
    return _text(value)


def _double(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError("a number for SQL is not finite")
    text = repr(value)
    return text if "e" in text else f"{text}e0"  # without an exponent it would be a decimal


# --- queries ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Join:
    """A relation whose rows are put beside those that have equal values of `on` (left column, right column).

    `since` (left column, right column): beside each only the one row with the greatest right value up to the left one.
    """

    kind: OneOf["LEFT", "SEMI"]
    relation: str
    on: tuple[tuple[str, str], ...]
    since: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Values:
    """Rows written out."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """A table by its catalogue, schema and name."""

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Select:
    """Columns of a relation or a table function; `group` and `order` are places of items, counted from 1."""

    items: tuple[tuple[Node, str | None], ...]
    source: str | Call | Relation
    joins: tuple[Join, ...] = ()
    where: Node | None = None
    group: tuple[int, ...] = ()
    having: Node | None = None
    order: tuple[int, ...] = ()
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A select over named steps, each over those before it."""

    steps: tuple[tuple[str, Select | Values], ...]
    body: Select


def query_text(query: Query) -> str:
    """A query as SQL, a clause a line."""
    steps = [f"{quoted(name)}{_head(step)} AS NOT MATERIALIZED (\n{_step(step)}\n)"
             for name, step in query.steps]
    return ("WITH " + ", ".join(steps) + "\n" if steps else "") + _select(query.body)


def _head(step: Select | Values) -> str:
    return f"({', '.join(map(quoted, step.columns))})" if isinstance(step, Values) else ""


def _step(step: Select | Values) -> str:
    if isinstance(step, Select):
        return _select(step)
    return "VALUES\n" + ",\n".join(f"  ({', '.join(map(show, row))})" for row in step.rows)


def _select(select: Select) -> str:
    source = select.source if isinstance(select.source, str) else "source"
    lines = ["SELECT", ",\n".join(f"  {_item(node, name)}" for node, name in select.items)]
    lines.append(f"FROM {_origin(select.source, source)}")
    for join in select.joins:
        tests: list[Node] = [Infix("=", (Name(left, source), Name(right, join.relation))) for left, right in join.on]
        kind = join.kind if join.since is None else f"ASOF {join.kind}"
        if join.since is not None:
            tests.append(Infix(">=", (Name(join.since[0], source), Name(join.since[1], join.relation))))
        lines.append(f"{kind} JOIN {quoted(join.relation)} ON {show(both(*tests))}")
    if select.where is not None:
        lines.append(f"WHERE {show(select.where)}")
    if select.group:
        lines.append(f"GROUP BY {', '.join(map(str, select.group))}")
    if select.having is not None:
        lines.append(f"HAVING {show(select.having)}")
    if select.order:
        lines.append(f"ORDER BY {', '.join(map(str, select.order))}")
    if select.limit is not None:
        lines.append(f"LIMIT {select.limit}")
    return "\n".join(lines)


def _origin(source: str | Call | Relation, name: str) -> str:
    match source:
        case str():
            return quoted(source)
        case Call():
            return f"{show(source)} AS {quoted(name)}"
        case Relation(parts):
            return f"{'.'.join(map(quoted, parts))} AS {quoted(name)}"
        case _:
            assert_never(source)


def _item(node: Node, name: str | None) -> str:
    return show(node) if name is None else f"{show(node)} AS {quoted(name)}"
