"""What was measured, as tables: medians, spreads, ratios, marks; the worst beside the best."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from statistics import median

from benchmarks.measure import MIB, Measure
from benchmarks.workloads import BARE, COLD, EACH, ENGINES, HAND, OPEN, SCAN, SURE, UNCHANGED

STAGES = ("compile", "bind", "scan", "evaluate", "commit")
OURS = tuple(f"cxmetrics {engine}" for engine in ENGINES)


@dataclass(frozen=True, slots=True)
class Line:
    """A contender in a case; lists have one entry a repeat, in seconds and bytes.

    `execute`: without compiling; `stored`: bytes of states, where that is told.
    """

    wall: list[float]
    execute: list[float]
    cpu: list[float]
    peak: list[int]
    stages: dict[str, list[float]]
    scale: float = 1.0
    failed: str = ""
    compared: int | None = None
    differs: str = ""
    stored: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case."""

    workload: str
    case: str
    facts: dict[str, object]
    lines: dict[str, Line] = field(default_factory=dict)
    unchecked: str = ""  # why the numbers could not be compared

    def ratio(self, name: str, to: str) -> float | None:
        """Execution of one contender by that of another: the median over repeats, which ran side by side."""
        return _ratio(self.lines.get(name), self.lines.get(to), lambda line: line.execute)

    def cpu_ratio(self, name: str, to: str) -> float | None:
        """As `ratio`, of CPU seconds (ours with compiling)."""
        return _ratio(self.lines.get(name), self.lines.get(to), lambda line: line.cpu)

    def seconds(self, name: str) -> float | None:
        """Execution, median."""
        line = self.lines.get(name)
        return median(line.execute) if line and line.execute else None


    def processor(self, name: str) -> float | None:
        """CPU seconds, median."""
        line = self.lines.get(name)
        return median(line.cpu) if line and line.cpu else None


def _ratio(line: Line | None, other: Line | None, pick: Callable[[Line], list[float]]) -> float | None:
    if line is None or other is None or not line.execute or not other.execute:
        return None
    return median(own / its for own, its in zip(pick(line), pick(other), strict=False))


def machine() -> dict[str, object]:
    """Where it was measured."""
    return {"python": platform.python_version(), "system": platform.system(), "machine": platform.machine(),
            "processors": os.cpu_count(), "load": round(os.getloadavg()[0], 1),
            **{name: version(name) for name in ("duckdb", "polars")}}


def read(workload: str, case: str, facts: dict[str, object], measures: Mapping[str, Sequence[Measure]],
         scales: Mapping[str, float], checked: Measure) -> Outcome:
    """A case from its measures and from the comparison of its numbers."""
    compared, differs = checked.said.get("compared"), checked.said.get("differs")
    lines = {}
    for name, runs in measures.items():
        key = "each" if name == EACH else name
        good = [run for run in runs if not run.failed]
        scale = scales[name]
        lines[name] = Line(
            [run.wall * scale for run in good], [(run.wall - run.parts.get("compile", 0.0)) * scale for run in good],
            [run.cpu * scale for run in good], [run.peak for run in good],
            {stage: [run.parts[stage] for run in good] for stage in STAGES if good and stage in good[0].parts}, scale,
            next((run.failed for run in runs if run.failed), ""),
            compared.get(key) if isinstance(compared, dict) else None,
            str(differs.get(key, "")) if isinstance(differs, dict) else "",
            tuple(int(str(run.said["stored"])) for run in good if "stored" in run.said))
    return Outcome(workload, case, facts, lines, checked.failed)


def troubles(outcomes: Iterable[Outcome]) -> list[str]:
    """Contenders that failed, and numbers that differ."""
    found = []
    for outcome in outcomes:
        place = f"{outcome.workload}, {outcome.case}"
        found += [f"{place}: not compared: {outcome.unchecked}"] if outcome.unchecked else []
        for name, line in outcome.lines.items():
            found += [f"{place}: {name} failed: {line.failed}"] if line.failed else []
            found += [f"{place}: {name} differs: {line.differs}"] if line.differs else []
    return found


# --- Markdown ----------------------------------------------------------------------------------------------------

_HOW = (
    "Every figure is the median of fresh processes that ran in turn; (least–greatest) beside it. Execution is a whole "
    "run from files to the committed store without compiling; ratios are those of the same turn. Peak memory is that "
    "of the whole process, libraries included. *One query each* is a sample of 20, extrapolated. Read ratios: seconds "
    "depend on who else uses the machine.")


def markdown(about: Mapping[str, object], outcomes: Sequence[Outcome]) -> str:
    """The report."""
    facts = ", ".join(f"{key} {value}" for key, value in about.items())
    parts = ["# Benchmarks", "", f"{facts}.", "", _HOW, ""]
    wrong = troubles(outcomes)
    parts += ["## Trouble", "", *(f"- {line}" for line in wrong), ""] if wrong else [
        "All numbers compared were equal to those of the query written by hand (1e-9 relative).", ""]
    parts += [*_marks(outcomes), *_extremes(outcomes)]
    for workload in dict.fromkeys(outcome.workload for outcome in outcomes):
        parts += [f"## {workload}", ""]
        for outcome in outcomes:
            if outcome.workload == workload:
                parts += _case(outcome)
        if workload == "check":
            parts += _checks([outcome for outcome in outcomes if outcome.workload == workload])
    return "\n".join(parts)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|---|{'--:|' * (len(head) - 1)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def _case(outcome: Outcome) -> Iterator[str]:
    yield f"### {outcome.case}"
    yield ""
    against = [name for name in (HAND, SCAN) if name in outcome.lines]
    head = ["", "total s", "execute s", "CPU s", "peak MiB", *(f"× {name}" for name in against),
            *(["CPU × by hand"] if HAND in against else []), "numbers equal"]
    yield from _table(head, (_row(outcome, name, line, against) for name, line in outcome.lines.items()))
    staged = {name: line.stages for name, line in outcome.lines.items() if line.stages}
    if staged:
        yield from _table(["s a stage", *STAGES], (
            [name, *(_number(median(stages[stage])) if stage in stages else "" for stage in STAGES)]
            for name, stages in staged.items()))


def _checks(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Cold checks against unchanged ones, and what an indicator takes as there are more of them."""
    rows, before = [], None
    for outcome in outcomes:
        each = _each(outcome)
        rows.append([outcome.case, _number(outcome.processor(COLD)), _number(outcome.processor(UNCHANGED)),
                     _number(outcome.cpu_ratio(COLD, UNCHANGED)), _number(each and each * 1000),
                     _number(_by(each, before))])
        before = each
    yield "### growth"
    yield ""
    yield from _table(["", "cold, CPU s", "unchanged, CPU s", "cold × unchanged", "cold, CPU ms an indicator",
                       "× the line above"], rows)


def _row(outcome: Outcome, name: str, line: Line, against: Sequence[str]) -> list[str]:
    if not line.wall:
        return [name, f"failed: {line.failed}", *[""] * (len(against) + 4 + (HAND in against))]
    spread = f" ({_number(min(line.wall))}–{_number(max(line.wall))})" if len(line.wall) > 1 else ""
    label = f"{name} (extrapolated × {line.scale:g})" if line.scale != 1 else name
    ratios = [_number(outcome.ratio(name, other)) for other in against]
    ratios += [_number(outcome.cpu_ratio(name, HAND))] if HAND in against else []
    equal = "" if line.compared is None else f"no: {line.differs}" if line.differs else f"{line.compared:,}"
    return [label, f"{_number(median(line.wall))}{spread}", _number(median(line.execute)), _number(median(line.cpu)),
            f"{median(line.peak) / MIB:,.0f}", *ratios, equal]


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _extremes(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The best and the worst against the query written by hand."""
    found = sorted((ratio, outcome.cpu_ratio(name, HAND) or 0.0, f"{name}, {outcome.workload}: {outcome.case}")
                   for outcome in outcomes if outcome.workload not in {"increment", "day"} for name in OURS
                   if (ratio := outcome.ratio(name, HAND)) is not None)
    if not found:
        return
    yield "## The best and the worst"
    yield ""
    yield "Execution, and CPU seconds with compiling, against one GROUP BY written by hand."
    yield ""
    few = 3 if len(found) >= 6 else 1
    yield from _table(["", "× by hand", "CPU × by hand"], (
        [name, _number(ratio), _number(cpu)] for ratio, cpu, name in [*found[:few], *found[-few:]]))


# --- marks -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Mark:
    """A limit, and what was reached; `least`: the limit is from below."""

    what: str
    limit: float
    reached: float | None
    unit: str = "×"
    least: bool = False

    @property
    def row(self) -> list[str]:
        assert self.reached is not None
        kept = self.reached >= self.limit if self.least else self.reached <= self.limit
        return [self.what, f"{'≥' if self.least else '≤'} {self.limit:g} {self.unit}",
                f"{_number(self.reached)} {self.unit}", "yes" if kept else "**no**"]


def _marks(outcomes: Sequence[Outcome]) -> Iterator[str]:
    rows = [mark.row for mark in _every_mark(outcomes) if mark.reached is not None]
    if not rows:
        return
    yield "## Marks"
    yield ""
    yield "Set for 10 million rows; with fewer, fixed costs weigh more."
    yield ""
    yield from _table(["", "mark", "reached", "kept"], rows)


def _every_mark(outcomes: Sequence[Outcome]) -> Iterator[_Mark]:
    by_name = {f"{outcome.workload}: {outcome.case}": outcome for outcome in outcomes}

    def of(start: str) -> Outcome | None:
        return next((outcome for name, outcome in by_name.items() if name.startswith(start)), None)

    yield from _check_marks(of)
    for outcome in outcomes:
        if outcome.workload == "evidence":
            yield from _evidence_marks(outcome)
    for engine in OURS:
        yield from _engine_marks(engine, of)
    for name, outcome in by_name.items():
        one, other = (outcome.seconds(engine) for engine in OURS)
        if one and other:
            yield _Mark(f"engines against each other, {name}", 2, max(one, other) / min(one, other))


def _check_marks(of: Callable[[str], Outcome | None]) -> Iterator[_Mark]:
    for case, name, limit in (("10,000", COLD, 3.0), ("10,000", UNCHANGED, 0.5)):
        found = of(f"check: {case}")
        yield _Mark(f"{name}, {case} indicators", limit, found.processor(name) if found else None, "CPU s")
    more, most = of("check: 10,000"), of("check: 50,000")
    if more and most:
        yield _Mark("check, cold: an indicator of 50,000 by one of 10,000", 1.25, _by(_each(most), _each(more)))


def _evidence_marks(outcome: Outcome) -> Iterator[_Mark]:
    """What evidence costs; hidden cells are part of it or not, as one sees it."""
    sure, bare = outcome.lines.get(SURE), outcome.lines.get(BARE)
    for other in (BARE, OPEN):
        yield _Mark(f"{outcome.case}: CPU with evidence by {other}", 1.6, outcome.cpu_ratio(SURE, other))
    if sure and bare and sure.stored and bare.stored:
        yield _Mark(f"{outcome.case}: states with evidence ({sure.stored[0] / MIB:.2f} MiB) by without", 2,
                    sure.stored[0] / bare.stored[0])


def _each(outcome: Outcome) -> float | None:
    """Processor seconds of a cold check, by indicator."""
    took, count = outcome.processor(COLD), outcome.facts.get("indicators")
    return took / count if took and isinstance(count, int) else None


def _engine_marks(engine: str, of: Callable[[str], Outcome | None]) -> Iterator[_Mark]:
    few, many, mixed = of("uniform: 100"), of("uniform: 3,000"), of("mixed")
    yield _Mark(f"{engine}: 100 uniform, by one GROUP BY", 3, few.ratio(engine, HAND) if few else None)
    if few and many:
        yield _Mark(f"{engine}: 3,000 indicators by 100", 1.5, _by(many.seconds(engine), few.seconds(engine)))
    if mixed:
        yield _Mark(f"{engine}: 1,000 mixed, by one GROUP BY", 2, mixed.ratio(engine, HAND))
        yield _Mark(f"{engine}: 1,000 mixed, by the bare scan", 3, mixed.ratio(engine, SCAN))
        yield _Mark(f"{engine}: 1,000 mixed, one query each by it", 60, mixed.ratio(EACH, engine), least=True)
        peaks = mixed.lines[engine].peak
        yield _Mark(f"{engine}: 1,000 mixed, peak memory", 4096, median(peaks) / MIB if peaks else None, "MiB")
    plain, cut, day = of("cuts: 100 indicators, no cuts"), of("cuts: 100 indicators, by branch and by segment"), \
        of("increment")
    if plain and cut:
        yield _Mark(f"{engine}: cuts by none", 4, _by(cut.seconds(engine), plain.seconds(engine)))
    if day and (took := day.seconds(engine)) and (floor := day.seconds(SCAN)):
        yield _Mark(f"{engine}: a day added, less 1.3 × the scan of that day", 1, took - 1.3 * floor, "s")
    young, old = of("day: one day added to 30"), of("day: one day added to 90")
    if old and (took := old.processor(engine)) and (floor := old.processor(SCAN)):
        yield _Mark(f"{engine}: a day of the bank, less 1.3 × the scan of that day", 2, took - 1.3 * floor, "CPU s")
    if old and young:
        yield _Mark(f"{engine}: a day added to 90 of the bank, by one added to 30", 1.2,
                    _by(old.processor(engine), young.processor(engine)))


def _by(one: float | None, other: float | None) -> float | None:
    return one / other if one and other else None
