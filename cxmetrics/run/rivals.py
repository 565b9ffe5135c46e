"""Rows with equal keys, of which one counts (`unique`): which days and files a row of another file has to do with.

The store keeps the keys of the rows of each file, hashed, with their days.  So a file that comes, goes or changes makes
stale its own days and those on which rows of other files have one of its keys, and no others: what becomes of a row
follows from itself and the rows of its own key.

A scan of some days reads the files with rows of these days, and the files with rows of their keys.  That is enough:
all rows of every key that is met on these days are then there, so each row of these days is judged as if all files
were.  A row of another day may be judged wrongly, for its own rivals may be missing, but it is not asked about; and
were it of one of these days, its keys would have been among those looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from hashlib import sha256
from operator import or_
from pathlib import Path

import polars as pl

from cxmetrics.backends.cells import Request, Table
from cxmetrics.backends.polars.keys import DAY, FILE, KEY, about_keys, hashing, keys_of
from cxmetrics.plan import Days, Plan, Scan
from cxmetrics.run.bind import Bound
from cxmetrics.run.stale import LOOKUP, Day
from cxmetrics.run.today import dated
from cxmetrics.store import Store
from cxmetrics.store.commits import InputFile, KeysChange

BATCH = 4_000_000  # rows whose keys are held in memory at once
Inputs = Mapping[str, InputFile]
_LEAST = 256  # bytes a row, where it is not known how many there are
NO_ROWS = pl.LazyFrame(schema={DAY: pl.Date(), FILE: pl.String(), KEY: pl.UInt64()})


@dataclass(frozen=True, slots=True)
class Known:
    """How files are opened, and keys hashed (`seed`); `anew`: nothing of them that is stored is to be relied on."""

    root: Path
    scratch: Path
    open_file: Callable[[Path], Table]
    seed: int
    anew: bool


@dataclass(frozen=True, slots=True)
class Rivals:
    """The keys of the rows of a source's `own` files.

    `scheme` stands for how they were hashed.  `before` and `now`: all files of the last run and of this one.  `held`:
    those whose keys are taken from the store; those of the others are `fresh` (`day`, `file`, `key`, each row once).
    """

    store: Store
    source: str
    scheme: str
    before: Inputs
    now: Inputs
    own: frozenset[str]
    held: frozenset[str]
    fresh: pl.LazyFrame

    @property
    def files(self) -> dict[str, InputFile]:
        """The files of this run, with how their keys were hashed."""
        return {path: replace(file, keys=self.scheme if path in self.own else "") for path, file in self.now.items()}

    def change(self) -> KeysChange | None:
        """What becomes of the keys in the store; None where they stay as they are."""
        gone = self._gone()
        if not gone and self.held == self.own:
            return None
        months = self.fresh.select(pl.col(DAY).dt.truncate("1mo").unique()).collect()[DAY]
        return KeysChange(self.fresh, frozenset(months), spans(self.before, gone), kept=bool(self.held))

    def stale(self, changed: Collection[str]) -> frozenset[Day] | None:
        """The days of rows of other files that have a key of files that came, went or changed; None: it is not known.

        Of the rows of a key that none of these files has or had, the same one counts as before.
        """
        others, known = self.own - frozenset(changed), [path for path in changed if path in self.before]
        if not others:
            return frozenset()
        if any(self.before[path].keys != self.scheme for path in known):
            return None
        old = self._stored().filter(pl.col(FILE).is_in(sorted(known))) if known else NO_ROWS
        new = self.fresh.filter(pl.col(FILE).is_in(sorted(changed)))
        mine = pl.concat([old, new]).select(KEY).unique()
        shared = self._rows().filter(~pl.col(FILE).is_in(sorted(changed))).join(mine, on=KEY, how="semi")
        return frozenset(shared.select(pl.col(DAY).unique()).collect(engine="streaming")[DAY])

    def beside(self, days: Sequence[Days]) -> frozenset[str]:
        """The files with rows of the keys that rows of these days have."""
        among = reduce(or_, (pl.col(DAY).is_between(first, end, closed="left") for first, end in days))
        first, end = min(first for first, _ in days), max(end for _, end in days)
        keys = self._rows(first, end).filter(among).select(KEY).unique()
        found = self._rows().join(keys, on=KEY, how="semi").select(pl.col(FILE).unique())
        return frozenset(found.collect(engine="streaming")[FILE])

    def _gone(self) -> frozenset[str]:
        """The files whose keys are in the store, and hold no longer."""
        return frozenset(path for path, file in self.before.items() if file.keys and path not in self.held)

    def _rows(self, first: Day | None = None, end: Day | None = None) -> pl.LazyFrame:
        """The keys of the files of this run, at least those of the days in [first, end)."""
        if not self.held:  # what is in the store may be damaged
            return self.fresh
        gone, stored = self._gone(), self._stored(first, end)
        return pl.concat([stored.filter(~pl.col(FILE).is_in(sorted(gone))) if gone else stored, self.fresh])

    def _stored(self, first: Day | None = None, end: Day | None = None) -> pl.LazyFrame:
        found = self.store.keys(self.source, first, end)
        return NO_ROWS if found is None else found


def rivals(plan: Plan, bound: Bound, before: Inputs, now: Inputs, store: Store, known: Known) -> Rivals | None:
    """The keys of a source's files; None where no rows are rivals, or all of them are in one file.

    Files are opened whose keys are not in the store.  Raises `Fault` CX70x.
    """
    own = frozenset(bound.files)
    if bound.origin.unique is None or (len(own) < 2 and not any(file.keys for file in before.values())):
        return None
    scheme = _scheme(bound, now, plan.project.time_zone, known.seed)
    held = frozenset() if known.anew else frozenset(
        path for path in own if (file := before.get(path)) is not None and file.keys == scheme
        and file.holds_what(now[path]))
    request = Request(Scan(about_keys(bound.origin), ()), bound.table, bound.lookups, plan.project.time_zone)
    fresh = list[pl.LazyFrame]()
    for number, batch in enumerate(_batches({path: now[path] for path in sorted(own - held)})):
        files = [known.open_file(bound.taken.get(path, known.root / path)).files for path in batch]
        found = keys_of(replace(request, table=replace(bound.table, files=tuple(path for path, in files))), known.seed)
        target = known.scratch / f"keys-{scheme}-{number}.parquet"
        found.select(DAY, pl.Series(batch, dtype=pl.String).gather(found[FILE]).alias(FILE), KEY).write_parquet(target)
        fresh.append(pl.scan_parquet(target, glob=False, hive_partitioning=False))
    return Rivals(store, bound.origin.id, scheme, before, now, own, held, pl.concat([NO_ROWS, *fresh]))


def spans(files: Inputs, among: Collection[str]) -> dict[str, tuple[Day, Day] | None]:
    """The first and the last day of rows in each of some files."""
    return {path: (first, last) if (first := files[path].first) and (last := files[path].last) else None
            for path in sorted(among)}


def _scheme(bound: Bound, now: Inputs, zone: str, seed: int) -> str:
    """Stands for all that the hash of a row's key rests on, besides the row."""
    small = about_keys(dated(bound.origin, None))
    tables = [(path, file.digest, file.size, file.reading) for path, file in sorted(now.items())
              if file.reading.startswith(LOOKUP)] if small.lookups else []
    facts = [replace(bound, origin=small).reading(zone), tables, hashing(seed)]
    return sha256(repr(facts).encode()).hexdigest()[:16]


def _batches(files: Inputs) -> Iterator[list[str]]:
    """Files, so many at a time that their keys do not take much memory."""
    batch, rows = list[str](), 0
    for path, file in files.items():
        weight = max(file.rows, file.size // _LEAST)
        if batch and rows + weight > BATCH:
            yield batch
            batch, rows = [], 0
        batch.append(path)
        rows += weight
    if batch:
        yield batch
