"""What replicates are asked for: where something is shown, and all that it is computed from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxmetrics.evaluate.points import Grid
from cxmetrics.evaluate.work import Work, needed, width
from cxmetrics.plan import Node, leaves_of
from cxmetrics.statistics.arrays import Flags


@dataclass(frozen=True, slots=True)
class Asked:
    """Some periods and slices of a grid, and the nodes that matter there.

    `shown`: places in `Work.shown`; `leaves`: rows of `Work.leaves`; `first` (period), `slices`, `points`: places in
    the grid.
    """

    nodes: tuple[Node, ...]
    shown: tuple[int, ...]
    leaves: tuple[int, ...]
    grid: Grid
    first: int
    slices: NDArray[np.int64]
    points: NDArray[np.int64]

    @property
    def size(self) -> int:
        """How many numbers it takes, but for the states that a window is put together from."""
        return len(self.points) * width(len(self.leaves), len(self.nodes))


def everything(work: Work, grid: Grid, first: int, periods: int) -> Asked:
    """All of a work, at so many periods from number `first` of a grid on."""
    seen = np.ones((len(work.shown), len(grid.slices)), np.bool_)
    return _asked(work, grid, seen, first, periods)


def asked(work: Work, grid: Grid, visible: Flags, at_once: int) -> Iterator[Asked]:
    """What the nodes shown ask where they are `visible` [shown, points], some periods at once.

    `at_once`: of how many periods all can be held; of what asks for less, more of them are.
    """
    first, points = 0, at_once * len(grid.slices)
    while first < len(grid.periods):
        one = _seen(work, grid, visible, first, at_once)
        while (after := first + len(one.grid.periods)) < len(grid.periods):
            more = _seen(work, grid, visible, first, 2 * len(one.grid.periods))
            if len(more.grid.periods) > points or more.size > points * work.width:
                break
            one = more
        yield one
        first = after


def _seen(work: Work, grid: Grid, visible: Flags, first: int, periods: int) -> Asked:
    """What is asked in so many periods, if there are as many.

    What is carried on, and what slices are scored by against each other, may come from where nothing is visible.
    """
    by_period = visible.reshape(len(work.shown), len(grid.periods), len(grid.slices))
    seen = np.logical_or.reduce(by_period[:, first:first + periods], axis=1)
    if work.reach:
        seen = np.ones(seen.shape, np.bool_)
    elif work.pooled:
        seen = np.repeat(seen.any(axis=1)[:, None], seen.shape[1], axis=1)
    return _asked(work, grid, seen, first, min(periods, len(grid.periods) - first))


def _asked(work: Work, grid: Grid, seen: Flags, first: int, periods: int) -> Asked:
    """What is asked in some periods by the nodes `seen` in any of these, [shown, slices]."""
    shown, slices = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    nodes = needed(work.nodes, frozenset(work.nodes[work.shown[place]].indicator.id for place in shown))
    wanted = {leaf for node in nodes for leaf in leaves_of(node.formula)}
    here = Grid(grid.cut, grid.periods[first:first + periods], tuple(grid.slices[place] for place in slices))
    points = ((first + np.arange(periods))[:, None] * len(grid.slices) + slices).ravel()
    return Asked(nodes, tuple(shown.tolist()), tuple(row for row, leaf in enumerate(work.leaves) if leaf in wanted),
                 here, first, slices, points)
