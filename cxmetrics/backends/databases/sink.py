"""Tables written to PostgreSQL: all of them in one transaction, so that readers see one run or the next.

Names of columns are identifiers, values go as data (COPY): nothing of a store becomes part of a statement.  Several
projects may share a schema; each table tells them apart by its column `project`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from cxmetrics.addresses import Address
from cxmetrics.backends.databases.postgresql import connection_parameters, words_of
from cxmetrics.backends.databases.wishes import unreachable
from cxmetrics.codes import data
from cxmetrics.diagnostics import Fault, report

PUBLISHED = "published"
WAIT = "5min"  # for others who write to the schema, and for those who read a table that gets a column
_LONGEST = 63  # bytes of a name, in PostgreSQL
_TYPES: Mapping[type[pl.DataType], str] = {
    pl.String: "text", pl.Float64: "double precision", pl.Int64: "bigint", pl.Date: "date", pl.Boolean: "boolean",
    pl.Datetime: "timestamptz"}


@dataclass(frozen=True, slots=True)
class Sink:
    """A schema of a database, in a transaction."""

    connection: psycopg.Connection[tuple[object, ...]]
    schema: str
    project: str

    def published(self, tables: Collection[str]) -> tuple[int, str] | None:
        """The number and the id of the run that stands there; None where rows, or one of the tables, are gone."""
        found = self._do("SELECT number, run, rows FROM {} WHERE project = %s", PUBLISHED, self.project).fetchone()
        if found is None or not self._has(tables) or found[2] != self._rows(tables):
            return None
        return int(str(found[0])), str(found[1])

    def mark(self, number: int, run: str, tables: Collection[str]) -> None:
        """From now on this run stands there, with the rows that the tables have."""
        self._do("DELETE FROM {} WHERE project = %s", PUBLISHED, self.project)
        self._do("INSERT INTO {} (project, number, run, at, rows) VALUES (%s, %s, %s, now(), %s)", PUBLISHED,
                 self.project, number, run, self._rows(tables))

    def _has(self, tables: Collection[str]) -> bool:
        there = self.connection.execute("SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = %s",
                                        (self.schema,))
        return set(tables) <= {str(name) for (name,) in there}

    def _rows(self, tables: Collection[str]) -> int:
        """How many rows of the project stand in tables."""
        counts = (self._do("SELECT count(*) FROM {} WHERE project = %s", table, self.project) for table in tables)
        return sum(int(str(count)) for counted in counts for (count,) in counted)

    def put(self, table: str, frame: pl.DataFrame, periods: Mapping[str, Collection[dt.date]] | None = None) -> None:
        """Rows in the place of all that a table has of the project, or of these periods by grain."""
        self._prepare(table, frame)
        if periods is None:
            self._do("DELETE FROM {} WHERE project = %s", table, self.project)
        for grain, days in (periods or {}).items():
            self._do("DELETE FROM {} WHERE project = %s AND grain = %s AND period = ANY(%s)", table, self.project,
                     grain, sorted(days))
        names = ["project", *frame.columns]
        copy = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(self.schema, table), sql.SQL(", ").join(map(sql.Identifier, names)))
        with self.connection.cursor() as cursor, cursor.copy(copy) as rows:
            for row in frame.iter_rows():
                rows.write_row((self.project, *row))

    def _prepare(self, table: str, frame: pl.DataFrame) -> None:
        """Make the table, and the columns that it lacks: to alter a table one has to wait for all who read it."""
        self._do("CREATE TABLE IF NOT EXISTS {} (project text NOT NULL)", table)
        there = self._columns(table)
        for name, kind in frame.schema.items():
            if len(name.encode()) > _LONGEST or name == "project":
                raise Fault(report(data.SINK_REFUSED, None, database=self.schema, problem=f"a column `{name}`"))
            if name not in there:
                add = sql.SQL("ALTER TABLE {} ADD COLUMN {} " + _TYPES[type(kind)])
                self.connection.execute(add.format(sql.Identifier(self.schema, table), sql.Identifier(name)))
        if table == "values":
            self.connection.execute(sql.SQL("CREATE INDEX IF NOT EXISTS {} ON {} (project, indicator, grain, period)")
                                    .format(sql.Identifier("values_place"), sql.Identifier(self.schema, table)))

    def _columns(self, table: str) -> frozenset[str]:
        found = self.connection.execute("SELECT column_name FROM information_schema.columns "
                                        "WHERE table_schema = %s AND table_name = %s", (self.schema, table))
        return frozenset(str(name) for (name,) in found)

    def prepare(self) -> None:
        """Make the schema, and be the only one who writes to it until the end; who does not become so is told."""
        self.connection.execute("SELECT pg_catalog.set_config('lock_timeout', %s, true)", (WAIT,))
        self.connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"cxmetrics {self.schema}",))
        self.connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(self.schema)))
        self._do("CREATE TABLE IF NOT EXISTS {} (project text PRIMARY KEY, number bigint NOT NULL, run text NOT NULL, "
                 "at timestamptz NOT NULL, rows bigint NOT NULL)", PUBLISHED)

    def _do(self, statement: str, table: str, *facts: object) -> psycopg.Cursor[tuple[object, ...]]:
        """A statement of ours about a table."""
        return self.connection.execute(
            sql.SQL(statement).format(sql.Identifier(self.schema, table)), facts or None)


@contextmanager
def sink(address: Address, schema: str, project: str) -> Iterator[Sink]:
    """A schema to be written to; all is kept at the end, or nothing.  Raises `Fault` CX747, CX725."""
    if not 0 < len(schema.encode(errors="surrogateescape")) <= _LONGEST or not schema.isprintable():
        problem = "the name of a schema has 1 to 63 bytes, all of them characters"  # longer ones would be cut off
        raise Fault(report(data.SINK_REFUSED, None, help=data.OTHER_SCHEMA, database=address, problem=problem))
    try:
        connection = psycopg.connect(make_conninfo(**connection_parameters(address)))
    except psycopg.Error as error:
        raise unreachable(address, None, words_of(error)) from error
    try:
        with connection:
            made = Sink(connection, schema, project)
            made.prepare()
            yield made
    except psycopg.Error as error:
        raise Fault(report(data.SINK_REFUSED, None, database=address, problem=words_of(error))) from error
