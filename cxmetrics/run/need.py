"""What each source needs, so that the store is true: its files as they are now, and the days to be scanned."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cxmetrics.backends.cells import Backend
from cxmetrics.backends.databases import is_server
from cxmetrics.backends.readers import open_table
from cxmetrics.codes import data as codes
from cxmetrics.diagnostics import Fault, report
from cxmetrics.fuse import all_cuts, families
from cxmetrics.plan import Plan, days_ahead
from cxmetrics.run.bind import Bound, Files, opened
from cxmetrics.run.extents import extents
from cxmetrics.run.memory import Families
from cxmetrics.run.reports import RunOptions
from cxmetrics.run.stale import Day, Family, Task, days_between, delivered, stale_days, tasks
from cxmetrics.run.today import told_apart
from cxmetrics.run.unopened import wanted
from cxmetrics.store import Store
from cxmetrics.store.commits import InputFile


@dataclass(frozen=True, slots=True)
class Need:
    """What one source needs.

    `files`: the whole truth about its files, for the next run; `before`: what the last one knew of them.  `stored`: the
    days that the store has states of, and `forget` those whose states hold no longer (None: all).  `known`: the days
    whose states hold after this run.  `bound`: None for a source that failed, of which what is stored holds.
    """

    bound: Bound | None
    files: Mapping[str, InputFile]
    families: tuple[Family, ...]
    stored: frozenset[Day]
    forget: frozenset[Day] | None
    known: frozenset[Day]
    task: Task | None
    before: Mapping[str, InputFile]

    @property
    def changed(self) -> frozenset[Day]:
        """The days whose states are other after this run, or gone."""
        gone = self.stored if self.forget is None else self.stored & self.forget
        return gone | (self.task.days if self.task is not None else frozenset())


def measured(plan: Plan, root: Path, scratch: Path, bound: Bound, store: Store, options: RunOptions,
             backend: Backend) -> dict[str, InputFile]:
    """The files of a source as they are now.  Raises `Fault` CX70x."""
    known = {} if options.full else store.inputs(bound.origin.id)
    return extents(bound, known, root, plan.project.time_zone, backend,
                   lambda path: open_table((path,), scratch=scratch))


def need(plan: Plan, bound: Bound, files: Mapping[str, InputFile], store: Store, options: RunOptions) -> Need:
    """What a source needs, from what its files look like and what the store has.  Raises `Fault` CX700 to CX755."""
    source, before = bound.origin.id, store.inputs(bound.origin.id)
    span = delivered(files)
    if span is None:
        raise _without_days(bound, any(file.rows for file in files.values()))
    now = told_apart(bound, files, plan.project.time_zone)
    everything = days_between(*span)
    own = families(plan, source, all_cuts(plan), bound.dimensions)
    has = store.coverage(source)
    stored = _all_days(has)
    forget = stale_days(bound.origin, before, now, _ahead(plan, source))
    if options.full:
        forget = None if forget is None or not options.limited else forget | options.among(everything)
    if forget is not None:
        forget |= stored - everything
    known = everything & (stored | options.among(everything))
    found = tasks(plan, source, own, has=has, stale=forget, wanted=known, everything=everything)
    return Need(bound, now, own, stored, forget, known, found[0] if found else None, before)


def with_files(one: Need, plan: Plan, root: Path, scratch: Path) -> Need:
    """What a source needs, with the files opened that its scan reads.  Raises `Fault` CX70x."""
    bound, task = one.bound, one.task
    if bound is None or task is None or not bound.left:
        return one
    ahead = math.inf if bound.origin.unique is not None else _ahead(plan, task.source)
    also = wanted({path: one.files[path] for path in bound.files}, bound.left, task, ahead)
    return replace(one, bound=opened(bound, also, root, scratch))


def _ahead(plan: Plan, source: str) -> float:
    """How many days after its own the conditions on a row of a source look at."""
    return max((days_ahead(partial.where) for partial in plan.partials if partial.source == source), default=0)


def _without_days(bound: Bound, rows: bool) -> Fault:
    """CX712 for a source without rows, CX713 for one whose rows have no day."""
    origin = bound.origin
    if not rows or not isinstance(origin.time, str):
        return Fault(report(codes.NO_ROWS, origin.span, source=origin.id))
    return Fault(report(codes.TIME_UNREADABLE, origin.columns[origin.time].span, source=origin.id, column=origin.time))


def _all_days(has: Mapping[tuple[Family, str], frozenset[Day]]) -> frozenset[Day]:
    return frozenset().union(*set(has.values()))


def idle(plan: Plan, files: Mapping[str, Files], known: Families, store: Store, options: RunOptions) -> bool:
    """Whether no file looks otherwise than in the last run, and no day is lacking: known before a file is opened.

    `known`: the families of the last run, which was of the same definitions.
    """
    needed = {partial.source for partial in plan.partials}
    return not options.full and files.keys() >= needed and all(
        _same(found, store.inputs(source)) and _complete(plan, source, known.get(source, ()), store, options)
        for source, found in files.items())


def _same(found: Files, before: Mapping[str, InputFile]) -> bool:
    seen = {**found.beside, **found.own}
    return seen.keys() == before.keys() and not any(map(is_server, seen)) and all(
        file.looks_like(before[path]) for path, file in seen.items())


def _complete(plan: Plan, source: str, own: Iterable[tuple[str, ...]], store: Store, options: RunOptions) -> bool:
    span = delivered(store.inputs(source))
    if span is None:
        return False
    has, everything = store.coverage(source), days_between(*span)
    stored = _all_days(has)
    known = everything & (stored | options.among(everything))
    return stored <= everything and not tasks(plan, source, tuple(own), has=has, stale=frozenset(), wanted=known,
                                              everything=everything)
