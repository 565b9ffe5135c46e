"""The leaves of a grid of points, whole and with each group of units left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from cxmetrics.evaluate.block import Block
from cxmetrics.evaluate.bounding import bound
from cxmetrics.evaluate.clustered_quantiles import spread_quantile
from cxmetrics.evaluate.clusters import Sampled, cluster, is_exact, spread
from cxmetrics.evaluate.finish import finish
from cxmetrics.evaluate.finished import Finished
from cxmetrics.evaluate.intervals import FIGURES
from cxmetrics.evaluate.points import Grid
from cxmetrics.evaluate.replicates import Sample, stacked, with_groups
from cxmetrics.evaluate.sliced import Sliced
from cxmetrics.evaluate.spreads import added
from cxmetrics.evaluate.sums import BY_TEXT, Sums
from cxmetrics.evaluate.views import Looked, View
from cxmetrics.evaluate.work import Work
from cxmetrics.ir import Grain
from cxmetrics.plan import Leaf, Plan
from cxmetrics.statistics import jackknife
from cxmetrics.statistics.arrays import Array, Flags
from cxmetrics.windows import Window


@dataclass(frozen=True, slots=True)
class Leaves:
    """Leaves at the points of a grid; `finished` whole, and what they come to without each group of units.

    `without` [leaves, points of all replicates]: their values; `unsure` [leaves, points]: where leaving out cannot tell
    how sure a value is.
    """

    finished: Finished
    without: Array
    unsure: Flags

    def replicated(self, groups: int, slices: int) -> Finished:
        """The leaves at the points of all replicates; whole, where nothing is left out of any."""
        whole = self.finished
        value, n, effective = (stacked(each, groups, slices) for each in (whole.value, whole.n, whole.effective))
        short = stacked(whole.short, groups, slices)
        return replace(whole, value=self.without if self.without.size else value, n=n, effective=effective, short=short)


@dataclass(frozen=True, slots=True)
class LeafReader:
    """Reads leaves out of the states of one cut and grain."""

    plan: Plan
    sliced: Sliced
    periods: pl.DataFrame  # states merged to the periods of the grain
    work: Work
    grain: Grain
    looked: Looked

    @property
    def groups(self) -> int:
        """How many groups of units are left out one at a time."""
        return self.work.groups

    def leaves(self, grid: Grid, low: int, views: Sequence[View], known: Mapping[Window, Flags]) -> Leaves:
        """The leaves at a grid, whose slices begin with number `low` of the cut's."""
        count, points = len(self.work.leaves), grid.points
        found = Leaves(Finished.missing(count, points), np.full((count, points * self.groups), np.nan),
                       np.zeros((count, points), np.bool_))
        for each in views:
            rows = [row for row, leaf in enumerate(self.work.leaves) if self.plan.leaves[leaf].window == each.window]
            if rows:
                part = self._seen(grid, low, each, rows, known[each.window])
                found.finished.put(rows, part.finished)
                found.without[rows], found.unsure[rows] = part.without, part.unsure
        return found

    def _seen(self, grid: Grid, low: int, seen: View, rows: Sequence[int], known: Flags) -> Leaves:
        """The leaves in some rows of the work, which look at the same days."""
        plan, leaves = self.plan, [self.plan.leaves[self.work.leaves[row]] for row in rows]
        bounded = [place for place, row in enumerate(rows) if row in self.work.bounded]
        exact = [place for place in bounded if is_exact(leaves[place], plan)]
        after = low + len(grid.slices)
        # Of a survey all units count, in whatever slice.
        everyone = self._states(seen, grid, *((0, len(self.sliced.daily.slices)) if exact else (low, after)))
        here = everyone.filter(pl.col("d0").is_between(low, after, closed="left"))
        states = _placed(here, grid, low)
        apart = pl.col("partial").is_in(list(plan.twins))
        plain, twins = states.filter(~apart), states.filter(apart)
        block = Block.of(plain, grid.points, len(plan.partials))
        sums = Sums(leaves, block)
        done = finish(leaves, sums)
        bound(leaves, frozenset(bounded), sums, done, plan.project.confidence)
        self._close(leaves, done, seen, known)
        if exact:
            cluster(leaves, exact, self._sampled(twins, everyone, leaves, grid, exact), plan, done)
        without = stacked(done.value, self.groups, len(grid.slices))
        sampled = [place for place, leaf in enumerate(leaves) if leaf.units or leaf.function in BY_TEXT]
        if self.groups and sampled:
            grouped = with_groups(twins, self.groups)
            sample = Sample(plan, block, plain, grouped, len(grid.slices), self.work.least)
            left = sample.without([leaves[place] for place in sampled], sums, done.n[sampled])
            without[sampled] = np.where(np.isnan(without[sampled]), np.nan, left.value)
            for place, n in zip(sampled, left.n, strict=True):
                if place not in bounded or place in exact or not _is_clustered(leaves[place], plan):
                    continue
                if leaves[place].function == "quantile":
                    spread_quantile(leaves[place], place, sample, plan.project.confidence, done)
                else:
                    self._cluster(leaves[place], place, without[place], n, len(grid.slices), done)
        missed = np.zeros(done.value.shape, np.bool_)
        if self.groups:
            missed |= np.isnan(self._by_group(without, len(grid.slices))).any(axis=-2).reshape(missed.shape)
        return Leaves(done, without, _unsure(leaves, done, missed, plan))

    def _by_group(self, replicated: Array, slices: int) -> Array:
        """Values of replicates as [..., periods, groups, slices]."""
        periods = replicated.shape[-1] // max(self.groups * slices, 1)
        return replicated.reshape(*replicated.shape[:-1], periods, self.groups, slices)

    def _cluster(self, leaf: Leaf, place: int, without: Array, n: Array, slices: int, done: Finished) -> None:
        """Give a leaf the evidence of its groups of units."""
        off = self._by_group(without, slices) - done.value[place].reshape(-1, 1, slices)
        error = np.nan_to_num(jackknife.error(added(off**2, 1).ravel(), self.groups))
        less = self._by_group(n, slices) != done.n[place].reshape(-1, 1, slices)
        seen = less.sum(axis=1).ravel().astype(np.float64)
        units = np.where(seen < self.groups, seen, np.inf)
        spread(leaf, place, error, seen - 1, units, self.plan.project.confidence, done)

    def _states(self, seen: View, grid: Grid, low: int, high: int) -> pl.DataFrame:
        """The merged states of the slices [low, high) at least, each by the number of its period in the grid."""
        if seen.window:
            return self.sliced.runs.between(seen.days, low, high)
        days = pl.DataFrame({"day": pl.Series(grid.periods, dtype=pl.Date)}).with_row_index("period")
        first = self.periods["day"].search_sorted(grid.periods[0], "left")
        after = self.periods["day"].search_sorted(grid.periods[-1], "right")
        return self.periods[first:after].join(days, on="day")

    def _sampled(self, twins: pl.DataFrame, everyone: pl.DataFrame, leaves: Sequence[Leaf], grid: Grid,
                 exact: Sequence[int]) -> Sampled:
        present = {}
        for source in {source for place in exact for source in leaves[place].sources}:
            parts = [part for place in exact for part in leaves[place].present
                     if self.plan.partials[part].source == source]
            present[source] = everyone.filter(pl.col("partial").is_in(parts)).select("period", "text").unique()
        wanted = {part for place in exact for total in leaves[place].units for part, _ in total.parts}
        return Sampled.of(twins.filter(pl.col("partial").is_in(wanted)), present, len(self.plan.partials),
                          len(grid.slices), self.work.least)

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


def _is_clustered(leaf: Leaf, plan: Plan) -> bool:
    """Whether the rows are about somebody."""
    return bool(leaf.units) and leaf.is_about_somebody(plan.sources)


def _unsure(leaves: Sequence[Leaf], done: Finished, lost: Flags, plan: Plan) -> Flags:
    """Where leaves are lost with a group, or nothing is left out of them though they are not known exactly."""
    present = ~np.isnan(done.value)
    found = lost & present
    for index, leaf in enumerate(leaves):
        if not (leaf.units or leaf.function in (*BY_TEXT, *FIGURES) or leaf.ends_last(plan.partials)):
            found[index] = present[index]
    return found


def _placed(rows: pl.DataFrame, grid: Grid, first: int) -> pl.DataFrame:
    """Merged states by the number of their `period`, with `point`, sorted; the slices begin with number `first`."""
    point = pl.col("period").cast(pl.Int64) * len(grid.slices) + pl.col("d0").cast(pl.Int64) - first
    rows = rows.with_columns(point.alias("point"))
    place = (pl.col("partial").cast(pl.Int64) * grid.points + pl.col("point")).alias("place")
    rows = rows.select("partial", "point", "key", "value", "text", place)
    return rows.sort("place", "key") if rows["key"].null_count() < rows.height else rows.sort("place")
