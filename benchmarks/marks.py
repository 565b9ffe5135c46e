"""The marks to reach, and what was reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.accuracy import EXACT, NEAR
from benchmarks.measure import MIB
from benchmarks.outcomes import OURS, Outcome
from benchmarks.peers import PEERS
from benchmarks.texts import number
from benchmarks.workloads import BARE, COLD, EACH, ENGINES, HAND, OPEN, SCAN, SURE, UNCHANGED


@dataclass(frozen=True, slots=True)
class _Mark:
    """A limit, and what was reached; `least`: the limit is from below.

    `by_hand`: what the one query by hand reaches in our place.  A mark that it misses too is out of reach of a scan
    and a grouping, whoever writes them.
    """

    what: str
    limit: float
    reached: float | None
    unit: str = "×"
    least: bool = False
    by_hand: float | None = None

    @property
    def row(self) -> tuple[str, str, str, str, str]:
        """As the report tells it."""
        assert self.reached is not None
        kept = self.reached >= self.limit if self.least else self.reached <= self.limit
        return (self.what, f"{'≥' if self.least else '≤'} {self.limit:g} {self.unit}",
                f"{number(self.reached)} {self.unit}",
                "" if self.by_hand is None else f"{number(self.by_hand)} {self.unit}", "yes" if kept else "**no**")


def marks(outcomes: Sequence[Outcome]) -> list[tuple[str, str, str, str, str]]:
    """For each mark that was tried: what, the limit, what was reached, also by hand, and whether it is kept."""
    return [mark.row for mark in _every_mark(outcomes) if mark.reached is not None]


def _every_mark(outcomes: Sequence[Outcome]) -> Iterator[_Mark]:
    by_name = {f"{outcome.workload}: {outcome.case}": outcome for outcome in outcomes}

    def of(start: str) -> Outcome | None:
        return next((outcome for name, outcome in by_name.items() if name.startswith(start)), None)

    yield from _check_marks(of)
    for outcome in outcomes:
        if outcome.workload == "evidence":
            yield from _evidence_marks(outcome)
    for outcome in outcomes:
        if outcome.workload == "accuracy":
            yield from _accuracy_marks(outcome)
    for engine in OURS:
        yield from _engine_marks(engine, of)
    yield from _pyramid_marks(of("pyramid"))
    for outcome in outcomes:
        if outcome.workload == "peers" and "1,111" in outcome.case:
            yield from _peer_marks(outcome)
    for name, outcome in by_name.items():
        one, other = (outcome.seconds(engine) for engine in OURS)
        if one and other:
            yield _Mark(f"engines against each other, {name}", 2, max(one, other) / min(one, other))


def _pyramid_marks(found: Outcome | None) -> Iterator[_Mark]:
    if found is None:
        return
    for engine in OURS:
        stages = found.lines[engine].stages
        yield _Mark(f"{engine}: pyramid, compile", 1, median(stages["compile"]) if "compile" in stages else None, "s")
        yield _Mark(f"{engine}: pyramid, execute", 3, found.seconds(engine), "s")


def _peer_marks(outcome: Outcome) -> Iterator[_Mark]:
    """From start to end, compiling included, of the quicker of our engines."""
    took = {name: median(line.wall) for name, line in outcome.lines.items() if line.wall}
    ours = min((took[engine] for engine in OURS if engine in took), default=None)
    others = [took[peer.name] for peer in PEERS if peer.name in took]
    if ours and others:
        yield _Mark(f"{outcome.case}: the best peer by ours, end to end", 5, min(others) / ours, least=True)
        yield _Mark(f"{outcome.case}: MetricFlow by ours", 50, by(took.get("MetricFlow"), ours), least=True)


def _check_marks(of: Callable[[str], Outcome | None]) -> Iterator[_Mark]:
    for case, name, limit in (("10,000", COLD, 3.0), ("10,000", UNCHANGED, 0.5)):
        found = of(f"check: {case}")
        yield _Mark(f"{name}, {case} indicators", limit, found.processor(name) if found else None, "CPU s")
    more, most = of("check: 10,000"), of("check: 50,000")
    if more and most:
        yield _Mark("check, cold: an indicator of 50,000 by one of 10,000", 1.25, by(each_of(most), each_of(more)))


def _evidence_marks(outcome: Outcome) -> Iterator[_Mark]:
    """What evidence costs; hidden cells are part of it or not, as one sees it."""
    sure, bare = outcome.lines.get(SURE), outcome.lines.get(BARE)
    for other in (BARE, OPEN):
        yield _Mark(f"{outcome.case}: CPU with evidence by {other}", 1.6, outcome.cpu_ratio(SURE, other))
    if sure and bare and sure.stored and bare.stored:
        yield _Mark(f"{outcome.case}: states with evidence ({sure.stored[0] / MIB:.2f} MiB) by without", 2,
                    sure.stored[0] / bare.stored[0])


def _accuracy_marks(outcome: Outcome) -> Iterator[_Mark]:
    """What an accuracy saves."""
    for engine in ENGINES:
        near, exact = f"{NEAR}, {engine}", f"{EXACT}, {engine}"
        few, all_ = outcome.lines.get(near), outcome.lines.get(exact)
        yield _Mark(f"{near}: {outcome.case}, CPU by exact", 1, outcome.cpu_ratio(near, exact))
        if few and all_ and few.stored and all_.stored:
            yield _Mark(f"{near}: {outcome.case}, states ({few.stored[0] / MIB:.2f} MiB) by exact", 0.5,
                        few.stored[0] / all_.stored[0])


def each_of(outcome: Outcome) -> float | None:
    """Processor seconds of a cold check, by indicator."""
    took, count = outcome.processor(COLD), outcome.facts.get("indicators")
    return took / count if took and isinstance(count, int) else None


def _engine_marks(engine: str, of: Callable[[str], Outcome | None]) -> Iterator[_Mark]:
    if mixed := of("mixed"):
        yield from _mixed_marks(engine, mixed)
    few, day = of("uniform: 100"), of("increment")
    yield _Mark(f"{engine}: 100 uniform, by one GROUP BY", 3, few.ratio(engine, HAND) if few else None)
    yield _rising(f"{engine}: 3,000 indicators by 100", 1.5, engine, of("uniform: 3,000"), few)
    yield _rising(f"{engine}: cuts by none", 4, engine, of("cuts: 100 indicators, by branch and by segment"),
                  of("cuts: 100 indicators, no cuts"))
    if day and (took := day.seconds(engine)) and (floor := day.seconds(SCAN)):
        yield _Mark(f"{engine}: a day added, less 1.3 × the scan of that day", 1, took - 1.3 * floor, "s")
    young, old = of("day: one day added to 30"), of("day: one day added to 90")
    if old and (took := old.processor(engine)) and (floor := old.processor(SCAN)):
        yield _Mark(f"{engine}: a day of the bank, less 1.3 × the scan of that day", 2, took - 1.3 * floor, "CPU s")
    largest = of("growth: 1,000 indicators, 100,000,000 rows")
    if largest and (peaks := largest.lines[engine].peak):
        yield _Mark(f"{engine}: 100 million rows, peak memory", 6144, median(peaks) / MIB, "MiB")
    if old and young:
        yield _Mark(f"{engine}: a day added to 90 of the bank, by one added to 30", 1.2,
                    by(old.processor(engine), young.processor(engine)))


def _mixed_marks(engine: str, mixed: Outcome) -> Iterator[_Mark]:
    yield _Mark(f"{engine}: 1,000 mixed, by one GROUP BY", 2, mixed.ratio(engine, HAND))
    yield _Mark(f"{engine}: 1,000 mixed, by the bare scan", 3, mixed.ratio(engine, SCAN),
                by_hand=mixed.ratio(HAND, SCAN))
    yield _Mark(f"{engine}: 1,000 mixed, one query each by it", 60, mixed.ratio(EACH, engine), least=True,
                by_hand=mixed.ratio(EACH, HAND))
    yield _Mark(f"{engine}: 1,000 mixed, peak memory", 4096, _peak(mixed, engine), "MiB", by_hand=_peak(mixed, HAND))


def _peak(outcome: Outcome, name: str) -> float | None:
    peaks = outcome.lines[name].peak
    return median(peaks) / MIB if peaks else None


def _rising(what: str, limit: float, engine: str, more: Outcome | None, less: Outcome | None) -> _Mark:
    """What more of the same costs, by what less of it costs."""
    if more is None or less is None:
        return _Mark(what, limit, None)
    return _Mark(what, limit, by(more.seconds(engine), less.seconds(engine)),
                 by_hand=by(more.seconds(HAND), less.seconds(HAND)))


def by(one: float | None, other: float | None) -> float | None:
    """One by another, where both are known."""
    return one / other if one and other else None
