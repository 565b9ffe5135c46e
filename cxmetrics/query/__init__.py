"""Any slice, at once: from the store where it has it, from the sources where it has not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from cxmetrics.backends.cells import Backend, Request
from cxmetrics.backends.duckdb.footers import Footers
from cxmetrics.backends.engines import engine_named
from cxmetrics.backends.polars.expressions import Term, term
from cxmetrics.backends.readers import open_table
from cxmetrics.backends.text_files import seen_from_project
from cxmetrics.calendars import end, start, stretch
from cxmetrics.codes import data as data_codes
from cxmetrics.diagnostics import Fault, report
from cxmetrics.evaluate import earliest, evaluate
from cxmetrics.evaluate.carrying import lead, reach
from cxmetrics.evaluate.protection import protected
from cxmetrics.evaluate.raking import solve
from cxmetrics.evaluate.triangulation import held_against, pairs_of
from cxmetrics.evaluate.work import is_shown
from cxmetrics.fuse import fuse
from cxmetrics.ir import Expr, Grain, Project
from cxmetrics.plan import Days, Node, Plan, Scan, leaves_of
from cxmetrics.query.question import Question, dimensions_of, question
from cxmetrics.query.ranks import ranked
from cxmetrics.query.stored import as_published, recalled, stored
from cxmetrics.run import Engine, compiled
from cxmetrics.run.bind import Bound, bind
from cxmetrics.run.census import judge
from cxmetrics.run.cover import require_cover
from cxmetrics.run.extents import extents
from cxmetrics.run.sampling import looks
from cxmetrics.run.slices import require_few
from cxmetrics.run.stale import Day, Family, Task, delivered
from cxmetrics.run.today import settled, today
from cxmetrics.scratch import scratch_folder
from cxmetrics.states import at_moments, names, period_start, spread_all
from cxmetrics.store import InputFile
from cxmetrics.store.folder import store_in
from cxmetrics.store.moments import moment
from cxmetrics.store.whose import opened

_ONE = dt.timedelta(days=1)


def query(root: Path, indicators: Sequence[str], *, by: Sequence[str] = (), grain: str | None = None,
          first: Day | None = None, last: Day | None = None, where: str | None = None,
          engine: Engine = "duckdb", as_of: str | None = None, ranks: bool = False) -> pl.DataFrame:
    """The values of some indicators: the columns of `values`, one row a period and slice, in order.

    Periods are those that begin in [first, last); `grain` is the project's coarsest by default.  `where` is a
    condition over dimensions: only rows of these slices are counted.  `as_of`: a run or a time (`store.moments`),
    for what was known then.  Values of frozen periods are those published.  `ranks`: with the columns
    `RANKS`, of slices.  Where one is triangulated, with the columns of `triangulation`.  Raises `Fault`.
    """
    root = root.resolve()
    _, plan = compiled(root)
    asked = question(plan, indicators, by, grain, first, last, where)
    pairs = pairs_of(plan, asked.indicators)
    asked = replace(asked, indicators=tuple(dict.fromkeys((*asked.indicators, *pairs.values()))))
    path = store_in(root, plan.project.store)
    if as_of is not None:
        frame = recalled(path, plan, asked, moment(as_of, plan.project.time_zone))
    elif (found := stored(path, plan, asked)) is not None:
        frame = found
    else:
        computed = _from_sources(root, plan, asked, engine).with_columns(run=pl.lit(None, pl.String))
        frame = as_published(path, plan, asked, _of_cut(computed, plan, asked))
    frame = _of_cut(frame, plan, asked)
    others = [name for name in dimensions_of(plan) if name in frame.columns]
    if asked.first is not None:
        frame = frame.filter(pl.col("period") >= start(asked.first, asked.grain, plan.project.calendar))
    if asked.last is not None:
        frame = frame.filter(pl.col("period") < asked.last)
    shown = [column for column in frame.columns if column in asked.by or column not in others]
    order = pl.col("indicator").replace_strict({name: i for i, name in enumerate(asked.indicators)},
                                               return_dtype=pl.Int64)
    frame = frame.filter(pl.col("indicator").is_in(asked.indicators)).select(shown).sort(
        [order, "period", *asked.by], nulls_last=True)
    if pairs:
        frame = held_against(frame, plan, pairs, asked.by).filter(pl.col("indicator").is_in(list(indicators)))
    return ranked(frame, plan, asked.by) if ranks else frame


def _of_cut(frame: pl.DataFrame, plan: Plan, asked: Question) -> pl.DataFrame:
    """The rows of the cut that is asked for."""
    others = [name for name in dimensions_of(plan) if name in frame.columns]
    return frame.filter(*(pl.col(name).is_not_null() if name in asked.by else pl.col(name).is_null()
                          for name in others))


def _from_sources(root: Path, plan: Plan, asked: Question, engine: Engine) -> pl.DataFrame:
    as_stored = _as_stored(plan, asked)
    part = plan if as_stored else pruned(plan, asked.indicators, asked.grain, asked.by)
    needed = partials_of(part)
    with scratch_folder() as scratch, seen_from_project(root):
        bound = bind(plan, root, scratch)
        backend = engine_named(engine, scratch)
        backend.expect(path for one in bound.values() for path in one.paths)
        spans = delivered_by(root, plan, bound, backend, scratch)
        bound = {name: settled(one, today(spans.values())) for name, one in bound.items()}
        wanted = frozenset(i for i in needed | _telling(plan, asked, bound) if plan.partials[i].source in bound)
        fused = fuse(part, {name: one.dimensions for name, one in bound.items()}, wanted, (asked.across,),
                     looks(backend, bound, plan.project.time_zone, scratch))
        states: dict[str, dict[Family, pl.DataFrame]] = {}
        for scan in fused.scans:
            one = bound[scan.source.id]
            days = None if as_stored else _days(asked, part)
            request = Request(Scan(one.origin, scan.cubes), one.table, one.lookups, plan.project.time_zone, days)
            cells = backend.cells(request)
            task = Task(one.origin.id, frozenset(wanted), frozenset(), everything=days is None)
            judge(part, one.origin, task, cells.census)
            require_cover(part, one.origin, cells.frames)
            require_few(one.origin, scan.cubes, cells.frames)
            states[one.origin.id] = spread_all(scan.cubes, cells.frames)
        between = None if as_stored or asked.first is None or asked.last is None else (asked.first, asked.last)
        weights = solve(part, states)  # of all rows, also where only some are asked for
        chosen = {name: _sliced(asked, part, bound[name], parts) for name, parts in states.items()}
        return evaluate(part, chosen, spans, between, weights=weights).filter(pl.col("grain") == asked.grain)


def _as_stored(plan: Plan, asked: Question) -> bool:
    """Whether a run would show the answer, and what it withholds depends on all else that it shows."""
    return asked.where is None and bool(protected(plan)) and all(
        is_shown(plan, plan.nodes[name], asked.grain, asked.by) for name in asked.indicators)


def _telling(plan: Plan, asked: Question, bound: Mapping[str, Bound]) -> frozenset[int]:
    """The rows of all sources that can tell which slices there are, asked for or not."""
    able = {name for name, one in bound.items() if asked.across and set(asked.across) <= one.dimensions}
    return rows_of(plan, able)


def delivered_by(root: Path, plan: Plan, bound: Mapping[str, Bound], backend: Backend,
                 scratch: Path) -> dict[str, tuple[Day, Day]]:
    """The first and the last day of each source; those of files that the last run saw are known from it."""
    known = _inputs(store_in(root, plan.project.store), plan.project, bound)
    found: dict[str, tuple[Day, Day]] = {}
    footers = Footers(path for one in bound.values() for path in one.paths)
    for name, one in bound.items():
        files = extents(one, known[name], root, plan.project.time_zone, backend,
                        lambda path: open_table((path,), scratch=scratch), footers)
        span = delivered(files)
        if span is not None:
            found[name] = span
    return found


def spans_of(root: Path, plan: Plan, backend: Backend, scratch: Path) -> dict[str, tuple[Day, Day]]:
    """The first and the last day of every source of a project.  Raises `Fault` CX70x."""
    return delivered_by(root, plan, bind(plan, root, scratch), backend, scratch)


def _inputs(path: Path, project: Project, sources: Iterable[str]) -> dict[str, dict[str, InputFile]]:
    try:
        with opened(path, project) as store:
            return {name: store.inputs(name) for name in sources}
    except Fault:  # no run yet, or nothing that can be read: the sources are there
        return {name: {} for name in sources}


def _days(asked: Question, plan: Plan) -> tuple[Days, ...] | None:
    """The days up to the end of the periods asked for; None for all.

    Sliced, the rows of all days before count too: a slice seen once has rows from then on.
    """
    low, high, calendar = dt.date.min, dt.date.max, plan.project.calendar
    if asked.first is not None and not asked.across:
        part = list(pruned(plan, asked.indicators, asked.grain, asked.by).nodes.values())
        begin = lead(start(asked.first, asked.grain, calendar), reach(part), asked.grain, calendar) or dt.date.min
        low = earliest([leaf.window for leaf in plan.leaves], begin, asked.grain, plan)
    if asked.last is not None:
        high = end(start(asked.last - _ONE, asked.grain, calendar), asked.grain)
    for rake in {partial.source: plan.sources[partial.source].rake for partial in plan.partials}.values():
        if rake is not None:  # what is raked together is read together
            low = min(low, stretch(low, rake.per, calendar)[0])
            high = max(high, stretch(max(high - _ONE, low), rake.per, calendar)[1])
    return None if (low, high) == (dt.date.min, dt.date.max) else ((low, high),)


def _sliced(asked: Question, plan: Plan, one: Bound, parts: dict[Family, pl.DataFrame]) -> dict[Family, pl.DataFrame]:
    """The states by family; with a condition, only the rows of the slices where it holds."""
    if asked.where is None:
        return parts
    own = {family: frame for family, frame in parts.items() if set(asked.across) <= set(family)}
    if not own:
        raise Fault(report(data_codes.UNKNOWN_SLICE_COLUMN, one.origin.span, source=one.origin.id,
                           name=", ".join(asked.across),
                           known=", ".join(sorted(one.dimensions))))
    return {family: _there(frame, family, plan, asked.grain, asked.where) for family, frame in own.items()}


def _there(frame: pl.DataFrame, family: Family, plan: Plan, grain: Grain, where: Expr) -> pl.DataFrame:
    """The states of a family in the slices where a condition holds."""
    # What is last is judged over all slices, before those are chosen that the condition is about.
    period = period_start(pl.col("day"), grain, plan.project.calendar).alias("period")
    columns: Mapping[str, Term] = {
        name: Term(pl.col(own), "text") for name, own in zip(family, names(len(family)), strict=True)}
    rows = at_moments(frame.with_columns(period), plan).drop("period")
    holds = term(where, columns).expr.fill_null(value=False)
    return _with_sample(rows.filter(holds), rows.filter(~holds), plan, grain)


def _with_sample(here: pl.DataFrame, elsewhere: pl.DataFrame, plan: Plan, grain: Grain) -> pl.DataFrame:
    """Some states, and who else was asked in the same periods: a part of a sample is as sure as the whole was drawn."""
    present = sorted({part for leaf in plan.leaves for part in leaf.present})
    others = elsewhere.filter(pl.col("partial").is_in(present))
    if others.is_empty() or here.is_empty():
        return here
    dims = [name for name in here.columns if name.startswith("d") and name != "day"]
    first = here.sort("day", *dims).row(0, named=True)
    begun = period_start(pl.col("day"), grain, plan.project.calendar) >= period_start(
        pl.lit(first["day"]), grain, plan.project.calendar)
    placed = others.filter(begun).with_columns(
        pl.max_horizontal("day", pl.lit(first["day"])).alias("day"),
        *(pl.lit(first[name]).alias(name) for name in dims))
    return pl.concat([here, placed.select(here.columns)])


def pruned(plan: Plan, indicators: Sequence[str], grain: Grain, by: Family) -> Plan:
    """The part of a plan that gives some indicators in one grain and cut."""
    needed: set[str] = set()
    todo = list(indicators)
    while todo:
        name = todo.pop()
        if name not in needed:
            needed.add(name)
            todo += plan.nodes[name].below
    project = replace(plan.project, grains=(grain,), cuts=(by,) if by else ())
    nodes = {name: _shown(node) for name, node in plan.nodes.items() if name in needed}
    return replace(plan, project=project, nodes=nodes)


def _shown(node: Node) -> Node:
    return replace(node, indicator=replace(node.indicator, cuts=None, grains=None))


def partials_of(plan: Plan) -> frozenset[int]:
    """The partials that the nodes of a plan are finished from."""
    leaves = {index for node in plan.nodes.values() for index in leaves_of(node.formula)}
    found = frozenset[int]().union(*(plan.leaves[index].partials for index in leaves))
    raked = {plan.partials[part].source for part in found if plan.partials[part].power}
    return found.union(part for source in raked for total in plan.sizes[source] for part, _ in total.parts)


def rows_of(plan: Plan, sources: Iterable[str]) -> frozenset[int]:
    """The partials that count all rows of some sources: these tell which slices there are, and since when."""
    known = frozenset(sources)
    return frozenset(index for index, partial in enumerate(plan.partials)
                     if partial.source in known and partial.all_rows)
