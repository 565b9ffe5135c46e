"""The ledger of a store: a SQLite file that names the live data files.  One transaction of it is a commit.

It is kept in write-ahead mode: a reader sees the ledger as it was when it came, for as long as it stays, and neither
waits for a writer nor makes one wait.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cxmetrics.codes import stores
from cxmetrics.diagnostics import Fault, report
from cxmetrics.store.buckets import Bucket, DataFile, commit_of, damaged, is_ours
from cxmetrics.store.commits import Family
from cxmetrics.store.ledger.connection import Connection, Row
from cxmetrics.store.ledger.records import LATEST, Records

LAYOUT = 7
_MARK = 0x43584D31  # "CXM1": the application id of our SQLite files

# `number` orders commits.  Dates are texts, YYYY-MM-DD.
# A file lives from the commit that made it until the one that retired it, and stays on the disk after that;
# so does an input.  `oldest`: the first commit whose files are all there yet.  A `manifest` is a text that names texts.
# `days` are bits, bit 0 the first of the month.
_TABLES = """
CREATE TABLE runs (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, started TEXT NOT NULL,
    finished TEXT NOT NULL, engine TEXT NOT NULL, versions TEXT NOT NULL, who TEXT NOT NULL, project TEXT NOT NULL,
    first TEXT, last TEXT, report TEXT NOT NULL, manifest TEXT);
CREATE TABLE files (name TEXT PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, family TEXT NOT NULL,
    first TEXT NOT NULL, dimensions TEXT NOT NULL, rows INTEGER NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
    stale INTEGER NOT NULL DEFAULT 0, made_by INTEGER NOT NULL, retired_by INTEGER);
CREATE UNIQUE INDEX live ON files (kind, subject, family, first) WHERE retired_by IS NULL;
CREATE TABLE coverage (source TEXT, family TEXT, month TEXT, fingerprint TEXT, days INTEGER NOT NULL,
    PRIMARY KEY (source, family, month, fingerprint)) WITHOUT ROWID;
CREATE TABLE inputs (source TEXT, path TEXT, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, first TEXT, last TEXT,
    rows INTEGER NOT NULL, reading TEXT NOT NULL, digest TEXT NOT NULL, columns TEXT NOT NULL, keys TEXT NOT NULL,
    made_by INTEGER NOT NULL, retired_by INTEGER, PRIMARY KEY (source, path, made_by)) WITHOUT ROWID;
CREATE TABLE periods (grain TEXT, period TEXT, number INTEGER NOT NULL, PRIMARY KEY (grain, period, number))
    WITHOUT ROWID;
CREATE TABLE definitions (fingerprint TEXT, indicator TEXT, meaning TEXT NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (fingerprint, indicator)) WITHOUT ROWID;
CREATE TABLE rejects (number INTEGER NOT NULL, source TEXT NOT NULL, "column" TEXT NOT NULL, reason TEXT NOT NULL,
    kind TEXT NOT NULL, count INTEGER NOT NULL);
CREATE INDEX rejects_of ON rejects (number);
CREATE TABLE tallies (source TEXT, day TEXT, rows INTEGER NOT NULL, bad INTEGER NOT NULL, PRIMARY KEY (source, day))
    WITHOUT ROWID;
CREATE TABLE freezes (number INTEGER NOT NULL, before TEXT, who TEXT NOT NULL, at TEXT NOT NULL, why TEXT NOT NULL);
CREATE TABLE texts (sha256 TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE vacuums (oldest INTEGER NOT NULL);
"""
_FILE = "SELECT name, kind, subject, family, first, dimensions, rows, size, sha256, stale FROM files "


def _text(family: Family) -> str:
    return json.dumps(family, ensure_ascii=False)


class Ledger:
    """An open ledger; `records` are its tables about runs."""

    def __init__(self, path: Path, writable: bool) -> None:
        """Open the file, which a writer makes if need be.  Raises `Fault` CX801, CX803, CX805."""
        self.path, self.writable = path, writable
        self._connection = Connection(path, writable)
        self._rows, self._many, self.close = self._connection.rows, self._connection.many, self._connection.close
        self.transaction, self.problems = self._connection.transaction, self._connection.problems
        self.sound = self._connection.sound
        self.records = Records(self._connection)
        try:
            self._check()
        except BaseException:
            self.close()
            raise

    def _check(self) -> None:
        (mark,), (layout,) = self._rows("PRAGMA application_id")[0], self._rows("PRAGMA user_version")[0]
        if layout > LAYOUT and mark == _MARK:
            raise Fault(report(stores.STORE_NEWER, None, version=layout))
        if 0 < layout < LAYOUT and mark == _MARK:
            raise Fault(report(stores.STORE_OLDER, None, version=layout))
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

    # --- data files ----------------------------------------------------------------------------------------------

    def live(self, kind: str, subject: str | None = None, family: Family | None = None) -> list[DataFile]:
        """The live files of states (of a source and family) or values (of a grain), by grain or source and month."""
        at = self.records.at
        living = "retired_by IS NULL" if at == LATEST else "made_by <= ?4 AND (retired_by IS NULL OR retired_by > ?4)"
        found = self._rows(
            f"{_FILE} WHERE {living} AND kind = ?1 AND (?2 IS NULL OR subject = ?2) "
            "AND (?3 IS NULL OR family = ?3) ORDER BY subject, family, first",
            kind, subject, None if family is None else _text(family), *([] if at == LATEST else [at]))
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
        if not isinstance(name, str) or not is_ours(name):
            raise damaged(self.path, f"it names a file {name!r}")
        with self.sound():
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
        self._rows("UPDATE files SET retired_by = ? WHERE retired_by IS NULL AND kind = 'slices' AND NOT EXISTS "
                   "(SELECT 1 FROM files s WHERE s.retired_by IS NULL AND s.kind = 'states' "
                   "AND s.subject = files.subject AND s.family = files.family AND s.first = files.first)", number)

    def drop_retired(self, keep: int) -> list[str]:
        """Strike out the files that none of the last `keep` commits saw live, nor, of values, one that was frozen."""
        self._rows("DELETE FROM coverage WHERE days = 0")
        self.records.put_oldest(keep)
        return [name for (name,) in self._rows(
            "DELETE FROM files WHERE retired_by <= (SELECT max(number) FROM runs) - ? + 1 AND NOT EXISTS "
            "(SELECT 1 FROM freezes WHERE kind = 'values' AND made_by <= number AND number < retired_by) "
            "RETURNING name", keep)]

    def unread(self, orphans: Sequence[str]) -> list[str]:
        """Those of files that are not named here any more, or never were, which no reader can be about to open."""
        (last,) = self._rows("SELECT coalesce(max(number), 0) FROM runs")[0]
        new = [name for name in orphans if commit_of(name) > last]  # nobody has been told of them
        return new if len(new) < len(orphans) and self._connection.watched() else [*orphans]

    # --- coverage ------------------------------------------------------------------------------------------------

    def coverage(self, source: str) -> list[tuple[Family, str, str]]:
        """Family, fingerprint and `month:days` apart by blanks."""
        found = self._rows("SELECT family, fingerprint, group_concat(month || ':' || days, ' ') FROM coverage "
                           "WHERE source = ? AND days <> 0 GROUP BY family, fingerprint", source)
        with self.sound():
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
            self._rows("UPDATE files SET stale = 1 WHERE retired_by IS NULL AND kind = 'states' AND subject = ?1 "
                       "AND first = ?2 AND EXISTS (SELECT 1 FROM coverage c WHERE c.source = subject "
                       "AND c.family = files.family AND c.month = files.first AND c.days & ?3 <> 0)",
                       source, month.isoformat(), days)  # a day that comes for the first time takes nothing away
            self._rows("UPDATE coverage SET days = days & ~? WHERE source = ? AND month = ?", days, source,
                       month.isoformat())


def _key(bucket: Bucket) -> tuple[str, str, str, str]:
    return bucket.kind, bucket.subject, _text(bucket.family), bucket.first.isoformat()
