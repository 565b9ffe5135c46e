"""Tables and views of MySQL and MariaDB, read as a stream in one transaction that can only read.

The server turns values into text, and DuckDB makes columns of it.  The password is taken from `MYSQL_PWD`.  A server
that asks for the password as it is has to be proved by its certificate; one that asks for a file of this machine gets
none (the driver refuses).
"""

from __future__ import annotations

import os
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import polars as pl
import pymysql
from pymysql.connections import Connection
from pymysql.cursors import SSCursor

from cxmetrics.addresses import PASSWORDS, Address
from cxmetrics.backends.databases.duckdb_tables import Items
from cxmetrics.backends.databases.parts import STEP, write_parts, write_together
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
from cxmetrics.backends.sql import Cast, Name, Type

_PORT = 3306
_CONNECT, _SILENT = 10, 600  # seconds
_SETTINGS = ("SET SESSION sql_mode = '', time_zone = '+00:00', lock_wait_timeout = 10, net_write_timeout = 600",
             "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
# One of these is known to MariaDB, the other to MySQL.
_LONGEST_QUERY = ("SET SESSION max_statement_time = 3600", "SET SESSION max_execution_time = 3600000")
# Of this database alone: the address names it.  Names are compared here, for a server may take capitals for small ones.
_TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name"
_COLUMNS = """SELECT table_name, column_name, data_type, column_type FROM information_schema.columns
WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position"""
_WHOLE = ("tinyint", "smallint", "mediumint", "int", "bigint", "year")
_REAL = ("float", "double")
# Days too: 0000-00-00 and the 30th of February are values there, which the contract of the source has to judge.
_TEXT = ("decimal", "date", "datetime", "time", "char", "varchar", "tinytext", "text", "mediumtext", "longtext",
         "enum", "set", "json", "uuid", "inet4", "inet6")
_INSTANT = "IF({0} = 0, {0}, CONCAT({0}, 'Z'))"
# Errors whose words are of names, rights and connections, never of values.
_SPEAKING = frozenset((1040, 1044, 1045, 1049, 1103, 1129, 1130, 1142, 1143, 1146, 1203, 1205, 1213, 1226, 1227, 1251,
                       1317, 1345, 1356, 1449, 1792, 1820, 1862, 1969, 2003, 2006, 2013, 2026, 2054, 2059, 3024, 3118,
                       4151))
# What a driver may come to that talks to something that is no such server.
_NO_SUCH_SERVER = (pymysql.Error, OSError, RuntimeError, ValueError, LookupError, AssertionError, AttributeError,
                   TypeError, struct.error)


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a column is asked for, and what it becomes."""

    asked: str
    type: Type


def take_mysql(address: Address, wish: Wish, target: Path) -> None:
    """Write the columns of a table that are wished for to the Parquet file `target`.

    Integers are 64 bits wide, bits too; decimals, days, times, enumerations and JSON are text.
    Raises `Fault` CX742, CX745 to CX747.
    """
    with TemporaryDirectory(prefix="mysql-", dir=target.parent) as folder:
        with _connected(address, wish) as connection:
            listed = [(address.database, str(name)) for name, in _rows(connection, _TABLES)]
            _, table = choose_table(listed, address.database, wish, str(address))
            told = {str(column): (str(data), str(whole)) for name, column, data, whole in _rows(connection, _COLUMNS)
                    if name == table}
            choice = choose_columns([column for column in told if wish.may is not None or _kind(*told[column])], wish)
            kinds = [_Kind("{}", "VARCHAR") if choice.bare else _asked(column, *told[column], wish)
                     for column in choice.columns]
            parts = write_parts(_frames(connection, table, kinds, choice, wish, address), Path(folder))
        items: Items = tuple((Cast(Name(column), kind.type), column)
                             for column, kind in zip(choice.columns, kinds, strict=True))
        write_together(parts, items or ((Name(ROWS), ROWS),), choice, wish, target, str(address))


def _kind(data: str, whole: str) -> _Kind | None:
    """How a type is read: its name, and as it was declared; None where it has no reading."""
    if data in _WHOLE:
        return _Kind("{}", "UBIGINT" if data == "bigint" and "unsigned" in whole else "BIGINT")
    if data in _REAL:
        return _Kind("({} + 0e0)", "DOUBLE")  # without it the text has six digits, or as many as were declared
    if data == "bit":
        return _Kind("CAST({} AS UNSIGNED)", "UBIGINT")
    if data == "timestamp":
        return _Kind(_INSTANT, "VARCHAR")
    return _Kind("{}", "VARCHAR") if data in _TEXT else None


def _asked(column: str, data: str, whole: str, wish: Wish) -> _Kind:
    kind = _kind(data, whole)
    if kind is None:
        raise unread_column(wish, column, f"its type is {data[:60]}")
    return kind


# --- rows --------------------------------------------------------------------------------------------------------


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _frames(connection: Connection[Any], table: str, kinds: list[_Kind], choice: Choice, wish: Wish,
            address: Address) -> Iterator[pl.DataFrame]:
    """The rows as texts, some at a time; a frame at least."""
    names = [_quoted(column) for column in choice.columns]
    asked = ", ".join(kind.asked.format(name) for kind, name in zip(kinds, names, strict=True)) or "1"
    tail = " LIMIT 0" if choice.bare else ""
    schema = dict.fromkeys(choice.columns or (ROWS,), pl.String())
    cursor = connection.cursor(SSCursor)
    cursor.execute(f"SELECT {asked} FROM {_quoted(table)}{tail}")  # noqa: S608 - quoted
    yield pl.DataFrame(schema=schema)
    while rows := cursor.fetchmany(STEP):
        if any(sum(len(value) for value in row if value is not None) > LONGEST for row in rows):
            raise unread_table(wish, str(address), "a row is too long, or not UTF-8")
        yield pl.DataFrame(rows, schema=schema, orient="row")


def _rows(connection: Connection[Any], statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


# --- connecting --------------------------------------------------------------------------------------------------


@contextmanager
def _connected(address: Address, wish: Wish) -> Iterator[Connection[Any]]:
    """A connection with one transaction that can only read and keeps to one moment.  Raises `Fault` CX745, CX747."""
    try:
        connection = _connect(address)
    except _NO_SUCH_SERVER as error:
        raise unreachable(address, wish.table.span, words_of(error)) from error
    with closing(connection):
        try:
            for statement in _LONGEST_QUERY:
                _settle(connection, statement)
            for statement in _SETTINGS:
                _rows(connection, statement)
            yield connection
        except _NO_SUCH_SERVER as error:
            raise unread_table(wish, str(address), words_of(error)) from error


def _settle(connection: Connection[Any], statement: str) -> None:
    """A setting, where the server knows it."""
    with suppress(pymysql.err.OperationalError):
        _rows(connection, statement)


def _connect(address: Address) -> Connection[Any]:
    """A connection; only what speaks first, as such a server does, is spoken to."""
    made: Connection[Any] = Connection(
        host=address.host, port=address.port or _PORT, user=address.user, database=address.database,
        password=os.environ.get(PASSWORDS[address.scheme], "").encode(errors="surrogateescape"), charset="utf8mb4",
        conv={}, autocommit=None,
        read_timeout=_SILENT, write_timeout=_SILENT, program_name="cxmetrics", defer_connect=True,
        auth_plugin_map={} if address.proves else dict.fromkeys(_TELLING, _Refusing), **_secured(address))
    line = socket.create_connection((address.host, address.port or _PORT), _CONNECT)
    try:
        if not line.recv(1, socket.MSG_PEEK):
            raise ConnectionError("the server hung up")
    except OSError:
        line.close()
        raise
    made.connect(line)
    return made


def _secured(address: Address) -> dict[str, Any]:
    """How the connection is encrypted, and the server proved: by the authorities that this machine trusts."""
    match dict(address.options).get("sslmode", "prefer"):
        case "disable":
            return {"ssl_disabled": True}
        case "prefer":
            return {}
        case "require":
            return {"ssl": {"verify_mode": "none"}}
        case mode:
            context = ssl.create_default_context()
            context.check_hostname = mode == "verify-full"
            return {"ssl": context}


@dataclass(frozen=True, slots=True)
class _Refusing:
    """In the place of ways to sign in that tell the password, or what is as good, to whoever answers."""

    connection: Connection[Any]

    def authenticate(self, _packet: object) -> NoReturn:
        """Refuse."""
        raise pymysql.err.OperationalError(
            2059, "the server asks for the password itself, which only a proved one (sslmode=verify-full) is told")


_TELLING = ("mysql_clear_password", "dialog", "mysql_old_password")


def words_of(error: BaseException) -> str:
    """What the server or the driver says, without a password; only its kind where it may quote data."""
    match error.args:
        case (int(number), str(said)) if isinstance(error, pymysql.Error):
            if number not in _SPEAKING:
                return f"{type(error).__name__} {number}"
            return without_password(said.strip().partition("\n")[0], "mysql")[:300]
        case (int(), str(said)) if isinstance(error, OSError):
            return without_password(said, "mysql")[:300]
        case _:
            return "timed out" if isinstance(error, TimeoutError) else type(error).__name__
