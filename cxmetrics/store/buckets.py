"""The data files of a store: what one holds, how it is named, written, checked and swept away.

A file holds one *bucket*: the states of a source and family of a calendar month, or which slices these have, or the
keys of its rows, or the values of a grain whose periods begin in a calendar month (a year, for quarters and years), or
how those of them that are withheld were, or what one commit restated, or which cells were found to be hidden.  A file
is never changed: it is written under another name, brought to the disk, and renamed.  The same rows give the same
bytes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedWriter, BytesIO
from pathlib import Path
from typing import Literal, TypedDict

import polars as pl

from cxmetrics.codes import stores
from cxmetrics.diagnostics import Fault, report
from cxmetrics.ir import Grain
from cxmetrics.store.commits import Family


class How(TypedDict):
    """How a data file is written; a row group has so many rows."""

    compression: Literal["zstd"]
    compression_level: int
    statistics: bool
    row_group_size: int


PARQUET: How = {"compression": "zstd", "compression_level": 3, "statistics": True, "row_group_size": 131_072}
STATES: How = {**PARQUET, "row_group_size": 16_384}  # each is of many states; a group is in memory more than once
_OURS = re.compile(r"(?:(?:states|slices|keys)\.[0-9a-f]{20}|(?:values|withheld)\.[a-z]+|restatements\.\d+"
                   r"|concealed\.all)\.\d{4}(?:-\d\d)?\.\d+-\d+\.parquet")
UNFINISHED = ".part"


@dataclass(frozen=True, slots=True)
class Bucket:
    """What one file holds.  Only states, and which slices they have, have a family.

    `subject` is the source of states, slices and keys, the grain of values and of what is withheld, the number of a
    commit that restated; `all` of what was found to be hidden.
    """

    kind: Literal["states", "slices", "values", "withheld", "restatements", "keys", "concealed"]
    subject: str
    family: Family
    first: dt.date  # of the month or year

    def file_name(self, commit: int, serial: int) -> str:
        """The name of a file of it, the n-th of this commit; no word of the user's comes into a file name."""
        tag = self.subject
        if self.kind in {"states", "slices", "keys"}:
            tag = hashlib.sha256(json.dumps([self.subject, *self.family]).encode()).hexdigest()[:20]
        length = 4 if self._of_a_year else 7
        return f"{self.kind}.{tag}.{self.first.isoformat()[:length]}.{commit}-{serial}.parquet"

    @property
    def end(self) -> dt.date:
        """The first day after it."""
        year, month = self.first.year, self.first.month
        if self._of_a_year or month == 12:
            return dt.date(year + 1, 1, 1) if year < dt.MAXYEAR else dt.date.max
        return dt.date(year, month + 1, 1)

    @property
    def _of_a_year(self) -> bool:
        return self.kind in {"values", "withheld"} and self.subject in {"quarter", "year"}

    def touches(self, first: dt.date | None, last: dt.date | None) -> bool:
        """Whether it may hold something of [first, last); None is open."""
        return (first is None or self.end > first) and (last is None or self.first < last)


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file as the ledger knows it.

    `dimensions`: the columns of dimensions in it.  `stale`: some of its states are forgotten, only what is covered
    may be read.
    """

    name: str
    bucket: Bucket
    dimensions: Family
    rows: int
    size: int
    sha256: str
    stale: bool = False


def values_bucket(kind: Literal["values", "withheld"], grain: Grain, period: dt.date) -> Bucket:
    """The bucket of the values of a period, or of those withheld."""
    first = period.replace(day=1)
    return Bucket(kind, grain, (), first.replace(month=1) if grain in {"quarter", "year"} else first)


def masks(days: Iterable[dt.date]) -> dict[dt.date, int]:
    """Days as bits (bit 0: the first) by the first day of their month, in order."""
    found: dict[dt.date, int] = {}
    for day in days:
        month = day.replace(day=1)
        found[month] = found.get(month, 0) | 1 << (day.day - 1)
    return dict(sorted(found.items()))


def days_of(month: dt.date, mask: int) -> list[dt.date]:
    """The days whose bits are set."""
    return [month + dt.timedelta(i) for i in range(31) if mask >> i & 1]


# --- writing -----------------------------------------------------------------------------------------------------


def encode(frame: pl.DataFrame, how: How) -> bytes:
    """A frame as Parquet; the same rows in the same order give the same bytes."""
    buffer = BytesIO()
    frame.rechunk().write_parquet(buffer, **how)
    return buffer.getvalue()


def place(folder: Path, name: str, content: bytes) -> None:
    """Write a file so that it is on the disk, whole, before it has its name.  Raises `OSError`."""
    unfinished = folder / (name + UNFINISHED)
    with on_the_disk(unfinished) as file:
        file.write(content)
    unfinished.replace(folder / name)


@contextmanager
def on_the_disk(path: Path) -> Iterator[BufferedWriter]:
    """A file to be written anew, which is on the disk, whole, afterwards.  Raises `OSError`."""
    path.unlink(missing_ok=True)
    with path.open("xb") as file:  # a link would be followed
        yield file
        file.flush()
        os.fsync(file.fileno())


def settle(folder: Path) -> None:
    """Bring the names in a folder to the disk.  Raises `OSError`."""
    if not hasattr(os, "O_DIRECTORY"):  # where folders cannot be opened, the system keeps names itself
        return
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def orphans(folder: Path, named: Iterable[str]) -> list[str]:
    """Files that a store wrote here and no ledger names: what an interrupted commit leaves.

    Raises `Fault` CX808.
    """
    if not folder.is_dir():
        return []
    known = frozenset(named)
    try:
        return sorted(entry.name for entry in os.scandir(folder)
                      if entry.name not in known and is_ours(entry.name) and entry.is_file(follow_symlinks=False))
    except OSError as error:
        raise unreadable(folder, error) from error


def remove(folder: Path, names: Iterable[str]) -> None:
    """Delete files of ours; what cannot be deleted is left to the next time."""
    for name in filter(is_ours, names):
        with suppress(OSError):
            (folder / name).unlink()


# --- checking ----------------------------------------------------------------------------------------------------


def is_ours(name: str) -> bool:
    """Whether a store names its files so, whole or unfinished; another name in a ledger is not to be followed."""
    return _OURS.fullmatch(name.removesuffix(UNFINISHED)) is not None


def commit_of(name: str) -> int:
    """The commit that wrote a file of ours, whole or unfinished."""
    return int(name.removesuffix(UNFINISHED).split(".")[-2].partition("-")[0])


def problem(folder: Path, file: DataFile, *, by_size: bool = False) -> str | OSError | None:
    """What is wrong with a file, by its size and checksum, or by its size alone; None: it holds what was written.

    An error: it cannot be read.
    """
    path = folder / file.name
    try:
        size = path.stat().st_size
        if size != file.size:
            return f"{size} bytes instead of {file.size}"
        if by_size:
            return None
        with path.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
    except FileNotFoundError:
        return "it is missing"
    except OSError as error:
        return error
    return None if found == file.sha256 else "its checksum differs"


def scan(folder: Path, file: DataFile) -> pl.LazyFrame:
    """The rows of a file whose checksum is right.  Raises `Fault` CX803, CX808."""
    wrong = problem(folder, file)
    if wrong is not None:
        raise damaged(folder / file.name, wrong)
    return rows_of(folder, file)


def rows_of(folder: Path, file: DataFile) -> pl.LazyFrame:
    """The rows of a file that was found right before."""
    return pl.scan_parquet(folder / file.name, glob=False, hive_partitioning=False)


def collect(folder: Path, rows: pl.LazyFrame) -> pl.DataFrame:
    """Rows of files of this folder, read.  Raises `Fault` CX803."""
    try:
        return rows.collect(engine="streaming")
    except (pl.exceptions.PolarsError, OSError) as error:
        raise damaged(folder, error) from error


def damaged(path: Path | str, what: object, *, retired: bool = False) -> Fault:
    """CX803 for a file of a store, CX808 for one that cannot be read.

    `retired`: one that holds only what was known before.
    """
    if isinstance(what, OSError):
        return unreadable(path, what)
    way_out = stores.RETIRED if retired else None
    if str(path).endswith(".sqlite"):  # nothing can be added to such a store
        way_out = stores.WITHOUT_LEDGER
    return Fault(report(stores.STORE_DAMAGED, None, help=way_out, path=path, problem=_said(what)))


def unreadable(path: Path | str, what: object) -> Fault:
    """CX808 for a store or a file of it."""
    return Fault(report(stores.STORE_UNREADABLE, None, path=path, problem=_said(what)))


def unwritable(path: Path | str, what: object) -> Fault:
    """CX801 for a store or a file of it."""
    return Fault(report(stores.STORE_UNWRITABLE, None, path=path, problem=_said(what)))


def _said(what: object) -> str:
    return what.strerror or str(what) if isinstance(what, OSError) else str(what)
