"""From the files of a source to rows that count, as one chain of selects: the pipeline every engine follows.

Columns: `p…` as in the file, `v…`, `b…`, `c…`, `u…` (see `values`), `day`; `fate`: 0 for rows that
count, else the number of what became of the row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import polars as pl

from cxmetrics.backends.cells import MISSING, Physical, Request, Table
from cxmetrics.backends.duckdb.expressions import Term, Writer, double
from cxmetrics.backends.duckdb.scales import rescaled
from cxmetrics.backends.duckdb.steps import Steps
from cxmetrics.backends.duckdb.times import instant_literal
from cxmetrics.backends.duckdb.values import Read, bound_of, contract_of, held, read_column, text_of
from cxmetrics.backends.fates import DROPPED, FINE, FIRST_REASON, TYPE, VALUES
from cxmetrics.backends.needs import LookedUp, Needs, arrivals, derivation, has_contract, kind_of
from cxmetrics.backends.polars.lookups import END, KEY, START
from cxmetrics.backends.rules import WEIGHTS
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
from cxmetrics.backends.zones import Zone, years_of
from cxmetrics.ir import DAYS, ColumnSpec
from cxmetrics.plan import Days

PLACE = ("file_index", "file_row_number")  # where a row stands
_MARGIN = dt.timedelta(days=2)  # more than any time zone shifts a day
_NANOSECONDS = dt.date(1678, 1, 1), dt.date(2262, 1, 1)  # what 64 bits of them reach, less a margin


Found = Mapping[str, pl.DataFrame]  # what each lookup answers


@dataclass(frozen=True)
class Rows:
    """The chain of selects of a request, growing while expressions over its rows are written.

    `statuses`: of every column that can be bad, where its status stands.
    """

    request: Request
    needs: Needs
    found: Found
    steps: Steps
    first: Select
    reads: tuple[Read, ...]
    statuses: Mapping[str, Name]
    writer: Writer
    zone: Zone

    @property
    def floats(self) -> frozenset[str]:
        """The columns whose values may not be finite."""
        specs = [read.spec for read in self.reads] + [spec for made in self.needs.lookups for spec in made.columns]
        return frozenset(spec.name for spec in specs if "number" in (spec.type, kind_of(self.request, spec)))

    def dimension(self, name: str) -> Node:
        """The text of a dimension of each row."""
        column = self.needs.bindings.get(name)
        if column is None:
            return Literal(MISSING)
        held = self.writer.columns[column]
        return call("coalesce", text_of(self.steps.bind(held.node), held.type, self.zone), Literal(MISSING))


def rows_of(request: Request, needs: Needs, found: Found, *, placed: bool = False) -> Rows:
    """The rows of the table with their typed columns, `day` and `fate` (duplicates not yet told).

    `placed` adds the columns of `PLACE`.  Where `unique` does not ask for all rows, what cannot lie in the days of
    the request is not read.
    """
    wanted = sorted({spec.physical for spec in needs.read})
    physical = {column: Name(f"p{i} {column}") for i, column in enumerate(wanted)}
    steps = Steps([*(name.name for name in physical.values()), *(PLACE if placed else ())])
    zone = Zone(request.zone, years_of(request.days if request.scan.source.unique is None else None))
    kinds = request.table.columns
    reads = tuple(read_column(steps, spec, physical[spec.physical], kinds[spec.physical], zone, i,
                              wide=spec.physical in request.table.wider)
                  for i, spec in enumerate(needs.read))
    columns = {read.spec.name: read.term for read in reads}
    statuses = {read.spec.name: read.status for read in reads if read.status is not None}
    writer = Writer(steps, columns)
    first = select_files(request.table, physical, placed=placed, where=_prunable(request, needs))
    rows = Rows(request, needs, found, steps, first, reads, statuses, writer, zone)
    steps.define("day", _day(rows))
    rows = replace(rows, reads=tuple(rescaled(steps, read, i) for i, read in enumerate(reads)))
    columns |= {read.spec.name: read.term for read in rows.reads}
    statuses |= {read.spec.name: read.status for read in rows.reads if read.status is not None}
    for made in needs.made:
        if isinstance(made, LookedUp):
            new, judged = look_up(rows, made)
        else:
            new, judged = _derived(rows, made)
        columns |= new
        statuses |= judged
    steps.define("fate", _fate(rows))
    return rows


def select_files(table: Table, named: Mapping[str, Name], *, placed: bool = False, where: Node | None = None) -> Select:
    """The physical columns of a table, each in the one type of its kind, by the names given."""
    columns: list[tuple[Node, str]] = [(Name(column), column) for column in named]
    places: list[Node] = [Name(place) for place in PLACE] if placed else []
    if not table.files:
        columns, places, where = [(Literal(None), column) for column in named], [Literal(0) for _ in places], None
    fine = table.wider if table.files else frozenset[str]()
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
    kind, fine = request.table.columns[spec.physical], spec.physical in request.table.wider
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


def _derived(rows: Rows, spec: ColumnSpec) -> tuple[dict[str, Term], dict[str, Name]]:
    """A derived column; and its status, if it promises something."""
    writer = rows.writer
    assert spec.formula is not None
    made = writer.term(derivation(spec.formula))
    number = len(writer.columns)
    node = writer.steps.define(f"c{number} {spec.name}", made.node)
    if has_contract(spec):
        status = writer.steps.define(f"b{number} {spec.name}", contract_of(node, spec))
        kept = writer.steps.define(f"k{number} {spec.name}", when(Infix("=", (status, Literal(FINE))), node))
        return {spec.name: Term(kept, made.type, made.bound)}, {spec.name: status}
    instant = None
    if made.instant is not None:
        instant = writer.steps.define(f"u{number} {spec.name}", made.instant)
    return {spec.name: Term(node, made.type, made.bound, instant)}, {}


def look_up(rows: Rows, asked: LookedUp) -> tuple[dict[str, Term], dict[str, Name]]:
    """The columns that a lookup gives, and the statuses of those that can be bad."""
    lookup, steps, number = asked.lookup, rows.steps, len(rows.writer.columns)
    given = rows.found[lookup.id].columns
    relation = relation_of(rows.needs, asked)
    timed = START in given
    ends = {f"{END}{number}": END} if timed else {}
    names = {f"{letter}{number} {spec.name}": f"{letter}:{spec.name}" for spec in asked.columns for letter in "cbu"
             if f"{letter}:{spec.name}" in given}
    key = None
    if lookup.on is not None:
        held = rows.writer.columns[lookup.on]
        key = text_of(steps.bind(held.node), held.type, rows.zone), KEY
    if timed:
        moment = steps.bind(_moment(rows))
        steps.join_since(relation, key, (moment, START), names | ends)
        holds = either(IsNull(Name(f"{END}{number}")), Infix("<", (moment, Name(f"{END}{number}"))))
        found = {name: steps.define(f"{name} then", when(holds, Name(name))) for name in names}
    else:
        assert key is not None
        steps.join(relation, *key, names)
        found = {name: Name(name) for name in names}

    terms = {spec.name: Term(found[f"c{number} {spec.name}"], spec.type, bound_of(spec),
                             found.get(f"u{number} {spec.name}")) for spec in asked.columns}
    return terms, {spec.name: found[f"b{number} {spec.name}"] for spec in asked.columns
                   if f"b{number} {spec.name}" in found}


def relation_of(needs: Needs, asked: LookedUp) -> str:
    """The table with the answers of a lookup."""
    return f"lookup{needs.lookups.index(asked)}"


def _moment(rows: Rows) -> Node:
    """The local time of a row."""
    time = rows.request.scan.source.time
    return Cast(Literal(time) if isinstance(time, dt.date) else rows.writer.columns[time].node, "TIMESTAMP")


def _day(rows: Rows) -> Node:
    time = rows.request.scan.source.time
    if isinstance(time, dt.date):
        return Cast(Literal(time), "DATE")
    day = rows.steps.bind(Cast(rows.writer.columns[time].node, "DATE"))
    return when(both(Infix(">=", (day, Literal(DAYS[0]))), Infix("<=", (day, Literal(DAYS[1])))), day)


def _fate(rows: Rows) -> Node:
    """0, or that `keep` drops the row, or the first reason to reject it: false `keep` goes before, missing after."""
    source = rows.request.scan.source
    keep = None if source.keep is None else rows.steps.bind(rows.writer.term(source.keep).node)
    branches: list[tuple[Node, Node]] = [] if keep is None else [(Not(keep), Literal(DROPPED))]
    limits = {reason: limit for _, reason, limit in arrivals(source)}
    for number, (name, reason) in enumerate(rows.needs.reasons, FIRST_REASON):
        value, status = rows.writer.columns[name].node, rows.statuses.get(name)
        if reason == "weight":
            branches.append((_no_weight(rows.writer.columns[name]), Literal(number)))
        if reason in ("key", "missing"):
            branches.append((IsNull(value), Literal(number)))
        elif reason == "range":
            branches.append((both(Not(IsNull(value)), IsNull(Name("day"))), Literal(number)))
        elif reason == "type" and status is not None:  # its three reasons at once
            branches.append((is_bad(status), Infix("+", (Cast(status, "INTEGER"), Literal(number - TYPE)))))
        elif reason in limits:
            branches.append((rows.writer.term(limits[reason]).node, Literal(number)))
    if keep is not None:
        branches.append((IsNull(keep), Literal(DROPPED)))
    return Case(tuple(branches), Literal(FINE)) if branches else Literal(FINE)


def _no_weight(weight: Term) -> Node:
    """Whether there is no weight, or one that is none."""
    x, (least, most) = double(weight), WEIGHTS
    below, above = Infix("<", (x, Literal(least))), Infix(">", (x, Literal(most)))
    return either(IsNull(x), both(Infix("<>", (x, Literal(0.0))), either(below, above)))


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
