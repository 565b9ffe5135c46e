"""The ledger of a store: a SQLite file that names the live data files.  One transaction of it is a commit.

It is kept in write-ahead mode: a reader sees the ledger as it was when it came, for as long as it stays, and neither
waits for a writer nor makes one wait.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cxmetrics.codes import stores
from cxmetrics.diagnostics import Fault, report
from cxmetrics.ir import Grain
from cxmetrics.store.buckets import Bucket, DataFile, damaged, is_ours, unwritable
from cxmetrics.store.commits import Definition, Family, InputFile, Reject, RunRow

LAYOUT = 2
_MARK = 0x43584D31  # "CXM1": the application id of our SQLite files
_WAIT = 10.0  # seconds for another writer's transaction to end
_NOT_A_LEDGER = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_ERROR}

# `number` orders commits; a run's id may come again when the same run is done again.  Dates are texts, YYYY-MM-DD.
# A file lives from the commit that made it until the one that retired it, and stays on the disk after that.
# `days` are bits, bit 0 the first of the month.
_TABLES = """
CREATE TABLE runs (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, started TEXT NOT NULL,
    finished TEXT NOT NULL, engine TEXT NOT NULL, versions TEXT NOT NULL, who TEXT NOT NULL, project TEXT NOT NULL,
    first TEXT, last TEXT, report TEXT NOT NULL);
CREATE TABLE files (name TEXT PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, family TEXT NOT NULL,
    first TEXT NOT NULL, dimensions TEXT NOT NULL, rows INTEGER NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
    stale INTEGER NOT NULL DEFAULT 0, made_by INTEGER NOT NULL, retired_by INTEGER);
CREATE UNIQUE INDEX live ON files (kind, subject, family, first) WHERE retired_by IS NULL;
CREATE TABLE coverage (source TEXT, family TEXT, month TEXT, fingerprint TEXT, days INTEGER NOT NULL,
    PRIMARY KEY (source, family, month, fingerprint)) WITHOUT ROWID;
CREATE TABLE inputs (source TEXT, path TEXT, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, first TEXT, last TEXT,
    rows INTEGER NOT NULL, reading TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (source, path)) WITHOUT ROWID;
CREATE TABLE periods (grain TEXT, period TEXT, number INTEGER NOT NULL, PRIMARY KEY (grain, period)) WITHOUT ROWID;
CREATE TABLE definitions (fingerprint TEXT, indicator TEXT, meaning TEXT NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (fingerprint, indicator)) WITHOUT ROWID;
CREATE TABLE rejects (number INTEGER NOT NULL, source TEXT NOT NULL, "column" TEXT NOT NULL, reason TEXT NOT NULL,
    kind TEXT NOT NULL, count INTEGER NOT NULL);
CREATE INDEX rejects_of ON rejects (number);
"""
_FILE = "SELECT name, kind, subject, family, first, dimensions, rows, size, sha256, stale FROM files "
Row = tuple[Any, ...]


def _text(family: Family) -> str:
    return json.dumps(family, ensure_ascii=False)


def _iso(day: dt.date | None) -> str | None:
    return None if day is None else day.isoformat()


def _date(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)


@contextmanager
def _told(path: Path, writable: bool) -> Iterator[None]:
    """Errors of SQLite and of the disk as faults; those of the programmer pass."""
    try:
        yield
    except OSError as error:
        raise (unwritable if writable else damaged)(path, error) from error
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:
            raise
        if code & 0xFF in _NOT_A_LEDGER or not writable:
            raise damaged(path, error) from error
        raise unwritable(path, error) from error


class Ledger:
    """An open ledger.  A reader keeps to the state of the moment it was opened; a writer sees what it does."""

    def __init__(self, path: Path, writable: bool) -> None:
        """Open the file, which a writer makes if need be.  Raises `Fault` CX801, CX803, CX805."""
        self.path, self.writable = path, writable
        self._copy: TemporaryDirectory[str] | None = None
        with _told(path, writable):
            self._connection = self._connected(path)
        try:
            self._check()
        except BaseException:
            self.close()
            raise

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

    def _check(self) -> None:
        (mark,), (layout,) = self._rows("PRAGMA application_id")[0], self._rows("PRAGMA user_version")[0]
        if layout > LAYOUT and mark == _MARK:
            raise Fault(report(stores.STORE_NEWER, None, version=layout))
        tables = self._rows("SELECT count(*) FROM sqlite_master")[0][0]
        if (mark, layout) != (_MARK, LAYOUT) and tables:
            raise damaged(self.path, "it is not a ledger of cxmetrics")
        if self.writable:
            self._prepare(fresh=not tables)

    def _prepare(self, *, fresh: bool) -> None:
        for pragma in ("synchronous = FULL", "trusted_schema = OFF", *(["journal_mode = WAL"] if fresh else [])):
            self._rows(f"PRAGMA {pragma}")
        if not fresh:
            return
        with self.transaction():
            if not self._rows("SELECT count(*) FROM sqlite_master")[0][0]:  # another may have been faster
                for statement in (*_TABLES.split(";"), f"PRAGMA application_id = {_MARK}",
                                  f"PRAGMA user_version = {LAYOUT}"):
                    self._rows(statement)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
        if self._copy is not None:
            self._copy.cleanup()

    def _rows(self, statement: str, *facts: object) -> list[Row]:
        with _told(self.path, self.writable):
            return self._connection.execute(statement, facts).fetchall()

    def _many(self, statement: str, facts: Iterable[Sequence[object]]) -> None:
        with _told(self.path, self.writable):
            self._connection.executemany(statement, facts)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is done inside is kept, or nothing."""
        self._rows("BEGIN IMMEDIATE")
        try:
            yield
            self._rows("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise

    # --- data files ----------------------------------------------------------------------------------------------

    def live(self, kind: str, subject: str | None = None, family: Family | None = None) -> list[DataFile]:
        """The live files of states (of a source and family) or values (of a grain), by grain or source and month."""
        found = self._rows(
            _FILE + "WHERE retired_by IS NULL AND kind = ? AND (?2 IS NULL OR subject = ?2) "
            "AND (?3 IS NULL OR family = ?3) ORDER BY subject, family, first",
            kind, subject, None if family is None else _text(family))
        return [self._file(row) for row in found]

    def live_in(self, bucket: Bucket) -> DataFile | None:
        """The live file of a bucket."""
        found = self._rows(_FILE + "WHERE retired_by IS NULL AND kind = ? AND subject = ? AND family = ? AND first = ?",
                           *_key(bucket))
        return self._file(found[0]) if found else None

    def files(self) -> list[DataFile]:
        """All files, live or retired, by name."""
        return [self._file(row) for row in self._rows(_FILE + "ORDER BY name")]

    def _file(self, row: Row) -> DataFile:
        name, kind, subject, family, first, dimensions, rows, size, sha256, stale = row
        if not is_ours(name):
            raise damaged(self.path, f"it names a file {name!r}")
        bucket = Bucket(kind, subject, tuple(json.loads(family)), dt.date.fromisoformat(first))
        return DataFile(name, bucket, tuple(json.loads(dimensions)), rows, size, sha256, bool(stale))

    def add_file(self, file: DataFile, number: int) -> None:
        """Name a new live file."""
        self._rows("INSERT INTO files (name, kind, subject, family, first, dimensions, rows, size, sha256, made_by) "
                   "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", file.name, *_key(file.bucket), _text(file.dimensions),
                   file.rows, file.size, file.sha256, number)

    def retire(self, name: str, number: int) -> None:
        """A live file lives no longer."""
        self._rows("UPDATE files SET retired_by = ? WHERE name = ?", number, name)

    def freshen(self, name: str) -> None:
        """A file holds nothing that is forgotten."""
        self._rows("UPDATE files SET stale = 0 WHERE name = ?", name)

    def retire_forgotten(self, number: int) -> None:
        """Retire the files of states of which nothing is covered any more."""
        self._rows("UPDATE files SET retired_by = ? WHERE retired_by IS NULL AND stale = 1 AND NOT EXISTS "
                   "(SELECT 1 FROM coverage c WHERE c.source = subject AND c.family = files.family "
                   "AND c.month = files.first AND c.days <> 0)", number)

    def drop_retired(self, keep: int) -> list[str]:
        """Strike out the files that none of the last `keep` commits saw live."""
        self._rows("DELETE FROM coverage WHERE days = 0")
        return [name for (name,) in self._rows(
            "DELETE FROM files WHERE retired_by <= (SELECT max(number) FROM runs) - ? + 1 RETURNING name", keep)]

    # --- coverage ------------------------------------------------------------------------------------------------

    def coverage(self, source: str) -> list[tuple[Family, str, str]]:
        """Family, fingerprint and `month:days` apart by blanks."""
        found = self._rows("SELECT family, fingerprint, group_concat(month || ':' || days, ' ') FROM coverage "
                           "WHERE source = ? AND days <> 0 GROUP BY family, fingerprint", source)
        return [(tuple(json.loads(family)), fingerprint, days) for family, fingerprint, days in found]

    def covered(self, bucket: Bucket) -> dict[str, int]:
        """The days of each fingerprint in the month of a bucket of states."""
        return dict(self._rows("SELECT fingerprint, days FROM coverage WHERE source = ? AND family = ? AND month = ? "
                               "AND days <> 0", *_key(bucket)[1:]))

    def cover(self, bucket: Bucket, fingerprints: Iterable[str], days: int) -> None:
        """Days of a bucket's month are stored for these fingerprints."""
        _, source, family, month = _key(bucket)
        self._many("INSERT INTO coverage VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET days = days | excluded.days",
                   [(source, family, month, fingerprint, days) for fingerprint in sorted(fingerprints)])

    def forget(self, source: str, months: Mapping[dt.date, int] | None) -> None:
        """Days of a source (None: all) are no longer stored."""
        if months is None:
            self._rows("DELETE FROM coverage WHERE source = ?", source)
            self._rows("UPDATE files SET stale = 1 WHERE retired_by IS NULL AND kind = 'states' AND subject = ?",
                       source)
        for month, days in (months or {}).items():
            self._rows("UPDATE coverage SET days = days & ~? WHERE source = ? AND month = ?", days, source, _iso(month))
            self._rows("UPDATE files SET stale = 1 WHERE retired_by IS NULL AND kind = 'states' AND subject = ? "
                       "AND first = ?", source, _iso(month))

    # --- the other tables ----------------------------------------------------------------------------------------

    def inputs(self, source: str) -> dict[str, InputFile]:
        """The files that a source was read from, by path."""
        found = self._rows("SELECT path, size, mtime_ns, first, last, rows, reading, digest FROM inputs "
                           "WHERE source = ? ORDER BY path", source)
        return {path: InputFile(size, mtime, _date(first), _date(last), *rest)
                for path, size, mtime, first, last, *rest in found}

    def put_inputs(self, source: str, inputs: Mapping[str, InputFile]) -> None:
        """These files and no others."""
        self._rows("DELETE FROM inputs WHERE source = ?", source)
        self._many("INSERT INTO inputs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [
            (source, path, file.size, file.mtime_ns, _iso(file.first), _iso(file.last), file.rows, file.reading,
             file.digest) for path, file in sorted(inputs.items())])

    def add_run(self, run: RunRow) -> int:
        """Enter a run; its number among the commits."""
        instants = [moment.astimezone(dt.UTC).isoformat(timespec="microseconds") for moment in
                    (run.started, run.finished)]
        found = self._rows(
            "INSERT INTO runs (id, started, finished, engine, versions, who, project, first, last, report) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number", run.id, *instants, run.engine, run.versions,
            run.who, run.project, _iso(run.first), _iso(run.last), run.report)
        return int(found[0][0])

    def has_runs(self) -> bool:
        """Whether anything was ever committed."""
        return bool(self._rows("SELECT 1 FROM sqlite_master WHERE name = 'runs'")
                    and self._rows("SELECT 1 FROM runs LIMIT 1"))

    def runs(self) -> list[Row]:
        """Number, id and the rest of `RunRow`, as texts, the oldest first."""
        return self._rows("SELECT number, id, started, finished, engine, versions, who, project, first, last, report "
                          "FROM runs ORDER BY number")

    def put_periods(self, grain: str, periods: Iterable[dt.date], number: int) -> None:
        """The values of these periods are of this commit."""
        self._many("INSERT OR REPLACE INTO periods VALUES (?, ?, ?)",
                   [(grain, _iso(period), number) for period in sorted(periods)])

    def periods(self, first: dt.date | None = None, last: dt.date | None = None) -> list[tuple[Grain, dt.date, str]]:
        """Grain, period in [first, last), and the id of the run that its values are of."""
        found = self._rows("SELECT grain, period, id FROM periods JOIN runs USING (number) "
                           "WHERE period >= coalesce(?, '') AND period < coalesce(?, '~')", _iso(first), _iso(last))
        return [(grain, dt.date.fromisoformat(period), run) for grain, period, run in found]

    def periods_in(self, bucket: Bucket) -> set[dt.date]:
        """The periods that a bucket of values is about."""
        return {period for grain, period, _ in self.periods(bucket.first, bucket.end) if grain == bucket.subject}

    def put_definitions(self, definitions: Iterable[Definition], number: int) -> None:
        """Keep meanings; those known stay as they are."""
        self._many("INSERT OR IGNORE INTO definitions VALUES (?, ?, ?, ?)", [
            (fingerprint, indicator, meaning, number) for fingerprint, indicator, meaning in definitions])

    def definitions(self) -> list[Row]:
        """Fingerprint, indicator, meaning, and the run that was first to use it."""
        return self._rows("SELECT fingerprint, indicator, meaning, id FROM definitions JOIN runs USING (number) "
                          "ORDER BY definitions.number, indicator, fingerprint")

    def put_rejects(self, rejects: Iterable[Reject], number: int) -> None:
        """Enter what a run left out."""
        self._many("INSERT INTO rejects VALUES (?, ?, ?, ?, ?, ?)", sorted(
            (number, one.source, one.column, one.reason, one.kind, one.count) for one in rejects))

    def rejects(self, run: str | None) -> list[Row]:
        """Run and the rest of `Reject`; of a run that was done again, the last time."""
        return self._rows(
            'SELECT id, source, "column", reason, kind, count FROM rejects JOIN runs USING (number) WHERE ?1 IS NULL '
            "OR number = (SELECT max(number) FROM runs WHERE id = ?1) ORDER BY rejects.rowid", run)

    def problems(self) -> list[str]:
        """What SQLite finds wrong with the file."""
        return [line for (line,) in self._rows("PRAGMA integrity_check(20)") if line != "ok"]


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


def _key(bucket: Bucket) -> tuple[str, str, str, str]:
    return bucket.kind, bucket.subject, _text(bucket.family), bucket.first.isoformat()


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
