"""Buckets of states as a commit leaves them; nothing here touches the ledger, so that threads may share the work."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cxmetrics.backends.waiting import Rows, counts_of, within
from cxmetrics.plan import Days
from cxmetrics.states import schema
from cxmetrics.store.buckets import PARQUET, STATES, Bucket, DataFile, How, collect, days_of, encode, scan
from cxmetrics.store.packing import one_by_one, packed, together
from cxmetrics.store.slices import slices_of


@dataclass(frozen=True, slots=True)
class Content:
    """What is to stand in a file: Parquet, or nothing where there are no rows."""

    rows: int
    encoded: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class StatesOfBucket:
    """How states of a bucket change: `new` ones, as `stored`, for `fingerprints` on the days of `mask`.

    `covered`: which days of which fingerprints the file there is, `old`, tells of.  `new` may tell of other
    months, too.
    """

    folder: Path
    bucket: Bucket
    old: DataFile | None
    covered: Mapping[str, int]
    new: Rows
    fingerprints: frozenset[str]
    mask: int

    @property
    def days(self) -> list[dt.date]:
        """The days of `mask`."""
        return days_of(self.bucket.first, self.mask)

    @property
    def height(self) -> int:
        """How many new states there are."""
        return sum(rows for day, rows in counts_of(self.new).items() if day in self.days)

    def states(self, days: Days | None = None) -> pl.DataFrame:
        """New ones as they are stored, of all days or from one to another.

        Raises `ValueError` for those of other fingerprints.
        """
        rows = within(self.new, days or (self.bucket.first, self.days[-1]))
        if not set(rows["partial"].unique()) <= self.fingerprints:
            raise ValueError(f"states of {self.bucket.subject} beyond the fingerprints that they replace")
        return stored(rows, len(self.bucket.family), self.fingerprints)


def content(frame: pl.DataFrame, how: How = PARQUET) -> Content:
    """A frame as it is to stand in a file."""
    encoded = encode(frame, how) if frame.height else b""
    return Content(frame.height, encoded, hashlib.sha256(encoded).hexdigest())


def repacked(change: StatesOfBucket) -> tuple[Content, Content]:
    """The states of a bucket after a change, and its slices.  Raises `Fault` CX803."""
    width, new, beside = len(change.bucket.family), change.states(), others(change)
    states = None if beside is None else together(collect(change.folder, beside), packed(new, width), width)
    if states is None:
        again = kept(change)
        if again is not None:
            old = collect(change.folder, again.select(new.columns))
            new = pl.concat([old, new.with_columns(pl.col("partial").cast(pl.String))])
        states = packed(new, width)
    return content(states, STATES), content(slices_of(states, width))


def stored(frame: pl.DataFrame, dimensions: int, fingerprints: frozenset[str]) -> pl.DataFrame:
    """The columns of states as they are stored, but for `partial`: an Enum of fingerprints in order."""
    kinds = {**schema(dimensions), "partial": pl.Enum(sorted(fingerprints))}
    return frame.select(pl.col(name).cast(kind) for name, kind in kinds.items())


def only_covered(rows: pl.LazyFrame, bucket: Bucket, covered: Mapping[str, int]) -> pl.LazyFrame:
    """The states, with fingerprints in `partial`, of covered days."""
    pairs = [(name, days_of(bucket.first, mask)) for name, mask in covered.items() if mask]
    held = pl.LazyFrame(pairs, schema={"partial": pl.String, "day": pl.List(pl.Date)}, orient="row").explode("day")
    return rows.join(held, on=["partial", "day"], how="semi")


def others(change: StatesOfBucket) -> pl.LazyFrame | None:
    """What stays of a bucket, as it is stored, where whole days are added or replaced; else None.

    Raises `Fault` CX803.
    """
    old = change.old
    left = [days for name, days in change.covered.items() if name not in change.fingerprints]
    if old is None or old.stale or any(days & change.mask for days in left):
        return None
    return scan(change.folder, old).filter(~pl.col("day").is_in(change.days))


def kept(change: StatesOfBucket) -> pl.LazyFrame | None:
    """What stays of a bucket, one by one; where that is nothing, its file is not looked at.  Raises `Fault` CX803."""
    covered = {name: days & ~change.mask if name in change.fingerprints else days
               for name, days in change.covered.items()}
    if change.old is None or not any(covered.values()):
        return None
    return only_covered(one_by_one(scan(change.folder, change.old)), change.bucket, covered)
