"""The store: states, values and the ledger of runs, committed all at once.

A store is a folder: `ledger.sqlite`, which names the live data files, and `data/` with immutable Parquet files.
Files are on the disk before the one transaction of the ledger that is the commit; what a crash leaves before that, no
ledger names, and the next writer sweeps it away.  A reader keeps to the commit it found, and neither waits nor makes
anyone wait.  No file is read whose checksum differs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import polars as pl

from cxmetrics.diagnostics import Fault
from cxmetrics.evaluate.show import columns
from cxmetrics.ir import Grain
from cxmetrics.states import names, schema
from cxmetrics.store import frames
from cxmetrics.store.asked import restored, wanted, with_dimensions
from cxmetrics.store.buckets import (
    DataFile,
    collect,
    damaged,
    days_of,
    orphans,
    problem,
    remove,
    rows_of,
    scan,
    unwritable,
)
from cxmetrics.store.commits import (
    Commit,
    Days,
    Definition,
    Family,
    Freeze,
    InputFile,
    Reject,
    RunRow,
    StatesChange,
    Tallied,
    ValuesChange,
)
from cxmetrics.store.folder import DATA, LEDGER, no_run, prepared, require_ledger
from cxmetrics.store.frames import RUN
from cxmetrics.store.ledger import Ledger
from cxmetrics.store.lock import locked
from cxmetrics.store.packing import one_by_one
from cxmetrics.store.repacking import only_covered
from cxmetrics.store.rewrite import EVIDENCE, PLACE, Rewrite
from cxmetrics.store.slices import slices_of
from cxmetrics.store.texts import broken, put_texts, unpacked
from cxmetrics.store.then import AsOf, look_at, named
from cxmetrics.store.verified import Verified

__all__ = ["AsOf", "Commit", "Days", "Definition", "Family", "Freeze", "InputFile", "Reject", "RunRow",
           "StatesChange", "Store", "ValuesChange", "Verified"]

KINDS = ("states", "slices", "keys", "values", "withheld", "restatements", "concealed")  # of data files


class Store:
    """An open store; a context manager."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        """Use `Store.open`."""
        self._folder, self._data, self._ledger = folder, folder / DATA, ledger
        self._locked = False
        self._vouched: set[str] = set()  # names of files whose checksums were right

    @classmethod
    def open(cls, path: Path, writable: bool = False, as_of: AsOf | None = None) -> Self:
        """Open the store in a folder; a writer makes it if need be.

        `as_of`: as it was after the last run of this id, or at this moment; states are not to be had of then.
        Raises `Fault` CX801 (cannot be written), CX803 (damaged), CX808 (cannot be read), CX804 (a reader, and no run
        yet), CX805 (newer), CX752 (no such run), CX753 (not kept).
        """
        folder = path.absolute()
        require_ledger(folder)
        if writable:
            return cls(folder, prepared(folder))
        if not (folder / LEDGER).is_file():
            raise no_run(path)
        ledger = Ledger(folder / LEDGER, writable=False)
        try:
            look_at(ledger, as_of, path)
        except BaseException:
            ledger.close()
            raise
        return cls(folder, ledger)

    def close(self) -> None:
        """Let go of the ledger."""
        self._ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    # --- what is stored ------------------------------------------------------------------------------------------

    def coverage(self, source: str) -> dict[tuple[Family, str], Days]:
        """The days whose states are stored, by family and fingerprint of a partial."""
        days = cache(_days)  # most partials are stored for the same days
        with self._ledger.sound():
            return {(family, fingerprint): days(text) for family, fingerprint, text in self._ledger.coverage(source)}

    def inputs(self, source: str) -> dict[str, InputFile]:
        """The files that a source was last read from, by path."""
        return self._ledger.records.inputs(source)

    def states(self, source: str, family: Family, fingerprints: Mapping[str, int], first: dt.date,
               last: dt.date) -> pl.DataFrame:
        """The states (`states.schema`) of these partials, numbered as given, of the days in [first, last), as of now.

        Their texts are categoricals.  Days that are not covered have no rows.  Raises `Fault` CX803.
        """
        nothing = pl.LazyFrame(schema=schema(len(family)) | {"text": pl.Categorical()})
        return collect(self._data, pl.concat(self._states(source, family, fingerprints, first, last) or [nothing]))

    def states_by_month(self, source: str, family: Family, fingerprints: Mapping[str, int], first: dt.date,
                        last: dt.date) -> Iterator[pl.DataFrame]:
        """The same, those of one month after those of another."""
        return (collect(self._data, part) for part in self._states(source, family, fingerprints, first, last))

    def _states(self, source: str, family: Family, fingerprints: Mapping[str, int], first: dt.date,
                last: dt.date) -> list[pl.LazyFrame]:
        numbered = pl.LazyFrame({"partial": list(fingerprints), "~number": list(fingerprints.values())},
                                schema={"partial": pl.String, "~number": pl.UInt32})
        wanted = [pl.col("day") >= first, pl.col("day") < last, pl.col("partial").is_in(list(fingerprints))]
        parts = [self._states_in(file).filter(*wanted) for file in self._ledger.live("states", source, family)
                 if file.bucket.touches(first, last)]
        return [part.join(numbered, on="partial").with_columns(pl.col("~number").alias("partial")).select(
            *schema(len(family))) for part in parts]

    def slices(self, source: str, family: Family, fingerprints: Mapping[str, int], before: dt.date) -> pl.DataFrame:
        """The slices (`d0…`) that the states of these partials have in months that begin before a day, with a `day`.

        Each with its first, and each day with some slice.  Raises `Fault` CX803.
        """
        known = {file.bucket.first: file for file in self._ledger.live("slices", source, family)}
        parts = [pl.DataFrame(schema={"day": pl.Date()} | dict.fromkeys(names(len(family)), pl.String()))]
        for file in self._ledger.live("states", source, family):
            first, covered = file.bucket.first, self._ledger.covered(file.bucket)
            if first >= before:
                continue
            if first in known and not file.stale and covered.keys() <= fingerprints.keys():
                parts.append(collect(self._data, self._rows(known[first])))
            else:
                parts.append(slices_of(self.states(source, family, fingerprints, first, file.bucket.end), len(family)))
        return pl.concat(parts)

    def _states_in(self, file: DataFile) -> pl.LazyFrame:
        rows = one_by_one(self._rows(file).with_columns(pl.col("text").cast(pl.Categorical)))  # once for all partials
        return only_covered(rows, file.bucket, self._ledger.covered(file.bucket)) if file.stale else rows

    def keys(self, source: str, first: dt.date | None = None, last: dt.date | None = None) -> pl.LazyFrame | None:
        """`day`, `file` and `key` (a hash) of the rows of a source, each once, at least those of days in [first, last).

        None where none are kept.  Raises `Fault` CX803.
        """
        found = [file for file in self._ledger.live("keys", source) if file.bucket.touches(first, last)]
        return pl.concat([self._rows(file) for file in found]) if found else None

    def concealed(self) -> dict[bytes, bytes]:
        """Which cells the last run found to be hidden, by what that follows from: see `Memo`.  Raises `Fault` CX803."""
        parts = [collect(self._data, self._rows(file)) for file in self._ledger.live("concealed")]
        return {asked: answer for part in parts for asked, answer in part.iter_rows()}

    def values(self, *, grain: Grain | None = None, cut: Family | None = None, indicators: Iterable[str] | None = None,
               first: dt.date | None = None, last: dt.date | None = None) -> pl.DataFrame:
        """The table `values`: its columns, all dimensions that any value has, and `run`.

        `cut`: only rows with exactly these dimensions; [first, last): the periods.  Rows are in order of grain, month,
        indicator, period and slice.  Raises `Fault` CX803.
        """
        found = self._values("values", grain, cut, indicators, first, last)
        runs = pl.DataFrame(self._ledger.records.periods(first, last), orient="row",
                            schema={"grain": pl.String, "period": pl.Date, RUN: pl.String})
        return found.join(runs, on=["grain", "period"], how="left", maintain_order="left")

    def _values(self, kind: Literal["values", "withheld"], grain: Grain | None, cut: Family | None,
                indicators: Iterable[str] | None, first: dt.date | None, last: dt.date | None) -> pl.DataFrame:
        files = self._ledger.live(kind)
        dims = sorted({name for file in self._ledger.live("values") for name in file.dimensions} | set(cut or ()))
        asked = wanted(dims, cut, indicators, first, last)
        parts = [with_dimensions(self._rows(file), file, dims).filter(*asked) for file in files
                 if grain in {None, file.bucket.subject} and set(cut or ()) <= set(file.dimensions)
                 and file.bucket.touches(first, last)]
        if not parts:
            return pl.DataFrame(schema=columns(dims))
        rows = collect(self._data, pl.concat(parts, how="diagonal_relaxed"))
        return rows.select(name for name in (*PLACE, *dims, *EVIDENCE) if name in rows.columns)

    def drafts(self, grain: Grain, first: dt.date, last: dt.date) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Values without `run`, and in the same order as they were before anything was withheld or marked.

        Of the periods [first, last) of a grain.  Raises `Fault` CX803.
        """
        values, withheld = (self._values(kind, grain, None, None, first, last) for kind in ("values", "withheld"))
        return values, restored(values, withheld)

    def periods(self) -> dict[Grain, frozenset[dt.date]]:
        """The periods that values were ever stored of, by grain."""
        found: dict[Grain, set[dt.date]] = {}
        for grain, period, _ in self._ledger.records.periods():
            found.setdefault(grain, set()).add(period)
        return {grain: frozenset(listed) for grain, listed in found.items()}

    def written(self) -> list[tuple[Grain, dt.date, str]]:
        """Grain and first day of every period that values were ever stored of, and the run that did so last."""
        return self._ledger.records.periods()

    def runs(self) -> pl.DataFrame:
        """The table `runs`, the oldest first; `number` counts the commits."""
        with self._ledger.sound():
            return frames.runs(self._ledger.records)

    def run_count(self) -> int:
        """How many runs were committed."""
        return self._ledger.records.count()

    def last_run(self) -> str | None:
        """The id of the last run."""
        return self._ledger.records.last_run()

    def project(self) -> str | None:
        """The project that the store is of: that of its last run, also where it is read as it was before."""
        return self._ledger.records.project()

    def last_moment(self) -> dt.datetime | None:
        """When the last run was committed: no later one has an earlier moment."""
        return self._ledger.records.last_moment()

    def last_report(self) -> str | None:
        """The report of the last run, JSON."""
        return self._ledger.records.last_report()

    def rejects(self, run: str | None = None) -> pl.DataFrame:
        """The table `rejects`, of one run or of all."""
        with self._ledger.sound():
            return frames.rejects(self._ledger.records, run)

    def tallied(self, source: str, without: Days) -> Tallied:
        """The rows and the bad ones of the days of a source that runs have taken in, but for some days."""
        return self._ledger.records.tallied(source, without)

    def definitions(self) -> pl.DataFrame:
        """The table `definitions`: every meaning ever run, and the `run` that was first to use it."""
        with self._ledger.sound():
            return frames.definitions(self._ledger.records)

    def texts(self) -> dict[str, str]:
        """The files that the definitions of the last run stood in, by name.  Raises `Fault` CX803."""
        return unpacked(self._ledger.records, self._folder / LEDGER)

    def restatements(self, run: str | None = None) -> pl.DataFrame:
        """The table `restatements`, of one run (by id or number) or of all, the oldest first.

        Raises `Fault` CX752 (no such run), CX803.
        """
        only = None if run is None else named(self._ledger, run)
        files = {int(file.bucket.subject): file for file in self._ledger.live("restatements")}
        wanted = [(number, name) for number, name in frames.names(self._ledger.records)
                  if number in files and only in {None, number}]
        return frames.restatements([
            collect(self._data, self._rows(files[number]).with_columns(pl.lit(name).alias(RUN)))
            for number, name in wanted])

    def frozen_before(self) -> dt.date | None:
        """All periods that end before this day (or with the day before it) are frozen."""
        ordered = self._ledger.records.freezes()
        with self._ledger.sound():
            return dt.date.fromisoformat(ordered[-1][1]) if ordered and ordered[-1][1] else None

    def thawed(self) -> bool:
        """Whether periods that were frozen when the last run committed are so no more: values of it may be overdue."""
        with self._ledger.sound():
            return self._ledger.records.thawed()

    def freezes(self) -> pl.DataFrame:
        """The table `freezes`: each order to freeze periods, or to freeze them no more, the oldest first."""
        with self._ledger.sound():
            return frames.freezes(self._ledger.records)

    def _rows(self, file: DataFile) -> pl.LazyFrame:
        """The rows of a file; its checksum is looked at once."""
        if file.name in self._vouched:
            return rows_of(self._data, file)
        rows = scan(self._data, file)
        self._vouched.add(file.name)
        return rows

    # --- writing -------------------------------------------------------------------------------------------------

    @contextmanager
    def lock(self) -> Iterator[str | None]:
        """Be the one writer, and sweep away what one that died left; who it was.  Raises `Fault` CX802, CX801."""
        if not self._ledger.writable:
            raise ValueError("the store was opened for reading")
        with locked(self._folder) as dead:
            self._locked = True
            try:
                self._sweep()
                yield dead
            finally:
                self._locked = False

    @contextmanager
    def _writing(self) -> Iterator[None]:
        if self._locked:
            yield
        else:
            with self.lock():
                yield

    def _sweep(self) -> None:
        remove(self._data, self._ledger.unread(self._orphans()))

    def _orphans(self) -> list[str]:
        return orphans(self._data, (file.name for file in self._ledger.files()))

    def commit(self, commit: Commit) -> None:
        """Keep all of a commit, or nothing.  Takes the lock if it is not held.  Raises `Fault` CX801, CX802, CX803."""
        with self._writing():
            try:
                with self._ledger.transaction():
                    number = self._ledger.records.add_run(commit.run, put_texts(self._ledger.records, commit.texts))
                    Rewrite(self._data, self._ledger, number).write(commit)
            except BaseException as error:
                with suppress(Fault):
                    self._sweep()
                if isinstance(error, OSError):
                    raise unwritable(self._folder, error) from error
                raise

    def freeze(self, freeze: Freeze) -> None:
        """From now on no run changes the values of these periods.  Raises `Fault` CX801, CX802."""
        with self._writing(), self._ledger.transaction():
            self._ledger.records.put_freeze(freeze)

    def vacuum(self, keep: int) -> int:
        """Give up the files that none of the last `keep` commits saw live; how many.  Raises `Fault` CX801, CX802.

        While somebody still reads what was there before they stay, and the next writer deletes them: `left`.
        """
        if keep < 1:
            raise ValueError("the last commit is always kept")
        with self._writing():
            with self._ledger.transaction():
                dropped = self._ledger.drop_retired(keep)
            self._sweep()
        return len(dropped)

    def left(self) -> int:
        """How many files lie here that no ledger names."""
        return len(self._orphans())

    def _live(self) -> list[DataFile]:
        return [file for kind in KINDS for file in self._ledger.live(kind)]

    def require_files(self) -> None:
        """See that every live file is there and as long as it was; `verify` reads them.  Raises `Fault` CX803."""
        for file in self._live():
            wrong = problem(self._data, file, by_size=True)
            if wrong is not None:
                raise damaged(self._data / file.name, wrong)

    def verify(self) -> Verified:
        """Look at the ledger, at the definitions in it, and at every file that it names, live or retired."""
        files, live = self._ledger.files(), {file.name for file in self._live()}
        wrong = [damaged(self._folder / LEDGER, line) for line in self._ledger.problems()]
        wrong += broken(self._ledger.records, self._folder / LEDGER)
        wrong += [damaged(self._data / file.name, what, retired=file.name not in live) for file in files
                  if (what := problem(self._data, file)) is not None]
        return Verified(len(files), sum(file.size for file in files),
                        tuple(each for fault in wrong for each in fault.diagnostics), tuple(self._orphans()))


def _days(text: str) -> Days:
    months = (each.split(":") for each in text.split(" "))
    return frozenset(day for month, mask in months for day in days_of(dt.date.fromisoformat(month), int(mask)))
