"""What goes into a backend and what comes out: tables of Parquet files in, cells of cubes out.

Every engine gives the same cells: integers, extremes and nothing rounded.  The columns of a
cube's frame are `day` (Date), `d0…` (the cube's dimensions, text, `MISSING` where a row has
none), `k0…` (classes of its keys, Int32), `value` (Float64, only in cubes that count values) and
`s0…` (its slots: Decimal(38, 0) for additive ones, Float64 for extremes); a slot `s0` of the first or the last value
is followed by `s0 at` (Int64: when that was, in microseconds).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import polars as pl

from cxmetrics.backends.waiting import Rows, Waiting
from cxmetrics.plan import Days, Scan

MISSING = "(missing)"  # the slice of rows that do not say which slice they are in

Physical = Literal["text", "integer", "number", "boolean", "date", "time", "instant", "other"]


@dataclass(frozen=True, slots=True)
class Table:
    """Parquet files of one shape; `columns` are their physical columns.  `time` is naive, `instant` has a zone.

    A column that is null in all rows and has no type is `text`.  `wider`: columns of a type that holds more than
    ours: times and instants in nanoseconds, of which what is below a microsecond is cut off, and integers that may be
    beyond 64 bits, which are bad.
    """

    files: tuple[Path, ...]
    columns: Mapping[str, Physical]
    wider: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Request:
    """One scan to be made.

    `lookups` holds the table of each lookup, by its `place`.  `days`: half-open intervals, or None for
    all rows.  `zone`: the project's time zone.
    """

    scan: Scan
    table: Table
    lookups: Mapping[str, Table]
    zone: str
    days: tuple[Days, ...] | None = None


class Tally(NamedTuple):
    """The rows of a day that are not dropped; of them those rejected, and those bad: that lost a value, too."""

    rows: int
    rejected: int
    bad: int


@dataclass(frozen=True, slots=True)
class Census:
    """What became of the rows of a source (those in the requested days, or without a readable day).

    read = kept + dropped + duplicates + Σ rejected.  `keep` is asked first: a row for which it is false is dropped,
    whatever else is wrong with it, for it may be another source's row.  Then the row is rejected for its first bad
    column, key or time; then it is dropped if `keep` is missing; then it may be a duplicate.  `rejected` and `nulled`
    count by (column, reason); reasons are `type`, `scale`, `values`, `key`, `weight`
    (none, or neither 0 nor in `rules.WEIGHTS`), `range` (a day out of `ir.DAYS`), `missing` (no time) and `not finite`.
    `nulled` and `empty` look only at rows that are not dropped.  `flagged` counts rows for which a flag of the source
    holds, whatever became of them; a flag that holds for none is left out.
    `first`, `last`: days of rows read, kept or not.  `by_day`: the days of rows that are not dropped.
    """

    read: int = 0
    kept: int = 0
    dropped: int = 0  # by `keep`
    duplicates: int = 0  # by `unique`
    rejected: Mapping[tuple[str, str], int] = field(default_factory=dict)
    nulled: Mapping[tuple[str, str], int] = field(default_factory=dict)
    flagged: Mapping[str, int] = field(default_factory=dict)
    empty: tuple[str, ...] = ()  # declared columns without one value in any row, where there are rows
    first: dt.date | None = None
    last: dt.date | None = None
    by_day: Mapping[dt.date, Tally] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cells:
    """The answer to a request: a frame for each cube of the scan, in order, and the census."""

    frames: tuple[pl.DataFrame, ...]
    census: Census

    @property
    def rows(self) -> Sequence[Rows]:
        """The frames, as rows that might wait on the disk as well."""
        return self.frames


@dataclass(frozen=True, slots=True)
class CellsOnDisk:
    """The same answer, of which memory holds the census: what waits has the columns of a frame of each cube."""

    rows: tuple[Waiting, ...]
    census: Census


class Backend(Protocol):
    """An engine that counts and sums."""

    name: str

    def expect(self, files: Iterable[Path]) -> None:
        """Files that requests to come will read; an engine may answer quicker for knowing them."""
        ...

    def cells(self, request: Request) -> Cells:
        """The cells of every cube of the scan.  Raises `Fault` with CX7xx for data that cannot be used."""
        ...

    def cells_on_disk(self, request: Request) -> CellsOnDisk:
        """The same in the scratch folder, as few in memory at a time as can be.  Raises as `cells`."""
        ...

    def rest(self) -> None:
        """Let go of the memory that is held for requests to come, of which there is none for now."""
        ...

    def source_text(self, request: Request) -> str:
        """What would be run, for `show --stage sql` or `--stage polars`."""
        ...
