"""The sources of a run: bound to their files, scanned, looked at again; one that fails does not stop the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cxmetrics.backends.cells import Backend
from cxmetrics.backends.duckdb.footers import Footers
from cxmetrics.backends.text_files import seen_from_project
from cxmetrics.budgets import Budget
from cxmetrics.codes import data as codes
from cxmetrics.crews import crew, hands
from cxmetrics.diagnostics import Fault, report
from cxmetrics.plan import Plan
from cxmetrics.run.bind import NOWHERE, Bound, Files, bind_source, look
from cxmetrics.run.clock import Clock, Progress
from cxmetrics.run.need import Need, Setting, measured, need, with_files
from cxmetrics.run.persons import Hiding
from cxmetrics.run.reports import RunOptions
from cxmetrics.run.scanning import Done, Read, scan
from cxmetrics.run.stale import Task, delivered
from cxmetrics.run.today import settled, today
from cxmetrics.run.troubles import Trouble, failed, hold, is_of_source, nowhere
from cxmetrics.store import Store


@dataclass(frozen=True, slots=True)
class Gathering:
    """What is gathered: `needs` of all sources, what was `done` for some, and those that failed, in `troubles`.

    Raises `Fault` where a run cannot go on: all sources failed, or one did that `--strict` or its stored states do not
    let go without.
    """

    root: Path
    scratch: Path
    plan: Plan
    options: RunOptions
    store: Store
    backend: Backend
    hiding: Hiding
    budget: Budget | None
    needs: dict[str, Need] = field(default_factory=dict)
    done: dict[str, Done] = field(default_factory=dict)
    troubles: dict[str, Trouble] = field(default_factory=dict)

    def bind(self) -> None:
        """See what each source needs."""
        bound: dict[str, Bound] = {}
        asked = sorted({partial.source for partial in self.plan.partials})
        names = [name for name in asked if self.plan.sources[name].read != NOWHERE]
        self.needs.update((name, nowhere(self.store, name)) for name in asked if name not in names)
        before = {name: self.store.inputs(name) for name in names}
        for name in names:
            with self._by_itself(name):
                known = {} if self.options.full else before[name]
                bound[name] = bind_source(self.plan.sources[name], self.root, self.scratch, known=known)
        paths = [path for one in bound.values() for path in one.paths]
        setting = Setting(self.plan, self.root, self.scratch, self.store, self.options, self.backend, self.hiding,
                          Footers(paths))
        self.backend.expect(paths)
        files = {name: one.before for name, one in self.needs.items()}  # of those that failed: as they were
        for name, one in bound.items():
            with self._by_itself(name):
                files[name] = measured(setting, one, before[name])
        now = today(map(delivered, files.values()))
        for name, one in bound.items():
            if name not in self.troubles:
                with self._by_itself(name):
                    needed = need(setting, settled(one, now), files[name], before[name])
                    self.needs[name] = needed if self.options.dry_run else with_files(needed, setting)
        self.backend.expect(path for one in self.needs.values() if one.bound is not None for path in one.bound.paths)
        self._some_left()

    @property
    def work(self) -> list[Task]:
        """The scans to be made."""
        return [one.task for _, one in sorted(self.needs.items()) if one.task is not None]

    def scan(self, progress: Progress, clock: Clock) -> None:
        """Make all scans: the cells of one source are spread while the next one is read."""
        for read, done in self._spread(self._read(progress, clock), clock):
            with self._by_itself(read.task.source):
                if isinstance(done, Fault):
                    raise done
                self.done[read.task.source] = done
            self._some_left()

    def _read(self, progress: Progress, clock: Clock) -> Iterator[Read]:
        """The cells of the sources, one after another, but of those that fail."""
        work = self.work
        for step, task in enumerate(work):
            progress(f"scan {task.source}", step, len(work))
            one, found = self.needs[task.source], list[Read]()
            with self._by_itself(task.source), clock.scan(task.source):
                if one.bound is not None:
                    found.append(scan(self.plan, self.backend, one.bound, one.families, task, self.scratch,
                                      self.store.tallied(task.source, task.days),
                                      bounded=self.budget is not None))
            self._some_left()
            yield from found

    def _spread(self, reads: Iterator[Read], clock: Clock) -> Iterator[tuple[Read, Done | Fault]]:
        """Each with its states, or what is wrong with them; one at a time where there is a budget."""
        def spread(read: Read) -> Done | Fault:
            try:
                with clock.scan(read.task.source):
                    return read.spread(self.hiding.secret)
            except Fault as fault:
                return fault

        if hands() < 2 or self.budget is not None:
            yield from ((read, spread(read)) for read in reads)
            return
        with crew(1, of_processes=False) as other:
            yield from other.ahead(spread, reads)

    def look_again(self) -> None:
        """See that no file has changed while it was read: nothing is taken in of one that has."""
        now = look(self.plan, self.root) if self.needs else {}
        for name, one in list(self.needs.items()):
            with self._by_itself(name):
                _still_the_same(one, now.get(name, Files({}, {})))
        self._some_left()

    @contextmanager
    def _by_itself(self, source: str) -> Iterator[None]:
        """A fault of a source takes it out, and leaves the others."""
        try:
            with seen_from_project(self.root):
                yield
        except Fault as fault:
            alone = self.options.strict or self.hiding.anew or not is_of_source(fault)
            held = None if alone else hold(self.plan, self.store, source)
            if held is None:
                raise
            self.needs[source], self.troubles[source] = held, failed(source, fault, held)
            self.done.pop(source, None)

    def _some_left(self) -> None:
        if self.troubles and self.troubles.keys() >= {partial.source for partial in self.plan.partials}:
            raise Fault(*(found for _, one in sorted(self.troubles.items()) for found in one.found))


def _still_the_same(one: Need, now: Files) -> None:
    if one.bound is None:
        return
    seen, then = {**now.beside, **now.own}, {**one.bound.beside, **one.bound.files}
    for path in sorted(then):
        if not then[path].digest and seen.get(path) != then[path]:  # a table was taken at one moment
            raise Fault(report(codes.FILE_CHANGED, one.bound.origin.span, path=path))
