"""Some indicators of some definitions over the last weeks of given data, in one grain and all their cuts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from cxmetrics.backends.cells import Backend, Request
from cxmetrics.backends.text_files import seen_from_project
from cxmetrics.calendars import DAY, days_before, end, start, stretch
from cxmetrics.calendars import last as last_of
from cxmetrics.evaluate import earliest, evaluate
from cxmetrics.evaluate.carrying import lead, reach
from cxmetrics.evaluate.raking import solve
from cxmetrics.evaluate.work import needed
from cxmetrics.fuse import fuse
from cxmetrics.ir import Grain, Origin
from cxmetrics.plan import Days, Node, Plan, Scan
from cxmetrics.query import delivered_by, partials_of, rows_of, spans_of
from cxmetrics.run.bind import Bound, bind
from cxmetrics.run.census import judge
from cxmetrics.run.cover import require_cover
from cxmetrics.run.sampling import looks
from cxmetrics.run.slices import require_few
from cxmetrics.run.stale import Family, Task
from cxmetrics.run.today import asks_for_now, settled, today
from cxmetrics.states import spread_all


@dataclass(frozen=True, slots=True)
class Stretch:
    """The periods compared, by the first day of each, in order; `whole`: the last that ended when the data did."""

    grain: Grain
    periods: tuple[dt.date, ...]
    whole: dt.date


@dataclass(frozen=True, slots=True)
class Scanned:
    """The states of a source on some days, by family; partials are those of the plan with these `fingerprints`."""

    origin: Origin
    days: Days
    fingerprints: Mapping[str, int]
    states: Mapping[Family, pl.DataFrame]


Known = dict[str, Scanned]
"""What was scanned under another plan, by source."""


def measured(root: Path, plan: Plan, names: Collection[str], grain: Grain, weeks: int, backend: Backend, scratch: Path,
             known: Known, upto: dt.date | None = None) -> tuple[pl.DataFrame, Stretch | None]:
    """The rows of `values` of some indicators in the periods that the last weeks touch; nothing where no data are.

    `upto`: the last day, that of the data by default.  `known`: what need not be scanned again; scans are added to it.
    Sources are read on the days that these periods look at, and nowhere else; a slice without a row on them has no row
    here.  Raises `Fault` (CX7xx) for data that cannot be used.
    """
    part = _part(plan, names, grain)
    wanted = partials_of(part)
    with seen_from_project(root):
        bound = bind(part, root, scratch, frozenset(part.partials[index].source for index in wanted))
        backend.expect(path for one in bound.values() for path in one.paths)
        spans = delivered_by(root, part, bound, backend, scratch)
        last = upto or today(spans.values())
        if last is None:
            return pl.DataFrame(), None
        if any(asks_for_now(one.origin) for one in bound.values()):
            now = today(spans_of(root, plan, backend, scratch).values())  # all sources of a project share it
            bound = {name: settled(one, now) for name, one in bound.items()}
        periods = _periods(last, weeks, grain, part)
        there = frozenset(index for index in wanted if part.partials[index].source in bound)
        fused = fuse(part, {name: one.dimensions for name, one in bound.items()}, there | rows_of(part, bound),
                     look=looks(backend, bound, plan.project.time_zone, scratch))
        days = _days(part, periods, grain)
        states = {scan.source.id: _states(part, scan, bound[scan.source.id], days, backend, known)
                  for scan in fused.scans}
        within = (periods.periods[0], periods.periods[-1] + DAY)
        frame = evaluate(part, states, spans, within, weights=solve(part, states))
    return frame.filter(pl.col("period").is_in(list(periods.periods))), periods


def _states(part: Plan, scan: Scan, one: Bound, days: Days, backend: Backend,
            known: Known) -> Mapping[Family, pl.DataFrame]:
    """The states of a source: those of the other plan, where it has all; else of a scan, which is `known` then."""
    wanted = {part.fingerprints[member.partial]: member.partial for cube in scan.cubes for member in cube.members}
    families = {cube.dimensions for cube in scan.cubes}
    before = known.get(one.origin.id)
    if before is not None and before.origin == one.origin and before.days == days and (
            wanted.keys() <= before.fingerprints.keys() and families <= before.states.keys()):
        numbers = {before.fingerprints[print_]: number for print_, number in wanted.items()}
        return {family: before.states[family].filter(pl.col("partial").is_in(list(numbers))).with_columns(
            pl.col("partial").replace_strict(numbers, return_dtype=pl.UInt32)) for family in families}
    zone = part.project.time_zone
    cells = backend.cells(Request(Scan(one.origin, scan.cubes), one.table, one.lookups, zone, (days,)))
    task = Task(one.origin.id, frozenset(wanted.values()), frozenset(), everything=False)
    judge(part, one.origin, task, cells.census)
    require_cover(part, one.origin, cells.frames)
    require_few(one.origin, scan.cubes, cells.frames)
    found = spread_all(scan.cubes, cells.frames)
    known[one.origin.id] = Scanned(one.origin, days, wanted, found)
    return found


def _part(plan: Plan, names: Collection[str], grain: Grain) -> Plan:
    """The part of a plan that gives some indicators in one grain, each in its own cuts; others only as they serve."""
    def asked(name: str, node: Node) -> Node:
        if name in names:
            return replace(node, indicator=replace(node.indicator, grains=None))
        return replace(node, indicator=replace(node.indicator, grains=(), cuts=()))

    nodes = needed(plan.nodes.values(), frozenset(names))
    return replace(plan, project=replace(plan.project, grains=(grain,)),
                   nodes={node.indicator.id: asked(node.indicator.id, node) for node in nodes})


def _periods(last: dt.date, weeks: int, grain: Grain, plan: Plan) -> Stretch:
    """The periods that the weeks up to a day touch; a week that it does not end counts as one of them."""
    calendar = plan.project.calendar
    first = days_before(start(last, "week", calendar), 7 * (weeks - 1))
    found = [start(first, grain, calendar)]
    while last_of(found[-1], grain) < last:
        found.append(last_of(found[-1], grain) + DAY)
    whole = [period for period in found if last_of(period, grain) <= last]
    return Stretch(grain, tuple(found), whole[-1] if whole else found[-1])


def _days(part: Plan, periods: Stretch, grain: Grain) -> Days:
    """The days that the periods look at, with those before them that changes, carried values and rakes need."""
    calendar, nodes = part.project.calendar, list(part.nodes.values())
    begin = lead(periods.periods[0], reach(nodes), grain, calendar) or dt.date.min
    windows = {partial: leaf.window for leaf in part.leaves for partial in leaf.partials}
    low = earliest([windows[index] for index in partials_of(part) if index in windows], begin, grain, part)
    high = end(periods.periods[-1], grain)
    for source in {part.partials[index].source for index in partials_of(part)}:
        rake = part.sources[source].rake
        if rake is not None:  # what is raked together is read together
            low, high = min(low, stretch(low, rake.per, calendar)[0]), max(high, stretch(high - DAY, rake.per,
                                                                                       calendar)[1])
    return low, high
