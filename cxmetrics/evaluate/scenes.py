"""Scenes: the tree evaluated at the points of a grid, whole and with each group of units left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from cxmetrics.calendars import last
from cxmetrics.evaluate.asked import Asked, asked, everything
from cxmetrics.evaluate.bounding import CLOSED
from cxmetrics.evaluate.carrying import Carrying
from cxmetrics.evaluate.changes import Past
from cxmetrics.evaluate.clusters import is_exact
from cxmetrics.evaluate.intervals import bound, jackknifed, uncertain_leaf
from cxmetrics.evaluate.leaves import LeafReader, Leaves
from cxmetrics.evaluate.paired import Estimates
from cxmetrics.evaluate.peers import Dated, Field, dating
from cxmetrics.evaluate.points import Grid
from cxmetrics.evaluate.protection import too_few
from cxmetrics.evaluate.recovering import Recovery, givers
from cxmetrics.evaluate.replicates import stacked
from cxmetrics.evaluate.spreads import Deviations, Differences, Given, unsure
from cxmetrics.evaluate.tree import Gift, Sight, Tree, climb, gift
from cxmetrics.evaluate.views import view
from cxmetrics.evaluate.work import Work
from cxmetrics.plan import Series
from cxmetrics.statistics import jackknife
from cxmetrics.statistics.arrays import Array, Flags, crossing
from cxmetrics.windows import Window


class Memory:
    """What is remembered from block to block of the periods of some slices."""

    __slots__ = ("at_once", "deviations", "groups", "own", "past", "replicas", "surveys", "total",
                 "total_replicas")

    def __init__(self, groups: int, nodes: int, slices: int, at_once: int) -> None:
        """Begin before the first period; replicates of so many periods are held `at_once`."""
        self.groups, self.at_once = groups, at_once
        self.own, self.replicas = Carrying(slices), Carrying(slices * groups)
        self.total, self.total_replicas = Carrying(1), Carrying(groups)
        self.deviations = Deviations(groups, nodes, slices)
        self.past: Past | None = None
        self.surveys: dict[Window, Estimates] = {}


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
        carrying.begin(self._days(self.grid))
        work = self.reader.work
        return climb(work.nodes, self.places, self.leaves.finished, self.grid.pools(self.reader.plan.within),
                     self.sights, self.series, carrying, totals)

    def replicas(self, asked: Asked, groups: int, carrying: Carrying, totals: Mapping[str, Gift]) -> Tree:
        """The trees without each of the groups, at the points of all replicates."""
        carrying.begin(self._days(asked.grid))
        slices = len(asked.slices)
        sights = {window: Sight(stacked(sight.known[asked.points], groups, slices),
                                stacked(sight.first[asked.points], groups, slices))
                  for window, sight in self.sights.items()}
        places = {self.reader.work.leaves[row]: place for place, row in enumerate(asked.leaves)}
        return climb(asked.nodes, places, self.leaves.without(asked, groups),
                     replace(asked.grid, copies=groups).pools(self.reader.plan.within), sights,
                     lambda series: stacked(self.series(series)[asked.points], groups, slices), carrying, totals,
                     counted=False)

    def _days(self, grid: Grid) -> list[dt.date]:
        return [last(period, self.reader.grain) for period in grid.periods]

    def series(self, series: Series) -> Array:
        """Dated numbers at the points."""
        return self.dated(series, "value")

    def visible(self, tree: Tree) -> Flags:
        """Where the nodes shown are not of too few rows, [shown, points]."""
        work, plan = self.reader.work, self.reader.plan
        rows = list(work.shown)
        return ~np.isnan(tree.value[rows]) & ~too_few(
            plan, [work.nodes[row] for row in rows], self.grid.cut, tree.value[rows], tree.n[rows])


def gifts(work: Work, tree: Tree, slices: int) -> Mapping[str, Gift]:
    """What the nodes shown give, to every one of so many slices."""
    return {work.nodes[row].indicator.id: gift(tree.fed, row, tree).spread(slices) for row in work.shown}


def evaluate_scene(scene: Scene, above: Scene | None, memory: Memory) -> Field:
    """Evaluate the tree at the points of a scene; `above`: the total, of what cannot be cut."""
    work, plan = scene.reader.work, scene.reader.plan
    deviations = memory.deviations
    deviations.begin(scene.grid.points)
    against = Differences(_pairs(work), scene.grid.points)
    given = Given(givers(work.nodes) if memory.groups else (), scene.grid.points)
    if memory.groups:
        _leave_out(scene, above, _climbed(scene, above, memory.own.fork(), memory.total.fork()), memory, against, given)
    tree, rows = _climbed(scene, above, memory.own, memory.total), list(work.shown)
    bound(work.nodes, plan.leaves, scene.places, scene.leaves.finished, tree, scene.series, scene.sights)
    doubtful = unsure(work.nodes, scene.places, scene.leaves.unsure, tree)
    lost = doubtful[rows]
    error, change_error = (np.where(lost, np.nan, jackknife.error(squares, memory.groups))
                           for squares in (deviations.squares, deviations.change_squares))
    change_error[change_error == 0] = np.nan
    recovery = Recovery.of(work.nodes, tree, given.errors(doubtful, memory.groups), plan.project.confidence,
                           memory.groups)
    _fill(scene, tree, recovery, error, deviations.groups - 1)
    freedom = deviations.change_groups - 1
    _pair(scene, memory, change_error, freedom)
    return Field(plan, work.nodes, tree, scene.leaves.finished, scene.places, scene.grid, scene.reader.grain,
                 scene.dated, change_error, freedom, against.errors(doubtful, memory.groups))


def _pair(scene: Scene, memory: Memory, error: Array, freedom: Array) -> None:
    """Put how sure changes of what rests on one survey are in place of what the groups say, [shown, points]."""
    periods, slices = len(scene.grid.periods), len(scene.grid.slices)
    for window, found in scene.leaves.surveys.items():
        earlier = memory.surveys.get(window)
        every, more = (found, 0) if earlier is None else (found.after(earlier), 1)
        for row, (change, df) in every.changes(periods + more).items():
            place = scene.reader.work.shown.index(row)
            error[place], freedom[place] = change[more * slices:], df[more * slices:]
        memory.surveys[window] = found.last(periods)


def _pairs(work: Work) -> list[tuple[int, int]]:
    """The nodes shown and their peers, by row."""
    rows = {node.indicator.id: row for row, node in enumerate(work.nodes)}
    return [(row, rows[peer]) for row in work.shown for _, peer in work.nodes[row].peers]


def _climbed(scene: Scene, above: Scene | None, carrying: Carrying, at_total: Carrying) -> Tree:
    slices = len(scene.grid.slices)
    return scene.tree(carrying, {} if above is None else gifts(above.reader.work, above.tree(at_total, {}), slices))


def _leave_out(scene: Scene, above: Scene | None, tree: Tree, memory: Memory, against: Differences,
               given: Given) -> None:
    """Leave out one group after another, wherever how sure something is will be shown.

    `tree`: as it comes out before it is known of how many units rows are.
    """
    work, groups = scene.reader.work, memory.groups
    places = {node.indicator.id: row for row, node in enumerate(work.nodes)}
    visible = scene.visible(tree) & ~_told_apart(scene, against)[:, None]
    for one in asked(work, scene.grid, visible, memory.at_once):
        if not one.shown:
            memory.deviations.skip()
            continue
        totals: Mapping[str, Gift] = {}
        if above is not None:
            whole = everything(above.reader.work, above.grid, one.first, len(one.grid.periods))
            left_out = above.replicas(whole, groups, memory.total_replicas, {})
            totals = gifts(above.reader.work, left_out, len(one.slices))
        left_out = scene.replicas(one, groups, memory.replicas, totals)
        rows = {node.indicator.id: row for row, node in enumerate(one.nodes)}
        shown = [work.shown[place] for place in one.shown]
        memory.deviations.add(one, left_out.value[[rows[work.nodes[row].indicator.id] for row in shown]],
                              tree.value[crossing(shown, one.points)])
        given.add(one, left_out.fed, [places[node.indicator.id] for node in one.nodes], tree.fed, groups)
        against.add(one, left_out.value, [places[node.indicator.id] for node in one.nodes], tree.value, groups)


def _told_apart(scene: Scene, against: Differences) -> Flags:
    """The nodes shown whose intervals, and those of their changes, need no groups: all units are known, [shown]."""
    surveyed = {row for found in scene.leaves.surveys.values() for row in found.parts}
    compared = {row for pair in against.pairs for row in pair}
    return np.array([row in surveyed - compared for row in scene.reader.work.shown], np.bool_)


def _fill(scene: Scene, tree: Tree, recovery: Recovery, error: Array, freedom: Array) -> None:
    """Give nodes without a closed form their intervals, each after those it is made of.

    `error` [shown, points]: by the groups, 0 where these see no spread; `freedom`: how many make a difference, less 1.
    """
    work, plan = scene.reader.work, scene.reader.plan
    joint = [row for row in work.shown if uncertain_leaf(work.nodes[row].formula, plan.leaves) is None]
    sure_of = {row: sure for found in scene.leaves.surveys.values()
               for row, sure in found.sureness(joint, scene.grid.points).items()}
    places = {row: place for place, row in enumerate(work.shown)}
    for row, node in enumerate(work.nodes):
        place = places.get(row)
        recovery.fill(row, None if place is None else (error[place], freedom[place]),
                      scene.sights[node.window].first)
        if place is None:
            continue
        leaf = uncertain_leaf(node.formula, plan.leaves)
        if leaf is None and (sure := sure_of.get(row)) is not None:
            half = np.where(sure.certain, 0.0, np.where(sure.error > 0, sure.error, np.nan))
            tree.low[row], tree.high[row] = jackknifed(tree.value[row], half, sure.df, node, plan.project.confidence)
            continue
        if leaf is not None and (plan.leaves[leaf].function in CLOSED or is_exact(plan.leaves[leaf], plan)):
            continue
        seen = np.where(error[place] > 0, error[place], np.nan)
        low, high = jackknifed(tree.value[row], seen, freedom[place], node, plan.project.confidence)
        unknown = np.isnan(tree.low[row]) & np.isnan(tree.high[row])
        tree.low[row], tree.high[row] = np.where(unknown, low, tree.low[row]), np.where(unknown, high, tree.high[row])
