"""The store: states, values and the ledger of runs, committed all at once.

A store is a folder: `ledger.sqlite`, which names the live data files, and `data/` with immutable Parquet files.
Files are on the disk before the one transaction of the ledger that is the commit; what a crash leaves before that, no
ledger names, and the next writer sweeps it away.  A reader keeps to the commit it found, and neither waits nor makes
anyone wait.  No file is shown whose checksum differs.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

import polars as pl

from cxmetrics.buckets import (
    Bucket,
    DataFile,
    damaged,
    days_of,
    encode,
    masks,
    orphans,
    place,
    problem,
    remove,
    settle,
    unwritable,
    values_bucket,
)
from cxmetrics.codes import stores
from cxmetrics.commits import (
    Commit,
    Days,
    Definition,
    Family,
    InputFile,
    Reject,
    RunRow,
    StatesChange,
    ValuesChange,
)
from cxmetrics.diagnostics import Diagnostic, Fault, report
from cxmetrics.ir import Grain
from cxmetrics.ledger import Ledger
from cxmetrics.lock import locked
from cxmetrics.show import columns
from cxmetrics.states import AMOUNT, names, schema

__all__ = ["Commit", "Days", "Definition", "Family", "InputFile", "Reject", "RunRow", "StatesChange", "Store",
           "ValuesChange", "Verified"]

LEDGER = "ledger.sqlite"
DATA = "data"
# The columns of `values` that are no dimensions, in the order of the table; `run` comes from the ledger.
_PLACE = ("indicator", "level", "grain", "period")
_EVIDENCE = ("value", "unit", "n", "n_effective", "low", "high", "score", "coverage", "target", "gap", "peer", "peer_gap",
             "peer_low", "peer_high", "peer_rank", "change", "change_low", "change_high", "moved", "status", "definition")
_STATES = ("partial", "day", "key", "value")


@dataclass(frozen=True, slots=True)
class Verified:
    """What `Store.verify` found: files looked at, their bytes, what is damaged, and files that no ledger names."""

    files: int
    size: int
    damaged: tuple[Diagnostic, ...]
    orphans: tuple[str, ...]  # harmless: the next writer removes them


class Store:
    """An open store; a context manager."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        """Use `Store.open`."""
        self._folder, self._ledger = folder, ledger
        self._locked = False
        self._vouched: set[str] = set()  # names of files whose checksums were right

    @classmethod
    def open(cls, path: Path, writable: bool = False) -> Self:
        """Open the store in a folder; a writer makes it if need be.

        Raises `Fault` CX801 (cannot be written), CX803 (damaged), CX804 (a reader, and no run yet), CX805 (newer).
        """
        folder = path.absolute()
        if writable:
            _prepare(folder)
        elif not (folder / LEDGER).is_file():
            raise _no_run(path)
        ledger = Ledger(folder / LEDGER, writable)
        if not writable and not ledger.has_runs():
            ledger.close()
            raise _no_run(path)
        return cls(folder, ledger)

    def close(self) -> None:
        """Let go of the ledger."""
        self._ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the one writer, and sweep away what an interrupted one left.  Raises `Fault` CX802, CX801."""
        with locked(self._folder):
            self._locked = True
            try:
                self._sweep()
                yield
            finally:
                self._locked = False

    def _sweep(self) -> None:
        named = [file.name for file in self._ledger.files()]
        remove(self._data, orphans(self._data, named))

    @property
    def _data(self) -> Path:
        return self._folder / DATA

    # --- what is stored ------------------------------------------------------------------------------------------

    def coverage(self, source: str) -> dict[tuple[Family, str], Days]:
        """The days whose states are stored, by family and fingerprint of a partial."""
        @cache  # most partials are stored for the same days
        def days(text: str) -> Days:
            months = (month.split(":") for month in text.split(" "))
            return frozenset(day for month, mask in months for day in days_of(dt.date.fromisoformat(month), int(mask)))

        return {(family, fingerprint): days(text) for family, fingerprint, text in self._ledger.coverage(source)}

    def inputs(self, source: str) -> dict[str, InputFile]:
        """The files that a source was last read from, by path."""
        return self._ledger.inputs(source)

    def states(self, source: str, family: Family, fingerprints: Mapping[str, int], first: dt.date,
               last: dt.date) -> pl.DataFrame:
        """The states (`states.schema`) of these partials, numbered as given, of the days in [first, last).

        Days that are not covered have no rows.  Raises `Fault` CX803.
        """
        dims = names(len(family))
        wanted = pl.LazyFrame({"partial": list(fingerprints), "index": list(fingerprints.values())},
                              schema={"partial": pl.String, "index": pl.UInt32})
        parts = []
        for file in self._ledger.live("states", source, family):
            if file.bucket.first < last and _next_month(file.bucket.first) > first:
                rows = self._covered(self._scan(file), file)
                rows = rows.filter(pl.col("day") >= first, pl.col("day") < last,
                                   pl.col("partial").is_in(list(fingerprints)))
                parts.append(rows.join(wanted, on="partial")
                             .select(pl.col("index").alias("partial"), "day", *dims, "key", "value"))
        return self._collect(pl.concat(parts)) if parts else pl.DataFrame(schema=schema(len(family)))

    def _covered(self, rows: pl.LazyFrame, file: DataFile) -> pl.LazyFrame:
        """Without the rows that are forgotten."""
        if not file.stale:
            return rows
        return rows.join(_pairs(file.bucket.first, self._ledger.covered(file.bucket)), on=["partial", "day"],
                         how="semi")

    def values(self, *, grain: Grain | None = None, cut: Family | None = None, indicators: Iterable[str] | None = None,
               first: dt.date | None = None, last: dt.date | None = None) -> pl.DataFrame:
        """The table `values`, with all dimensions that any value has, and `run`.

        `cut`: only rows with exactly these dimensions; `first`, `last`: periods in [first, last).  Raises `Fault` CX803.
        """
        files = self._ledger.live("values")
        dims = sorted({name for file in files for name in file.dimensions} | set(cut or ()))
        cut_here = [pl.col(name).is_not_null() if name in cut else pl.col(name).is_null() for name in dims] \
            if cut is not None else []
        asked = [*cut_here, *([pl.col("indicator").is_in(list(indicators))] if indicators is not None else []),
                 *([pl.col("period") >= first] if first else []), *([pl.col("period") < last] if last else [])]
        parts = [_with_dimensions(self._scan(file), file, dims).filter(*asked) for file in files
                 if grain in {None, file.bucket.subject} and set(cut or ()) <= set(file.dimensions)
                 and _touches(file.bucket, first, last)]
        if not parts:
            return pl.DataFrame(schema={**columns(dims), "run": pl.String})
        found = self._collect(pl.concat(parts, how="diagonal_relaxed"))
        ordered = [name for name in (*_PLACE, *dims, *_EVIDENCE) if name in found.columns]
        return found.join(self._runs_of_periods(first, last), on=["grain", "period"], how="left",
                          maintain_order="left").select(*ordered, "run")

    def _runs_of_periods(self, first: dt.date | None, last: dt.date | None) -> pl.DataFrame:
        return pl.DataFrame(self._ledger.periods(first, last), orient="row",
                            schema={"grain": pl.String, "period": pl.Date, "run": pl.String})

    def runs(self) -> pl.DataFrame:
        """The table `runs`, the oldest first; `number` counts the commits."""
        texts = {name: pl.String() for name in RunRow.__dataclass_fields__}
        found = pl.DataFrame(self._ledger.runs(), schema={"number": pl.Int64(), **texts}, orient="row")
        return found.with_columns(
            pl.col("started", "finished").str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", time_zone="UTC"),
            pl.col("first", "last").str.to_date("%Y-%m-%d"))

    def rejects(self, run: str | None = None) -> pl.DataFrame:
        """The table `rejects`, of one run or of all."""
        texts = dict.fromkeys(("run", "source", "column", "reason", "kind"), pl.String())
        return pl.DataFrame(self._ledger.rejects(run), schema={**texts, "count": pl.Int64()}, orient="row")

    def definitions(self) -> pl.DataFrame:
        """The table `definitions`: every meaning ever run, and the `run` that was first to use it."""
        texts = dict.fromkeys(("fingerprint", "indicator", "meaning", "run"), pl.String())
        return pl.DataFrame(self._ledger.definitions(), schema=texts, orient="row")

    # --- reading files -------------------------------------------------------------------------------------------

    def _scan(self, file: DataFile) -> pl.LazyFrame:
        path = self._data / file.name
        if file.name not in self._vouched:
            wrong = problem(self._data, file)
            if wrong is not None:
                raise damaged(path, wrong)
            self._vouched.add(file.name)
        return pl.scan_parquet(path, glob=False, hive_partitioning=False)

    def _collect(self, rows: pl.LazyFrame) -> pl.DataFrame:
        try:
            return rows.collect(engine="streaming")
        except (pl.exceptions.PolarsError, OSError) as error:
            raise damaged(self._data, error) from error

    # --- writing -------------------------------------------------------------------------------------------------

    def commit(self, commit: Commit) -> None:
        """Keep all of a commit, or nothing.  Takes the lock, if it is not held.  Raises `Fault` CX801, CX802, CX803."""
        if not self._locked:
            with self.lock():
                return self.commit(commit)
        try:
            with self._ledger.transaction():
                self._write(commit)
        except BaseException as error:
            with suppress(Fault):
                self._sweep()
            if isinstance(error, OSError):
                raise unwritable(self._folder, error) from error
            raise
        return None

    def _write(self, commit: Commit) -> None:
        ledger = self._ledger
        number = ledger.add_run(commit.run)
        for source, days in commit.forget.items():
            ledger.forget(source, None if days is None else masks(days))
        for states in commit.states:
            self._change_states(states, number)
        ledger.retire_forgotten(number)
        for values in commit.values:
            self._change_values(values, number)
        for source, inputs in commit.inputs.items():
            ledger.put_inputs(source, inputs)
        ledger.put_definitions(commit.definitions, number)
        ledger.put_rejects(commit.rejects, number)
        settle(self._data)

    def _change_states(self, change: StatesChange, number: int) -> None:
        for month, mask in masks(change.days).items():
            bucket = Bucket("states", change.source, change.family, month)
            ...
