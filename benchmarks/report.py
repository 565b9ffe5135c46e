"""What was measured, as tables in Markdown: medians, spreads, ratios, marks; the worst beside the best."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median

from benchmarks.marks import by, each_of, marks
from benchmarks.measure import MIB
from benchmarks.outcomes import OURS, STAGES, Line, Outcome, troubles
from benchmarks.texts import number
from benchmarks.workloads import COLD, HAND, SCAN, UNCHANGED

_HOW = (
    "Every figure is the median of fresh processes that ran in turn; (least–greatest) beside it. Execution is a whole "
    "run from files to the committed store without compiling; ratios are those of the same turn. Peak memory is that "
    "of the whole process, libraries included. *One query each* is a sample of 20, extrapolated. Runs are "
    "without intervals, as queries by hand are, unless evidence is named. Peers tell totals only, where cxmetrics "
    "computes and stores days too, and their CPU seconds are those of whole processes. Read ratios: seconds depend on "
    "who else uses the machine.")


_EQUAL = (
    "All numbers compared were equal to those of the query written by hand (1e-9 relative); those with an accuracy "
    "were as near to the exact ones as that says.")


def markdown(about: Mapping[str, object], outcomes: Sequence[Outcome]) -> str:
    """The report."""
    facts = ", ".join(f"{key} {value}" for key, value in about.items())
    parts = ["# Benchmarks", "", f"{facts}.", "", _HOW, ""]
    wrong = troubles(outcomes)
    parts += ["## Trouble", "", *(f"- {line}" for line in wrong), ""] if wrong else [_EQUAL, ""]
    parts += [*_marked(outcomes), *_extremes(outcomes)]
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
            [name, *(number(median(stages[stage])) if stage in stages else "" for stage in STAGES)]
            for name, stages in staged.items()))


def _checks(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Cold checks against unchanged ones, and what an indicator takes as there are more of them."""
    rows, before = [], None
    for outcome in outcomes:
        each = each_of(outcome)
        rows.append([outcome.case, number(outcome.processor(COLD)), number(outcome.processor(UNCHANGED)),
                     number(outcome.cpu_ratio(COLD, UNCHANGED)), number(each and each * 1000),
                     number(by(each, before))])
        before = each
    yield "### growth"
    yield ""
    yield from _table(["", "cold, CPU s", "unchanged, CPU s", "cold × unchanged", "cold, CPU ms an indicator",
                       "× the line above"], rows)


def _row(outcome: Outcome, name: str, line: Line, against: Sequence[str]) -> list[str]:
    if not line.wall:
        return [name, f"failed: {line.failed}", *[""] * (len(against) + 4 + (HAND in against))]
    spread = f" ({number(min(line.wall))}–{number(max(line.wall))})" if len(line.wall) > 1 else ""
    label = f"{name} (extrapolated × {line.scale:g})" if line.scale != 1 else name
    ratios = [number(outcome.ratio(name, other)) for other in against]
    ratios += [number(outcome.cpu_ratio(name, HAND))] if HAND in against else []
    equal = "" if line.compared is None else f"no: {line.differs}" if line.differs else f"{line.compared:,}"
    return [label, f"{number(median(line.wall))}{spread}", number(median(line.execute)), number(median(line.cpu)),
            f"{median(line.peak) / MIB:,.0f}", *ratios, equal]


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
        [name, number(ratio), number(cpu)] for ratio, cpu, name in [*found[:few], *found[-few:]]))


def _marked(outcomes: Sequence[Outcome]) -> Iterator[str]:
    rows = marks(outcomes)
    if rows:
        yield "## Marks"
        yield ""
        yield ("Set for 30 million rows; with fewer, fixed costs weigh more. *By hand*: what the one query by hand "
               "reaches in our place; a mark that it misses too is out of reach of one scan and one grouping.")
        yield ""
        yield from _table(["", "mark", "reached", "by hand", "kept"], rows)
