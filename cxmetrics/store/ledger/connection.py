"""The SQLite file of a ledger: opened to write, or to read what was there at one moment; errors as faults."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from cxmetrics.diagnostics import Fault
from cxmetrics.store.buckets import damaged, unreadable, unwritable

_WAIT = 10.0  # seconds for another writer's transaction to end
_NOT_A_LEDGER = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_ERROR}
Row = tuple[Any, ...]


@contextmanager
def _told(path: Path, writable: bool) -> Iterator[None]:
    """Errors of SQLite and of the disk as faults CX801, CX803 and CX808; those of the programmer pass."""
    try:
        yield
    except OSError as error:
        raise (unwritable if writable else unreadable)(path, error) from error
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code is None and isinstance(error, sqlite3.OperationalError):  # bytes that are no text
            code = sqlite3.SQLITE_CORRUPT
        if code is None:
            raise
        if code & 0xFF in _NOT_A_LEDGER:
            raise damaged(path, error) from error
        raise (unwritable if writable else unreadable)(path, error) from error


class Connection:
    """An open file.  A reader keeps to the state of the moment it was opened; a writer sees what it does."""

    def __init__(self, path: Path, writable: bool) -> None:
        """Open the file, which a writer makes if need be.  Raises `Fault` CX801, CX803."""
        self.path, self.writable = path, writable
        self._copy: TemporaryDirectory[str] | None = None
        with _told(path, writable):
            self._connection = self._connected(path)

    def _connected(self, path: Path) -> sqlite3.Connection:
        if self.writable:
            return sqlite3.connect(path, timeout=_WAIT, isolation_level=None)
        try:
            return _reading(path)
        except sqlite3.OperationalError:
            # Where the folder cannot be written, SQLite cannot lay its own files beside the ledger: read a copy.
            self._copy = TemporaryDirectory(prefix="cxmetrics-ledger-")
            try:
                return _reading(_copied(path, Path(self._copy.name)))
            except BaseException:
                self._copy.cleanup()
                raise

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
        if self._copy is not None:
            self._copy.cleanup()

    def rows(self, statement: str, *facts: object) -> list[Row]:
        """Carry out a statement; the rows that it gives."""
        with _told(self.path, self.writable):
            return self._connection.execute(statement, facts).fetchall()

    def many(self, statement: str, facts: Iterable[Sequence[object]]) -> None:
        """Carry out a statement once for each of these."""
        with _told(self.path, self.writable):
            self._connection.executemany(statement, facts)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is done inside is kept, or nothing."""
        self.rows("BEGIN IMMEDIATE")
        try:
            yield
            self.rows("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def sound(self) -> Iterator[None]:
        """What stands in cells is made facts of: where that cannot be, the ledger is damaged.  Raises `Fault` CX803."""
        try:
            yield
        except (ValueError, TypeError, KeyError, OverflowError, pl.exceptions.PolarsError) as error:
            raise damaged(self.path, "a cell holds something else than it should") from error

    def watched(self) -> bool:
        """Whether somebody reads what was there before the last commit, or that cannot be told.

        SQLite keeps count: the log cannot be brought into the file as long as a reader needs what the file has.
        """
        before = self.rows("PRAGMA busy_timeout")[0][0]
        self.rows("PRAGMA busy_timeout = 0")
        try:
            return bool(self.rows("PRAGMA wal_checkpoint(FULL)")[0][0])
        except Fault:
            return True
        finally:
            self.rows(f"PRAGMA busy_timeout = {before}")

    def problems(self) -> list[str]:
        """What SQLite finds wrong with the file."""
        return [line for (line,) in self.rows("PRAGMA integrity_check(20)") if line != "ok"]


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Whether this process, and no other, holds a file (made if need be) until the end.

    The system lets go of it when the process dies, however it dies.  Raises `Fault` CX801.
    """
    with _told(path, writable=True):
        connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        yield _held(connection, path)
    finally:
        connection.close()


def _held(connection: sqlite3.Connection, path: Path) -> bool:
    with _told(path, writable=True):
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            return False
    return True


def _reading(path: Path) -> sqlite3.Connection:
    """A connection that cannot write, and keeps to what is there now."""
    connection = sqlite3.connect(path.as_uri() + "?mode=ro", uri=True, timeout=_WAIT, isolation_level=None)
    try:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master")  # the snapshot is taken with the first read
    except BaseException:
        connection.close()
        raise
    return connection


def _copied(path: Path, to: Path) -> Path:
    """The ledger and its log elsewhere, as they stood together.  Raises `OperationalError` if never still."""
    pair = [path, path.with_name(path.name + "-wal")]
    for _ in range(10):
        before = [_stamp(each) for each in pair]
        for each in pair:
            (to / each.name).unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                shutil.copyfile(each, to / each.name)
        if before == [_stamp(each) for each in pair]:
            return to / path.name
    raise sqlite3.OperationalError("the ledger is being written and cannot be copied")


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_size, found.st_mtime_ns
