"""Scenes: the tree evaluated at the points of a grid, whole and with each group of units left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from cxmetrics.calendars import last
from cxmetrics.evaluate.bounding import CLOSED
from cxmetrics.evaluate.carrying import Carrying
from cxmetrics.evaluate.changes import Past
from cxmetrics.evaluate.intervals import bound, jackknifed, uncertain_leaf
from cxmetrics.evaluate.leaves import LeafReader, Leaves
from cxmetrics.evaluate.peers import Dated, Field, dating
from cxmetrics.evaluate.points import Grid
from cxmetrics.evaluate.replicates import stacked
from cxmetrics.evaluate.spreads import Deviations, unsure
from cxmetrics.evaluate.tree import Gift, Sight, Tree, climb, gift
from cxmetrics.evaluate.views import view
from cxmetrics.plan import Series
from cxmetrics.statistics import jackknife
from cxmetrics.statistics.arrays import Array
from cxmetrics.windows import Window


class Memory:
    """What is remembered from block to block of the periods of some slices."""

    __slots__ = ("deviations", "groups", "own", "past", "replicas", "total", "total_replicas")

    def __init__(self, groups: int, nodes: int, slices: int) -> None:
        """Begin before the first period."""
        self.groups = groups
        self.own, self.replicas = Carrying(slices), Carrying(slices * groups)
        self.total, self.total_replicas = Carrying(1), Carrying(groups)
        self.deviations = Deviations(groups, nodes, slices)
        self.past: Past | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """The points of a grid and the leaves there."""

    reader: LeafReader
    grid: Grid
    leaves: Leaves
    sights: Mapping[Window, Sight]
    dated: Dated

    @staticmethod
    def of(reader: LeafReader, grid: Grid, low: int) -> Scene:
        """The scene of a grid whose slices begin with number `low` of the cut's."""
        calendar = reader.plan.project.calendar
        views = [view(window, grid, reader.grain, calendar) for window in reader.work.windows]
        sights = {each.window: Sight(each.known(reader.sliced.daily), each.first()) for each in views}
        known = {window: sight.known for window, sight in sights.items()}
        return Scene(reader, grid, reader.leaves(grid, low, views, known), sights, dating(views, grid))

    @property
    def places(self) -> Mapping[int, int]:
        """Index into `Plan.leaves` → row of the leaves."""
        return {leaf: row for row, leaf in enumerate(self.reader.work.leaves)}

    def tree(self, carrying: Carrying, totals: Mapping[str, Gift]) -> Tree:
        """The tree of everything."""
        carrying.begin(self._days())
        work = self.reader.work
        return climb(work.nodes, self.places, self.leaves.finished, self.grid.pools(self.reader.plan.within),
                     self.sights, self.series, carrying, totals)

    def replicas(self, groups: int, carrying: Carrying, totals: Mapping[str, Gift]) -> Tree:
        """The trees without each of the groups, at the points of all replicates."""
        carrying.begin(self._days())
        work, slices = self.reader.work, len(self.grid.slices)
        sights = {window: Sight(stacked(sight.known, groups, slices), stacked(sight.first, groups, slices))
                  for window, sight in self.sights.items()}
        return climb(work.nodes, self.places, self.leaves.replicated(groups, slices),
                     replace(self.grid, copies=groups).pools(self.reader.plan.within), sights,
                     lambda series: stacked(self.series(series), groups, slices), carrying, totals)

    def _days(self) -> list[dt.date]:
        return [last(period, self.reader.grain) for period in self.grid.periods]

    def series(self, series: Series) -> Array:
        """Dated numbers at the points."""
        return self.dated(series, "value")

    def gifts(self, tree: Tree, slices: int) -> Mapping[str, Gift]:
        """What the nodes shown give, to every one of so many slices."""
        work = self.reader.work
        return {work.nodes[row].indicator.id: gift(tree.fed, row, tree).spread(slices) for row in work.shown}


def evaluate_scene(scene: Scene, above: Scene | None, memory: Memory) -> Field:
    """Evaluate the tree at the points of a scene; `above`: the total, of what cannot be cut."""
    work, plan, slices = scene.reader.work, scene.reader.plan, len(scene.grid.slices)
    totals = {} if above is None else above.gifts(above.tree(memory.total, {}), slices)
    tree, rows = scene.tree(memory.own, totals), list(work.shown)
    bound(work.nodes, plan.leaves, scene.places, scene.leaves.finished, tree, scene.series, scene.sights)
    deviations = memory.deviations
    deviations.begin(scene.grid.points)
    if memory.groups:
        totals = {} if above is None else above.gifts(
            above.replicas(memory.groups, memory.total_replicas, {}), slices)
        left_out = scene.replicas(memory.groups, memory.replicas, totals)
        deviations.add(left_out.value[rows], tree.value[rows])
    lost = unsure(work.nodes, scene.places, scene.leaves.unsure, tree)[rows]
    spread = [np.where(lost | (squares == 0), np.nan, jackknife.error(squares, memory.groups))
              for squares in (deviations.squares, deviations.change_squares)]
    _fill(scene, tree, rows, spread[0], deviations.groups - 1)
    return Field(plan, work.nodes, tree, scene.leaves.finished, scene.places, scene.grid, scene.reader.grain,
                 scene.dated, spread[1], deviations.change_groups - 1)


def _fill(scene: Scene, tree: Tree, rows: list[int], error: Array, freedom: Array) -> None:
    """Give nodes without a closed form the intervals of the jackknife."""
    confidence = scene.reader.plan.project.confidence
    for place, row in enumerate(rows):
        node = scene.reader.work.nodes[row]
        leaf = uncertain_leaf(node.formula, scene.reader.plan.leaves)
        if leaf is not None and scene.reader.plan.leaves[leaf].function in CLOSED:
            continue
        low, high = jackknifed(tree.value[row], error[place], freedom[place], node, confidence)
        unknown = np.isnan(tree.low[row]) & np.isnan(tree.high[row])
        tree.low[row], tree.high[row] = np.where(unknown, low, tree.low[row]), np.where(unknown, high, tree.high[row])
