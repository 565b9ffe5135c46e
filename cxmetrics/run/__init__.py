"""The runner: definitions and files in, a commit to the store out.

The only place with a clock, a disk and a database.  Everything is computed first and committed at
once: a run that is killed leaves the store as it was.
"""

from __future__ import annotations

import datetime as dt
import json
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

from cxmetrics import __version__
from cxmetrics.backends.cells import Backend, Census
from cxmetrics.backends.engines import engine_named
from cxmetrics.backends.text_files import seen_from_project
from cxmetrics.codes import data as codes
from cxmetrics.codes import stores
from cxmetrics.compile import Compiled, compile_project
from cxmetrics.diagnostics import Diagnostic, Fault, report
from cxmetrics.load.texts import Texts
from cxmetrics.plan import Plan
from cxmetrics.run.bind import Files, bind, look
from cxmetrics.run.freezes import who
from cxmetrics.run.memory import covered, families_of, memory, remembered
from cxmetrics.run.need import Need, idle, needs
from cxmetrics.run.reports import Engine, RunOptions, RunReport, SourceReport, source_report
from cxmetrics.run.restate import Restated, restate
from cxmetrics.run.revalue import Revaluation
from cxmetrics.run.scanning import Done, scan
from cxmetrics.run.stale import Task
from cxmetrics.store import Store
from cxmetrics.store.commits import Commit, Definition, RunRow

__all__ = ["Engine", "Progress", "RunOptions", "RunReport", "SourceReport", "compiled", "run", "silent"]

Progress = Callable[[str, int, int], None]


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
            _store(root / plan.project.store, options, Path(scratch)) as store, seen_from_project(root):
        job = _Job(root, Path(scratch), plan, options, store, engine_named(options.engine, Path(scratch)), progress,
                   clock, result.texts)
        return job.carry_out(result.diagnostics)


@contextmanager
def _store(path: Path, options: RunOptions, scratch: Path) -> Iterator[Store]:
    """The store of the project, locked; for a dry run only to read, and before the first run one thrown away."""
    try:
        opened = Store.open(path, writable=not options.dry_run)
    except Fault as fault:
        if [one.code for one in fault.diagnostics] != [stores.NO_RUN_YET]:
            raise
        opened = Store.open(scratch / "store", writable=True)
    with opened as store:
        if options.dry_run:
            yield store
        else:
            with store.lock():
                yield store


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
    texts: Texts
    needs: dict[str, Need] = field(default_factory=dict)

    def carry_out(self, found: tuple[Diagnostic, ...]) -> RunReport:
        with self.clock.stage("bind"):
            self.progress("bind", 0, 1)
            files = look(self.plan, self.root)
            if not self._idle(files):
                self._bind()
        work = [one.task for one in self.needs.values() if one.task is not None]
        done: list[Done] = []
        with self.clock.stage("scan"):
            for step, task in enumerate(work if not self.options.dry_run else ()):
                self.progress(f"scan {task.source}", step, len(work))
                one = self.needs[task.source]
                done.append(scan(self.plan, self.backend, one.bound, one.families, task))
        self._still_the_same()
        with self.clock.stage("evaluate"):
            self.progress("evaluate", len(work), len(work) + 1)
            restated = self._evaluate(done)
        row = self._row(work)
        answer = self._report(row.id, files, work, done, restated, found)
        if self.options.dry_run or not (done or restated.changes):
            return answer
        with self.clock.stage("commit"):
            self.progress("commit", len(work), len(work) + 1)
            answer = replace(answer, committed=True)
            left = {"memory": self._memory(), "covered": covered({name: one.known for name, one in self.needs.items()})}
            self._commit(replace(row, report=json.dumps(answer.as_json() | left)), done, restated)
        return replace(answer, seconds=self.clock.seconds, stages=dict(self.clock.stages))

    def _idle(self, files: Mapping[str, Files]) -> bool:
        last = remembered(self.store)
        if last is None:
            return False
        families = families_of(last)
        return last == memory(self.plan, families) and idle(self.plan, files, families, self.store, self.options)

    def _bind(self) -> None:
        bound = bind(self.plan, self.root, self.scratch)
        self.backend.expect(path for one in bound.values() for path in one.paths)
        self.needs.update(needs(self.plan, self.root, self.scratch, bound, self.store, self.options, self.backend))

    def _still_the_same(self) -> None:
        """Nothing is committed of a file that changed while it was read."""
        now = look(self.plan, self.root) if self.needs else {}
        for name, one in self.needs.items():
            seen, then = {**now[name].beside, **now[name].own}, {**one.bound.beside, **one.bound.files}
            for path in sorted(then):
                if not then[path].digest and seen.get(path) != then[path]:  # a table was taken at one moment
                    raise Fault(report(codes.FILE_CHANGED, one.bound.origin.span, path=path))

    def _evaluate(self, done: list[Done]) -> Restated:
        if self.options.dry_run or not self.needs:
            return Restated(())
        other = remembered(self.store) != self._memory()
        work = Revaluation(self.plan, self.store, self.needs, {one.task.source: one for one in done},
                           anew=self.options.full or other)
        return restate(self.plan, self.store, self.needs, work.changes(), anew=other)

    def _memory(self) -> dict[str, object]:
        return memory(self.plan, {name: one.families for name, one in self.needs.items()})

    def _row(self, work: list[Task]) -> RunRow:
        days = [day for task in work for day in task.days]
        started = self.clock.started
        versions = {"cxmetrics": __version__, "python": platform.python_version(),
                    "polars": version("polars"), "duckdb": version("duckdb")}
        return RunRow(id=f"{started:%Y%m%dT%H%M%S}-{self.store.run_count() + 1:05d}", started=started,
                      finished=dt.datetime.now(dt.UTC), engine=self.options.engine, versions=json.dumps(versions),
                      who=who(), project=self.plan.project.id, first=min(days, default=None),
                      last=max(days, default=None), report="{}")

    def _report(self, run_id: str, files: Mapping[str, Files], work: list[Task], done: list[Done],
                restated: Restated, found: tuple[Diagnostic, ...]) -> RunReport:
        census = {one.task.source: one.census for one in done}
        days = {task.source: task.days for task in work}
        sources = tuple(source_report(name, len(own.own), census.get(name, Census()), len(days.get(name, ())))
                        for name, own in sorted(files.items()))
        every = [day for task in work for day in task.days]
        statuses: dict[str, int] = {}
        for change in restated.changes:
            for status, count in change.frame["status"].value_counts().iter_rows():
                statuses[status] = statuses.get(status, 0) + count
        return RunReport(
            run_id, self.options.engine, min(every, default=None), max(every, default=None), self.clock.seconds,
            dict(self.clock.stages), sources, len(work),
            sum(frame.height for one in done for frame in one.frames.values()),
            sum(change.frame.height for change in restated.changes), committed=False, statuses=statuses,
            restated=dict(restated.counts), refused=restated.refused,
            diagnostics=(*found, *self._frozen(run_id, restated)))

    def _frozen(self, run_id: str, restated: Restated) -> list[Diagnostic]:
        """What would have changed, were it not frozen."""
        if not restated.refused:
            return []
        order = self.store.freezes().row(-1, named=True)
        return [report(codes.FROZEN_DIFFERS, None, count=restated.refused, before=order["before"], why=order["why"],
                       run=run_id)]

    def _commit(self, row: RunRow, done: list[Done], restated: Restated) -> None:
        states = [change for one in done for change in one.changes(self.plan)]
        rejects = [reject for one in done for reject in one.rejects()]
        definitions = [Definition(node.fingerprint, name, repr(node.indicator))
                       for name, node in self.plan.shown.items()]
        forget = {name: one.forget for name, one in self.needs.items()}
        inputs = {name: one.files for name, one in self.needs.items()}
        self.store.commit(Commit(row, states, forget, inputs, restated.changes, definitions, rejects, restated.rows,
                                 self.texts.named()))
