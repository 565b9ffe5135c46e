"""Tables and views of PostgreSQL, read as a stream in one transaction that can only read.

The server turns values into text of a known form (COPY), and DuckDB makes columns of it.  The password is the
driver's business: it takes `PGPASSWORD`, or a password file.  Nothing here sees or shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.pq import version as driver_version

from cxmetrics.addresses import Address
from cxmetrics.backends.databases.duckdb_tables import Items, said_of, write_sorted
from cxmetrics.backends.databases.wishes import (
    LONGEST,
    ROWS,
    Choice,
    Wish,
    choose_columns,
    choose_table,
    unreachable,
    unread_column,
    unread_table,
    without_password,
)
from cxmetrics.backends.duckdb.session import ENGINE_ERRORS, Limits, session
from cxmetrics.backends.sql import Call, Cast, Literal, Name, Node, Record, Type

_CONNECT = 10  # seconds
_SETTINGS = {"statement_timeout": "1h", "lock_timeout": "10s", "TimeZone": "UTC", "DateStyle": "ISO, YMD",
             "IntervalStyle": "postgres", "extra_float_digits": "1"}
_TABLES = """SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n
ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f')
AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 2"""
# Of a domain, the type beneath it.
_COLUMNS = """WITH RECURSIVE held (place, name, type) AS (
  SELECT a.attnum, a.attname, a.atttypid FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = %s AND c.relname = %s AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT h.place, h.name, t.typbasetype FROM held h JOIN pg_catalog.pg_type t ON t.oid = h.type WHERE t.typtype = 'd')
SELECT h.name, t.typname, t.typtype::text, t.typcategory::text
FROM held h JOIN pg_catalog.pg_type t ON t.oid = h.type WHERE t.typtype <> 'd' ORDER BY h.place"""
_WHOLE = sql.SQL("{}::int8")
_REAL = sql.SQL("{}::float8")
_AS_IT_IS = sql.SQL("{}")
_TEXT = sql.SQL("{}::text")
_MONEY = sql.SQL("{}::numeric::text")
# Beyond the years 1 to 9999 (and at infinity) a day is none for any calendar here: the last that can be told stands
# for it, and is found out of range like it.
_DAY = sql.SQL("CASE WHEN {0} > '9999-12-31' THEN '9999-12-31' WHEN {0} < '0001-01-01' THEN '0001-01-01' ELSE {0} END")
_READ: Mapping[str, tuple[sql.SQL, Type]] = {
    **dict.fromkeys(("int2", "int4", "int8", "oid"), (_WHOLE, "BIGINT")),
    **dict.fromkeys(("float4", "float8"), (_REAL, "DOUBLE")),
    **dict.fromkeys(("numeric", "uuid", "json", "jsonb", "xml", "time", "timetz", "interval", "inet", "cidr",
                     "macaddr", "macaddr8", "bit", "varbit", "char"), (_TEXT, "VARCHAR")),
    "money": (_MONEY, "VARCHAR"), "bool": (_AS_IT_IS, "BOOLEAN"), "date": (_DAY, "DATE"),
    "timestamp": (_DAY, "TIMESTAMP"), "timestamptz": (_DAY, "TIMESTAMPTZ")}
_OF_VALUES = ("22", "23", "P0")  # classes of errors whose words may quote a value

Kinds = Mapping[str, tuple[str, str, str]]


def take_postgresql(address: Address, wish: Wish, target: Path) -> None:
    """Write the columns of a table that are wished for to the Parquet file `target`.

    Integers are 64 bits wide; numerics, money, JSON, identifiers, enumerations, times of day and intervals are text.
    Raises `Fault` CX742, CX745 to CX747, CX749.
    """
    text = target.with_suffix(".csv")
    try:
        with _connected(address, wish) as connection:
            listed = [(schema, name) for schema, name in connection.execute(_TABLES)]
            schema, name = choose_table(listed, "public", wish, str(address))
            kinds = {column: (kind, form, category) for column, kind, form, category
                     in connection.execute(_COLUMNS, (schema, name))}
            choice = choose_columns([column for column in kinds if wish.may is not None or _read_as(kinds[column])],
                                    wish)
            _copy(connection, sql.Identifier(schema, name), _asked(kinds, choice, wish), choice, text)
        _convert(text, kinds, choice, wish, target, str(address))
    finally:
        text.unlink(missing_ok=True)


def _read_as(kind: tuple[str, str, str]) -> tuple[sql.SQL, Type] | None:
    """How a type is asked for, and what it becomes; None where it has no reading."""
    name, form, category = kind
    if form == "e" or category == "S":  # an enumeration; a string, also of an extension
        return _TEXT, "VARCHAR"
    return _READ.get(name)


def _asked(kinds: Kinds, choice: Choice, wish: Wish) -> Iterator[sql.Composed]:
    for column in choice.columns:
        read = _read_as(kinds[column])
        if read is None and not choice.bare:
            raise unread_column(wish, column, f"its type is {kinds[column][0].removeprefix('_')}"
                                              f"{'[]' if kinds[column][2] == 'A' else ''}")
        yield (read[0] if read and not choice.bare else _TEXT).format(sql.Identifier(column))


def _copy(connection: psycopg.Connection[tuple[str, ...]], table: sql.Identifier, asked: Iterator[sql.Composed],
          choice: Choice, text: Path) -> None:
    """Have the server send the rows, and write them down as they come."""
    items = sql.SQL(", ").join(asked) if choice.columns else sql.SQL("1")
    rows = sql.SQL("SELECT {} FROM {}{}").format(items, table, sql.SQL(" LIMIT 0" if choice.bare else ""))
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, NULL '\\N', ENCODING 'UTF8')").format(rows)
    with connection.cursor() as cursor, text.open("wb") as stream, cursor.copy(statement) as blocks:
        for block in blocks:
            stream.write(block)


def _convert(text: Path, kinds: Kinds, choice: Choice, wish: Wish, target: Path, database: str) -> None:
    names = [f"c{place}" for place in range(max(1, len(choice.columns)))]
    options: tuple[tuple[str, Node], ...] = (
        ("auto_detect", Literal(False)), ("header", Literal(False)), ("delim", Literal(",")), ("quote", Literal('"')),
        ("escape", Literal('"')), ("nullstr", Literal("\\N")), ("allow_quoted_nulls", Literal(False)),
        ("strict_mode", Literal(True)), ("parallel", Literal(False)), ("max_line_size", Literal(LONGEST)),
        ("compression", Literal("none")), ("columns", Record(tuple((name, Literal("VARCHAR")) for name in names))))
    source = Call("read_csv", (Literal(str(text)),), options)
    types = [_read_as(kinds[column]) for column in choice.columns]
    items: Items = tuple((Cast(Name(name), read[1] if read else "VARCHAR"), column) for name, read, column
                         in zip(names, types, choice.columns, strict=False)) or ((Cast(Name("c0"), "BIGINT"), ROWS),)
    try:
        with session((text,), "UTC", Limits(scratch=target.parent), writes=target, ordered=True) as engine:
            write_sorted(engine, items, source, choice, wish.time, target)
    except ENGINE_ERRORS as error:
        said = said_of(error, text)
        problem = "a row is too long, or not UTF-8" if said == "InvalidInputException" else said
        raise unread_table(wish, database, problem) from error


# --- connecting --------------------------------------------------------------------------------------------------


@contextmanager
def _connected(address: Address, wish: Wish) -> Iterator[psycopg.Connection[tuple[str, ...]]]:
    """A connection with one transaction that can only read and keeps to one moment.  Raises `Fault` CX745, CX747."""
    try:
        connection = psycopg.connect(make_conninfo(**connection_parameters(address)))
    except psycopg.Error as error:
        raise unreachable(address, wish.table.span, words_of(error)) from error
    try:
        with connection:
            connection.read_only = True
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            for setting, value in _SETTINGS.items():
                connection.execute("SELECT pg_catalog.set_config(%s, %s, true)", (setting, value))
            yield connection
    except psycopg.Error as error:
        raise unread_table(wish, str(address), words_of(error)) from error


def connection_parameters(address: Address) -> dict[str, Any]:
    """What the driver is told of an address; the password it finds by itself."""
    given: dict[str, Any] = {
        "host": address.host, "port": address.port, "dbname": address.database, "user": address.user,
        **dict(address.options), "connect_timeout": _CONNECT, "application_name": "cxmetrics",
        "client_encoding": "UTF8"}
    if driver_version() >= 160000 and not address.proves:
        given["require_auth"] = "!password"  # only a server that is proved to be the one is told the password itself
    return {name: value for name, value in given.items() if value is not None}


def words_of(error: psycopg.Error) -> str:
    """What the driver or the server says: its first line, without a password; only its kind where it may quote data."""
    if error.sqlstate is not None and error.sqlstate.startswith(_OF_VALUES):
        return type(error).__name__
    said = (error.diag.message_primary or str(error)).strip().partition("\n")[0]
    return without_password(said, "postgresql")[:300] or type(error).__name__
