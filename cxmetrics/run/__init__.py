"""The runner: definitions and files in, a commit to the store out.

The only place with a clock, a disk and a database.  Everything is computed first and committed at
once: a run that is killed leaves the store as it was.
"""

from __future__ import annotations

import datetime as dt
import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from cxmetrics import __version__
from cxmetrics.backends.cells import Census
from cxmetrics.backends.engines import engine_named
from cxmetrics.backends.text_files import seen_from_project
from cxmetrics.budgets import Budget
from cxmetrics.codes import data as codes
from cxmetrics.codes import stores
from cxmetrics.compile import Compiled, compile_project
from cxmetrics.diagnostics import Diagnostic, Fault, report
from cxmetrics.disclosure import Memo
from cxmetrics.evaluate.raking import Raking
from cxmetrics.ir import Project
from cxmetrics.load.texts import Texts
from cxmetrics.plan import Plan
from cxmetrics.run.bind import Files, look
from cxmetrics.run.census import doubts
from cxmetrics.run.clock import Clock, Progress
from cxmetrics.run.freezes import who
from cxmetrics.run.gather import Gathering
from cxmetrics.run.identity import run_id
from cxmetrics.run.left_out import left_out, undelivered
from cxmetrics.run.memory import covered, families_of, left_by_last, memory, remembered
from cxmetrics.run.need import idle, keys_changed
from cxmetrics.run.pairs import paired
from cxmetrics.run.peak import beyond, peak
from cxmetrics.run.persons import hiding
from cxmetrics.run.raked import rake_reports, unraked
from cxmetrics.run.reports import NO_SCAN, Engine, RunOptions, RunReport, SourceReport, source_report
from cxmetrics.run.restate import Restated, Why, restate
from cxmetrics.run.revalue import Revaluation
from cxmetrics.run.stale import Task, delivered
from cxmetrics.run.survey_quality import quality
from cxmetrics.run.troubles import Trouble, Troubles, as_left, left_by, other_since, unfresh
from cxmetrics.run.volume import said, watched
from cxmetrics.scratch import scratch_folder
from cxmetrics.store import Store
from cxmetrics.store.commits import Commit, Definition, RunRow
from cxmetrics.store.folder import store_in
from cxmetrics.store.parts import rows_at_once
from cxmetrics.store.whose import require_own

__all__ = ["Engine", "Progress", "RunOptions", "RunReport", "SourceReport", "compiled", "run", "silent"]


def silent(_what: str, _step: int, _of: int) -> None:
    """Progress that nobody watches."""


def compiled(root: Path) -> tuple[Compiled, Plan]:
    """A project that compiles; raises `Fault` with all errors otherwise."""
    result = compile_project(root)
    if result.plan is None:
        raise Fault(*result.diagnostics)
    return result, result.plan


def run(root: Path, options: RunOptions, progress: Progress = silent) -> RunReport:
    """Compute what is missing or stale and commit it; a source that fails does not stop the others.

    Raises `Fault` for definitions that cannot be used, and where no source can be read.
    """
    if options.first and options.last and options.first >= options.last:
        raise Fault(report(codes.EMPTY_INTERVAL, None, start=options.first, end=options.last))
    clock, root, before = Clock(), root.resolve(), peak()
    with clock.stage("compile"):
        result, plan = compiled(root)
    folder = store_in(root, plan.project.store)
    with scratch_folder() as scratch, \
            _store(folder, plan.project, options, scratch) as (store, dead), seen_from_project(root):
        budget = None if options.room is None else Budget(options.room, scratch)
        engine = engine_named(options.engine, scratch, budget)
        hidden = hiding(plan, folder, store, options)
        gathered = Gathering(root, scratch, plan, options, store, engine, hidden, budget)
        job = _Job(plan, options, store, gathered, progress, clock, result.texts)
        taken = () if dead is None else (report(codes.LOCK_TAKEN_OVER, None, owner=dead),)
        done = job.carry_out((*result.diagnostics, *taken))
        return replace(done, diagnostics=(*done.diagnostics, *beyond(options.room, before, peak())))


@contextmanager
def _store(path: Path, project: Project, options: RunOptions, scratch: Path) -> Iterator[tuple[Store, str | None]]:
    """The store of the project, locked, and who held the lock and died.

    For a dry run it is only to read, and before the first run one that is thrown away.
    """
    try:
        opened = Store.open(path, writable=not options.dry_run)
    except Fault as fault:
        if [one.code for one in fault.diagnostics] != [stores.NO_RUN_YET]:
            raise
        opened = Store.open(scratch / "store", writable=True)
    with opened as store, nullcontext() if options.dry_run else store.lock() as dead:
        require_own(store, path, project, options.renamed_from)
        yield store, dead


@dataclass(frozen=True, slots=True)
class _Job:
    """One run from its parts."""

    plan: Plan
    options: RunOptions
    store: Store
    gathered: Gathering
    progress: Progress
    clock: Clock
    texts: Texts

    def carry_out(self, found: tuple[Diagnostic, ...]) -> RunReport:
        gathered = self.gathered
        if not self.options.full:  # which mends what is damaged
            self.store.require_files()
        with self.clock.stage("bind"):
            self.progress("bind", 0, 1)
            files = look(self.plan, gathered.root)
            if not self._idle(files):
                gathered.bind()
        work = gathered.work
        with self.clock.stage("scan"):
            if not self.options.dry_run:
                gathered.scan(self.progress, self.clock)
            gathered.backend.rest()
            gathered.look_again()
        with self.clock.stage("evaluate"):
            self.progress("evaluate", len(work), len(work) + 1)
            troubles = {**self._unfresh(), **gathered.troubles}
            restated, rakings, memo = self._evaluate(troubles)
        nothing = not (gathered.needs if self.options.dry_run else gathered.done or restated.changes
                       or restated.refused or self._renamed())
        row = self._row(work, troubles, nothing=nothing)
        pairs, diverging = paired(self.plan, restated.changes)
        answers, saturated = quality(self.plan, restated.changes)
        told = (*found, *unraked(rakings), *diverging, *saturated)
        answer = replace(self._report(row.id, files, work, troubles, restated, told), raked=rake_reports(rakings),
                         triangulated=pairs, quality=answers)
        if self.options.dry_run or nothing:
            return answer
        with self.clock.stage("commit"):
            self.progress("commit", len(work), len(work) + 1)
            answer = replace(answer, committed=True)
            known = {name: one.known for name, one in gathered.needs.items()}
            left = {"memory": self._memory(), "covered": covered(known), "troubles": as_left(troubles),
                    "key": self.gathered.hiding.check}
            self._commit(replace(row, report=json.dumps(answer.as_json() | left)), restated, memo)
        return replace(answer, seconds=self.clock.seconds, stages=dict(self.clock.stages),
                       processor=dict(self.clock.processor))

    def _idle(self, files: Mapping[str, Files]) -> bool:
        last = remembered(self.store)
        if last is None or self.store.thawed() or self._renamed():
            return False
        if as_left(left_by(left_by_last(self.store))) != as_left(self._unfresh()):
            return False
        families = families_of(last)
        return last == memory(self.plan, families) and idle(self.plan, files, families, self.store, self.options)

    def _renamed(self) -> bool:
        """Whether the last run was of this project under another name: this one is to be of its name of now."""
        return self.store.project() not in {None, self.plan.project.id}

    def _unfresh(self) -> dict[str, Trouble]:
        """The sources that are stale, by the files of this run, or else by those of the last."""
        spans = {name: self._span(name)
                 for name, origin in self.plan.sources.items() if origin.watch.fresh is not None}
        lasts = {name: span[1] for name, span in spans.items() if span is not None}
        now = self.options.now or self.clock.started
        return unfresh(self.plan.sources.values(), lasts, now, self.plan.project.time_zone)

    def _span(self, source: str) -> tuple[dt.date, dt.date] | None:
        """The first and last day that a source has told of, by the files of this run, or else by those of the last."""
        needs = self.gathered.needs
        return delivered(needs[source].files if source in needs else self.store.inputs(source))

    def _evaluate(self, troubles: Troubles) -> tuple[Restated, Sequence[Raking], Memo]:
        needs = self.gathered.needs
        if self.options.dry_run or not needs:
            return Restated(()), (), Memo()
        other, thawed = remembered(self.store) != self._memory(), self.store.thawed()
        also = other_since(left_by(left_by_last(self.store)), troubles)
        every = self.options.full or other or thawed
        work = Revaluation(self.plan, self.store, needs, self.gathered.done, every, troubles, also,
                           self.gathered.scratch, self.gathered.budget,
                           memo=Memo({} if every else self.store.concealed()))
        otherwise: Why = "rules" if other else "thawed" if thawed else "days"
        restated = restate(self.plan, self.store, needs, work.changes(), otherwise=otherwise, mending=self.options.full,
                           most=rows_at_once(self.gathered.budget))
        return restated, work.rakings, work.memo

    def _memory(self) -> dict[str, object]:
        return memory(self.plan, {name: one.families for name, one in self.gathered.needs.items()})

    def _row(self, work: list[Task], troubles: Troubles, *, nothing: bool) -> RunRow:
        """The run for the ledger; one with nothing to do has the id of that which did it."""
        days = [day for task in work for day in task.days]
        done = self.store.last_run() if nothing else None
        made = done or run_id(self.store, self._memory(), self.gathered.needs, troubles, self.options)
        started = self.clock.started
        versions = {"cxmetrics": __version__, "python": platform.python_version(),
                    "polars": version("polars"), "duckdb": version("duckdb")}
        return RunRow(id=made, started=started, finished=dt.datetime.now(dt.UTC), engine=self.options.engine,
                      versions=json.dumps(versions), who=who(), project=self.plan.project.id,
                      first=min(days, default=None), last=max(days, default=None), report="{}")

    def _report(self, run_id: str, files: Mapping[str, Files], work: list[Task], troubles: Troubles,
                restated: Restated, found: tuple[Diagnostic, ...]) -> RunReport:
        done, thin = self.gathered.done, {name: watched(self.plan, self.store, one)
                                          for name, one in self.gathered.done.items()}
        days = {task.source: task.days for task in work}
        sources = tuple(source_report(
            name, len(files[name].own) if name in files else 0, done[name].census if name in done else Census(),
            len(days.get(name, ())), troubles[name].kind if name in troubles else "ok", thin.get(name, ()),
            replace(done[name].effort, seconds=self.clock.scans[name]) if name in done else NO_SCAN)
            for name in sorted({partial.source for partial in self.plan.partials}))
        every = [day for task in work for day in task.days]
        statuses = _statuses(restated)
        asked = self.options.first, self.options.last
        spans = [self._span(one.id) for one in sources] if any(asked) else []
        warned = [*found, *left_out(self.plan, self.gathered.needs), *undelivered(spans, *asked),
                  *self._frozen(run_id, restated), *self._behind(),
                  *(one for name, scan in done.items() for one in doubts(self.plan.sources[name], scan.census)),
                  *(said(self.plan.sources[name], listed) for name, listed in thin.items() if listed)]
        return RunReport(
            run_id, self.options.engine, min(every, default=None), max(every, default=None), self.clock.seconds,
            dict(self.clock.stages), sources, len(work), sum(one.effort.states for one in sources),
            sum(statuses.values()), committed=False, statuses=statuses, processor=dict(self.clock.processor),
            restated=dict(restated.counts), refused=restated.refused,
            diagnostics=tuple(warned), troubles=tuple(one for each in troubles.values() for one in each.found))

    def _frozen(self, run_id: str, restated: Restated) -> list[Diagnostic]:
        """What would have changed, were it not frozen."""
        if not restated.refused:
            return []
        order = self.store.freezes().row(-1, named=True)
        return [report(codes.FROZEN_DIFFERS, None, count=restated.refused, before=order["before"], why=order["why"],
                       run=run_id)]

    def _behind(self) -> list[Diagnostic]:
        """That the clock was set back: the run is told to be of the moment of the last one."""
        last, now = self.store.last_moment(), self.clock.started
        return [] if last is None or last <= now else [report(
            codes.CLOCK_BEHIND, None, now=f"{now:%Y-%m-%d %H:%M:%S}", last=f"{last:%Y-%m-%d %H:%M:%S}")]

    def _commit(self, row: RunRow, restated: Restated, memo: Memo) -> None:
        done, needs = self.gathered.done.values(), self.gathered.needs
        states = [change for one in done for change in one.changes(self.plan)]
        rejects = [reject for one in done for reject in one.rejects()]
        definitions = [Definition(node.fingerprint, name, repr(node.indicator))
                       for name, node in self.plan.shown.items()]
        forget = {name: one.forget for name, one in needs.items()}
        inputs = {name: one.files for name, one in needs.items()}
        tallies = {one.task.source: told for one in done if (told := one.tallies(self.plan)) is not None}
        keys = {name: change for name, one in needs.items() if (change := keys_changed(one)) is not None}
        self.store.commit(Commit(row, states, forget, inputs, restated.changes, definitions, rejects, restated.rows,
                                 self.texts.named(), keys, tallies, memo.lasting,
                                 self.gathered.budget))


def _statuses(restated: Restated) -> dict[str, int]:
    """How many values have which status."""
    found: dict[str, int] = {}
    for change in restated.changes:
        counts = change.frame.group_by("status").len().collect(engine="streaming")
        for status, count in counts.iter_rows():
            found[status] = found.get(status, 0) + count
    return found
