"""From states to values: merged to every grain and cut, the tree evaluated, evidence attached.

Raw rows roll up, never averages: each period and slice is evaluated from its own merged states.  Points are
evaluated in blocks, so that memory is bounded; a block never parts the slices that are scored against each other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from cxmetrics.evaluate.finish import Block, finish
from cxmetrics.evaluate.points import DAY, Grid, Slice, before, last, periods, start
from cxmetrics.evaluate.show import Shown, columns, show
from cxmetrics.evaluate.tree import climb, lone_leaf
from cxmetrics.ir import GRAINS, Grain, Pooled
from cxmetrics.plan import Days, Node, Plan, leaves_of
from cxmetrics.states import merge, names, schema
from cxmetrics.statistics.arrays import Flags

States = Mapping[str, Mapping[tuple[str, ...], pl.DataFrame]]
"""Source → family → frame of states."""
Delivered = Mapping[str, tuple[dt.date, dt.date]]
"""Source → first and last day with rows read."""
Gaps = Mapping[str, Sequence[Days]]
"""Source → days between these (half-open intervals) that nobody has looked at."""

CELLS_AT_ONCE = 20_000_000  # numbers held for a block of points
LONGEST = 40_000  # days: of a source that says it delivered for longer, only days with rows are evaluated
WHOLE = 2**53  # integers up to here are float64s


def evaluate(plan: Plan, states: States, delivered: Delivered, between: Days | None = None,
             gaps: Gaps | None = None) -> pl.DataFrame:
    """The table `values`: one row an indicator, grain, period and slice; see `show.columns` for its columns.

    `between` (half-open days) limits the periods to those it touches; states must then hold all days of these and of
    the period before the first, for `change`.  A slice has rows from the first day of states that names it: so that
    a later day evaluated by itself gives the same rows, states must reach back to where the data begin.
    Sources that have delivered in a period but have no rows there count 0; others are missing, and so are periods
    that lie in one of their `gaps`.
    """
    dimensions = tuple(dict.fromkeys(name for cut in cuts(plan) for name in cut))
    looked = (delivered, gaps or {})
    parts = [part for cut in cuts(plan) for part in _evaluate_cut(plan, states, looked, between, cut, dimensions)]
    return pl.concat(parts) if parts else pl.DataFrame(schema=columns(dimensions))


def cuts(plan: Plan) -> tuple[tuple[str, ...], ...]:
    """Every cut that some indicator is shown in, the total first; the order of dimensions makes no difference."""
    found: dict[frozenset[str], tuple[str, ...]] = {frozenset(): ()}
    for node in plan.nodes.values():
        for cut in _cuts_of(plan, node):
            found.setdefault(frozenset(cut), cut)
    return tuple(found.values())


def _cuts_of(plan: Plan, node: Node) -> tuple[tuple[str, ...], ...]:
    given = node.indicator.cuts
    return plan.project.cuts if given is None else given


def _is_shown(plan: Plan, node: Node, grain: Grain, cut: tuple[str, ...]) -> bool:
    grains = plan.project.grains if node.indicator.grains is None else node.indicator.grains
    return not node.hidden and grain in grains and (not cut or frozenset(cut) in map(frozenset, _cuts_of(plan, node)))


@dataclass(frozen=True, slots=True)
class _Work:
    """The part of a plan that one grain and cut need: nodes shown, and all that these depend on."""

    nodes: tuple[Node, ...]
    shown: tuple[int, ...]  # rows of `nodes`
    leaves: tuple[int, ...]  # index into Plan.leaves
    bounded: frozenset[int]  # index into `leaves`: those whose interval is shown

    @property
    def width(self) -> int:
        """How many numbers a point takes."""
        return 10 * len(self.leaves) + 12 * len(self.nodes)

    @property
    def pooled(self) -> bool:
        """Whether slices are scored against each other."""
        return any(isinstance(node.indicator.score, Pooled) for node in self.nodes)


def _work(plan: Plan, grain: Grain, cut: tuple[str, ...]) -> _Work:
    shown = {name for name, node in plan.nodes.items() if _is_shown(plan, node, grain, cut)}
    needed = set(shown)
    for name, node in reversed(list(plan.nodes.items())):
        if name in needed:
            needed.update(node.below)
    nodes = tuple(node for name, node in plan.nodes.items() if name in needed)
    rows = tuple(row for row, node in enumerate(nodes) if node.indicator.id in shown)
    leaves = tuple(dict.fromkeys(leaf for node in nodes for leaf in leaves_of(node.formula)))
    alone = {lone[0] for row in rows if (lone := lone_leaf(nodes[row].formula))}
    return _Work(nodes, rows, leaves, frozenset(i for i, leaf in enumerate(leaves) if leaf in alone))


# --- states of a cut ---------------------------------------------------------------------------------------------


_CODED = ("slice",)  # a cut as a family of one dimension: the slice's place in the list of slices


@dataclass(frozen=True, slots=True)
class _Cut:
    """The states of all sources merged to the days of a cut, with slices coded by their place in `slices`."""

    cut: tuple[str, ...]
    daily: pl.DataFrame
    able: frozenset[str]  # sources that can make it
    slices: Mapping[Slice, dt.date]  # since when each slice is known, in order


def _merge_cut(plan: Plan, states: States, cut: tuple[str, ...], days: tuple[dt.date, dt.date] | None) -> _Cut:
    """The states of a cut; `days`: the first and the last that matter, or None for all."""
    able = {source for source, families in states.items() if any(set(cut) <= set(family) for family in families)}
    frames = [frame for families in states.values() for frame in _narrowest(families, cut)]
    slices = _slices(frames, cut)
    dims = names(len(cut))
    places = pl.DataFrame(list(slices), schema=dict.fromkeys(dims, pl.String), orient="row").with_row_index("slice")
    parts = [_coded(frame if days is None else frame.filter(pl.col("day").is_between(*days)), places, dims)
             for frame in frames]
    rows = pl.concat(parts) if parts else _coded(pl.DataFrame(schema=schema(len(cut))), places, dims)
    daily = merge(rows, plan, "day", _CODED, _CODED).rename({"period": "day"})
    return _Cut(cut, daily, frozenset(able if cut else plan.sources), slices)


def _narrowest(families: Mapping[tuple[str, ...], pl.DataFrame], cut: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    """Each partial's states in the smallest family that makes the cut, with the cut's dimensions only."""
    taken = pl.Series("partial", [], dtype=pl.UInt32)
    fitting = [family for family in families if set(cut) <= set(family)]
    for family in sorted(fitting, key=lambda family: (families[family].height, family)):
        dims = [pl.col(f"d{family.index(name)}").alias(f"d{i}") for i, name in enumerate(cut)]
        frame = families[family].filter(~pl.col("partial").is_in(taken.implode()))
        taken = pl.concat([taken, frame["partial"].unique()])
        yield frame.select("partial", "day", *dims, "key", "value")


def _slices(frames: Sequence[pl.DataFrame], cut: tuple[str, ...]) -> Mapping[Slice, dt.date]:
    if not cut:
        return {(): dt.date.min}
    if not frames:
        return {}
    dims = names(len(cut))
    known = pl.concat([frame.group_by(dims).agg(pl.col("day").min()) for frame in frames])
    return {tuple(row[:-1]): row[-1] for row in known.group_by(dims).agg(pl.col("day").min()).sort(dims).iter_rows()}


def _coded(frame: pl.DataFrame, places: pl.DataFrame, dims: Sequence[str]) -> pl.DataFrame:
    coded = frame.join(places, on=dims) if dims else frame.with_columns(pl.lit(0, pl.UInt32).alias("slice"))
    return coded.select("partial", "day", pl.col("slice").cast(pl.UInt32).alias("d0"), "key", "value")


# --- one cut, grain by grain and block by block ------------------------------------------------------------------


def _evaluate_cut(plan: Plan, states: States, looked: tuple[Delivered, Gaps], between: Days | None,
                  cut: tuple[str, ...],
                  dimensions: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    works = {grain: work for grain in GRAINS if (work := _work(plan, grain, cut)).shown}
    week_start = plan.project.week_start
    spans = _spans(states, *looked)
    wanted = {grain: periods(spans, grain, week_start, between) for grain in works}
    leads = {grain: before(found[0], grain, week_start) for grain, found in wanted.items() if found}
    if not leads:
        return
    days = (min(lead or dt.date.min for lead in leads.values()),
            max(last(wanted[grain][-1], grain) for grain in leads))
    merged = _merge_cut(plan, states, cut, None if between is None else days)
    coarse = {"quarter": "month", "year": "month"}
    frames: dict[str, pl.DataFrame] = {"day": merged.daily}
    for grain, earlier in leads.items():
        finer = frames.get(coarse.get(grain, ""), merged.daily)
        if grain != "day":
            frames[grain] = merge(finer, plan, grain, _CODED, _CODED, week_start).rename({"period": "day"})
        # The period before the first is evaluated too, for the change from it, and not shown.
        lead = earlier if between is not None and _touches(spans, earlier, grain) else None
        run = _Run(plan, merged, grain, works[grain], *looked, dimensions)
        yield from _evaluate_grain(run, frames[grain], wanted[grain], lead)


def _spans(states: States, delivered: Delivered, gaps: Gaps) -> list[tuple[dt.date, dt.date]]:
    """The days on which there may be something to say."""
    spans: list[tuple[dt.date, dt.date]] = []
    for source, (first, final) in delivered.items():
        if (final - first).days <= LONGEST:
            missed = gaps.get(source, ())
            spans.extend(zip((first, *(high for _, high in missed)), (*(low - DAY for low, _ in missed), final),
                             strict=True))
            continue
        for frame in states.get(source, {}).values():
            spans.extend((day, day) for day in frame["day"].unique())
    return spans


def _touches(spans: Sequence[tuple[dt.date, dt.date]], first: dt.date | None, grain: Grain) -> bool:
    return first is not None and any(low <= last(first, grain) and first <= high for low, high in spans)


@dataclass(frozen=True, slots=True)
class _Run:
    """What stays the same over the blocks of one cut and grain."""

    plan: Plan
    merged: _Cut
    grain: Grain
    work: _Work
    delivered: Delivered
    gaps: Gaps
    dimensions: tuple[str, ...]


def _evaluate_grain(run: _Run, frame: pl.DataFrame, wanted: Sequence[dt.date],
                    lead: dt.date | None) -> Iterator[pl.DataFrame]:
    at_once = max(CELLS_AT_ONCE // run.work.width, 1)
    slices = list(run.merged.slices)
    part = len(slices) if run.work.pooled else min(len(slices), at_once)
    listed = wanted if lead is None else [lead, *wanted]
    for low in range(0, len(slices), max(part, 1)):
        chosen = tuple(slices[low:low + part])
        here = frame.filter(pl.col("d0").is_between(low, low + part, closed="left")) if part < len(slices) else frame
        each = max(at_once // len(chosen), 1)
        shown_before: Shown | None = None
        for first in range(0, len(listed), each):
            grid = Grid(run.merged.cut, tuple(listed[first:first + each]), chosen)
            shown = _evaluate_block(run, _within(here, grid, low), grid, shown_before)
            shown_before = shown
            yield shown.table(run.dimensions, None if lead is None or first else lead)


def _evaluate_block(run: _Run, frame: pl.DataFrame, grid: Grid, shown_before: Shown | None) -> Shown:
    plan, work = run.plan, run.work
    block = _block(frame, grid, len(plan.partials))
    leaves = [plan.leaves[i] for i in work.leaves]
    known = _known(run, grid)
    opened = {source: known & _open(run, grid, source) for source in
              {source for leaf in leaves for source in leaf.sources}}
    finished = finish(leaves, block, opened, work.bounded, plan.project.confidence)
    rows = {leaf: row for row, leaf in enumerate(work.leaves)}
    tree = climb(work.nodes, rows, finished, grid.pools(plan.within), known)
    return show(plan, run.grain, [work.nodes[row] for row in work.shown], list(work.shown), tree, grid, shown_before)


def _known(run: _Run, grid: Grid) -> Flags:
    """The points from the period on whose rows first name the slice: before it, there is no such slice."""
    week_start = run.plan.project.week_start
    since = np.array([start(run.merged.slices[cell], run.grain, week_start).toordinal() for cell in grid.slices])
    days = np.array([day.toordinal() for day in grid.periods])
    return np.asarray((days[:, None] >= since).ravel(), np.bool_)


def _open(run: _Run, grid: Grid, source: str) -> Flags:
    """The points where a source has delivered and can make the slice: no rows there are 0 rows."""
    if source not in run.merged.able or source not in run.delivered:
        return np.zeros(grid.points, np.bool_)
    first, final = run.delivered[source]
    given = np.array([_looked_at(run, source, max(day, first), min(last(day, run.grain), final))
                      for day in grid.periods])
    return np.repeat(given, len(grid.slices))


def _looked_at(run: _Run, source: str, first: dt.date, final: dt.date) -> bool:
    """Whether there are such days, and they are not all in a gap."""
    return first <= final and not any(low <= first and final < high for low, high in run.gaps.get(source, ()))


def _within(frame: pl.DataFrame, grid: Grid, first: int) -> pl.DataFrame:
    """The merged states at the points of a grid whose slices begin with number `first`, with `point`, sorted."""
    days = pl.DataFrame({"day": pl.Series(grid.periods, dtype=pl.Date)}).with_row_index("period")
    point = pl.col("period").cast(pl.Int64) * len(grid.slices) + pl.col("d0").cast(pl.Int64) - first
    rows = frame.join(days, on="day").with_columns(point.alias("point"))
    place = (pl.col("partial").cast(pl.Int64) * grid.points + pl.col("point")).alias("place")
    rows = rows.select("partial", "point", "key", "value", place)
    return rows.sort("place", "key") if rows["key"].null_count() < rows.height else rows.sort("place")


def _block(rows: pl.DataFrame, grid: Grid, partials: int) -> Block:
    high = rows["value"].cast(pl.Float64)
    low = np.zeros(rows.height)
    if rows.height and float(np.abs(high.to_numpy()).max()) > WHOLE:
        whole = high.cast(pl.Int128)
        low = (rows["value"].cast(pl.Int128) - whole).cast(pl.Float64).to_numpy()
    starts = np.searchsorted(rows["partial"].to_numpy(), np.arange(partials + 1))
    return Block(grid.points, rows["point"].to_numpy(), rows["key"].cast(pl.Float64).to_numpy(), high.to_numpy(), low,
                 starts)
