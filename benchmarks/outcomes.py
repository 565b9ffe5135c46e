"""What was measured: medians and ratios of contenders, and what went wrong."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from statistics import median

from benchmarks.measure import Measure
from benchmarks.workloads import EACH, ENGINES

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


def troubles(outcomes: Iterable[Outcome], but: Collection[str] = ()) -> list[str]:
    """Contenders that failed, and numbers that differ; `but` those of some contenders."""
    found = []
    for outcome in outcomes:
        place = f"{outcome.workload}, {outcome.case}"
        found += [f"{place}: not compared: {outcome.unchecked}"] if outcome.unchecked else []
        for name, line in ((name, line) for name, line in outcome.lines.items() if name not in but):
            found += [f"{place}: {name} failed: {line.failed}"] if line.failed else []
            found += [f"{place}: {name} differs: {line.differs}"] if line.differs else []
    return found
