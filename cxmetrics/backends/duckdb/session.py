"""Connections to DuckDB that can reach the files they were given, and nothing else."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import polars as pl

from cxmetrics.backends.cells import Table
from cxmetrics.backends.duckdb.rows import files_of, glob_of
from cxmetrics.backends.duckdb.values import STRIP, strip_macro
from cxmetrics.backends.sql import (
    Items,
    Literal,
    Name,
    Node,
    Query,
    Select,
    Star,
    call,
    query_text,
)
from cxmetrics.backends.statements import create_macro, create_table, drop_table, set_option

Connection = duckdb.DuckDBPyConnection
LOG = ".wal"  # ends the name of the file beside a database that has the changes which are not in the database yet
ENGINE_ERRORS = (duckdb.Error,)
OVERFLOWS = (duckdb.OutOfRangeException, duckdb.ConversionException)  # what a sum that is too large raises
OUT_OF_MEMORY = (duckdb.OutOfMemoryException,)
SPEAKING = (duckdb.IOException, duckdb.CatalogException, duckdb.BinderException, duckdb.PermissionException,
            duckdb.SerializationException)  # they speak of names, types and files, never of values


@dataclass(frozen=True, slots=True)
class Limits:
    """What a connection may use: threads, memory (as `4GB`), and a folder for what does not fit in memory."""

    threads: int | None = None
    memory: str | None = None
    scratch: Path | None = None

    @property
    def laid(self) -> Path | None:
        """Where queries may leave files: a folder within the one for what does not fit."""
        return None if self.scratch is None else self.scratch / "cells"


@contextmanager
def session(files: Iterable[Path], zone: str, limits: Limits, *, writes: Path | None = None,
            ordered: bool = False) -> Iterator[Connection]:
    """A connection to a database in memory, which may read `files` and write the file `writes`, and nothing else.

    `ordered`: rows are kept in the order in which they are read.
    """
    with TemporaryDirectory(prefix="duckdb-", dir=limits.scratch) as scratch:
        connection = duckdb.connect(":memory:")
        try:
            connection.execute(set_option("preserve_insertion_order", Literal(ordered)))
            for option, value in _options((*files, *((writes,) if writes else ())), zone, limits, scratch):
                connection.execute(set_option(option, value))
            connection.execute(create_macro(STRIP, "x", strip_macro()))
            yield connection
        finally:
            connection.close()


class Sessions:
    """Requests served by one connection, which is opened anew only for files that it was not told of.

    To open one takes longer than to answer a small request.  For one thread.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._told = frozenset[Path]()
        self._reached = frozenset[Path]()
        self._zone = ""
        self._connection: Connection | None = None
        self._close: Callable[[], object] = bool

    def expect(self, files: Iterable[Path]) -> None:
        """Let the next connection that is opened read these files too."""
        self._told |= frozenset(files)

    @contextmanager
    def serving(self, files: Iterable[Path], zone: str) -> Iterator[Connection]:
        """A connection that may read `files`, without tables; it does not outlive an error."""
        connection = self._for(frozenset(files), zone)
        try:
            yield connection
            for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
                connection.execute(drop_table(name))
        except BaseException:
            self.leave()
            raise

    def _for(self, files: frozenset[Path], zone: str) -> Connection:
        if self._connection is None or zone != self._zone or not files <= self._reached:
            self.leave()
            self._told |= files
            stack = ExitStack()
            self._connection = stack.enter_context(session(self._told, zone, self._limits))
            self._close = weakref.finalize(self, stack.close)
            self._reached, self._zone = self._told, zone
        return self._connection

    def leave(self) -> None:
        """Close the connection, if one is open."""
        self._connection = None
        self._close()


def _options(files: Iterable[Path], zone: str, limits: Limits, scratch: str) -> Iterator[tuple[str, Node]]:
    paths = sorted({text for path in files for text in (str(path), glob_of(str(path)))})
    yield "autoinstall_known_extensions", Literal(False)
    yield "autoload_known_extensions", Literal(False)
    yield "enable_progress_bar", Literal(False)
    yield "python_enable_replacements", Literal(False)
    yield "timezone", Literal(zone)
    if limits.threads is not None:
        yield "threads", Literal(limits.threads)
    if limits.memory is not None:
        yield "memory_limit", Literal(limits.memory)
    yield "temp_directory", Literal(scratch)
    yield "allowed_paths", Items(tuple(map(Literal, paths)))
    if limits.laid is not None:
        yield "allowed_directories", Items((Literal(str(limits.laid)),))
    yield "enable_external_access", Literal(False)
    yield "lock_configuration", Literal(True)


@dataclass(frozen=True, slots=True)
class _Stream:
    """An Arrow stream; a frame made from the relation itself would keep DuckDB's types alive at exit."""

    capsule: object

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.capsule


def frame_of(connection: Connection, query: str) -> pl.DataFrame:
    """The rows of a query."""
    return pl.DataFrame(_Stream(connection.sql(query).__arrow_c_stream__()))


@dataclass(frozen=True, slots=True)
class _Frame:
    """A frame as a stream that DuckDB takes in without another library."""

    frame: pl.DataFrame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.frame.__arrow_c_stream__(requested_schema)


def hand_over(connection: Connection, frame: pl.DataFrame, name: str) -> None:
    """Make a table of a frame."""
    given = f"{name} given"
    connection.register(given, _Frame(frame))
    connection.execute(create_table(name, Query((), Select(((Star(), None),), given))))
    connection.unregister(given)


def number_of(connection: Connection, query: str) -> int:
    """The one number a query gives."""
    [(number,)] = connection.execute(query).fetchall()
    return int(number)


def problem_of(path: Path) -> str | None:
    """Why a Parquet file cannot be read to its end, in a few words; None if it can."""
    source = files_of(Table((path,), {}))
    try:
        with session((path,), "UTC", Limits(threads=1)) as connection:
            columns = connection.sql(query_text(Query((), Select(((Star(), None),), source)))).columns
            counts = tuple((call("bit_xor", call("hash", Name(column))), None) for column in columns)
            connection.execute(query_text(Query((), Select(counts, source)))).fetchall()
    except (duckdb.Error, OSError) as error:
        return words_of(error, path)
    return None


def words_of(error: Exception, path: Path) -> str:
    """What DuckDB says of a file: the first line, without the kind of error and the path."""
    said = str(error).strip().partition("\n")[0]
    for name in (f"'{path}'", f'"{path}"', str(path)):
        said = said.replace(name, "")
    return " ".join(said.partition("Error: ")[2].split())[:200] or type(error).__name__
