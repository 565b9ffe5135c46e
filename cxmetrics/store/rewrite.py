"""How a commit changes the store: every bucket that it touches is written anew, the others stay as they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import assert_never

import polars as pl

from cxmetrics.backends.waiting import Waiting, counts_of, within
from cxmetrics.budgets import Budget
from cxmetrics.crews import crew, hands
from cxmetrics.evaluate.show import columns
from cxmetrics.states import ROWS_AT_ONCE
from cxmetrics.store import parts
from cxmetrics.store.buckets import (
    PARQUET,
    STATES,
    UNFINISHED,
    Bucket,
    DataFile,
    How,
    collect,
    days_of,
    masks,
    place,
    problem,
    scan,
    settle,
    values_bucket,
)
from cxmetrics.store.commits import Commit, Family, KeysChange, StatesChange, ValuesChange
from cxmetrics.store.frames import RUN
from cxmetrics.store.in_parts import InParts, repacked_in_parts
from cxmetrics.store.ledger import Ledger
from cxmetrics.store.repacking import Content, StatesOfBucket, content, repacked

# The columns of the table `values` that are no dimensions, in order.  `run` is kept in the ledger, so that the same
# values make the same file, whoever computes them.
PLACE = ("indicator", "level", "grain", "period")
EVIDENCE = ("value", "unit", "n", "n_effective", "low", "high", "score", "coverage", "target", "gap", "peer",
            "peer_gap", "peer_low", "peer_high", "peer_rank", "peer_percentile", "peers", "change", "change_low",
            "change_high", "moved", "status", "definition")
CONCEALED = Bucket("concealed", "all", (), dt.date.min)


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A commit being written, inside a transaction of the ledger; `number` is the commit's."""

    folder: Path
    ledger: Ledger
    number: int
    serials: Iterator[int] = field(default_factory=count)

    def write(self, commit: Commit) -> None:
        """Write the files, bring them to the disk, and enter all in the ledger.  Raises `Fault` CX803, `OSError`."""
        ledger = self.ledger
        for source, days in commit.forget.items():
            ledger.forget(source, None if days is None else masks(days))
            ledger.records.forget_tallies(source, days)
        self._states(commit.states, commit.budget)
        ledger.retire_forgotten(self.number)
        for source, keys in commit.keys.items():
            self._keys(source, keys)
        for values in commit.values:
            self._values(values, parts.rows_at_once(commit.budget))
        if commit.restatements is not None and commit.restatements.height:
            self._put(restatements_bucket(commit.restatements, self.number), None, content(commit.restatements), ())
        if commit.concealed:
            self._put(CONCEALED, self.ledger.live_in(CONCEALED), content(_listed(commit.concealed)), ())
        settle(self.folder)
        records = ledger.records
        for source, inputs in commit.inputs.items():
            records.put_inputs(source, inputs, self.number)
        records.put_definitions(commit.definitions, self.number)
        records.put_rejects(commit.rejects, self.number)
        for source, tallies in commit.tallies.items():
            records.put_tallies(source, tallies)

    # --- states --------------------------------------------------------------------------------------------------

    def _states(self, changes: Sequence[StatesChange], budget: Budget | None) -> None:
        """Threads make what is to stand in the files; here it is entered, bucket by bucket in order.

        With a budget it is made one bucket after another.
        """
        if len({(change.source, change.family) for change in changes}) < len(changes):
            raise ValueError("states of a source and family change twice")  # of which one would not know of the other
        if budget is not None:
            for one in self._of_buckets(changes):
                few = one.height <= ROWS_AT_ONCE
                self._enter(one, *(repacked(one) if few else repacked_in_parts(one, budget.folder)))
            return
        with crew(hands(), of_processes=False) as crewed:
            for one, (states, slices) in crewed.ahead(repacked, self._of_buckets(changes)):
                self._enter(one, states, slices)

    def _enter(self, one: StatesOfBucket, states: Content | InParts, slices: Content) -> None:
        told, family = replace(one.bucket, kind="slices"), one.bucket.family
        self.ledger.cover(one.bucket, one.fingerprints, one.mask)
        match states:
            case Content():
                self._put(one.bucket, one.old, states, family)
            case InParts():
                self._put_parts(one.bucket, one.old, states.parts(), states.schema, family, STATES)
            case _:
                assert_never(states)
        self._put(told, self.ledger.live_in(told), slices, family)

    def _of_buckets(self, changes: Iterable[StatesChange]) -> Iterator[StatesOfBucket]:
        for change in changes:
            if not counts_of(change.rows).keys() <= change.days:
                raise ValueError(f"states of {change.source} beyond the days that they replace")
            for month, mask in masks(change.days if change.fingerprints else ()).items():
                bucket = Bucket("states", change.source, change.family, month)
                rows = change.rows if isinstance(change.rows, Waiting) else within(
                    change.rows, (month, days_of(month, mask)[-1]))
                yield StatesOfBucket(self.folder, bucket, self.ledger.live_in(bucket), self.ledger.covered(bucket),
                                     rows, change.fingerprints, mask)

    # --- keys ----------------------------------------------------------------------------------------------------

    def _keys(self, source: str, change: KeysChange) -> None:
        live = {file.bucket.first: file for file in self.ledger.live("keys", source)}
        left = [month for month, file in live.items()
                if not change.kept or any(span and file.bucket.touches(span[0], next_day(span[1]))
                                          for span in change.gone.values())]
        for month in sorted(change.months | set(left)):
            bucket, old = Bucket("keys", source, (), month), live.get(month)
            days = pl.col("day").is_between(month, bucket.end, closed="left" if bucket.end < dt.date.max else "both")
            frames = [change.rows.filter(days).collect()]
            if old is not None and change.kept:
                rows = scan(self.folder, old).filter(~pl.col("file").is_in(sorted(change.gone)))
                frames.insert(0, collect(self.folder, rows))
            self._put(bucket, old, content(pl.concat(frames).sort("day", "file", "key")), ())

    # --- values --------------------------------------------------------------------------------------------------

    def _values(self, change: ValuesChange, most: int) -> None:
        _prove_values(change)
        frame = change.frame.drop(RUN, strict=False)
        buckets: dict[Bucket, set[dt.date]] = {}
        for period in sorted(change.periods):
            for kind in ("values", "withheld"):
                buckets.setdefault(values_bucket(kind, change.grain, period), set()).add(period)
        drafts = frame.clear() if change.drafts is None else change.drafts
        for bucket, periods in buckets.items():
            old = self.ledger.live_in(bucket)
            new = (frame if bucket.kind == "values" else drafts).filter(pl.col("period").is_in(periods))
            rows = pl.concat([*self._kept_values(bucket, old, periods), new], how="diagonal_relaxed")
            height = collect(self.folder, rows.select(pl.len())).item()
            if height <= most:
                whole = collect(self.folder, rows)
                dims = _dimensions(whole.lazy())
                self._put(bucket, old, content(_in_order(whole.lazy(), dims).collect()), dims)
            else:
                dims = _dimensions(rows)
                each = (collect(self.folder, _in_order(rows.filter(parts.among(names)), dims))
                        for names in parts.spans(rows, height, most))
                self._put_parts(bucket, old, each, _in_order(rows, dims).collect_schema(), dims)
        self.ledger.records.put_periods(change.grain, change.periods, self.number)

    def _kept_values(self, bucket: Bucket, old: DataFile | None, replaced: set[dt.date]) -> Iterator[pl.LazyFrame]:
        left = self.ledger.records.periods_in(bucket) - replaced
        if old is not None and left:
            yield scan(self.folder, old).filter(pl.col("period").is_in(left))

    # --- files ---------------------------------------------------------------------------------------------------

    def _put(self, bucket: Bucket, old: DataFile | None, new: Content, dimensions: Family) -> None:
        """Make this the live content of a bucket; the same content keeps its file."""
        if self._freshened(old, new.sha256):
            return
        if old is not None:
            self.ledger.retire(old.name, self.number)
        if new.rows:
            name = bucket.file_name(self.number, next(self.serials))
            place(self.folder, name, new.encoded)
            file = DataFile(name, bucket, dimensions, new.rows, len(new.encoded), new.sha256)
            self.ledger.add_file(file, self.number)

    def _put_parts(self, bucket: Bucket, old: DataFile | None, each: Iterable[pl.DataFrame],
                   schema: Mapping[str, pl.DataType], dims: Family, how: How = PARQUET) -> None:
        """The same of what memory need not hold at once; there is some."""
        name = bucket.file_name(self.number, next(self.serials))
        written = parts.write_parts(self.folder / (name + UNFINISHED), each, schema, how)
        if self._freshened(old, written.sha256):
            (self.folder / (name + UNFINISHED)).unlink()
            return
        if old is not None:
            self.ledger.retire(old.name, self.number)
        (self.folder / (name + UNFINISHED)).replace(self.folder / name)
        file = DataFile(name, bucket, dims, written.rows, written.size, written.sha256)
        self.ledger.add_file(file, self.number)

    def _freshened(self, old: DataFile | None, sha256: str) -> bool:
        """Whether a bucket has this content already; then its file stays."""
        if old is None or old.sha256 != sha256 or problem(self.folder, old) is not None:
            return False
        self.ledger.freshen(old.name)
        return True


def _listed(concealed: Mapping[bytes, bytes]) -> pl.DataFrame:
    """What was found to be hidden: `asked` and `answer`."""
    return pl.DataFrame(sorted(concealed.items()), schema={"asked": pl.Binary, "answer": pl.Binary}, orient="row")


def next_day(day: dt.date) -> dt.date | None:
    """The day after; None after the last that can be."""
    return None if day == dt.date.max else day + dt.timedelta(1)


def restatements_bucket(frame: pl.DataFrame, number: int) -> Bucket:
    """The bucket of what a commit restates: the month is that of the first period."""
    first = min(frame["period"])
    return Bucket("restatements", str(number), (), first.replace(day=1))


def is_dimension(name: str) -> bool:
    """Whether a column of a table of values is a dimension."""
    return name not in {*PLACE, *EVIDENCE, RUN}


def in_total(values: pl.LazyFrame) -> pl.DataFrame:
    """The rows of all slices together."""
    dims = [name for name in values.collect_schema().names() if is_dimension(name)]
    return values.filter(pl.lit(value=True), *(pl.col(name).is_null() for name in dims)).collect(engine="streaming")


def _dimensions(rows: pl.LazyFrame) -> Family:
    """The dimensions that some rows have."""
    names = [name for name in rows.collect_schema().names() if is_dimension(name)]
    if not names:
        return ()
    found = rows.select(pl.col(names).is_not_null().any()).collect(engine="streaming")
    return tuple(sorted(name for name in names if found[name].item()))


def _in_order(rows: pl.LazyFrame, dims: Family) -> pl.LazyFrame:
    """All rows as they are stored, with these dimensions only."""
    kinds, there = columns(dims), rows.collect_schema().names()
    ordered = [pl.col(name).cast(kinds[name]) if name in kinds else pl.col(name)
               for name in (*PLACE, *dims, *EVIDENCE) if name in there]
    return rows.select(ordered).sort("indicator", "period", *dims, maintain_order=True)


def _prove_values(change: ValuesChange) -> None:
    for frame in (change.frame, change.drafts):
        found = None if frame is None else frame.select("period", "grain").unique().collect(engine="streaming")
        periods, grains = (set() if found is None else set(found[name]) for name in ("period", "grain"))
        if not (periods <= change.periods and grains <= {change.grain}):
            raise ValueError(f"values beyond the periods of the {change.grain} that they replace")
