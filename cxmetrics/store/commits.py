"""What a run hands to the store, to be committed all at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import polars as pl

from cxmetrics.backends.waiting import Rows
from cxmetrics.budgets import Budget
from cxmetrics.ir import Grain

Family = tuple[str, ...]
"""The dimensions that some states are kept for, in order."""
Days = frozenset[dt.date]


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that a source was read from, as it was then: bytes, time of change, days of its rows, rows.

    `reading` stands for how it was read: where that differs, nothing that came of it holds.  `digest` stands for the
    content: the SHA-256 of the file, or of what was taken from a database.  `columns` tells the columns of a file of
    its own, so that it need not be opened to know them.
    """

    size: int
    mtime_ns: int
    first: dt.date | None
    last: dt.date | None  # inclusive
    rows: int
    reading: str = ""
    digest: str = ""
    columns: str = ""
    keys: str = ""

    def holds_what(self, other: InputFile | None) -> bool:
        """Whether both hold the same rows, read in the same way: told by their content where that is known."""
        if other is None:
            return False
        told = bool(self.digest and other.digest)
        if not told and (self.size, self.mtime_ns) != (other.size, other.mtime_ns):
            return False
        mine, theirs = ((one.first, one.last, one.rows, one.reading, one.digest, one.columns) for one in (self, other))
        return mine == theirs


@dataclass(frozen=True, slots=True)
class RunRow:
    """A row of the table `runs`.  `started` and `finished` know their zone; [first, last) is what was asked for."""

    id: str
    started: dt.datetime
    finished: dt.datetime
    engine: str
    versions: str  # JSON: library -> version
    who: str
    project: str
    first: dt.date | None
    last: dt.date | None
    report: str  # JSON


@dataclass(frozen=True, slots=True)
class StatesChange:
    """New states of one source and family.

    `rows`: the columns of states (`states.schema`), with the partial's fingerprint in `partial`, as text or in an
    Enum.  They are the whole truth about `fingerprints` × `days`, which they replace, and tell of nothing else.
    """

    source: str
    family: Family
    rows: Rows
    fingerprints: frozenset[str]
    days: Days


@dataclass(frozen=True, slots=True)
class ValuesChange:
    """New values: `frame` (`show.columns`) takes the place of these periods of this grain, and tells of no others.

    `drafts`: those of its rows of which something is withheld, or marked, as they were before; None where none is.
    Neither need be in memory.
    """

    grain: Grain
    periods: Days
    frame: pl.LazyFrame
    drafts: pl.LazyFrame | None = None


@dataclass(frozen=True, slots=True)
class KeysChange:
    """The keys (hashes) of rows of a source that a run has met or lost, where rows of equal keys are rivals.

    `rows`: `day`, `file` (its path) and `key` of files whose keys are new, each row once; `months`: the first days of
    the months that these are in.  `gone`: the files whose keys hold no longer, be it because others take their place,
    and the first and last day of their rows; `kept`: whether any others are stored.
    """

    rows: pl.LazyFrame
    months: Days
    gone: Mapping[str, tuple[dt.date, dt.date] | None]
    kept: bool


class Definition(NamedTuple):
    """What an indicator meant, by its fingerprint."""

    fingerprint: str
    indicator: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Reject:
    """How many rows left (`rejected`) or lost a value (`nulled`) for one reason; no data of theirs.

    Or for how many a flag holds (`flagged`), which is named in `column`.
    """

    source: str
    column: str
    reason: str
    kind: Literal["rejected", "nulled", "flagged"]
    count: int


class Tallied(NamedTuple):
    """The rows of some days of a source, the bad ones among them, and the first of the days."""

    rows: int = 0
    bad: int = 0
    first: dt.date | None = None


@dataclass(frozen=True, slots=True)
class TalliesChange:
    """How many rows each day of a source has, and how many of them are bad: the whole truth about `days`."""

    days: Days
    tallies: Mapping[dt.date, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Freeze:
    """An order that the values of all periods that end before a day (None: of none) be changed no more."""

    before: dt.date | None
    who: str
    at: dt.datetime
    why: str


@dataclass(frozen=True, slots=True)
class Commit:
    """All that a run changes.

    `forget`: days of a source (None: all) whose stored states no longer hold; they are as if never stored, but for
    what `states` brings anew.  Nothing that is forgotten or replaced is read again, so a run that forgets everything
    also mends a damaged store.  `inputs`: the whole truth about each source named.
    `restatements`: what changes of values published earlier.  `texts`: the files that the definitions stand in, by
    name.  `keys`, `tallies`: by source.  `concealed`: which cells were found to be
    hidden, by what that follows from; what is kept stays where that is nothing.  `budget`: of memory, for
    what is written.
    """

    run: RunRow
    states: Sequence[StatesChange] = ()
    forget: Mapping[str, Days | None] = field(default_factory=dict)
    inputs: Mapping[str, Mapping[str, InputFile]] = field(default_factory=dict)
    values: Sequence[ValuesChange] = ()
    definitions: Sequence[Definition] = ()
    rejects: Sequence[Reject] = ()
    restatements: pl.DataFrame | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, KeysChange] = field(default_factory=dict)
    tallies: Mapping[str, TalliesChange] = field(default_factory=dict)
    concealed: Mapping[bytes, bytes] = field(default_factory=dict)
    budget: Budget | None = None
