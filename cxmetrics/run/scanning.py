"""One source scanned: its states by family, and what became of its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

import polars as pl

from cxmetrics.backends.cells import Backend, Cells, CellsOnDisk, Census, Request
from cxmetrics.backends.readers import decoded
from cxmetrics.backends.waiting import Rows, then
from cxmetrics.fuse import fuse, held_in
from cxmetrics.plan import Cube, Plan, Scan
from cxmetrics.run.bind import Bound
from cxmetrics.run.census import NOTHING, judge, tallied
from cxmetrics.run.cover import require_cover
from cxmetrics.run.reports import Effort
from cxmetrics.run.sampling import looks
from cxmetrics.run.slices import require_few
from cxmetrics.run.stale import Family, Task
from cxmetrics.states import concat, spread_all, spread_on_disk
from cxmetrics.store.commits import Reject, StatesChange, Tallied, TalliesChange


@dataclass(frozen=True, slots=True)
class Done:
    """What was computed for one source, and what it took, but for the time."""

    task: Task
    frames: Mapping[Family, Rows]
    census: Census
    effort: Effort

    def changes(self, plan: Plan) -> list[StatesChange]:
        """The states as the store takes them."""
        return [self._change(plan, family, frame) for family, frame in self.frames.items()]

    def tallies(self, plan: Plan) -> TalliesChange | None:
        """How many rows its days have, as the store takes it."""
        return tallied(plan, plan.sources[self.task.source], self.task, self.census)

    def _change(self, plan: Plan, family: Family, rows: Rows) -> StatesChange:
        prints = plan.fingerprints
        wanted = frozenset(prints[index] for index in self.task.partials
                           if family in held_in(plan, index, list(self.frames)))
        told = pl.Series([name if name in wanted else None for name in prints], dtype=pl.Enum(sorted(wanted)))
        named = then(rows, lambda frame: frame.with_columns(told.gather(frame["partial"]).alias("partial")))
        return StatesChange(self.task.source, family, named, wanted, self.task.days)

    def rejects(self) -> list[Reject]:
        """The rows that left or lost a value, by reason, and those that a flag counts."""
        kinds = (("rejected", self.census.rejected), ("nulled", self.census.nulled))
        return [Reject(self.task.source, column, reason, "rejected" if kind == "rejected" else "nulled", count)
                for kind, counts in kinds for (column, reason), count in counts.items()] + [
            Reject(self.task.source, name, "flag", "flagged", count) for name, count in self.census.flagged.items()]


@dataclass(frozen=True, slots=True)
class Read:
    """The cells of one source, of rows that can be trusted, and what it took to read them."""

    task: Task
    families: tuple[Family, ...]
    cubes: tuple[Cube, ...]
    cells: Cells | CellsOnDisk
    size: int
    decoded: int
    scratch: Path

    def spread(self, secret: bytes = b"") -> Done:
        """Its states; `secret`: what persons are hidden with in what is kept of it.  Raises `Fault` CX714."""
        frames: dict[Family, Rows] = {family: concat([], len(family)) for family in self.families}
        cells = sum(rows.height for rows in self.cells.rows)
        match self.cells:
            case Cells(own):
                frames |= spread_all(self.cubes, own, secret)
            case CellsOnDisk(own):
                frames |= spread_on_disk(self.cubes, own, secret, self.scratch)
            case _:
                assert_never(self.cells)
        effort = Effort(self.size, len(self.cubes), cells, sum(rows.height for rows in frames.values()), self.decoded)
        return Done(self.task, frames, self.cells.census, effort)


def scan(plan: Plan, backend: Backend, bound: Bound, families: Iterable[Family], task: Task,
         scratch: Path, known: Tallied = NOTHING, *, bounded: bool = False) -> Read:
    """Carry out the scan of a source; `known`: the rows of days that are not read.

    `bounded`: what it finds is to wait on the disk, in the folder `scratch`.
    Raises `Fault` (CX70x) for rows that cannot be trusted."""
    look = looks(backend, {task.source: bound}, plan.project.time_zone, scratch)
    fused = fuse(plan, {task.source: bound.dimensions}, task.partials, look=look)
    cubes = fused.scans[0].cubes
    request = Request(Scan(bound.origin, cubes), bound.table, bound.lookups, plan.project.time_zone, task.intervals)
    cells = backend.cells_on_disk(request) if bounded else backend.cells(request)
    judge(plan, bound.origin, task, cells.census, known)
    require_cover(plan, bound.origin, cells.rows)
    require_few(bound.origin, cubes, cells.rows)
    return Read(task, tuple(families), cubes, cells, bound.size, decoded(bound.table), scratch)
