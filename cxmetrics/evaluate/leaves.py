"""The leaves of a grid of points, whole and with each group of units left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from cxmetrics.evaluate.asked import Asked
from cxmetrics.evaluate.block import Block, numbered
from cxmetrics.evaluate.bounding import bound
from cxmetrics.evaluate.clustered_quantiles import Shares
from cxmetrics.evaluate.clusters import cluster, is_exact, spread
from cxmetrics.evaluate.finish import finish
from cxmetrics.evaluate.finished import Finished
from cxmetrics.evaluate.intervals import FIGURES
from cxmetrics.evaluate.linear import estimates
from cxmetrics.evaluate.paired import Estimates
from cxmetrics.evaluate.points import Grid
from cxmetrics.evaluate.replicates import Sample, by_group, stacked, with_groups
from cxmetrics.evaluate.roll import Roll
from cxmetrics.evaluate.sliced import Periods, Sliced
from cxmetrics.evaluate.spreads import added
from cxmetrics.evaluate.sums import BY_TEXT, Sums
from cxmetrics.evaluate.units import Sampled
from cxmetrics.evaluate.views import Looked, View
from cxmetrics.evaluate.work import Work
from cxmetrics.ir import Grain
from cxmetrics.plan import Leaf, Plan, leaves_of
from cxmetrics.statistics import jackknife
from cxmetrics.statistics.arrays import Array, Flags, crossing
from cxmetrics.windows import Window


@dataclass(frozen=True, slots=True)
class Leaves:
    """Leaves at the points of a grid; `unsure` [leaves, points]: where leaving out cannot tell how sure a value is.

    `drawn`: what they are finished from, by the window that they look through.
    """

    plan: Plan
    work: Work
    finished: Finished
    unsure: Flags
    drawn: tuple[Drawn, ...]
    surveys: Mapping[Window, Estimates]  # by what they look through: of nodes that are formulas over one survey

    def without(self, asked: Asked, groups: int) -> Finished:
        """What the leaves asked for come to at the points of all replicates; whole, where nothing is left out of any.

        From it those of which several rows may tell of one have their evidence too.
        """
        some, slices = self.finished.at(asked.leaves, asked.points), len(asked.slices)
        value, n, effective = (stacked(each, groups, slices) for each in (some.value, some.n, some.effective))
        for drawn in self.drawn:
            rows = [row for row in asked.leaves if row in drawn.rows and self._is_drawn(row)]
            if not rows:
                continue
            sample = drawn.sample(self.plan, rows, asked, self.work.least)
            left = sample.without([drawn.rows[row] for row in rows])
            places = [asked.leaves.index(row) for row in rows]
            self._place_quantiles(drawn, rows, sample, asked, left.value)
            value[places] = np.where(np.isnan(value[places]), np.nan, left.value)
            for place, row, without in zip(places, rows, left.n, strict=True):
                if self._is_clustered(row) and drawn.rows[row].function != "quantile":
                    done = self.finished.at([row], asked.points)
                    self._cluster(drawn.rows[row], done, sample, value[place], without)
                    self.finished.put_at([row], asked.points, done)
        lost = np.isnan(by_group(value, groups, slices)).any(axis=-2).reshape(some.value.shape)
        self.unsure[crossing(asked.leaves, asked.points)] |= lost & ~np.isnan(some.value)
        unknown = np.full(value.shape, np.nan)
        return Finished(value, n, unknown, unknown, unknown, unknown, effective,
                        stacked(some.short, groups, slices))

    def _place_quantiles(self, drawn: Drawn, rows: Sequence[int], sample: Sample, asked: Asked, left: Array) -> None:
        """Put what quantiles come to without each group into their places of `left`, and give them their evidence."""
        for place, row in enumerate(rows):
            leaf = drawn.rows[row]
            if leaf.function == "quantile" and leaf.units:
                done = self.finished.at([row], asked.points)
                shares = Shares.of(leaf, sample, done.value[0], done.n[0], self.plan.project.confidence)
                left[place] = shares.without(done.value[0], sample.slices)
                if self._is_clustered(row):
                    shares.spread(0, done)
                    self.finished.put_at([row], asked.points, done)

    def _is_drawn(self, row: int) -> bool:
        leaf = self.plan.leaves[self.work.leaves[row]]
        return bool(leaf.units) or leaf.function in BY_TEXT

    def _is_clustered(self, row: int) -> bool:
        """Whether the interval is shown, and the rows are about somebody whose states are in groups."""
        leaf = self.plan.leaves[self.work.leaves[row]]
        return row in self.work.bounded and bool(leaf.units) and (
            leaf.is_about_somebody(self.plan.sources)) and not is_exact(leaf, self.plan)

    def _cluster(self, leaf: Leaf, done: Finished, sample: Sample, without: Array, n: Array) -> None:
        """Give a leaf, the only row of `done`, the evidence of its groups of units."""
        groups, confidence = sample.groups, self.plan.project.confidence
        off = by_group(without, groups, sample.slices) - done.value.reshape(-1, 1, sample.slices)
        error = np.nan_to_num(jackknife.error(added(off**2, 1).ravel(), groups))
        less = by_group(n, groups, sample.slices) != done.n.reshape(-1, 1, sample.slices)
        seen = less.sum(axis=1).ravel().astype(np.float64)
        units = np.where(seen < groups, seen, np.inf)
        spread(leaf, 0, error, seen - 1, units, confidence, done)


@dataclass(frozen=True, slots=True)
class Drawn:
    """The states of leaves that look through one window: `block` of all rows, `twins` by units in groups.

    `rows`: row of `Work.leaves` → the leaf; `texts`: whose states those of `block` are, by their number in the `roll`.
    """

    rows: Mapping[int, Leaf]
    block: Block
    texts: pl.Series
    roll: Roll
    twins: pl.DataFrame

    def sample(self, plan: Plan, rows: Sequence[int], asked: Asked, least: int) -> Sample:
        """Those of some leaves at the points asked for, which are numbered anew."""
        block, kept = self.block.at(asked.points)
        wanted = sorted({part for row in rows for total in self.rows[row].units for part, _ in total.parts})
        parts = np.array(wanted, np.uint32)
        begins, ends = (self.twins["partial"].search_sorted(each, "left").to_list() for each in (parts, parts + 1))
        twins = pl.concat([self.twins[:0], *(self.twins[first:after] for first, after in zip(
            begins, ends, strict=True))]).select("partial", "point", "key", "value", "group")
        places = numbered(self.block.points, asked.points)
        twins = twins.with_columns(pl.Series("point", places[twins["point"].to_numpy()])).filter(pl.col("point") >= 0)
        return Sample(plan, block, self.texts.filter(kept), self.roll, twins, len(asked.slices), least)


@dataclass(frozen=True, slots=True)
class LeafReader:
    """Reads leaves out of the states of one cut and grain."""

    plan: Plan
    sliced: Sliced
    periods: Periods  # of the grain
    work: Work
    grain: Grain
    looked: Looked
    roll: Roll

    @property
    def groups(self) -> int:
        """How many groups of units are left out one at a time."""
        return self.work.groups

    def leaves(self, grid: Grid, low: int, views: Sequence[View], known: Mapping[Window, Flags]) -> Leaves:
        """The leaves at a grid, whose slices begin with number `low` of the cut's."""
        finished, drawn = Finished.missing(len(self.work.leaves), grid.points), list[Drawn]()
        surveys: dict[Window, Estimates] = {}
        for each in views:
            rows = [row for row, leaf in enumerate(self.work.leaves) if self.plan.leaves[leaf].window == each.window]
            if rows:
                done, states, found = self._seen(grid, low, each, rows, known[each.window])
                finished.put(rows, done)
                drawn.append(states)
                if found is not None:
                    surveys[each.window] = found
        return Leaves(self.plan, self.work, finished, self._unsure(finished), tuple(drawn), surveys)

    def _seen(self, grid: Grid, low: int, seen: View, rows: Sequence[int],
              known: Flags) -> tuple[Finished, Drawn, Estimates | None]:
        """The leaves in some rows of the work, which look at the same days, and what they are finished from."""
        plan, leaves = self.plan, [self.plan.leaves[self.work.leaves[row]] for row in rows]
        bounded = [place for place, row in enumerate(rows) if row in self.work.bounded]
        alone = [place for place in bounded if is_exact(leaves[place], plan)]
        places = {self.work.leaves[row]: place for place, row in enumerate(rows)}
        formulas = {row: formula for row, formula in self.work.linear.items() if next(leaves_of(formula)) in places}
        exact = sorted({*alone, *(places[leaf] for formula in formulas.values() for leaf in leaves_of(formula))})
        after = low + len(grid.slices)
        # Of a survey all units count, in whatever slice.
        everyone = self._states(seen, grid, *((0, len(self.sliced.daily.slices)) if exact else (low, after)))
        here = everyone.filter(pl.col("d0").is_between(low, after, closed="left"))
        apart = pl.col("partial").is_in(list(plan.twins))
        plain, twins = _placed(here.filter(~apart), grid, low), self._by_partial(here.filter(apart), grid, low)
        block = Block.of(plain, grid.points, len(plan.partials))
        sums = Sums(leaves, block)
        done = finish(leaves, sums)
        bound(leaves, frozenset(bounded), sums, done, plan.project.confidence)
        self._close(leaves, done, seen, known)
        drawn = Drawn(dict(zip(rows, leaves, strict=True)), block, plain["text"], self.roll, twins)
        if not exact:
            return done, drawn, None
        sampled = self._sampled(twins, everyone, leaves, grid, exact)
        cluster(leaves, alone, sampled, plan, done)
        return done, drawn, estimates(formulas, places, leaves, sampled, done)

    def _unsure(self, finished: Finished) -> Flags:
        """Where nothing is left out of leaves that are not known exactly."""
        certain = [bool(leaf.units) or leaf.function in (*BY_TEXT, *FIGURES) or leaf.at_one_moment(self.plan.partials)
                   for leaf in map(self.plan.leaves.__getitem__, self.work.leaves)]
        return np.asarray(~np.isnan(finished.value) & ~np.array(certain, np.bool_)[:, None], np.bool_)

    def _states(self, seen: View, grid: Grid, low: int, high: int) -> pl.DataFrame:
        """The merged states of the slices [low, high) at least, each by the number of its period in the grid."""
        if seen.window:
            return self.sliced.runs.between(seen.days, low, high)
        days = pl.DataFrame({"day": pl.Series(grid.periods, dtype=pl.Date)}).with_row_index("period")
        return self.periods.between(grid.periods[0], grid.periods[-1]).join(days, on="day")

    def _sampled(self, twins: pl.DataFrame, everyone: pl.DataFrame, leaves: Sequence[Leaf], grid: Grid,
                 exact: Sequence[int]) -> Sampled:
        present = {}
        for source in {source for place in exact for source in leaves[place].sources}:
            parts = [part for place in exact for part in leaves[place].present
                     if self.plan.partials[part].source == source]
            present[source] = everyone.filter(pl.col("partial").is_in(parts)).select("period", "text").unique()
        wanted = {part for place in exact for total in leaves[place].units for part, _ in total.parts}
        return Sampled.of(twins.filter(pl.col("partial").is_in(wanted)), present, self.roll, len(self.plan.partials),
                          len(grid.slices), self.work.least)

    def _by_partial(self, rows: pl.DataFrame, grid: Grid, first: int) -> pl.DataFrame:
        """Merged states by units, with `point` and `group`, sorted by `partial` alone: see `_placed`."""
        rows = rows.select("partial", _point(grid, first).alias("point"), "key", "value", "text").sort("partial")
        return with_groups(rows, self.roll)

    def _close(self, leaves: Sequence[Leaf], done: Finished, seen: View, known: Flags) -> None:
        """Make leaves missing where no source of theirs has delivered and can make the slice, or rows lack weights."""
        sources = {source for leaf in leaves for source in leaf.sources}
        opened = {source: known & seen.open(self.sliced.daily, self.looked, source) for source in sources}
        short = {source: seen.cut_short(self.looked, source) for source in sources}
        for index, leaf in enumerate(leaves):
            closed = ~np.logical_or.reduce([opened[source] for source in leaf.sources])
            unknown = np.logical_or.reduce([closed, *(seen.unweighted(self.looked, source)
                                                      for source in self.plan.raked_in(leaf))])
            for matrix in (done.value, done.low, done.high, done.error):
                matrix[index, unknown] = np.nan
            done.n[index, closed] = done.effective[index, closed] = 0
            done.short[index] = np.logical_or.reduce([short[source] for source in leaf.sources])


def _point(grid: Grid, first: int) -> pl.Expr:
    return pl.col("period").cast(pl.Int64) * len(grid.slices) + pl.col("d0").cast(pl.Int64) - first


def _placed(rows: pl.DataFrame, grid: Grid, first: int) -> pl.DataFrame:
    """Merged states by the number of their `period`, with `point`, sorted; the slices begin with number `first`."""
    rows = rows.with_columns(_point(grid, first).alias("point"))
    place = (pl.col("partial").cast(pl.Int64) * grid.points + pl.col("point")).alias("place")
    rows = rows.select("partial", "point", "key", "value", "text", place)
    return rows.sort("place", "key") if rows["key"].null_count() < rows.height else rows.sort("place")
