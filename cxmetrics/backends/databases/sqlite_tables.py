"""Tables and views of SQLite files.

SQLite keeps a type for every value, not for a column: a column whose values are all of one type has that type, one of
mixed values is text, and what it means is for the contract of the source to say.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from cxmetrics.backends.databases.parts import STEP, write_parts, write_together
from cxmetrics.backends.databases.wishes import (
    LONGEST,
    ROWS,
    Choice,
    Listed,
    Wish,
    choose_columns,
    choose_table,
    unread_column,
    unread_table,
)
from cxmetrics.backends.sql import Name, quoted
from cxmetrics.backends.text_files import shown
from cxmetrics.codes import data
from cxmetrics.diagnostics import Fault, report

SQLITE_LOG = "-wal"  # ends the name of the file beside a database that has the changes which are not in it yet
_WAIT = 10.0  # seconds for a writer's transaction to end
_EXACT = 1 << 53  # integers up to here are numbers of 64 bits
_MOST = 100  # columns asked about at once
_TABLES = ("SELECT 'main', name FROM sqlite_master WHERE type IN ('table', 'view') "
           "AND substr(name, 1, 7) <> 'sqlite_' ORDER BY name")
_NOT_TEXT = re.compile(r"decode to UTF-8 column '(.*?)' with text", re.S)


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a column becomes, and what each of its values has to go through; None: nothing."""

    dtype: type[pl.DataType]
    read: Callable[[Any], object] | None = None


def list_sqlite(path: Path, wish: Wish) -> Listed:
    """The tables and views of a file.  Raises `Fault` CX719, CX745."""
    with TemporaryDirectory(prefix="cxmetrics-") as scratch, _opened(path, wish, Path(scratch)) as connection:
        return connection.execute(_TABLES).fetchall()


def take_sqlite(path: Path, wish: Wish, target: Path) -> None:
    """Write the columns of a table that are wished for to the Parquet file `target`.

    Raises `Fault` CX719, CX742, CX745, CX746, CX749.
    """
    with TemporaryDirectory(prefix="sqlite-", dir=target.parent) as folder:
        with _opened(path, wish, Path(folder)) as connection:
            _, name = choose_table(connection.execute(_TABLES).fetchall(), "main", wish, shown(path))
            there = connection.execute(f"SELECT * FROM {quoted(name)} LIMIT 0").description  # noqa: S608 - quoted
            choice = choose_columns([column for column, *_ in there], wish)
            parts = write_parts(_frames(connection, name, choice, wish), Path(folder))
        items = tuple((Name(column), column) for column in choice.columns)
        write_together(parts, items, choice, wish, target, shown(path))


# --- opening -----------------------------------------------------------------------------------------------------


@contextmanager
def _opened(path: Path, wish: Wish, scratch: Path) -> Iterator[sqlite3.Connection]:
    """A connection that can only read, and keeps to one moment of the file.  Raises `Fault` CX719, CX745, CX746."""
    try:
        with _connected(path, scratch) as connection:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
            for statement in ("PRAGMA query_only = ON", "PRAGMA trusted_schema = OFF", "BEGIN"):
                connection.execute(statement)
            yield connection
    except sqlite3.Error as error:
        if found := _NOT_TEXT.search(str(error)):  # what follows is the text itself
            raise unread_column(wish, found[1], "it holds bytes that are not UTF-8") from error
        raise unread_table(wish, shown(path), str(error)[:200]) from error
    except (OSError, ValueError) as error:  # a name with a NUL in it, or half a character
        raise unread_table(wish, shown(path), type(error).__name__) from error


@contextmanager
def _connected(path: Path, scratch: Path) -> Iterator[sqlite3.Connection]:
    """The file, in the way that leaves no trace beside it.

    Of a file with a write-ahead log, a reader would lay an index beside the log.  Where there is a log and no index,
    nobody writes, and a copy is read; where there is no log, the file alone is all, and stays so or the run is off.
    """
    log, index = (path.with_name(path.name + ending) for ending in (SQLITE_LOG, "-shm"))
    before = _looks(path, log)
    with path.open("rb") as stream:
        logged = stream.read(20)[18:20] == b"\2\2"
    still, options = not logged or index.exists(), "mode=ro"
    if not still and log.exists():
        copy = scratch / "copy.db"
        copyfile(path, copy)
        copyfile(log, copy.with_name(copy.name + SQLITE_LOG))
        where = copy
    else:
        where, options = path, options if still else "mode=ro&immutable=1"
    connection = sqlite3.connect(f"{where.as_uri()}?{options}", uri=True, timeout=_WAIT, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()
    if not still and _looks(path, log) != before:
        raise Fault(report(data.FILE_CHANGED, None, path=shown(path)))


def _looks(*paths: Path) -> list[tuple[int, int]]:
    found = []
    for path in paths:
        with suppress(FileNotFoundError):
            status = path.stat()
            found.append((status.st_size, status.st_mtime_ns))
    return found


# --- reading -----------------------------------------------------------------------------------------------------


def _frames(connection: sqlite3.Connection, table: str, choice: Choice, wish: Wish) -> Iterator[pl.DataFrame]:
    """The rows, some at a time; a frame at least."""
    columns = choice.columns
    kinds = [_Kind(pl.String)] * len(columns) if choice.bare else _kinds(connection, table, columns)
    names = ", ".join(map(quoted, columns)) or "1"
    tail = " LIMIT 0" if choice.bare else ""
    cursor = connection.execute(f"SELECT {names} FROM {quoted(table)}{tail}")  # noqa: S608 - names are quoted
    yield _frame([], columns, kinds, wish)
    while rows := cursor.fetchmany(STEP):
        yield _frame(rows, columns, kinds, wish)


def _kinds(connection: sqlite3.Connection, table: str, columns: Sequence[str]) -> list[_Kind]:
    found: list[_Kind] = []
    for start in range(0, len(columns), _MOST):
        asked = [text for column in columns[start:start + _MOST] for text in _asked(quoted(column))]
        row = connection.execute(f"SELECT {', '.join(asked)} FROM {quoted(table)}").fetchone()  # noqa: S608 - quoted
        found += [_kind(*row[i:i + 5]) for i in range(0, len(row), 5)]
    return found


def _asked(column: str) -> Iterator[str]:
    """Whether a column has integers, reals, and others than numbers, and its least and greatest integer."""
    for kind in ("= 'integer'", "= 'real'", "IN ('text', 'blob')"):
        yield f"max(typeof({column}) {kind})"
    for end in ("min", "max"):
        yield f"{end}(CASE WHEN typeof({column}) = 'integer' THEN {column} END)"


def _kind(integers: int | None, reals: int | None, others: int | None, low: int | None, high: int | None) -> _Kind:
    if others or not (integers or reals):
        return _Kind(pl.String, _text)
    if not reals:
        return _Kind(pl.Int64)
    exact = low is None or high is None or -_EXACT <= low <= high <= _EXACT
    return _Kind(pl.Float64, _real) if exact else _Kind(pl.String, _text)


def _text(value: float | str | bytes | None) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.decode() if isinstance(value, bytes) else repr(value)


def _real(value: float | None) -> float | None:
    return None if value is None else float(value)


def _frame(rows: list[tuple[Any, ...]], columns: Sequence[str], kinds: Sequence[_Kind], wish: Wish) -> pl.DataFrame:
    if not columns:
        return pl.DataFrame({ROWS: pl.Series([1] * len(rows), dtype=pl.Int64)})
    return pl.DataFrame([_series(column, [row[place] for row in rows], kinds[place], wish)
                         for place, column in enumerate(columns)])


def _series(column: str, values: list[Any], kind: _Kind, wish: Wish) -> pl.Series:
    try:
        read = values if kind.read is None else list(map(kind.read, values))
    except UnicodeDecodeError as error:
        raise unread_column(wish, column, "it holds bytes that are not UTF-8") from error
    return pl.Series(column, read, dtype=kind.dtype)
