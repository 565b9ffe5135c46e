"""The leaves of a grid of points, whole and with each group of units left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from cxmetrics.evaluate.asked import Asked
from cxmetrics.evaluate.block import Block
from cxmetrics.evaluate.bounding import bound
from cxmetrics.evaluate.clustered_quantiles import Shares
from cxmetrics.evaluate.clusters import cluster, is_exact, spread
from cxmetrics.evaluate.finish import finish
from cxmetrics.evaluate.finished import Finished
from cxmetrics.evaluate.intervals import FIGURES
from cxmetrics.evaluate.linear import asked_of, estimates
from cxmetrics.evaluate.paired import Estimates
from cxmetrics.evaluate.points import Grid
from cxmetrics.evaluate.replicates import Sample, by_group, stacked
from cxmetrics.evaluate.sliced import Periods, Sliced
from cxmetrics.evaluate.spreads import added
from cxmetrics.evaluate.sums import BY_TEXT, Sums
from cxmetrics.evaluate.unit_states import Units
from cxmetrics.evaluate.units import Sampled
from cxmetrics.evaluate.views import Looked, View
from cxmetrics.evaluate.weighted_quantiles import QUANTILES
from cxmetrics.evaluate.work import Work
from cxmetrics.ir import Grain
from cxmetrics.plan import Leaf, Plan, leaves_of
from cxmetrics.statistics import jackknife
from cxmetrics.statistics.arrays import Array, Flags, crossing, quiet
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
        """The values of the leaves asked for at the points of all replicates; whole, where nothing is left out of any.

        From it those of which several rows may tell of one have their evidence too.
        """
        some, slices = self.finished.at(asked.leaves, asked.points), len(asked.slices)
        value = stacked(some.value, groups, slices)
        for drawn in self.drawn:
            rows = [row for row in asked.leaves if row in drawn.rows and self._is_drawn(row)]
            if not rows:
                continue
            sample = drawn.sample(self.plan, asked)
            left = sample.without([drawn.rows[row] for row in rows])
            places = [asked.leaves.index(row) for row in rows]
            self._place_quantiles(drawn, rows, sample, asked, left.value)
            value[places] = np.where(np.isnan(value[places]), np.nan, left.value)
            for place, row, without in zip(places, rows, left.n, strict=True):
                if self._is_clustered(row) and drawn.rows[row].function not in QUANTILES:
                    done = self.finished.at([row], asked.points)
                    self._cluster(drawn.rows[row], done, sample, value[place], without)
                    self.finished.put_at([row], asked.points, done)
        lost = np.isnan(by_group(value, groups, slices)).any(axis=-2).reshape(some.value.shape)
        self.unsure[crossing(asked.leaves, asked.points)] |= lost & ~np.isnan(some.value)
        unknown = np.full(value.shape, np.nan)
        return Finished(value, unknown, unknown, unknown, unknown, unknown, unknown,
                        stacked(some.short, groups, slices))

    def _place_quantiles(self, drawn: Drawn, rows: Sequence[int], sample: Sample, asked: Asked, left: Array) -> None:
        """Put what quantiles come to without each group into their places of `left`, and give them their evidence."""
        for place, row in enumerate(rows):
            leaf = drawn.rows[row]
            if leaf.function in QUANTILES and leaf.units:
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

    @quiet
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
    """The states of leaves that look through one window: `sums` of all rows, and `units`.

    `rows`: row of `Work.leaves` → the leaf; `texts`: whose states those of the sums' block are.
    """

    rows: Mapping[int, Leaf]
    sums: Sums
    texts: pl.Series
    units: Units

    def sample(self, plan: Plan, asked: Asked) -> Sample:
        """Those at the points asked for."""
        return Sample(plan, self.sums, self.texts, self.units, asked.points, len(asked.slices))


@dataclass(frozen=True, slots=True)
class LeafReader:
    """Reads leaves out of the states of one cut and grain."""

    plan: Plan
    sliced: Sliced
    periods: Periods  # of the grain
    work: Work
    grain: Grain
    looked: Looked

    @property
    def groups(self) -> int:
        """How many groups of units are left out one at a time."""
        return self.work.groups

    def leaves(self, grid: Grid, low: int, views: Sequence[View], known: Mapping[Window, Flags]) -> Leaves:
        """The leaves at a grid, whose slices begin with number `low` of the cut's."""
        finished, drawn = list[tuple[list[int], Finished]](), list[Drawn]()
        surveys: dict[Window, Estimates] = {}
        for each in views:
            rows = [row for row, leaf in enumerate(self.work.leaves) if self.plan.leaves[leaf].window == each.window]
            if rows:
                done, states, found = self._seen(grid, low, each, rows, known[each.window])
                finished.append((rows, done))
                drawn.append(states)
                if found is not None:
                    surveys[each.window] = found
        every = Finished.together(finished, len(self.work.leaves), grid.points)
        return Leaves(self.plan, self.work, every, self._unsure(every), tuple(drawn), surveys)

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
        plain, units = self._states(seen, grid, low, after if not exact else None)
        block = Block.of(plain, grid.points, len(plan.partials))
        sums = Sums(leaves, block)
        done = finish(leaves, sums)
        bound(leaves, frozenset(bounded), sums, done, plan.project.confidence)
        self._close(leaves, done, seen, known)
        drawn = Drawn(dict(zip(rows, leaves, strict=True)), sums, plain["text"], units)
        if not exact:
            return done, drawn, None
        asked = asked_of(formulas.values(), places, done.n, self.work.least)
        sampled = self._sampled(units, [leaves[place] for place in exact], len(grid.slices), asked)
        cluster(leaves, alone, sampled, plan, block, done)
        return done, drawn, estimates(formulas, places, leaves, sampled, done)

    def _unsure(self, finished: Finished) -> Flags:
        """Where nothing is left out of leaves that are not known exactly."""
        certain = [bool(leaf.units) or leaf.function in (*BY_TEXT, *FIGURES) or leaf.at_one_moment(self.plan.partials)
                   for leaf in map(self.plan.leaves.__getitem__, self.work.leaves)]
        whole = np.array([self.plan.leaves[leaf].function == "sampled_distinct" for leaf in self.work.leaves], np.bool_)
        known = np.array(certain, np.bool_)[:, None] | (whole[:, None] & np.isnan(finished.error))
        return np.asarray(~np.isnan(finished.value) & ~known, np.bool_)

    def _states(self, seen: View, grid: Grid, low: int, after: int | None) -> tuple[pl.DataFrame, Units]:
        """The merged states of the slices from `low` on, placed at the grid, and those by units.

        Of a survey all units count, in whatever slice: then `after`, which slices are not of the grid, is None.
        """
        here = pl.col("d0").is_between(low, low + len(grid.slices), closed="left")
        if seen.window:
            slices = (0, len(self.sliced.daily.slices)) if after is None else (low, after)
            rows, apart = self.sliced.runs.between(seen.days, *slices), pl.col("partial").is_in(list(self.plan.twins))
            units = Units.of(rows.filter(apart), self.sliced.units.roll, grid, low)
            return _placed(rows.filter(here & ~apart), grid, low), units
        days = pl.DataFrame({"day": pl.Series(grid.periods, dtype=pl.Date)}).with_row_index("period")
        rows = self.periods.between(grid.periods[0], grid.periods[-1]).join(days, on="day")
        return _placed(rows.filter(here), grid, low), self.sliced.units.at(grid, low, self.grain)

    def _sampled(self, units: Units, leaves: Sequence[Leaf], slices: int, asked: Flags) -> Sampled:
        """The units behind some leaves."""
        present = {source: {part for leaf in leaves for part in leaf.present
                            if self.plan.partials[part].source == source}
                   for source in {source for leaf in leaves for source in leaf.sources}}
        return Sampled.of(units, present, slices, asked)

    def _close(self, leaves: Sequence[Leaf], done: Finished, seen: View, known: Flags) -> None:
        """Make leaves missing where no source of theirs has delivered and can make the slice, or rows lack weights."""
        sources = {source for leaf in leaves for source in leaf.sources}
        opened = {source: known & seen.open(self.sliced.daily, self.looked, source) for source in sources}
        short = {source: seen.cut_short(self.looked, source) for source in sources}
        alike: dict[tuple[tuple[str, ...], frozenset[str]], list[int]] = {}
        for index, leaf in enumerate(leaves):
            alike.setdefault((leaf.sources, self.plan.raked_in(leaf)), []).append(index)
        for (own, raked), rows in alike.items():
            closed = ~np.logical_or.reduce([opened[source] for source in own])
            unknown = np.logical_or.reduce([closed, *(seen.unweighted(self.looked, source) for source in raked)])
            if unknown.any():  # nearly never
                for matrix in (done.value, done.low, done.high, done.error):
                    matrix[np.ix_(rows, unknown)] = np.nan
                for matrix in (done.n, done.effective):
                    matrix[np.ix_(rows, closed)] = 0
            done.short[rows] = np.logical_or.reduce([short[source] for source in own])


def _point(grid: Grid, first: int) -> pl.Expr:
    return pl.col("period").cast(pl.Int64) * len(grid.slices) + pl.col("d0").cast(pl.Int64) - first


def _placed(rows: pl.DataFrame, grid: Grid, first: int) -> pl.DataFrame:
    """Merged states by the number of their `period`, with `point`, sorted; the slices begin with number `first`."""
    rows = rows.with_columns(_point(grid, first).alias("point"))
    place = (pl.col("partial").cast(pl.Int64) * grid.points + pl.col("point")).alias("place")
    rows = rows.select("partial", "point", "key", "value", "text", place)
    return rows.sort("place", "key") if rows["key"].null_count() < rows.height else rows.sort("place")
