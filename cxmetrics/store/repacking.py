"""Buckets of states as a commit leaves them; nothing here touches the ledger, so that threads may share the work."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cxmetrics.states import schema
from cxmetrics.store.buckets import Bucket, DataFile, collect, days_of, encode, scan
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

    `covered`: which days of which fingerprints the file there is, `old`, tells of.
    """

    folder: Path
    bucket: Bucket
    old: DataFile | None
    covered: Mapping[str, int]
    new: pl.DataFrame
    fingerprints: frozenset[str]
    mask: int


def content(frame: pl.DataFrame) -> Content:
    """A frame as it is to stand in a file."""
    encoded = encode(frame) if frame.height else b""
    return Content(frame.height, encoded, hashlib.sha256(encoded).hexdigest())


def repacked(change: StatesOfBucket) -> tuple[Content, Content]:
    """The states of a bucket after a change, and its slices.  Raises `Fault` CX803."""
    width = len(change.bucket.family)
    states = _added(change)
    if states is None:
        kept = list(_kept(change))
        new = change.new.with_columns(pl.col("partial").cast(pl.String)) if kept else change.new
        states = packed(pl.concat([*kept, new]), width)
    return content(states), content(slices_of(states, width))


def stored(frame: pl.DataFrame, dimensions: int, fingerprints: frozenset[str]) -> pl.DataFrame:
    """The columns of states as they are stored, but for `partial`: an Enum of fingerprints in order."""
    kinds = {**schema(dimensions), "partial": pl.Enum(sorted(fingerprints))}
    return frame.select(pl.col(name).cast(kind) for name, kind in kinds.items())


def only_covered(rows: pl.LazyFrame, bucket: Bucket, covered: Mapping[str, int]) -> pl.LazyFrame:
    """The states, with fingerprints in `partial`, of covered days."""
    pairs = [(name, days_of(bucket.first, mask)) for name, mask in covered.items() if mask]
    held = pl.LazyFrame(pairs, schema={"partial": pl.String, "day": pl.List(pl.Date)}, orient="row").explode("day")
    return rows.join(held, on=["partial", "day"], how="semi")


def _added(change: StatesOfBucket) -> pl.DataFrame | None:
    """The states of a bucket where whole days are added or replaced: others are taken as they are stored."""
    bucket, old, width = change.bucket, change.old, len(change.bucket.family)
    left = [days for name, days in change.covered.items() if name not in change.fingerprints]
    if old is None or old.stale or any(days & change.mask for days in left):
        return None
    others = scan(change.folder, old).filter(~pl.col("day").is_in(days_of(bucket.first, change.mask)))
    return together(collect(change.folder, others), packed(change.new, width), width)


def _kept(change: StatesOfBucket) -> Iterator[pl.DataFrame]:
    """What stays of a bucket; where that is nothing, its file is not looked at."""
    covered = {name: days & ~change.mask if name in change.fingerprints else days
               for name, days in change.covered.items()}
    if change.old is not None and any(covered.values()):
        rows = only_covered(one_by_one(scan(change.folder, change.old)), change.bucket, covered)
        yield collect(change.folder, rows.select(change.new.columns))
