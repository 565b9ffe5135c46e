"""One indicator at once, on a sample of its sources, with the rows that made it; nothing is kept of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from cxmetrics.backends.cells import Backend, Census, Request
from cxmetrics.backends.engines import engine_named
from cxmetrics.backends.readers import open_table
from cxmetrics.backends.text_files import seen_from_project
from cxmetrics.calendars import end, start, usual
from cxmetrics.evaluate import earliest, evaluate
from cxmetrics.fuse import fuse
from cxmetrics.ir import Grain, Origin
from cxmetrics.plan import Days, Plan, Scan, days_ahead
from cxmetrics.preview.evidence import Rows, rows_behind
from cxmetrics.preview.sample import Sample, take
from cxmetrics.query import partials_of, pruned, rows_of, spans_of
from cxmetrics.query.question import question
from cxmetrics.run import Engine
from cxmetrics.run.bind import NOWHERE, Bound, bind_to
from cxmetrics.run.extents import extent
from cxmetrics.run.slices import require_few
from cxmetrics.run.stale import Family
from cxmetrics.run.today import asks_for_now, settled, today
from cxmetrics.scratch import scratch_folder
from cxmetrics.states import spread_all

BUDGET = 50_000  # rows read of all sources together, where nobody says how many of each
LEAST = 2_500  # of each source
MOST_AHEAD = 31  # days after a period that are read for what is completed then
MOST_TOLD = 3  # sources whose rows are told one by one
_ONE = dt.timedelta(days=1)

__all__ = ["Preview", "Previewed", "Rows", "preview"]


@dataclass(frozen=True, slots=True)
class Previewed:
    """A source: its sample, what became of the rows of it, its days, and the rows that count."""

    sample: Sample
    days: tuple[dt.date, dt.date] | None
    census: Census
    rows: Rows | None  # none where an indicator has more sources than `MOST_TOLD`
    unraked: bool  # its rows are raked in a run, and were not here
    max_bad: float  # the share of bad rows that a run takes in


@dataclass(frozen=True, slots=True)
class Preview:
    """The values of an indicator, and of all below it, in one period; `sources`: what they are made of, by name.

    `frame` has the columns of `values`; `period` is None where no source has a row.
    """

    indicator: str
    grain: Grain
    period: dt.date | None
    by: Family
    frame: pl.DataFrame
    plan: Plan
    sources: Mapping[str, Previewed]


@dataclass(frozen=True, slots=True)
class _Bench:
    """What is asked, and what has been sampled and measured for it."""

    root: Path
    scratch: Path
    whole: Plan
    part: Plan
    needed: frozenset[int]
    backend: Backend
    samples: dict[str, Sample] = field(default_factory=dict)
    bound: dict[str, Bound] = field(default_factory=dict)


def preview(root: Path, plan: Plan, indicator: str, *, grain: str | None = None, day: dt.date | None = None,
            by: Sequence[str] = (), rows: int | None = None, engine: Engine = "duckdb") -> Preview:
    """An indicator in the period that `day` is in, of its last one by default, from at most so many rows a source.

    What a run would not take in is taken here too, and told: too many bad rows, a column without a value.  Rows of
    which only some are read are not raked.  Raises `Fault` for unknown names and files that cannot be read.
    """
    root = root.resolve()
    asked = question(plan, (indicator,), by, grain or usual(plan.project.grains), None, None, None)
    part = pruned(plan, (indicator,), asked.grain, asked.by)
    needed = frozenset(index for index in partials_of(part)
                       if part.sources[part.partials[index].source].read != NOWHERE)
    sources = sorted({part.partials[index].source for index in needed})
    most = rows or max(BUDGET // max(len(sources), 1), LEAST)
    around = None if day is None else _around(part, needed, start(day, asked.grain, plan.project.calendar), asked.grain)
    with scratch_folder() as folder, seen_from_project(root):
        bench = _Bench(root, folder, plan, part, needed, engine_named(engine, folder))
        spans = _sampled(bench, sources, most, around)
        origins = {name: one.origin for name, one in bench.bound.items()}
        bench = replace(bench, part=replace(part, sources={**part.sources, **origins}))
        last = day or today(spans.values())
        period = None if last is None else start(last, asked.grain, plan.project.calendar)
        states, censuses = _measured(bench, asked.by)
        within = None if period is None else (period, period + _ONE)
        frame = evaluate(bench.part, states, spans, within)
        days = None if period is None else (period, end(period, asked.grain))
        behind = {name: rows_behind(bench.part, indicator, bench.bound[name], bench.backend, days, asked.grain)
                  for name in (sources if len(sources) <= MOST_TOLD else ())}
        found = {name: Previewed(bench.samples[name], spans.get(name), censuses[name], behind.get(name),
                                 part.sources[name].rake is not None and not bench.samples[name].whole,
                                 plan.sources[name].max_bad)
                 for name in sources}
    return Preview(indicator, asked.grain, period, asked.by, frame, bench.part, found)


def _around(part: Plan, needed: frozenset[int], period: dt.date, grain: Grain) -> Days:
    """The days that a period looks at, with those after it on which what began in it may be completed."""
    windows = [leaf.window for leaf in part.leaves if leaf.partials & needed]
    ahead = int(min(max((days_ahead(part.partials[index].where) for index in needed), default=0), MOST_AHEAD))
    high = end(period, grain)
    return earliest(windows, period, grain, part), dt.date.fromordinal(min(high.toordinal() + ahead,
                                                                           dt.date.max.toordinal()))


def _sampled(bench: _Bench, sources: Sequence[str], most: int, around: Days | None) -> dict[str, Days]:
    """Take the samples and bind the sources with them; the first and the last day of each, both in it."""
    zone, spans = bench.part.project.time_zone, dict[str, Days]()
    for name in sources:
        origin = bench.part.sources[name]
        sample = take(origin, bench.root, bench.scratch, most, zone, around)
        bench.samples[name] = sample
        bench.bound[name] = bind_to(_lenient(origin, sample), sample.inputs, bench.root, bench.scratch)
    bench.backend.expect(path for one in bench.bound.values() for path in one.paths)
    for name, one in bench.bound.items():
        ends = [extent(one, path, zone, bench.backend, lambda path: open_table((path,), scratch=bench.scratch))
                for path in one.table.files]
        days = [day for first, final, _ in ends for day in (first, final) if day is not None]
        if days:
            spans[name] = min(days), max(days)
    if any(asks_for_now(one.origin) for one in bench.bound.values()):
        now = today(spans_of(bench.root, bench.whole, bench.backend, bench.scratch).values())  # of all rows there are
        bench.bound.update({name: settled(one, now) for name, one in bench.bound.items()})
    # What is made of published figures alone has values wherever the project has rows.
    return spans if sources else spans_of(bench.root, bench.whole, bench.backend, bench.scratch)


def _lenient(origin: Origin, sample: Sample) -> Origin:
    """The source without what stops a run: here bad rows are to be seen; a part of a survey cannot be raked."""
    rake = origin.rake if origin.rake is None or sample.whole else replace(origin.rake, margins=())
    return replace(origin, max_bad=1.0, rake=rake, on_bad="reject" if origin.on_bad == "fail" else origin.on_bad)


def _measured(bench: _Bench, by: Family) -> tuple[dict[str, dict[Family, pl.DataFrame]], dict[str, Census]]:
    """The states of each source, and what became of its rows."""
    part, bound = bench.part, bench.bound
    able = {name for name, one in bound.items() if by and set(by) <= one.dimensions}
    fused = fuse(part, {name: one.dimensions for name, one in bound.items()}, bench.needed | rows_of(part, able), (by,))
    states: dict[str, dict[Family, pl.DataFrame]] = {}
    censuses: dict[str, Census] = {}
    for scan in fused.scans:
        one = bound[scan.source.id]
        request = Request(Scan(one.origin, scan.cubes), one.table, one.lookups, part.project.time_zone)
        cells = bench.backend.cells(request)
        require_few(one.origin, scan.cubes, cells.frames)
        states[one.origin.id], censuses[one.origin.id] = spread_all(scan.cubes, cells.frames), cells.census
    return states, censuses
