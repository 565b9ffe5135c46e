"""From states to values: merged to every grain and cut, the tree evaluated, evidence attached.

Raw rows roll up, never averages: each period and slice is evaluated from its own merged states.  Points are
evaluated in blocks, so that memory is bounded; a block never parts the slices that are scored against each other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cxmetrics.calendars import DAY, end, last, looked_at, periods
from cxmetrics.evaluate.block import Block
from cxmetrics.evaluate.carrying import Carrying, lead
from cxmetrics.evaluate.daily import CODED, Daily, Runs, States, daily
from cxmetrics.evaluate.finish import Finished, finish
from cxmetrics.evaluate.hidden import Reader
from cxmetrics.evaluate.peers import Field, dating
from cxmetrics.evaluate.points import Grid
from cxmetrics.evaluate.show import Shown, columns, show
from cxmetrics.evaluate.silences import with_silences
from cxmetrics.evaluate.tree import Gift, Sight, climb, gift
from cxmetrics.evaluate.views import Delivered, Gaps, Looked, View, view
from cxmetrics.evaluate.withholding import withhold
from cxmetrics.evaluate.work import Work, cuts, unsplit, work_for, work_of
from cxmetrics.ir import GRAINS, Grain
from cxmetrics.plan import Days, Plan
from cxmetrics.states import merge, without_texts
from cxmetrics.statistics.arrays import Flags
from cxmetrics.windows import Window

__all__ = ["States", "earliest", "evaluate"]

CELLS_AT_ONCE = 20_000_000  # numbers held for a block of points
STATE_WIDTH = 12  # numbers that a row of states takes while rows are joined and merged
WHOLE = 2**53  # integers up to here are float64s


def evaluate(plan: Plan, states: States, delivered: Delivered, between: Days | None = None,
             gaps: Gaps | None = None) -> pl.DataFrame:
    """The table `values`: one row an indicator, grain, period and slice; see `show.columns` for its columns.

    `between` (half-open days) limits the periods to those it touches; states must then hold all days that these look
    at, and the period before the first, for `change`.  A slice has rows from the first day of states that names it:
    so that a later day evaluated by itself gives the same rows, states must reach back to where the data begin.
    Sources that have delivered in a period but have no rows there count 0; others are missing, and so are periods
    that lie in one of their `gaps` or silences.
    """
    dimensions = tuple(dict.fromkeys(name for cut in cuts(plan) for name in cut))
    looked = Looked(delivered, with_silences(states, delivered, gaps or {}))
    parts = [part for cut in cuts(plan) for part in _evaluate_cut(plan, states, looked, between, cut, dimensions)]
    frame = pl.concat(parts) if parts else pl.DataFrame(schema=columns(dimensions))
    return withhold(Reader(plan, states, _spans(looked), cuts(plan)), frame)


# --- one cut, grain by grain and block by block ------------------------------------------------------------------


def _evaluate_cut(plan: Plan, states: States, looked: Looked, between: Days | None, cut: tuple[str, ...],
                  dimensions: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    works = {grain: work for grain in GRAINS if (work := work_of(plan, grain, cut)).shown}
    calendar = plan.project.calendar
    spans = _spans(looked)
    wanted = {grain: found for grain in works if (found := periods(spans, grain, calendar, between))}
    leads = {grain: lead(found[0], works[grain].reach, grain, calendar) for grain, found in wanted.items()}
    if not leads:
        return
    days = None if between is None else (
        min(earliest(works[grain].windows, leads[grain] or dt.date.min, grain, plan) for grain in leads),
        max(last(wanted[grain][-1], grain) for grain in leads))
    merged = daily(plan, states, cut, days)
    coarse = {"quarter": "month", "year": "month"}
    frames: dict[str, pl.DataFrame] = {"day": merged.frame}
    runs = Runs(plan, _windowed(plan, merged.frame), len(merged.slices))
    for grain, earlier in leads.items():
        finer = frames.get(coarse.get(grain, ""), merged.frame)
        if grain != "day":
            frames[grain] = merge(finer, plan, grain, CODED, CODED, calendar).rename({"period": "day"})
        # Periods before the first are evaluated too, for the change and what is carried on, and not shown.
        found = wanted[grain]
        unseen = [] if between is None or earlier is None else periods(spans, grain, calendar, (earlier, found[0]))
        run = _Run(plan, merged, without_texts(frames[grain], plan), runs, grain, works[grain], looked, dimensions)
        whole = unsplit(works[grain], merged.able) if cut else frozenset[str]()
        run = replace(run, total=_total(run, states, days, whole) if whole else None)
        yield from _evaluate_grain(run, [*unseen, *found], found[0])


def earliest(windows: Sequence[Window], first: dt.date, grain: Grain, plan: Plan) -> dt.date:
    """The first day that anything looks at from a period on."""
    days = first, end(first, grain)
    return min([first, *(looked_at(window, days, grain, plan.project.calendar)[0] for window in windows)])


def _windowed(plan: Plan, frame: pl.DataFrame) -> pl.DataFrame:
    """The states of partials that are looked at through windows."""
    wanted = {part for leaf in plan.leaves if leaf.window for total in leaf.inputs for part, _ in total.parts}
    return frame.filter(pl.col("partial").is_in(sorted(wanted)))


def _spans(looked: Looked) -> list[tuple[dt.date, dt.date]]:
    """The days on which there may be something to say."""
    spans: list[tuple[dt.date, dt.date]] = []
    for source, (first, final) in looked.delivered.items():
        missed = looked.gaps.get(source, ())
        spans.extend(zip((first, *(high for _, high in missed)), (*(low - DAY for low, _ in missed), final),
                         strict=True))
    return spans


@dataclass(frozen=True, slots=True)
class _Run:
    """What stays the same over the blocks of one cut and grain."""

    plan: Plan
    daily: Daily
    frame: pl.DataFrame  # states merged to the periods of the grain
    runs: Runs
    grain: Grain
    work: Work
    looked: Looked
    dimensions: tuple[str, ...]
    total: _Run | None = None  # of what cannot be cut, for composites that take it at the total


def _total(run: _Run, states: States, days: tuple[dt.date, dt.date] | None, names: frozenset[str]) -> _Run:
    """The same grain at the total, for the children of these names."""
    whole = daily(run.plan, states, (), days)
    frame = whole.frame if run.grain == "day" else merge(
        whole.frame, run.plan, run.grain, CODED, CODED, run.plan.project.calendar).rename({"period": "day"})
    runs = Runs(run.plan, _windowed(run.plan, whole.frame), 1)
    return replace(run, daily=whole, frame=without_texts(frame, run.plan), runs=runs, work=work_for(run.plan, names))


def _evaluate_grain(run: _Run, listed: Sequence[dt.date], since: dt.date) -> Iterator[pl.DataFrame]:
    at_once = max(CELLS_AT_ONCE // (run.work.width + _window_width(run, listed[-1])), 1)
    slices = list(run.daily.slices)
    part = len(slices) if run.work.pooled else min(len(slices), at_once)
    for low in range(0, len(slices), max(part, 1)):
        chosen = tuple(slices[low:low + part])
        here = run.frame
        if part < len(slices):
            here = here.filter(pl.col("d0").is_between(low, low + part, closed="left"))
        each = max(at_once // len(chosen), 1)
        shown_before: Shown | None = None
        carrying, carrying_total = Carrying(len(chosen)), Carrying(1)
        for first in range(0, len(listed), each):
            grid = Grid(run.daily.cut, tuple(listed[first:first + each]), chosen)
            carrying.begin([last(period, run.grain) for period in grid.periods])
            totals: Mapping[str, Gift] = {}
            if run.total is not None:
                carrying_total.begin([last(period, run.grain) for period in grid.periods])
                totals = _gifts(run.total, grid, carrying_total)
            field = _evaluate_block(run, here, grid, low, carrying, totals)
            shown = show(field, list(run.work.shown), shown_before)
            shown_before = shown
            yield shown.table(run.dimensions, since)


def _window_width(run: _Run, period: dt.date) -> int:
    """How many numbers a point takes for the states of the longest window."""
    grid = Grid((), (period,), ((),))
    looked = [view(window, grid, run.grain, run.plan.project.calendar).days[0] for window in run.work.windows if window]
    return STATE_WIDTH * run.runs.rows(max(((high - low).days for low, high in looked), default=0))


def _gifts(run: _Run, grid: Grid, carrying: Carrying) -> Mapping[str, Gift]:
    """What some nodes give at the total, at the points of a grid."""
    whole = Grid((), grid.periods, ((),))
    tree = _evaluate_block(run, run.frame, whole, 0, carrying, {}).tree
    return {run.work.nodes[row].indicator.id: gift(tree.fed, row, tree).spread(len(grid.slices))
            for row in run.work.shown}


def _evaluate_block(run: _Run, here: pl.DataFrame, grid: Grid, low: int, carrying: Carrying,
                    totals: Mapping[str, Gift]) -> Field:
    plan, work = run.plan, run.work
    views = [view(window, grid, run.grain, plan.project.calendar) for window in work.windows]
    known = {each.window: each.known(run.daily) for each in views}
    finished = Finished.missing(len(work.leaves), grid.points)
    for each in views:
        rows = [row for row, leaf in enumerate(work.leaves) if plan.leaves[leaf].window == each.window]
        if rows:
            merged = _by_place(here, grid) if not each.window else \
                run.runs.between(each.days, low, low + len(grid.slices))
            finished.put(rows, _finish(run, _within(merged, grid, low), each, rows, known[each.window]))
    places = {leaf: row for row, leaf in enumerate(work.leaves)}
    dated = dating(views, grid)
    sights = {each.window: Sight(known[each.window], each.first()) for each in views}
    tree = climb(work.nodes, places, finished, grid.pools(plan.within), sights, lambda series: dated(series, "value"),
                 carrying, totals)
    return Field(plan, work.nodes, tree, finished, places, grid, run.grain, dated)


def _by_place(frame: pl.DataFrame, grid: Grid) -> pl.DataFrame:
    """The states of the periods of a grid, each by its place there, `period`."""
    days = pl.DataFrame({"day": pl.Series(grid.periods, dtype=pl.Date)}).with_row_index("period")
    return frame.join(days, on="day")


def _finish(run: _Run, states: pl.DataFrame, seen: View, rows: Sequence[int], known: Flags) -> Finished:
    """The leaves in some rows of the work, which look at the same days."""
    plan, leaves = run.plan, [run.plan.leaves[run.work.leaves[row]] for row in rows]
    sources = {source for leaf in leaves for source in leaf.sources}
    opened = {source: known & seen.open(run.daily, run.looked, source) for source in sources}
    short = {source: seen.cut_short(run.looked, source) for source in sources}
    bounded = frozenset(place for place, row in enumerate(rows) if row in run.work.bounded)
    block = _block(states, seen.grid, len(plan.partials))
    return finish(leaves, block, opened, bounded, plan.project.confidence, short)


def _within(rows: pl.DataFrame, grid: Grid, first: int) -> pl.DataFrame:
    """Merged states by the number of their `period`, with `point`, sorted; the slices begin with number `first`."""
    point = pl.col("period").cast(pl.Int64) * len(grid.slices) + pl.col("d0").cast(pl.Int64) - first
    rows = rows.with_columns(point.alias("point"))
    place = (pl.col("partial").cast(pl.Int64) * grid.points + pl.col("point")).alias("place")
    rows = rows.select("partial", "point", "key", "value", "text", place)
    return rows.sort("place", "key") if rows["key"].null_count() < rows.height else rows.sort("place")


def _block(rows: pl.DataFrame, grid: Grid, partials: int) -> Block:
    high = rows["value"].cast(pl.Float64)
    low = np.zeros(rows.height)
    if rows.height and float(np.abs(high.to_numpy()).max()) > WHOLE:
        whole = high.cast(pl.Int128)
        low = (rows["value"].cast(pl.Int128) - whole).cast(pl.Float64).to_numpy()
    starts = np.searchsorted(rows["partial"].to_numpy(), np.arange(partials + 1))
    return Block(grid.points, rows["point"].to_numpy(), rows["key"].cast(pl.Float64).to_numpy(), high.to_numpy(), low,
                 _coded_texts(rows["text"]), starts)


def _coded_texts(texts: pl.Series) -> NDArray[np.int64]:
    """A number for each text, the same for the same text, 0 for none."""
    if texts.null_count() == len(texts):
        return np.zeros(len(texts), np.int64)
    return texts.rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
