"""Cubes and census as groupings of the rows that came out of `rows`.

Narrow rows carry `fate`, `day`, what the census counts (`m…`: which columns have a value, as bits; `b…`: statuses)
and, null unless the row counts, `d…` dimensions, `k…` classes, `x…` arguments of slots.  A single cube is
grouped straight from them, fate and census included; several from a table of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

import polars as pl

from cxmetrics.backends.conditions import Terms, conditions_of, told
from cxmetrics.backends.duckdb.expressions import NARROW, Term, double
from cxmetrics.backends.duckdb.moments import source_moment, text_by
from cxmetrics.backends.duckdb.rows import Rows, is_bad
from cxmetrics.backends.fates import FINE, NOT_FINITE, REASONS
from cxmetrics.backends.marks import is_mark
from cxmetrics.backends.sql import (
    Case,
    Cast,
    In,
    Infix,
    IsNull,
    Literal,
    Name,
    Node,
    Not,
    Record,
    Select,
    Star,
    both,
    call,
    either,
    when,
)
from cxmetrics.functions import COMPLETES
from cxmetrics.ir import Apply, Expr
from cxmetrics.plan import BY_TIME, FRACTION, Classifier, Condition, Cube, Slot, steps

AT = Name("at")  # the moment of a row
ONE = Literal(1)
BITS = 62  # columns told apart in one number
WANTED = "wanted"  # the column that tells whether a cube looks at a row
LISTED = 500  # combinations that are told one by one: a list takes DuckDB 16 µs for each, before it reads a row
Item = tuple[Node, str | None]


@dataclass(frozen=True, slots=True)
class Narrow:
    """What the narrow rows are, and where each part of the cubes stands in them."""

    items: tuple[Item, ...]
    dimensions: Mapping[str, Name]
    keys: Mapping[Classifier, Name]
    args: Mapping[Expr, Term]
    texts: Mapping[Expr, Name]
    marks: Mapping[Classifier, Name]  # those of `keys` that are made of the narrow rows themselves
    steps: Mapping[Expr, tuple[Name, ...]]  # of the marks of conversions: whether a row does each step but the first
    census: tuple[Item, ...]  # aggregates
    presence: int  # how many `m` columns there are
    row: Node = ONE  # not null for rows that are counted


def narrow(rows: Rows, cubes: Sequence[Cube]) -> Narrow:
    """The narrow rows that the cubes need."""
    counts = Infix("=", (Name("fate"), Literal(FINE)))
    dimensions, keys, args = dict[str, Name](), dict[Classifier, Name](), dict[Expr, Term]()
    texts = dict[Expr, Name]()
    timed = any(slot.op in BY_TIME for cube in cubes for slot in cube.slots)
    items: list[Item] = []
    def add(letter: str, number: int, node: Node) -> Name:
        items.append((when(counts, node), f"{letter}{number}"))
        return Name(f"{letter}{number}")
    for dimension in dict.fromkeys(name for cube in cubes for name in cube.dimensions):
        dimensions[dimension] = add("d", len(dimensions), rows.dimension(dimension))
    for key in dict.fromkeys(key for cube in cubes for key in (*cube.keys, *cube.asked) if not is_mark(key)):
        keys[key] = add("k", len(keys), rows.writer.classes(key))
    for arg in dict.fromkeys(arg for cube in cubes for arg in (cube.value, *(slot.arg for slot in cube.slots))):
        if arg is not None:
            term = rows.writer.term(arg)
            args[arg] = Term(add("x", len(args), term.node), term.type, term.bound)
    marks, steps = dict[Classifier, Name](), dict[Expr, tuple[Name, ...]]()
    found = dict.fromkeys(key for cube in cubes for key in cube.keys if is_mark(key))
    told_by = [key.expr.args[0] for key in found if isinstance(key.expr, Apply)]
    for by in dict.fromkeys([*(cube.by for cube in cubes if cube.by is not None), *told_by]):
        texts[by] = add("y", len(texts), text_by(rows, by))
    for key in found:
        keys[key] = marks[key] = Name(f"mark {len(marks)}")
        if isinstance(key.expr, Apply) and key.expr.function == COMPLETES:
            among, *chances = (rows.steps.bind(rows.writer.term(arg).node) for arg in key.expr.args[2:])
            steps[key.expr] = tuple(Name(f"step {len(steps)} {place}") for place in range(len(chances)))
            items += [(both(counts, among, chance), name.name)
                      for chance, name in zip(chances, steps[key.expr], strict=True)]
    if timed or marks:
        items.append((when(counts, source_moment(rows)), AT.name))
    masks = list(_masks(rows))
    statuses = [(status, f"b{i}") for i, (name, status) in enumerate(rows.statuses.items()) if nulling(rows, name)]
    plain: list[Item] = [(Name("fate"), None), (Name("day"), None), *((mask, f"m{i}") for i, mask in enumerate(masks))]
    plain += [(rows.steps.bind(rows.writer.term(asked).node), f"f{i}")
              for i, (_, asked) in enumerate(rows.request.scan.source.flags)]
    census = tuple(_counts(rows, len(masks)))
    return Narrow((*plain, *statuses, *items), dimensions, keys, args, texts, marks, steps, census, len(masks))


def _masks(rows: Rows) -> Iterator[Node]:
    """Which columns have a value in the row, even a bad one: a bit for each."""
    for start in range(0, len(rows.reads), BITS):
        bits = list[Node]()
        for place, read in enumerate(rows.reads[start:start + BITS]):
            present: Node = Not(IsNull(read.term.node))
            if read.status is not None:
                present = either(present, is_bad(read.status))
            # A product: a CASE for each column took a tenth of a scan.  No status is ever null, so nothing here is.
            bits.append(Infix("*", (Cast(present, "BIGINT"), Literal(1 << place))))
        yield Infix("|", tuple(bits)) if len(bits) > 1 else bits[0]


def _counts(rows: Rows, masks: int) -> Iterator[Item]:
    """How many rows, which columns have a value, and how many values had each status."""
    yield call("count", Literal(1)), "rows"
    for i in range(masks):
        yield call("bit_or", Name(f"m{i}")), f"m{i}"
    for i, name in enumerate(rows.statuses):
        for status in nulling(rows, name):
            hit = when(Infix("=", (Name(f"b{i}"), Literal(status))), Literal(1))
            yield call("count", hit), f"{status} of b{i}"
    for i, _ in enumerate(rows.request.scan.source.flags):
        yield call("count", when(Name(f"f{i}"), Literal(1))), f"f{i}"


def nulling(rows: Rows, name: str) -> Mapping[int, str]:
    """The statuses by which a value of the column becomes null while its row stays, and their names."""
    bad = REASONS if rows.request.scan.source.on_bad == "null" else {}
    return {**bad, NOT_FINITE: "not finite"} if name in rows.floats else bad


def census_select(narrowed: Narrow, relation: str, where: Node | None) -> Select:
    """What became of the rows, by fate and day."""
    return Select(((Name("fate"), None), (Name("day"), None), *narrowed.census), relation, where=where, group=(1, 2))


def cube_select(cube: Cube, narrowed: Narrow, relation: str, *, where: Node | None, census: bool) -> Select:
    """The cells of a cube, from rows that count; with `census`, from all rows, by fate and with its aggregates.

    Where only some rows are looked at, the relation has the column `WANTED`: see `chosen`.
    """
    keys: list[Item] = [(Name("fate"), None)] if census else []
    keys.append((Name("day"), None))
    some = Name(WANTED)

    def seen(node: Node) -> Node:
        """Nothing of rows that no condition looks at, where there are such."""
        return when(some, node) if cube.wanted is not None and (census or cube.others is not None) else node
    keys += [(seen(node) if cube.others is None else node, f"d{i}")
             for i, node in enumerate(narrowed.dimensions[name] for name in cube.dimensions)]
    nodes = [narrowed.keys[key] for key in cube.keys]
    keys += [(seen(node), f"k{i}") for i, node in enumerate(nodes)] if cube.others is None else [
        (Case(((some, node),), Literal(code)), f"k{i}")
        for i, (node, code) in enumerate(zip(nodes, cube.others, strict=True))]
    limits = [] if where is None else [where]
    if not census:
        limits.append(Infix("=", (Name("fate"), Literal(FINE))))
    if cube.wanted is not None and cube.others is None and not census:
        limits.append(some)
    if cube.by is not None:
        keys.append((seen(narrowed.texts[cube.by]), "text"))
        if not census:
            limits.append(Not(IsNull(narrowed.texts[cube.by])))
    if cube.value is not None:
        value = double(narrowed.args[cube.value])
        keys.append((seen(when(Infix("=", (value, Literal(0.0))), Literal(0.0), value)), "value"))
        if not census:
            limits.append(Not(IsNull(value)))
    narrowed = replace(narrowed, args={arg: replace(term, node=seen(term.node)) for arg, term in narrowed.args.items()})
    asked = {where: _told(cube, where, narrowed) for where in conditions_of(cube)}
    slots = [item for i, slot in enumerate(cube.slots) for item in _slots(i, slot, _of_some(asked, slot, narrowed))]
    return Select((*keys, *slots, *(narrowed.census if census else ())), relation,
                  where=both(*limits) if limits else None, group=tuple(range(1, len(keys) + 1)))


def _told(cube: Cube, where: Condition, narrowed: Narrow) -> Node:
    """Whether a row meets the condition of some slots."""
    names = [narrowed.keys[key] for key in cube.asked]

    def between(key: int, first: int, last: int) -> Node:
        low, high = Infix(">=", (names[key], Literal(first))), Infix("<=", (names[key], Literal(last)))
        return Infix("=", (names[key], Literal(first))) if first == last else low if \
            last == cube.asked[key].classes - 1 else both(low, high)

    def among(key: int, classes: Sequence[int]) -> Node:
        bits = Cast(Literal(sum(1 << code for code in classes)), "BIGINT")
        return Infix("=", (Infix("&", (Infix(">>", (bits, names[key])), Literal(1))), Literal(1)))

    return told(where, cube.asked, Terms(between, among, lambda parts: both(*parts), lambda parts: either(*parts)))


def _of_some(asked: Mapping[Condition, Node], slot: Slot, narrowed: Narrow) -> Narrow:
    """The rows that meet the condition of a slot, if it has one: the others have nothing to count."""
    if slot.where is None:
        return narrowed
    met = asked[slot.where]
    args = {} if slot.arg is None else {slot.arg: replace(narrowed.args[slot.arg], node=when(
        met, narrowed.args[slot.arg].node))}
    return replace(narrowed, args=args, row=when(met, ONE))


def chosen(cube: Cube, narrowed: Narrow, relation: str) -> Select | None:
    """The narrow rows with whether some member looks at their classes; None for a cube where one may look at any."""
    if cube.wanted is None:
        return None
    terms = [narrowed.keys[key] if step == 1 else Infix("*", (Literal(step), narrowed.keys[key]))
             for key, step in zip(cube.keys, steps(cube.keys), strict=True)]
    number = terms[0] if len(terms) == 1 else Infix("+", tuple(terms))
    looked_at = _is_among(number, cube.wanted, prod(key.classes for key in cube.keys))
    return Select(((Star(relation), None), (looked_at, WANTED)), relation)


def _is_among(number: Node, some: Sequence[int], end: int) -> Node:
    """Whether a number, from 0 to below the end, is among some: where these are many, each is a bit."""
    if len(some) <= LISTED:
        return In(number, tuple(map(Literal, some)))
    bits = bytearray(b"0" * end)
    for place in some:
        bits[place] = ord("1")
    return Infix("=", (call("get_bit", Cast(Literal(bits.decode()), "BIT"), number), Literal(1)))


def cells_of(cube: Cube, frame: pl.DataFrame) -> pl.DataFrame:
    """A cube's frame out of what `cube_select` gave with its census."""
    told, columns = _told_of(cube)
    return frame.filter(pl.col("fate") == FINE, *(pl.col(name).is_not_null() for name in told)).select(columns)


def cells_select(cube: Cube, relation: str) -> Select:
    """The same out of a table of what `cube_select` gave with its census, day by day."""
    told, columns = _told_of(cube)
    fine = Infix("=", (Name("fate"), Literal(FINE)))
    return Select(tuple((Name(name), None) for name in columns), relation,
                  where=both(fine, *(Not(IsNull(Name(name))) for name in told)), order=(1,))


def census_again(narrowed: Narrow, relation: str) -> Select:
    """What became of the rows, by fate and day, out of a table of what `cube_select` gave with its census."""
    masks = {f"m{i}" for i in range(narrowed.presence)}
    counts = tuple((Cast(call("bit_or" if name in masks else "sum", Name(name)), "BIGINT"), name)
                   for _, name in narrowed.census if name is not None)
    return Select(((Name("fate"), None), (Name("day"), None), *counts), relation, group=(1, 2))


def _told_of(cube: Cube) -> tuple[list[str], list[str]]:
    """The columns that a cell cannot be without, and all of a cube's frame."""
    keys = ["day", *(f"d{i}" for i in range(len(cube.dimensions))), *(f"k{i}" for i in range(len(cube.keys)))]
    apart = [*(() if cube.by is None else ("text",)), *(() if cube.value is None else ("value",))]
    slots = [name for i, slot in enumerate(cube.slots) for name in slot.columns(i)]
    columns = [*keys, *apart, *slots]
    if cube.wanted is not None and cube.others is None:
        apart.append("k0")  # no class is null but of rows that nobody looks at
    return apart, columns


def _slots(number: int, slot: Slot, narrowed: Narrow) -> Iterator[Item]:
    """The columns of a slot."""
    if slot.op not in BY_TIME:
        yield _slot(slot, narrowed), f"s{number}"
        return
    assert slot.arg is not None
    value, first = double(narrowed.args[slot.arg]), slot.op == "first"
    there = Not(IsNull(value))
    order = when(there, Record((("at", AT), ("value", value))))  # of rows of one time, the value decides
    end = Infix("+", (call("arg_min" if first else "arg_max", value, order), Literal(0.0)))  # -0.0 becomes 0.0
    yield end, f"s{number}"
    yield call("min" if first else "max", when(there, AT)), f"s{number} at"


def _slot(slot: Slot, narrowed: Narrow) -> Node:
    x = None if slot.arg is None else narrowed.args[slot.arg]
    if x is None:
        return _exact(call("count", narrowed.row))
    if slot.op == "count":
        return _exact(call("count", x.node))
    if slot.op in ("min", "max"):
        extreme = Infix("+", (call(slot.op, double(x)), Literal(0.0)))  # -0.0 becomes 0.0
        return Cast(extreme, "DOUBLE")
    return _exact(call("coalesce", call("sum", _summand(slot, x)), Literal(0)))


def _summand(slot: Slot, x: Term) -> Node:
    whole = x.type in ("integer", "boolean")
    if slot.op == "sum" and whole:
        return Cast(x.node, "BIGINT") if x.bound <= NARROW else x.node
    if slot.op == "squares" and whole:
        wide = Cast(x.node, "BIGINT" if x.bound ** 2 < NARROW else "HUGEINT")
        return Infix("*", (wide, wide))
    number = double(x)
    if slot.op == "squares":
        floor = call("floor", number)
        return Cast(Infix("*", (floor, floor)), "HUGEINT")
    if slot.op in ("squares_whole", "squares_fraction"):
        number = Infix("*", (number, number))
    floor = call("floor", number)
    if slot.op in ("whole", "squares_whole", "sum"):
        return Cast(floor, "HUGEINT")
    rest = Infix("*", (Infix("-", (number, floor)), Literal(FRACTION)))
    return Cast(call("floor", rest), "BIGINT")


def _exact(node: Node) -> Node:
    return Cast(node, "DECIMAL(38,0)")

