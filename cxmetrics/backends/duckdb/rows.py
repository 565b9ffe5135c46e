"""From the files of a source to rows that count, as one chain of selects: the pipeline every engine follows.

Columns: `p…` as in the file, `v…`, `b…`, `c…`, `u…` (see `values`), `day`; `fate`: 0 for rows that
count, else the number of what became of the row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from cxmetrics.backends.cells import MISSING, Physical, Request, Table
from cxmetrics.backends.duckdb.expressions import Term, Writer
from cxmetrics.backends.duckdb.steps import Steps
from cxmetrics.backends.duckdb.times import instant_literal, years_of
from cxmetrics.backends.duckdb.values import FINE, TYPE, VALUES, Read, Zone, held, read_column, text_of
from cxmetrics.backends.needs import Needs
from cxmetrics.backends.sql import (
    Call,
    Case,
    Cast,
    Infix,
    IsNull,
    Items,
    Literal,
    Name,
    Node,
    Not,
    Select,
    Type,
    both,
    call,
    either,
    when,
)
from cxmetrics.ir import DAYS, Binding, ColumnSpec, columns_in
from cxmetrics.plan import Days

DROPPED, DUPLICATE = 1, 2
FIRST_REASON = 3  # further fates are places in `Needs.reasons`, counted from here
PLACE = ("file_index", "file_row_number")  # where a row stands
_MARGIN = dt.timedelta(days=2)  # more than any time zone shifts a day
_NANOSECONDS = dt.date(1678, 1, 1), dt.date(2262, 1, 1)  # what 64 bits of them reach, less a margin


@dataclass(frozen=True)
class Rows:
    """The chain of selects of a request, growing while expressions over its rows are written."""

    request: Request
    needs: Needs
    steps: Steps
    first: Select
    reads: tuple[Read, ...]
    physical: Mapping[str, Name]
    writer: Writer
    zone: Zone

    @cached_property
    def reads_by_name(self) -> Mapping[str, Read]:
        """The columns that are read, by their name in the source."""
        return {read.spec.name: read for read in self.reads}

    def dimension(self, name: str, lookups: Mapping[Binding, str]) -> Node:
        """The text of a dimension of each row; `lookups`: the relation of each binding that has a lookup."""
        binding = self.needs.bindings.get(name)
        if binding is None:
            return Literal(MISSING)
        text = self.bound_text(binding.column)
        if binding.lookup is not None:
            relation = lookups[binding]
            found = f"{relation} {name}"
            if not self.steps.has(found):
                self.steps.join(relation, text, "key", {found: "value"})
            text = self.steps.column(found)
        return call("coalesce", text, Literal(MISSING))

    def bound_text(self, column: str) -> Node:
        """The text of a physical column: typed where it is declared, else as it stands in the file."""
        for read in self.reads:
            if read.spec.physical == column:
                return text_of(read.term.node, read.spec.type, self.zone)
        return text_of(self.physical[column], self.request.table.columns[column], self.zone)


def rows_of(request: Request, needs: Needs, *, placed: bool = False) -> Rows:
    """The rows of the table with their typed columns, `day` and `fate` (duplicates not yet told).

    `placed` adds the columns of `PLACE`.  Where `unique` does not ask for all rows, what cannot lie in the days of
    the request is not read.
    """
    bound = {binding.column for binding in needs.bindings.values()}
    wanted = sorted({spec.physical for spec in needs.read} | bound)
    physical = {column: Name(f"p{i} {column}") for i, column in enumerate(wanted)}
    steps = Steps([*(name.name for name in physical.values()), *(PLACE if placed else ())])
    zone = Zone(request.zone, years_of(request.days if request.scan.source.unique is None else None))
    kinds = request.table.columns
    reads = tuple(read_column(steps, spec, physical[spec.physical], kinds[spec.physical], zone, i)
                  for i, spec in enumerate(needs.read))
    columns = {read.spec.name: read.term for read in reads}
    writer = Writer(steps, columns)
    for spec in needs.derived:
        columns[spec.name] = _derived(writer, spec)
    first = select_files(request.table, physical, placed=placed, where=_prunable(request, needs))
    rows = Rows(request, needs, steps, first, reads, physical, writer, zone)
    steps.define("day", _day(rows))
    steps.define("fate", _fate(rows))
    return rows


def select_files(table: Table, named: Mapping[str, Name], *, placed: bool = False, where: Node | None = None) -> Select:
    """The physical columns of a table, each in the one type of its kind, by the names given."""
    columns: list[tuple[Node, str]] = [(Name(column), column) for column in named]
    places: list[Node] = [Name(place) for place in PLACE] if placed else []
    if not table.files:
        columns, places, where = [(Literal(None), column) for column in named], [Literal(0) for _ in places], None
    fine = table.fine if table.files else frozenset[str]()
    items: list[tuple[Node, str | None]] = [
        (held(node, table.columns[column], fine=column in fine), named[column].name) for node, column in columns]
    items += [(Cast(node, "BIGINT"), place) for node, place in zip(places, PLACE, strict=False)]
    source = files_of(table) if table.files else call("range", Literal(0))
    return Select(tuple(items) or ((Literal(True), "row"),), source, where=where)


def files_of(table: Table) -> Call:
    """The table function that reads the files."""
    keys = {name for path in table.files for name in _path_keys(path.parts)}
    hive = bool(keys & set(table.columns))
    named: tuple[tuple[str, Node], ...] = (
        ("union_by_name", Literal(len(table.files) > 1)), ("hive_partitioning", Literal(hive)),
        ("binary_as_string", Literal(True)))
    if hive:
        named = (*named, ("hive_types_autocast", Literal(False)))
    return Call("read_parquet", (Items(tuple(Literal(glob_of(str(path))) for path in table.files)),), named)


def glob_of(path: str) -> str:
    """The pattern that matches the path and nothing else."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in path)


def _path_keys(parts: tuple[str, ...]) -> Iterator[str]:
    return (part.partition("=")[0] for part in parts[:-1] if "=" in part)


def _prunable(request: Request, needs: Needs) -> Node | None:
    """What lets row groups be left out by their statistics: neither near the days of the request nor out of `DAYS`."""
    source, days = request.scan.source, request.days
    if days is None or source.unique is not None or not isinstance(source.time, str):
        return None
    spec = next(spec for spec in needs.read if spec.name == source.time)
    if not days:
        return None
    first, last = min(start for start, _ in days), max(end for _, end in days)
    if first <= dt.date(2, 1, 1) or last >= dt.date(9990, 1, 1):
        return None
    kind, fine = request.table.columns[spec.physical], spec.physical in request.table.fine
    ends = _ends(kind, first - _MARGIN, last + _MARGIN, DAYS[0] + _MARGIN, DAYS[1] - _MARGIN)
    if not ends or (fine and not _NANOSECONDS[0] < first < last < _NANOSECONDS[1]):
        return None
    column = held(Name(spec.physical), kind)  # a cast to the own type costs nothing
    if fine:
        own: Type = "TIMESTAMPTZ_NS" if kind == "instant" else "TIMESTAMP_NS"
        column, ends = Name(spec.physical), tuple(Cast(end, own) for end in ends)
    near = both(Infix(">=", (column, ends[0])), Infix("<=", (column, ends[1])))
    return either(near, Infix("<", (column, ends[2])), Infix(">", (column, ends[3])), IsNull(column))


def _ends(kind: Physical, *days: dt.date) -> tuple[Node, ...]:
    """The midnights as constants that a column of that kind can be compared with; none where it holds no times."""
    match kind:
        case "date" | "time":
            return tuple(Literal(day) for day in days)
        case "instant":
            return tuple(instant_literal(dt.datetime.combine(day, dt.time(), dt.UTC)) for day in days)
        case _:
            return ()


def _derived(writer: Writer, spec: ColumnSpec) -> Term:
    """A derived column: null where an input is."""
    assert spec.formula is not None
    made = writer.term(spec.formula)
    inputs = {writer.columns[column.name].node: None for column in columns_in(spec.formula)}
    present = both(*(Not(IsNull(node)) for node in inputs))
    number = len(writer.columns)
    node = writer.steps.define(f"c{number} {spec.name}", when(present, made.node))
    instant = None
    if made.instant is not None:
        instant = writer.steps.define(f"u{number} {spec.name}", when(present, made.instant))
    return Term(node, made.type, made.bound, instant)


def _day(rows: Rows) -> Node:
    time = rows.request.scan.source.time
    if isinstance(time, dt.date):
        return Cast(Literal(time), "DATE")
    day = rows.steps.bind(Cast(rows.reads_by_name[time].term.node, "DATE"))
    return when(both(Infix(">=", (day, Literal(DAYS[0]))), Infix("<=", (day, Literal(DAYS[1])))), day)


def _fate(rows: Rows) -> Node:
    """0, or that `keep` drops the row, or the first reason to reject it: false `keep` goes before, missing after."""
    source = rows.request.scan.source
    keep = None if source.keep is None else rows.steps.bind(rows.writer.term(source.keep).node)
    branches: list[tuple[Node, Node]] = [] if keep is None else [(Not(keep), Literal(DROPPED))]
    for number, (name, reason) in enumerate(rows.needs.reasons, FIRST_REASON):
        read = rows.reads_by_name[name]
        if reason in ("key", "missing"):
            branches.append((IsNull(read.term.node), Literal(number)))
        elif reason == "range":
            branches.append((both(Not(IsNull(read.term.node)), IsNull(Name("day"))), Literal(number)))
        elif reason == "type" and read.status is not None:  # its three reasons at once
            bad = is_bad(read.status)
            branches.append((bad, Infix("+", (read.status, Literal(number - TYPE)))))
    if keep is not None:
        branches.append((IsNull(keep), Literal(DROPPED)))
    return Case(tuple(branches), Literal(FINE)) if branches else Literal(FINE)


def is_bad(status: Node) -> Node:
    """Whether a value breaks its contract (and is not merely not finite)."""
    return both(Infix(">=", (status, Literal(TYPE))), Infix("<=", (status, Literal(VALUES))))


def in_days(days: Iterable[Days] | None) -> Node | None:
    """Whether a row's day was asked for or cannot be told; None where all are asked for."""
    if days is None:
        return None
    day = Name("day")
    spans = (both(Infix(">=", (day, Literal(start))), Infix("<", (day, Literal(end)))) for start, end in days)
    return either(IsNull(day), *spans)
