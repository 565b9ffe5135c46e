"""The DuckDB engine: a scan as one SQL query over Parquet, or a table of narrow rows and a query a cube."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from pathlib import Path
from tempfile import mkdtemp
from typing import TypeVar

import polars as pl

from cxmetrics.backends import needs, sql
from cxmetrics.backends.cells import Cells, CellsOnDisk, Census, Request
from cxmetrics.backends.duckdb.cubes import (
    BITS,
    Narrow,
    cells_of,
    cells_select,
    census_again,
    census_select,
    chosen,
    cube_select,
    narrow,
    nulling,
)
from cxmetrics.backends.duckdb.marks import MARKED, marked_rows
from cxmetrics.backends.duckdb.rows import Rows, in_days, relation_of, rows_of
from cxmetrics.backends.duckdb.session import (
    ENGINE_ERRORS,
    OUT_OF_MEMORY,
    OVERFLOWS,
    Connection,
    Limits,
    Sessions,
    frame_of,
    hand_over,
    number_of,
    problem_of,
)
from cxmetrics.backends.duckdb.unique import losers, rivals, unique_items
from cxmetrics.backends.duckdb.values import Read
from cxmetrics.backends.fates import DROPPED, DUPLICATE, FINE, FIRST_REASON, tallies
from cxmetrics.backends.marks import is_mark, reach
from cxmetrics.backends.polars.lookups import answers
from cxmetrics.backends.statements import copy_to_parquet, create_table
from cxmetrics.backends.waiting import Waiting, waiting_in
from cxmetrics.codes import data
from cxmetrics.diagnostics import Fault, report
from cxmetrics.ir import Expr, columns_in
from cxmetrics.plan import ADDITIVE, Cube, Days
from cxmetrics.tables import place_of

_FAR = "Could not convert Timestamp(MS)"
_UNLIKE = re.compile(r'file "(?P<path>[^\n]+)": failed to cast column "(?P<column>[^\n]+)" from type (?P<own>\w+) to '
                     r"(?P<other>\w+)")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Work:
    """A request as SQL: tables of lookups, then either one query or the table `rows` and a query a cube."""

    rows: Rows
    narrowed: Narrow
    direct: bool  # one query answers everything
    days: tuple[Days, ...] | None  # those asked for, of those that are read

    @property
    def table(self) -> sql.Query:
        """The narrow rows."""
        extra = () if self.rows.request.scan.source.unique is None else unique_items(self.rows)
        items = (*self.narrowed.items, *extra)
        last = sql.Select(items, self.rows.steps.last, where=None if extra else in_days(self.rows.request.days))
        return sql.Query(self.rows.steps.chain(self.rows.first), last)

    @property
    def queries(self) -> tuple[sql.Query, ...]:
        """One for each cube, and at last one for the census; where the work is direct, one for all."""
        source, cubes = self.rows.request.scan.source, self.rows.request.scan.cubes
        if self.direct:
            table = self.table
            steps = (*table.steps, ("rows", table.body))
            return (self._query(cubes[0], steps, "rows", None, census=True) if cubes else
                    sql.Query(steps, census_select(self.narrowed, "rows", None)),)
        all_asked = source.unique is None and self.days == self.rows.request.days
        where = None if all_asked else in_days(self.days)
        # Not GROUPING SETS, for cubes that differ in their dimensions only: they would take a tenth less of the
        # processor, and hold the cells of all at once, where single queries lie down on the disk one by one.
        queries = (self._query(cube, (), MARKED if any(map(is_mark, cube.keys)) else "rows", where, census=False)
                   for cube in cubes)
        return (*queries, sql.Query((), census_select(self.narrowed, "rows", where)))

    def _query(self, cube: Cube, steps: tuple[tuple[str, sql.Select | sql.Values], ...], relation: str,
               where: sql.Node | None, *, census: bool) -> sql.Query:
        told = chosen(cube, self.narrowed, relation)
        if told is not None:
            steps, relation = (*steps, ("chosen", told)), "chosen"
        return sql.Query(steps, cube_select(cube, self.narrowed, relation, where=where, census=census))

    @property
    def marked(self) -> sql.Query | None:
        """The rows that count with their marks, if a cube asks for any."""
        if not self.narrowed.marks:
            return None
        days = None if self.rows.request.scan.source.unique is None else in_days(self.rows.request.days)
        return marked_rows(self.narrowed, "rows", days)


class DuckDB:
    """Computes cells with DuckDB, in memory and in a scratch folder for what does not fit there."""

    name = "duckdb"

    def __init__(self, scratch: Path | None = None, *, threads: int | None = None, memory: str | None = None) -> None:
        self._limits = Limits(threads, memory, scratch)
        self._sessions = Sessions(self._limits)

    def expect(self, files: Iterable[Path]) -> None:
        """Files of requests to come: told of all at once, they are read through one connection."""
        self._sessions.expect(files)

    def cells(self, request: Request) -> Cells:
        """The cells of every cube, and what became of the rows.

        Raises `Fault`: CX702 unreadable file, CX703/CX704 columns, CX711 lookup, CX714 overflow, CX715 bad row,
        CX726 out of memory.
        """
        return self._computed(request, _run)

    def cells_on_disk(self, request: Request) -> CellsOnDisk:
        """The same in the scratch folder, which there has to be; raises as `cells`."""
        laid = self._limits.laid
        assert laid is not None
        laid.mkdir(exist_ok=True)
        return self._computed(request, lambda connection, work: _laid(connection, work, Path(mkdtemp(dir=laid))))

    def _computed(self, request: Request, run: Callable[[Connection, Work], _Answer]) -> _Answer:
        try:
            return _computed(request, self._sessions, run)
        except OVERFLOWS as error:
            raise _unlike(request, error) or _overflow(request, self._sessions, error) from error
        except OUT_OF_MEMORY as error:
            origin = request.scan.source
            raise Fault(report(data.OUT_OF_MEMORY, origin.span, source=origin.id)) from error
        except ENGINE_ERRORS as error:
            raise _unreadable(request, error) from error

    def rest(self) -> None:
        """Close the connection, which keeps what it has read; the next request opens another."""
        self._sessions.leave()

    def source_text(self, request: Request) -> str:
        """The SQL that would be run; what depends on the data is there as if it had to be done."""
        return "".join(f"{statement};\n\n" for statement in _script(_work(request))).rstrip("\n") + "\n"


def _work(request: Request) -> Work:
    asked_for, request = request.days, replace(request, days=reach(request))
    needed = needs.needs_of(request)
    found = {asked.lookup.id: answers(request, asked) for asked in needed.lookups}
    rows = rows_of(request, needed, found, placed=request.scan.source.unique is not None)
    narrowed = narrow(rows, request.scan.cubes)
    direct = len(request.scan.cubes) < 2 and request.scan.source.unique is None and not narrowed.marks
    return Work(rows, narrowed, direct, asked_for)


def _script(work: Work) -> Iterator[str]:
    request = work.rows.request
    if not work.direct:
        yield create_table("rows", work.table)
    if request.scan.source.unique is not None:
        yield from rivals(request)
        yield from losers(work.rows, ties=True)
    if work.marked is not None:
        yield create_table(MARKED, work.marked)
    yield from map(sql.query_text, work.queries)


def _computed(request: Request, sessions: Sessions, run: Callable[[Connection, Work], _Answer]) -> _Answer:
    work = _work(request)
    with sessions.serving(request.table.files, request.zone) as connection:
        _prepare(connection, work)
        return run(connection, work)


def _prepare(connection: Connection, work: Work) -> None:
    """Make the tables that the queries of the work are over."""
    request = work.rows.request
    for asked in work.rows.needs.lookups:
        hand_over(connection, _instants(work.rows.found[asked.lookup.id]), relation_of(work.rows.needs, asked))
    if not work.direct:
        connection.execute(create_table("rows", work.table))
    if request.scan.source.unique is not None:
        _mark_duplicates(connection, work.rows)
    if work.marked is not None:
        connection.execute(create_table(MARKED, work.marked))


def _run(connection: Connection, work: Work) -> Cells:
    frames = [frame_of(connection, sql.query_text(query)) for query in work.queries]
    census = _census(work, frames[-1])
    if work.direct:
        return Cells(tuple(cells_of(cube, frames[0]) for cube in work.rows.request.scan.cubes), census)
    return Cells(tuple(frames[:-1]), census)


def _laid(connection: Connection, work: Work, folder: Path) -> CellsOnDisk:
    """The answers in files of a folder, each in order of days."""
    *queries, census = work.queries
    if work.direct and (cubes := work.rows.request.scan.cubes):
        connection.execute(create_table("cells", census))
        queries = [sql.Query((), cells_select(cube, "cells")) for cube in cubes]
        census = sql.Query((), census_again(work.narrowed, "cells"))
    found = _census(work, frame_of(connection, sql.query_text(census)))
    waiting = list[Waiting]()
    for place, query in enumerate(queries):
        path = folder / f"{place}.parquet"
        body = query.body if work.direct else replace(query.body, order=(1,))
        connection.execute(copy_to_parquet(replace(query, body=body), str(path)))
        waiting.append(waiting_in(path))
    return CellsOnDisk(tuple(waiting), found)


# --- lookups and duplicates ------------------------------------------------------------------------------------


def _instants(found: pl.DataFrame) -> pl.DataFrame:
    """The answers of a lookup, with instants as DuckDB knows them."""
    return found.with_columns(pl.col(name).dt.replace_time_zone("UTC") for name in found.columns if name[:2] == "u:")


def _mark_duplicates(connection: Connection, rows: Rows) -> None:
    find, rank, tie = rivals(rows.request)
    connection.execute(find)
    if number_of(connection, 'SELECT count(1) FROM "twice"') == 0:
        return
    connection.execute(rank)
    connection.execute(tie)
    for statement in losers(rows, ties=number_of(connection, 'SELECT count(1) FROM "tied"') > 0):
        connection.execute(statement)


# --- census ----------------------------------------------------------------------------------------------------


def _census(work: Work, counted: pl.DataFrame) -> Census:
    """The census of counts by fate, day and perhaps cells.  Raises `Fault` CX715 where a bad row is a failure."""
    request, reads = work.rows.request, work.rows.reads
    source, reasons = request.scan.source, work.rows.needs.reasons
    fates = {int(fate): int(rows) for fate, rows in counted.group_by("fate").agg(pl.col("rows").sum()).iter_rows()}
    rejected = {reason: fates[number] for number, reason in enumerate(reasons, FIRST_REASON) if number in fates}
    if source.on_bad == "fail" and rejected:
        column, reason = next(iter(rejected))
        spec = source.columns.get(column)
        raise Fault(report(data.FAIL_ON_BAD, source.span if spec is None else spec.span, source=source.id,
                           column=column, reason=reason))
    own = counted.filter(pl.col("fate") != DROPPED)
    masks = [reduce(or_, own[f"m{i}"].unique(), 0) for i in range(work.narrowed.presence)]
    empty = tuple(name for name in _empty(reads, masks) if name in source.columns) if len(own) else ()
    nulled = _nulling(work)
    first, last = counted["day"].min(), counted["day"].max()
    return Census(read=sum(fates.values()), kept=fates.get(FINE, 0), dropped=fates.get(DROPPED, 0),
                  duplicates=fates.get(DUPLICATE, 0), rejected=rejected, empty=empty,
                  nulled={of: int(hits) for of, column in nulled.items() if (hits := own[column].sum())},
                  by_day=tallies(counted, nulled.values()),
                  flagged={name: hits for i, (name, _) in enumerate(source.flags)
                           if (hits := int(counted[f"f{i}"].sum()))},
                  first=first if isinstance(first, dt.date) else None, last=last if isinstance(last, dt.date) else None)


def _empty(reads: Sequence[Read], masks: Sequence[int]) -> Iterator[str]:
    for i, read in enumerate(reads):
        if not masks[i // BITS] >> i % BITS & 1:
            yield read.spec.name


def _nulling(work: Work) -> dict[tuple[str, str], str]:
    """Where values are counted that become null, by column and reason; what rejects the row is counted there."""
    return {(name, reason): f"{status} of b{i}" for i, name in enumerate(work.rows.statuses)
            for status, reason in nulling(work.rows, name).items() if (name, reason) not in work.rows.needs.reasons}


# --- faults ----------------------------------------------------------------------------------------------------


def _unlike(request: Request, error: Exception) -> Fault | None:
    """A file in which a column is of a type whose values are not all of the type that it has in others."""
    said = _UNLIKE.search(str(error))
    path = next((each for each in request.table.files if said and str(each) == said["path"]), None)
    if said is None or path is None:
        return None
    problem = f"its column `{said['column']}` is {said['own']}, and holds what is no {said['other']}, as in other files"
    return Fault(report(data.FILE_UNREADABLE, request.scan.source.span, path=path, problem=problem))


def _overflow(request: Request, sessions: Sessions, error: Exception) -> Fault:
    """Which sum was too large: each is tried alone.  Or which file has a time that is too far to be read at all."""
    if _FAR in str(error):
        far = (path for path in request.table.files
               if _overflows(replace(request, table=replace(request.table, files=(path,))), sessions))
        source, problem = request.scan.source, "it holds a time, in milliseconds, that is too far for any calendar"
        return Fault(report(data.FILE_UNREADABLE, source.span, path=next(far, place_of(source)), problem=problem))
    args = []
    for cube in request.scan.cubes:
        for slot in cube.slots:
            if slot.op in ADDITIVE and slot.arg is not None:
                args.append(slot.arg)
                alone = replace(request.scan, cubes=(replace(cube, slots=(slot,), members=()),))
                if _overflows(replace(request, scan=alone), sessions):
                    return _too_large(slot.arg)
    return _too_large(args[0] if args else None)


def _overflows(request: Request, sessions: Sessions) -> bool:
    try:
        _computed(request, sessions, _run)
    except OVERFLOWS:
        return True
    return False


def _too_large(arg: Expr | None) -> Fault:
    column = next(columns_in(arg), None)
    return Fault(report(data.SUM_OVERFLOW, None if column is None else column.span,
                        column="" if column is None else column.name))


def _unreadable(request: Request, error: Exception) -> Fault:
    """The file that cannot be read, or, if all can, what DuckDB said: its first line, which quotes no value."""
    paths = [path for table in (request.table, *request.lookups.values()) for path in table.files]
    for path in paths:
        problem = problem_of(path)
        if problem is not None:
            return Fault(report(data.FILE_UNREADABLE, request.scan.source.span, path=path, problem=problem))
    said = str(error).strip().partition("\n")[0][:200]
    source = request.scan.source
    return Fault(report(data.FILE_UNREADABLE, source.span, path=place_of(source), problem=said))
