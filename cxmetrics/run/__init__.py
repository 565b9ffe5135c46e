"""The runner: definitions and files in, a commit to the store out.

The only place with a clock, a disk and a database.  Everything is computed first and committed at
once: a run that is killed leaves the store as it was.
"""

from __future__ import annotations

import datetime as dt
import getpass
import json
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import polars as pl

from cxmetrics import __version__
from cxmetrics.backends.cells import Backend, Census, Request
from cxmetrics.backends.engines import engine_named
from cxmetrics.backends.readers import open_table
from cxmetrics.codes import data as codes
from cxmetrics.compile import Compiled, compile_project
from cxmetrics.diagnostics import Diagnostic, Fault, report
from cxmetrics.evaluate import evaluate
from cxmetrics.evaluate.points import last as last_day_of
from cxmetrics.evaluate.points import periods as periods_of
from cxmetrics.evaluate.points import start as period_start
from cxmetrics.fuse import all_cuts, families, fuse
from cxmetrics.ir import GRAINS, Grain
from cxmetrics.plan import Days, Plan, Scan
from cxmetrics.run.bind import Bound, bind
from cxmetrics.run.census import judge
from cxmetrics.run.extents import extents
from cxmetrics.run.stale import Day, Family, Task, days_between, delivered, stale_days, tasks
from cxmetrics.states import concat, spread
from cxmetrics.store import Store
from cxmetrics.store.commits import Commit, Definition, InputFile, Reject, RunRow, StatesChange, ValuesChange

Engine = Literal["duckdb", "polars"]
Progress = Callable[[str, int, int], None]
_ONE = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What to run: days from `first` to before `last` (all that the sources have, by default)."""

    first: Day | None = None
    last: Day | None = None
    engine: Engine = "duckdb"
    full: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What became of the rows of a source in a run; `rejected` and `nulled` count by "column: reason"."""

    id: str
    files: int
    days: int
    read: int = 0
    kept: int = 0
    dropped: int = 0
    duplicates: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    nulled: Mapping[str, int] = field(default_factory=dict)
    first: Day | None = None
    last: Day | None = None


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did: `stages` in seconds; `values` and `states` in rows written; `statuses` of the values."""

    run: str
    engine: str
    first: Day | None
    last: Day | None
    seconds: float
    stages: Mapping[str, float]
    sources: tuple[SourceReport, ...]
    scans: int
    states: int
    values: int
    committed: bool
    statuses: Mapping[str, int]
    diagnostics: tuple[Diagnostic, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The report for machines."""
        plain = {key: value for key, value in asdict(replace(self, diagnostics=())).items() if key != "diagnostics"}
        readable: dict[str, object] = json.loads(json.dumps(plain, default=str))
        return readable | {"warnings": [d.code.id for d in self.diagnostics]}


def silent(_what: str, _step: int, _of: int) -> None:
    """Progress that nobody watches."""


def compiled(root: Path) -> tuple[Compiled, Plan]:
    """A project that compiles; raises `Fault` with all errors otherwise."""
    result = compile_project(root)
    if result.plan is None:
        raise Fault(*result.diagnostics)
    return result, result.plan


def run(root: Path, options: RunOptions, progress: Progress = silent) -> RunReport:
    """Compute what is missing or stale and commit it.  Raises `Fault` for definitions or data that cannot be used."""
    if options.first and options.last and options.first >= options.last:
        raise Fault(report(codes.EMPTY_INTERVAL, None, start=options.first, end=options.last))
    clock, root = _Clock(), root.resolve()
    with clock.stage("compile"):
        result, plan = compiled(root)
    with tempfile.TemporaryDirectory(prefix="cxmetrics-") as scratch, \
            Store.open(_store_of(root, plan, options, Path(scratch)), writable=True) as store, store.lock():
        job = _Job(root, Path(scratch), plan, options, store, engine_named(options.engine, Path(scratch)), progress,
                   clock)
        return job.carry_out(result.diagnostics)


def _store_of(root: Path, plan: Plan, options: RunOptions, scratch: Path) -> Path:
    """The store of the project; for a dry run before the first run, one that is thrown away."""
    own = root / plan.project.store
    return scratch / "store" if options.dry_run and not own.exists() else own


class _Clock:
    """Seconds a stage."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.started = dt.datetime.now(dt.UTC)
        self.stages: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.stages[name] = self.stages.get(name, 0.0) + time.perf_counter() - start

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.began


@dataclass(frozen=True, slots=True)
class _Done:
    """What was computed for one source."""

    task: Task
    frames: dict[Family, pl.DataFrame]
    census: Census


@dataclass(frozen=True, slots=True)
class _Job:
    """One run from its parts."""

    root: Path
    scratch: Path
    plan: Plan
    options: RunOptions
    store: Store
    backend: Backend
    progress: Progress
    clock: _Clock
    bound: dict[str, Bound] = field(default_factory=dict)
    inputs: dict[str, dict[str, InputFile]] = field(default_factory=dict)
    families: dict[str, tuple[Family, ...]] = field(default_factory=dict)
    forget: dict[str, frozenset[Day] | None] = field(default_factory=dict)
    has: dict[str, dict[tuple[Family, str], frozenset[Day]]] = field(default_factory=dict)

    def carry_out(self, found: tuple[Diagnostic, ...]) -> RunReport:
        with self.clock.stage("bind"):
            self.progress("bind", 0, 1)
            self.bound.update(bind(self.plan, self.root, self.scratch))
            self.backend.expect(path for one in self.bound.values() for path in one.paths)
            work = [task for source in sorted(self.bound) for task in self._work_of(source)]
        done: list[_Done] = []
        with self.clock.stage("scan"):
            for step, task in enumerate(work if not self.options.dry_run else ()):
                self.progress(f"scan {task.source}", step, len(work))
                done.append(self._scan(task))
        with self.clock.stage("evaluate"):
            self.progress("evaluate", len(work), len(work) + 1)
            changes = [] if self.options.dry_run else list(self._evaluate(done))
        row = self._row(work)
        answer = self._report(row.id, work, done, changes, found)
        if self.options.dry_run or not (done or changes):
            return answer
        with self.clock.stage("commit"):
            self.progress("commit", len(work), len(work) + 1)
            answer = replace(answer, committed=True)
            self._commit(replace(row, report=json.dumps(answer.as_json() | self._memory())), done, changes)
        return replace(answer, seconds=self.clock.seconds, stages=dict(self.clock.stages))

    def _work_of(self, source: str) -> list[Task]:
        """The scan one source needs, from what its files look like and what the store has."""
        bound = self.bound[source]
        before = {} if self.options.full else self.store.inputs(source)
        declared = [spec.physical for spec in bound.origin.columns.values() if spec.formula is None]
        now = extents(bound, before, self.root, self.plan.project.time_zone, self.backend,
                      lambda path: open_table((path,), scratch=self.scratch, declared=declared))
        self.inputs[source] = now
        self.families[source] = families(all_cuts(self.plan), bound.dimensions)
        self.has[source] = {} if self.options.full else self.store.coverage(source)
        stale = None if self.options.full else stale_days(bound.origin, before, now)
        self.forget[source] = stale
        span = delivered(now)
        if span is None:
            raise Fault(report(codes.NO_ROWS, bound.origin.span, source=source))
        everything = days_between(*span)
        wanted = frozenset(day for day in everything if (self.options.first is None or day >= self.options.first)
                           and (self.options.last is None or day < self.options.last))
        return tasks(self.plan, source, self.families[source], has=self.has[source], stale=stale, wanted=wanted,
                     everything=everything)

    def _scan(self, task: Task) -> _Done:
        bound = self.bound[task.source]
        fused = fuse(self.plan, {task.source: bound.dimensions}, task.partials)
        scan = Scan(bound.origin, fused.scans[0].cubes)
        request = Request(scan, bound.table, bound.lookups, self.plan.project.time_zone, task.intervals)
        cells = self.backend.cells(request)
        judge(self.plan, bound.origin, task, cells.census)
        parts: dict[Family, list[pl.DataFrame]] = {family: [] for family in self.families[task.source]}
        for cube, frame in zip(scan.cubes, cells.frames, strict=True):
            parts[cube.dimensions].append(spread(cube, frame))
        frames = {family: concat(frames, len(family)) for family, frames in parts.items()}
        return _Done(task, frames, cells.census)

    def _evaluate(self, done: list[_Done]) -> Iterator[ValuesChange]:
        """The values of all periods whose states or definitions changed, and of those that follow them."""
        spans = {source: span for source, files in self.inputs.items() if (span := delivered(files))}
        changed = {day for one in done for day in one.task.days} | self._no_longer_true()
        anew = self.options.full or self._rules_changed()
        if anew:
            changed |= {day for span in spans.values() for day in span} | self._stored_days()
        if not changed:
            return
        between = self._widened((min(changed), max(changed) + _ONE))
        computed = {source: self._known_days(source, done) for source in self.bound}
        known = {source: (min(days), max(days)) for source, days in computed.items() if days}
        frame = evaluate(self.plan, self._states(done), known, between)
        for grain in GRAINS if anew else self._grains:  # grains that are shown no more are emptied
            periods = frozenset(periods_of([(between[0], between[1] - _ONE)], grain, self.plan.project.week_start))
            yield ValuesChange(grain, periods, frame.filter(pl.col("grain") == grain))

    def _stored_days(self) -> frozenset[Day]:
        """All days that the store had states of, before this run."""
        return frozenset(day for source in self.plan.sources for days in self.store.coverage(source).values()
                         for day in days)

    def _no_longer_true(self) -> frozenset[Day]:
        """Stored days whose files went or changed, whether or not anything takes their place."""
        return frozenset(day for source, stale in self.forget.items() if stale is None or stale
                         for days in self.has[source].values() for day in days if stale is None or day in stale)

    def _widened(self, between: Days) -> Days:
        """From the first changed day to the end: a slice that is new on an old day counts 0 on all later ones."""
        ends = [span[1] for files in self.inputs.values() if (span := delivered(files))]
        last = max((*ends, between[1]))
        week = self.plan.project.week_start
        return between[0], max(last_day_of(period_start(last, grain, week), grain)
                               for grain in self._grains) + _ONE

    @property
    def _grains(self) -> tuple[Grain, ...]:
        """The grains that any indicator is shown at."""
        own = {grain for node in self.plan.nodes.values() for grain in node.indicator.grains or ()}
        return tuple(grain for grain in GRAINS if grain in own.union(self.plan.project.grains))

    def _known_days(self, source: str, done: list[_Done]) -> frozenset[Day]:
        """The days of a source whose states are known after this run."""
        stale = self.forget[source]
        stored = frozenset().union(*self.has[source].values()) if self.has[source] else frozenset()
        valid = frozenset() if stale is None else stored - stale
        return valid.union(*(one.task.days for one in done if one.task.source == source))

    def _states(self, done: list[_Done]) -> dict[str, dict[Family, pl.DataFrame]]:
        """All states that hold: those of this run, and those of the store that this run did not replace."""
        new = {one.task.source: one for one in done}
        result: dict[str, dict[Family, pl.DataFrame]] = {}
        for source, own in self.families.items():
            numbers = {self.plan.fingerprints[i]: i for i, p in enumerate(self.plan.partials) if p.source == source}
            result[source] = {}
            for family in own:
                parts = [] if not self.has[source] else [self._stored(source, family, numbers, new.get(source))]
                if source in new:
                    parts.append(new[source].frames[family])
                result[source][family] = concat(parts, len(family))
        return result

    def _stored(self, source: str, family: Family, numbers: Mapping[str, int], new: _Done | None) -> pl.DataFrame:
        frame = self.store.states(source, family, numbers, Day.min, Day.max)
        stale = self.forget[source]
        if stale is None:
            return frame.clear()
        if stale:
            frame = frame.filter(~pl.col("day").is_in(sorted(stale)))
        if new is not None:
            replaced = pl.col("day").is_in(sorted(new.task.days)) & pl.col("partial").is_in(sorted(new.task.partials))
            frame = frame.filter(~replaced)
        return frame

    def _rules_changed(self) -> bool:
        """Whether the last run evaluated under other definitions, or other rules of the project."""
        runs = self.store.runs()
        return not len(runs) or json.loads(runs["report"][-1]).get("memory") != self._memory()["memory"]

    def _memory(self) -> dict[str, object]:
        """What the next run compares itself with."""
        project = self.plan.project
        shown = {name: [node.fingerprint, node.indicator.target, node.indicator.min_n, node.indicator.cuts,
                        node.indicator.grains, node.indicator.level] for name, node in self.plan.nodes.items()}
        rules = [project.grains, project.cuts, project.min_n, project.confidence, project.week_start]
        return {"memory": json.loads(json.dumps({"indicators": shown, "project": rules}))}

    def _row(self, work: list[Task]) -> RunRow:
        days = [day for task in work for day in task.days]
        started = self.clock.started
        versions = {"cxmetrics": __version__, "python": platform.python_version(),
                    "polars": version("polars"), "duckdb": version("duckdb")}
        return RunRow(id=f"{started:%Y%m%dT%H%M%S}-{len(self.store.runs()) + 1:05d}", started=started,
                      finished=dt.datetime.now(dt.UTC), engine=self.options.engine, versions=json.dumps(versions),
                      who=_who(), project=self.plan.project.id, first=min(days, default=None),
                      last=max(days, default=None), report="{}")

    def _report(self, run_id: str, work: list[Task], done: list[_Done], changes: list[ValuesChange],
                found: tuple[Diagnostic, ...]) -> RunReport:
        census = {one.task.source: one.census for one in done}
        days = {task.source: task.days for task in work}
        sources = tuple(_source_report(name, bound, census.get(name, Census()), len(days.get(name, ())))
                        for name, bound in sorted(self.bound.items()))
        every = [day for task in work for day in task.days]
        statuses: dict[str, int] = {}
        for change in changes:
            for status, count in change.frame["status"].value_counts().iter_rows():
                statuses[status] = statuses.get(status, 0) + count
        return RunReport(
            run_id, self.options.engine, min(every, default=None), max(every, default=None), self.clock.seconds,
            dict(self.clock.stages), sources, len(work),
            sum(frame.height for one in done for frame in one.frames.values()),
            sum(change.frame.height for change in changes), committed=False, statuses=statuses,
            diagnostics=found)

    def _commit(self, row: RunRow, done: list[_Done], changes: list[ValuesChange]) -> None:
        states = [self._states_change(one, family, frame) for one in done for family, frame in one.frames.items()]
        rejects = [Reject(one.task.source, column, reason, "rejected", count) for one in done
                   for (column, reason), count in one.census.rejected.items()]
        rejects += [Reject(one.task.source, column, reason, "nulled", count) for one in done
                    for (column, reason), count in one.census.nulled.items()]
        definitions = [Definition(node.fingerprint, name, repr(node.indicator))
                       for name, node in self.plan.nodes.items()]
        self.store.commit(Commit(row, states, dict(self.forget), dict(self.inputs), changes, definitions, rejects))

    def _states_change(self, one: _Done, family: Family, frame: pl.DataFrame) -> StatesChange:
        prints = [self.plan.fingerprints[index] for index in range(len(self.plan.partials))]
        named = frame.with_columns(pl.col("partial").replace_strict(
            list(range(len(prints))), prints, return_dtype=pl.String))
        wanted = frozenset(prints[index] for index in one.task.partials)
        return StatesChange(one.task.source, family, named, wanted, one.task.days)


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _source_report(name: str, bound: Bound, census: Census, days: int) -> SourceReport:
    return SourceReport(
        name, len(bound.files), days, census.read, census.kept, census.dropped, census.duplicates,
        {f"{column}: {reason}": count for (column, reason), count in census.rejected.items()},
        {f"{column}: {reason}": count for (column, reason), count in census.nulled.items()}, census.first, census.last)
