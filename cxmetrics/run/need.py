"""What each source needs, so that the store is true: its files as they are now, and the days to be scanned."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cxmetrics.backends.cells import Backend, Table
from cxmetrics.backends.databases import is_server
from cxmetrics.backends.duckdb.footers import Footers
from cxmetrics.backends.readers import open_table
from cxmetrics.codes import data as codes
from cxmetrics.diagnostics import Fault, report
from cxmetrics.fuse import all_cuts, families
from cxmetrics.plan import Plan, days_ahead
from cxmetrics.run.bind import Bound, Files, opened
from cxmetrics.run.extents import extents
from cxmetrics.run.memory import Families
from cxmetrics.run.persons import Hiding
from cxmetrics.run.reports import RunOptions
from cxmetrics.run.rivals import NO_ROWS, Known, Rivals, rivals, spans
from cxmetrics.run.stale import Day, Family, Task, days_between, delivered, stale_days, tasks
from cxmetrics.run.today import told_apart
from cxmetrics.run.unopened import wanted
from cxmetrics.store import Store
from cxmetrics.store.commits import InputFile, KeysChange
from cxmetrics.store.key import seed_of


@dataclass(frozen=True, slots=True)
class Need:
    """What one source needs.

    `files`: the whole truth about its files, for the next run; `before`: what the last one knew of them.  `stored`: the
    days that the store has states of, and `forget` those whose states hold no longer (None: all).  `known`: the days
    whose states hold after this run.  `bound`: None for a source that failed, of which what is stored holds.
    `rivals`: the keys of its rows, where only one row of a key counts.
    """

    bound: Bound | None
    files: Mapping[str, InputFile]
    families: tuple[Family, ...]
    stored: frozenset[Day]
    forget: frozenset[Day] | None
    known: frozenset[Day]
    task: Task | None
    before: Mapping[str, InputFile]
    rivals: Rivals | None = None

    @property
    def changed(self) -> frozenset[Day]:
        """The days whose states are other after this run, or gone."""
        gone = self.stored if self.forget is None else self.stored & self.forget
        return gone | (self.task.days if self.task is not None else frozenset())


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a run reads and keeps things, and what is asked of it."""

    plan: Plan
    root: Path
    scratch: Path
    store: Store
    options: RunOptions
    backend: Backend
    hiding: Hiding
    footers: Footers

    def open_file(self, path: Path) -> Table:
        """One file of a source."""
        return open_table((path,), scratch=self.scratch)


def measured(setting: Setting, bound: Bound, before: Mapping[str, InputFile]) -> dict[str, InputFile]:
    """The files of a source as they are now, when they were as they were `before`.  Raises `Fault` CX70x."""
    known = {} if setting.options.full else before
    return extents(bound, known, setting.root, setting.plan.project.time_zone, setting.backend, setting.open_file,
                   setting.footers)


def need(setting: Setting, bound: Bound, files: Mapping[str, InputFile], before: Mapping[str, InputFile]) -> Need:
    """What a source needs, from what its files look like and what the store has.  Raises `Fault` CX700 to CX755."""
    plan, source, options = setting.plan, bound.origin.id, setting.options
    span = delivered(files)
    if span is None:
        raise _without_days(bound, any(file.rows for file in files.values()))
    now = told_apart(bound, files, plan.project.time_zone)
    known = Known(setting.root, setting.scratch, setting.open_file, seed_of(setting.hiding.keys), anew=options.full)
    keys = rivals(plan, bound, before, now, setting.store, known)
    everything = days_between(*span)
    own = families(plan, source, all_cuts(plan), bound.dimensions)
    has = setting.store.coverage(source)
    stored = _all_days(has)
    forget = _forgotten(setting, bound, before, now, keys)
    if forget is not None:
        forget |= stored - everything
        forget |= options.among(everything) if options.full else frozenset()
    days = everything & (stored | options.among(everything))
    found = tasks(plan, source, own, has=has, stale=forget, wanted=days, everything=everything)
    now = {path: replace(file, keys="") for path, file in now.items()} if keys is None else keys.files
    return Need(bound, now, own, stored, forget, days, found[0] if found else None, before, keys)


def _forgotten(setting: Setting, bound: Bound, before: Mapping[str, InputFile], now: Mapping[str, InputFile],
               keys: Rivals | None) -> frozenset[Day] | None:
    """The days whose states are not true any more, or are not to be relied on; None: all."""
    if setting.options.full and not setting.options.limited:
        return None
    shared = _apart(bound) if keys is None else keys.stale
    return stale_days(before, now, _ahead(setting.plan, bound.origin.id), shared)


def _apart(bound: Bound) -> Callable[[frozenset[str]], frozenset[Day] | None]:
    """What `Rivals.stale` tells, where keys are not known."""
    def shared(changed: frozenset[str]) -> frozenset[Day] | None:
        return None if bound.origin.unique is not None and bound.files.keys() - changed else frozenset()
    return shared


def with_files(one: Need, setting: Setting) -> Need:
    """What a source needs, with the files opened that its scan reads.  Raises `Fault` CX70x."""
    bound, task, keys = one.bound, one.task, one.rivals
    if bound is None or task is None or not bound.left:
        return one
    ahead = math.inf if bound.origin.unique is not None and keys is None else _ahead(setting.plan, task.source)
    files = {path: one.files[path] for path in bound.files}
    also = (wanted(files, bound.left, task, ahead) if keys is None else
            wanted(files, bound.left, task, ahead, keys.beside))
    return replace(one, bound=opened(bound, also, setting.root, setting.scratch))


def keys_changed(one: Need) -> KeysChange | None:
    """What becomes of the keys that the store has of a source; None where they stay as they are."""
    if one.rivals is not None:
        return one.rivals.change()
    gone = [path for path, file in one.before.items() if file.keys and one.bound is not None]
    return KeysChange(NO_ROWS, frozenset(), spans(one.before, gone), kept=False) if gone else None


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
