"""What is measured: cases, each with contenders that do the same work in their own way."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.accuracy import EXACT, FORMULAS, NEAR
from benchmarks.definitions import Mix, indicators
from benchmarks.measure import ROOT, Measure, command, job
from benchmarks.peers import PEERS, Peer, ask, write_task
from benchmarks.projects import Shape, write_project

ENGINES = ("duckdb", "polars")
EVIDENT = "duckdb, with evidence"
SAMPLE = 20  # of one query an indicator, so many are run and the rest is extrapolated
HAND, SCAN, EACH = "one GROUP BY by hand", "bare scan", "one query each"
COLD, UNCHANGED = "check, cold", "check, unchanged"
SURE, BARE, OPEN = "with evidence", "without evidence", "without, nothing hidden"
TWINS = (SURE, BARE, OPEN)


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to do the work; seconds are multiplied by `scale` where only a part is run."""

    name: str
    run: Callable[[], Measure]
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Case:
    """Contenders over the same data; `check` gives numbers compared and what differs, by contender."""

    workload: str
    name: str
    contenders: tuple[Contender, ...]
    check: Callable[[], Measure]
    facts: Mapping[str, object] = field(default_factory=dict)
    prepare: tuple[Callable[[], Measure], ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """Where things lie, and how much of them there is."""

    cache: Path
    scratch: Path
    rows: int

    def events(self, rows: int, days: int) -> Path:
        """The folder of so many events, made if need be."""
        folder = self.cache / f"events-{rows}-{days}"
        made = job("generate", {"folder": str(folder), "rows": rows, "days": days})
        if made.failed:
            raise RuntimeError(made.failed)
        return folder


# --- checks ------------------------------------------------------------------------------------------------------


def check(setting: Setting) -> Iterator[Case]:
    """`cxmetrics check` of the retail bank and of 1,000, 10,000 and 50,000 indicators, cold and unchanged."""
    yield _checking(setting, "the retail bank", ROOT / "definitions" / "retail_bank", None)
    for count in (1_000, 10_000, 50_000):
        files = count // 50
        project = setting.scratch / f"check-{count}"
        write_project(project, indicators(count, "uniform"), files=files, shape="journeys")
        yield _checking(setting, f"{count:,} indicators in {files:,} files", project, count + files + 1)


def _checking(setting: Setting, name: str, project: Path, expected: int | None) -> Case:
    def compared() -> Measure:
        found = job("compile", {"project": str(project)})
        count = found.said.get("indicators")
        wrong = found.failed or (f"{count} indicators" if count != (expected or count) or found.said["failed"] else "")
        return Measure(0, 0, 0, said={"compared": {COLD: count}, "differs": {COLD: wrong}})

    def checked(cache: str) -> Callable[[], Measure]:
        words = [sys.executable, "-m", "cxmetrics", "check", str(project)]
        return lambda: command(words, variables={"CXMETRICS_CACHE": cache})

    unchanged = checked(str(setting.scratch / "checked"))
    contenders = (Contender(COLD, checked("")), Contender(UNCHANGED, unchanged),
                  Contender("an empty Python", lambda: command([sys.executable, "-c", "pass"])))
    facts = {"indicators": expected} if expected else {}
    return Case("check", name, contenders, compared, facts, (unchanged,))  # which also writes the byte code


# --- runs --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Run:
    """A run of so many indicators of a mix over events, with cuts; `last`: only what a last day adds is computed.

    Of a tree there is also a run with evidence: no query by hand gives intervals, so that it is compared without.
    """

    workload: str
    name: str
    rows: int
    count: int
    mix: Mix = "uniform"
    days: int = 30
    dimensions: tuple[str, ...] = ()
    last: bool = False
    each: bool = True
    shape: Shape = "flat"
    peers: bool = False

    def case(self, setting: Setting) -> Case:
        """The case with all its contenders."""
        args: dict[str, object] = {"events": str(setting.events(self.rows, self.days)), "days": self.days,
                                   "mix": self.mix, "dimensions": list(self.dimensions), "indicators": self.count}
        hand, each = (str(setting.scratch / f"{name}.parquet") for name in ("hand", "each"))
        projects = {engine: setting.scratch / engine.replace(", ", "-") for engine in self._ours()}
        contenders = [
            Contender(SCAN, _job("scan", args | ({"skip": self.days - 1} if self.last else {}))),
            Contender(HAND, _job("hand", args | {"answer": hand})),
            *(Contender(f"cxmetrics {name}", _job("cxmetrics", args | self._own(name, project)))
              for name, project in projects.items())]
        if self.each:
            sample = min(SAMPLE, self.count)
            contenders.append(Contender(EACH, _job("each", args | {"sample": sample, "answer": each}),
                                        self.count / sample))
        stores = {f"cxmetrics {name}": str(project) for name, project in projects.items()}
        check = args | {"shape": self.shape, "stores": stores, "hand": hand, "each": each if self.each else "",
                        "peers": {name: str(answer) for name, answer in self._answers(setting).items()}}
        contenders += [Contender(peer.name, self._asked(peer, setting)) for peer in PEERS if self.peers]
        facts = {"rows": self.rows, "indicators": self.count, "dimensions": self.dimensions}
        return Case(self.workload, self.name, tuple(contenders), _job("agree", check), facts,
                    tuple(self._prepared(name, project, args) for name, project in projects.items()))

    def _answers(self, setting: Setting) -> dict[str, Path]:
        return {peer.name: setting.scratch / f"{peer.name}.json" for peer in PEERS if self.peers}

    def _asked(self, peer: Peer, setting: Setting) -> Callable[[], Measure]:
        def asked() -> Measure:
            answer, task = self._answers(setting)[peer.name], setting.scratch / "task.json"
            answer.unlink(missing_ok=True)
            write_task(task, setting.events(self.rows, self.days), answer, self.count, tree=self.shape == "tree")
            return ask(peer, setting.cache / "peers", task)

        return asked

    def _ours(self) -> tuple[str, ...]:
        return ENGINES if self.shape == "flat" else (*ENGINES, EVIDENT)

    def _own(self, name: str, project: Path) -> dict[str, object]:
        own: dict[str, object] = {"project": str(project), "engine": name.partition(",")[0]}
        return own | {"from": str(_before(project))} if self.last else own

    def _prepared(self, name: str, project: Path, args: Mapping[str, object]) -> Callable[[], Measure]:
        def prepare() -> Measure:
            shutil.rmtree(project, ignore_errors=True)
            target = _before(project) if self.last else project
            write_project(target, indicators(self.count, self.mix), cuts=[[name] for name in self.dimensions],
                          shape=self.shape, evidence=name == EVIDENT, amounts=self.mix == "mixed")
            if not self.last:
                return Measure(0, 0, 0)
            return job("cxmetrics", {**args, "project": str(target), "engine": name, "days": self.days - 1})

        return prepare


def _before(project: Path) -> Path:
    return project.with_name(f"{project.name}-before")


def _job(name: str, args: Mapping[str, object]) -> Callable[[], Measure]:
    return lambda: job(name, args)


def uniform(setting: Setting) -> Iterator[Case]:
    """Counts, means and shares, each under its own filter, in total and by day."""
    for count in (100, 300, 1_000, 3_000):
        yield Run("uniform", f"{count:,} indicators", setting.rows, count).case(setting)


def mixed(setting: Setting) -> Iterator[Case]:
    """Counts, means of integers and of amounts, shares, p95, NPS and distinct customers."""
    yield Run("mixed", "1,000 indicators", setting.rows, 1_000, "mixed").case(setting)


def pyramid(setting: Setting) -> Iterator[Case]:
    """1,000 factors with scores under 100, 10 and one composite."""
    yield Run("pyramid", "1,111 nodes", setting.rows // 3, 1_000, shape="tree").case(setting)


def peers(setting: Setting) -> Iterator[Case]:
    """Other semantic layers: 100 indicators, pyramids of 111 and of 1,111 nodes; they tell the total, not days."""
    yield Run("peers", "100 indicators", setting.rows // 30, 100, each=False, peers=True).case(setting)
    for count, nodes in ((100, "111"), (1_000, "1,111")):
        yield Run("peers", f"a pyramid of {nodes} nodes", setting.rows // 30, count, each=False, shape="tree",
                  peers=True).case(setting)


def cuts(setting: Setting) -> Iterator[Case]:
    """The same indicators without cuts, by segment (6), by branch (1,500) and by both."""
    named: Mapping[str, tuple[str, ...]] = {"no cuts": (), "by segment": ("segment",), "by branch": ("branch",),
                                            "by branch and by segment": ("branch", "segment")}
    for name, dimensions in named.items():
        yield Run("cuts", f"100 indicators, {name}", setting.rows, 100, dimensions=dimensions).case(setting)


def increment(setting: Setting) -> Iterator[Case]:
    """A day is added to 90 that a store has."""
    yield Run("increment", "one day added to 90, 300 indicators", setting.rows, 300, days=91, last=True,
              each=False).case(setting)


# --- evidence ----------------------------------------------------------------------------------------------------


def evidence(setting: Setting) -> Iterator[Case]:
    """The sample bank with and without evidence, and with nothing hidden besides: seconds and bytes of states."""
    for rows in (setting.rows // 10, setting.rows):
        bank = setting.cache / f"bank-{rows}"
        projects = {name: setting.scratch / f"bank-{rows}-{number}" for number, name in enumerate(TWINS)}
        runs = tuple(Contender(name, _job("bank", {"project": str(project)})) for name, project in projects.items())
        stores = {name: str(project) for name, project in projects.items()}
        yield Case("evidence", f"the retail bank, {rows:,} rows", runs, _job("same bank", {"stores": stores}),
                   {"rows": rows}, tuple(_job("twin", {"bank": str(bank), "rows": rows, "kind": name,
                                                       "project": str(project)}) for name, project in projects.items()))
def day(setting: Setting) -> Iterator[Case]:
    """A day is added to 30 and to 90 that a store of the sample bank has, a file a day and table."""
    made = job("aging", {"bank": str(setting.cache / f"aging-{setting.rows}"), "rows": setting.rows})
    if made.failed:
        raise RuntimeError(made.failed)
    for age in (30, 90):
        yield _grown(setting, age)


def _grown(setting: Setting, age: int) -> Case:
    args: dict[str, object] = {"bank": str(setting.cache / f"aging-{setting.rows}"), "age": age}
    projects = {engine: setting.scratch / f"bank-{age}-{engine}" for engine in ENGINES}
    told = {engine: args | {"engine": engine, "project": str(project), "from": str(_before(project))}
            for engine, project in projects.items()}
    contenders = (Contender(SCAN, _job("aging scan", args)),
                  *(Contender(f"cxmetrics {engine}", _job("aging day", told[engine])) for engine in ENGINES))
    prepare = tuple(_job("aging before", told[engine] | {"project": str(_before(project))})
                    for engine, project in projects.items())
    stores = {f"cxmetrics {engine}": str(project) for engine, project in projects.items()}
    check = _job("aging agree", {"stores": stores})
    return Case("day", f"one day added to {age} of the sample bank", contenders, check,
                {"rows": setting.rows, "age": age}, prepare)


def growth(setting: Setting) -> Iterator[Case]:
    """The same indicators over more rows: 1, 10, 30 and 100 million."""
    for rows in (setting.rows // 30, setting.rows // 3, setting.rows, setting.rows * 10 // 3):
        yield Run("growth", f"1,000 indicators, {rows:,} rows", rows, 1_000, each=False).case(setting)


def accuracy(setting: Setting) -> Iterator[Case]:
    """A p95 and a distinct in total and by segment, exact and with an accuracy: seconds and bytes of states."""
    rows, days = setting.rows // 6, 5
    events = str(setting.events(rows, days))
    for number, name in enumerate(FORMULAS):
        projects = {f"{kind}, {engine}": (kind, engine, setting.scratch / f"accuracy-{number}-{kind[:5]}-{engine}")
                    for engine in ENGINES for kind in (EXACT, NEAR)}
        contenders = tuple(
            Contender(told, _job("cxmetrics", {"events": events, "days": days, "project": str(project),
                                               "engine": engine}))
            for told, (_, engine, project) in projects.items())
        prepare = tuple(_job("allowed", {"project": str(project), "name": name, "kind": kind})
                        for kind, _, project in projects.values())
        stores = {told: str(project) for told, (_, _, project) in projects.items()}
        check = _job("near", {"stores": stores, "name": name, "exact": f"{EXACT}, {ENGINES[0]}"})
        yield Case("accuracy", name, contenders, check, {"rows": rows, "accuracy": FORMULAS[name][1]}, prepare)


WORKLOADS: Mapping[str, Callable[[Setting], Iterator[Case]]] = {
    "check": check, "uniform": uniform, "mixed": mixed, "pyramid": pyramid, "cuts": cuts,
    "peers": peers, "increment": increment, "growth": growth, "evidence": evidence, "day": day,
    "accuracy": accuracy}


def chosen(only: Sequence[str]) -> tuple[str, ...]:
    """The workloads asked for; all where none is."""
    return tuple(name for name in WORKLOADS if not only or name in only)
