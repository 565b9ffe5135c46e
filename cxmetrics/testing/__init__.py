"""Tests carried out: given rows go the way of real ones, and what comes out is held against what was expected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from cxmetrics.backends.cells import Backend, Request
from cxmetrics.backends.engines import engine_named
from cxmetrics.backends.waiting import counts_of
from cxmetrics.calendars import end, last, looked_at, start
from cxmetrics.check.declared_tests import Cell, Expected, MetricTest
from cxmetrics.diagnostics import Diagnostic, Fault
from cxmetrics.evaluate import States, evaluate
from cxmetrics.fuse import fuse
from cxmetrics.plan import Days, Plan, Scan, leaves_of
from cxmetrics.query import partials_of, pruned, rows_of
from cxmetrics.run.stale import Family
from cxmetrics.source import Span
from cxmetrics.states import apart, concat, spread_all
from cxmetrics.testing.given import ROW, TEST, Batch, Posed, batches, bound, period_of

SHOWN = 10  # rows of a source shown for a failed test
MASK = "•••"
_EXACT = 1e-9  # of the size of the number, and of one thousandth


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation and what came out; `there`: whether there is such a row at all."""

    expected: Expected
    period: dt.date
    got: float | str | None
    there: bool

    @property
    def passed(self) -> bool:
        """Whether what came out is what was expected."""
        wanted, got = self.expected.wanted, self.got
        if wanted is None or got is None or isinstance(wanted, str) or isinstance(got, str):
            return wanted == got
        slack = _EXACT * max(abs(wanted), 1e-3)
        return abs(got - wanted) <= max(self.expected.tolerance or 0.0, 0.0) + slack


@dataclass(frozen=True, slots=True)
class Evidence:
    """The rows of a source that a number was made of: at most `SHOWN`, personal columns masked."""

    source: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    counted: int
    given: int


@dataclass(frozen=True, slots=True)
class Part:
    """What an indicator below came to."""

    indicator: str
    value: float | None
    score: float | None
    weight: float | None
    unit: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A check that failed, with the formula's place and what the number was made of."""

    check: Check
    unit: str
    formula: str | None
    span: Span | None
    evidence: tuple[Evidence, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a test came to; `found`: why it could not be carried out."""

    test: MetricTest
    checks: tuple[Check, ...] = ()
    failures: tuple[Failure, ...] = ()
    found: tuple[Diagnostic, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether all came out as expected."""
        return not self.failures and not self.found


def run_tests(plan: Plan, tests: Sequence[MetricTest], engine: str, scratch: Path) -> tuple[Verdict, ...]:
    """Carry out the tests, in their order.  `scratch`: a folder for the rows they give.  Raises `Fault` CX602."""
    bench = _Bench(engine_named(engine, scratch), scratch)
    posed = [_pose(number, test, plan) for number, test in enumerate(tests)]
    batched = batches(iter(posed))
    for batch in batched:
        bench.measure(batch)
    verdicts = [bench.verdict(one) for one in posed]
    return tuple(bench.explained(verdicts, posed, batched))


def _pose(number: int, test: MetricTest, plan: Plan) -> Posed:
    grain, day = period_of(test, plan)
    cuts = tuple(dict.fromkeys(expected.cut for expected in test.expected if expected.cut))
    part = pruned(plan, tuple(dict.fromkeys(expected.indicator for expected in test.expected)), grain, ())
    # What is hidden elsewhere, for too few rows or as a part of others, is to be seen here: tests are small.
    shown = {name: replace(node, indicator=replace(node.indicator, min_n=None), hidden=False)
             for name, node in part.nodes.items()}
    # Nor are their rows raked, for they are no whole sample.
    sources = {name: origin if origin.rake is None else replace(origin, rake=replace(origin.rake, margins=()))
               for name, origin in part.sources.items()}
    part = replace(part, nodes=shown, project=replace(part.project, cuts=cuts, min_n=1), least={}, sources=sources)
    partials = partials_of(part)
    partials |= rows_of(part, {part.partials[index].source for index in partials})
    return Posed(number, test, part, partials, cuts, grain, day)


@dataclass(frozen=True, slots=True)
class _Bench:
    """The engine, and the states it has found so far: test → source → family → states."""

    backend: Backend
    scratch: Path
    states: dict[int, dict[str, dict[Family, Any]]] = field(default_factory=dict)
    faults: dict[int, tuple[Diagnostic, ...]] = field(default_factory=dict)
    folders: Iterator[int] = field(default_factory=count)

    def measure(self, batch: Batch) -> None:
        """Find the states of all tests of a batch; of each alone where together they stop the engine."""
        try:
            scanned = self.scan(batch, TEST, [cut for one in batch.members for cut in one.cuts], batch.partials)
        except Fault as fault:
            if len(batch.members) == 1:
                self.faults[batch.members[0].number] = fault.diagnostics
            else:
                for one in batch.members:
                    self.measure(replace(batch, members=(one,)))
            return
        for one in batch.members:
            own = {family[1:]: parts.get(one.name, concat((), len(family) - 1)) for family, parts in scanned.items()}
            self.states.setdefault(one.number, {})[batch.source] = own

    def scan(self, batch: Batch, mark: str, cuts: Iterable[Family],
             partials: frozenset[int]) -> dict[Family, Mapping[str, Any]]:
        """States by family, apart by what the column `mark` says."""
        one = bound(batch, self.scratch / f"given{next(self.folders)}")
        if one is None:
            return {(mark,): {}}
        plan = batch.members[0].plan
        plan = replace(plan, nodes={}, project=replace(plan.project, cuts=()))
        wanted = frozenset(index for index in partials if plan.partials[index].source == batch.source)
        marked = [(mark,), *((mark, *cut) for cut in dict.fromkeys(cuts))]
        fused = fuse(plan, {batch.source: one.dimensions - {TEST, ROW} | {mark}}, wanted, marked)
        scan = Scan(one.origin, fused.scans[0].cubes)
        cells = self.backend.cells(Request(scan, one.table, one.lookups, plan.project.time_zone))
        return {family: apart(frame) for family, frame in spread_all(scan.cubes, cells.frames).items()}

    # --- verdicts ----------------------------------------------------------------------------------------------

    def verdict(self, one: Posed) -> Verdict:
        """What a test came to, failures still without evidence."""
        if one.number in self.faults:
            return Verdict(one.test, found=self.faults[one.number])
        try:
            rows = self.values(one)
        except Fault as fault:
            return Verdict(one.test, found=fault.diagnostics)
        checks = tuple(_check(one, expected, rows) for expected in one.test.expected)
        return Verdict(one.test, checks, tuple(_failure(one, check, rows) for check in checks if not check.passed))

    def values(self, one: Posed) -> list[dict[str, Any]]:
        """The rows of `values` that a test leads to: a source that is given has delivered in every period asked for."""
        states: States = self.states.get(one.number, {})
        days = {_period(one, expected) for expected in one.test.expected}
        days |= {last(day, one.grain) for day in days}
        delivered = {}
        for source, families in states.items():
            seen = days.union(*map(counts_of, families.values()))
            delivered[source] = (min(seen), max(seen))
        end = min(max(days, default=dt.date.min).toordinal() + 1, dt.date.max.toordinal())
        between = (min(days), dt.date.fromordinal(end)) if days else None
        return list(evaluate(one.plan, states, delivered, between).iter_rows(named=True))

    # --- evidence ----------------------------------------------------------------------------------------------

    def explained(self, verdicts: Sequence[Verdict], posed: Sequence[Posed],
                  batched: Sequence[Batch]) -> Iterator[Verdict]:
        """Failures with the rows their numbers were made of."""
        failed = {one.number for one, verdict in zip(posed, verdicts, strict=True) if verdict.failures}
        made: dict[tuple[int, str], dict[Family, Mapping[str, Any]]] = {}
        for batch in batched:
            members = tuple(one for one in batch.members if one.number in failed)
            if members:
                part = replace(batch, members=members)
                scanned = self.scan(part, ROW, [cut for one in members for cut in one.cuts], part.partials)
                made |= {(one.number, batch.source): scanned for one in members}
        for one, verdict in zip(posed, verdicts, strict=True):
            failures = (replace(failure, evidence=tuple(_evidence(one, failure.check, made)))
                        for failure in verdict.failures)
            yield replace(verdict, failures=tuple(failures))


def _period(one: Posed, expected: Expected) -> dt.date:
    return one.day if expected.at is None else start(expected.at, one.grain, one.plan.project.calendar)


def _check(one: Posed, expected: Expected, rows: Sequence[Mapping[str, Any]]) -> Check:
    row = _row(one, expected.indicator, expected, rows)
    return Check(expected, _period(one, expected), None if row is None else row[expected.measure], row is not None)


def _row(one: Posed, indicator: str, expected: Expected, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The row of `values` of an indicator in the slice and period of an expectation."""
    place = dict(expected.slice)
    dimensions = {name for cut in one.cuts for name in cut}
    period = _period(one, expected)
    return next((row for row in rows if row["indicator"] == indicator and row["period"] == period
                 and all(row[name] == place.get(name) for name in dimensions)), None)


def _failure(one: Posed, check: Check, rows: Sequence[Mapping[str, Any]]) -> Failure:
    node = one.plan.nodes[check.expected.indicator]
    indicator = node.indicator
    weights = {edge.child: edge.weight for edge in indicator.combined if indicator.weighted}
    parts = []
    for name in dict.fromkeys(node.below):
        row = _row(one, name, check.expected, rows) or {}
        parts.append(Part(name.replace("~", ", "), row.get("value"), row.get("score"), weights.get(name),
                          str(one.plan.nodes[name].indicator.unit)))
    span = indicator.formula.span if indicator.formula is not None and indicator.formula.span else indicator.span
    return Failure(check, str(indicator.unit), indicator.formula_text, span, (), tuple(parts))


def _evidence(one: Posed, check: Check,
              made: Mapping[tuple[int, str], Mapping[Family, Mapping[str, Any]]]) -> Iterator[Evidence]:
    """The rows behind a factor, source by source: those that its leaves count."""
    node = one.plan.nodes[check.expected.indicator]
    nodes = [node, *(one.plan.nodes[name] for _, name in node.versions)]
    leaves = [one.plan.leaves[index] for each in nodes for index in leaves_of(each.formula)]
    calendar = one.plan.project.calendar
    for source in dict.fromkeys(source for leaf in leaves for source in leaf.sources):
        given = one.test.given.get(source)
        if given is None:
            continue
        looks = [(frozenset(part for part, factor in leaf.inputs[0].parts
                            if factor and one.plan.partials[part].source == source),
                  looked_at(leaf.window, (check.period, end(check.period, one.grain)), one.grain, calendar))
                 for leaf in leaves]
        scanned = made.get((one.number, source), {})
        chosen = [number for number in range(len(given.rows))
                  if any(_counts(check, looks, family[1:], parts.get(one.row(number)))
                         for family, parts in scanned.items())]
        masked = _personal(one.plan, source)
        rows = tuple(tuple(MASK if name in masked and given.rows[number].get(name) is not None
                           else given.rows[number].get(name) for name in given.columns) for number in chosen[:SHOWN])
        yield Evidence(source, given.columns, rows, len(chosen), len(given.rows))


def _counts(check: Check, looks: Sequence[tuple[frozenset[int], Days]], family: Family,
            states: Any) -> bool:  # noqa: ANN401
    """Whether a row with these states counts for a check: `looks` are partials, and the days they are taken of."""
    if states is None or not set(check.expected.cut) <= set(family):
        return False
    place = [(f"d{family.index(name)}", value) for name, value in check.expected.slice]
    return any(row["value"] and any(row["partial"] in parts and low <= row["day"] < high
                                    for parts, (low, high) in looks)
               and all(row[name] == value for name, value in place) for row in states.iter_rows(named=True))


def _personal(plan: Plan, source: str) -> frozenset[str]:
    """The columns of a source whose values are not shown, by any of the names a test may give them."""
    origin = plan.sources[source]
    hidden = {spec.physical for spec in origin.columns.values() if spec.personal}
    names = {spec.name for spec in origin.columns.values() if spec.physical in hidden}
    return frozenset(hidden | names | {each.dimension for each in origin.bindings if each.column in hidden | names})
