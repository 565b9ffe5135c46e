"""How sure nodes are, and their changes, from what they come to without each group of units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cxmetrics.evaluate.asked import Asked
from cxmetrics.evaluate.replicates import by_group
from cxmetrics.evaluate.tree import Tree
from cxmetrics.plan import Node, leaves_of
from cxmetrics.statistics import jackknife
from cxmetrics.statistics.arrays import Array, Flags, crossing, quiet


class Deviations:
    """What nodes differ by where a group is left out, summed over the groups, from block to block of periods.

    `squares`, `change_squares` [nodes, points]: Σ(θ₋g − θ)² of values, and of changes from the period before;
    `groups`, `change_groups`: how many groups make a difference.
    """

    __slots__ = ("_before", "change_groups", "change_squares", "groups", "squares")

    def __init__(self, groups: int, nodes: int, slices: int) -> None:
        """Begin before the first period."""
        self._before = np.full((nodes, groups, slices), np.nan)
        self.begin(0)

    def begin(self, points: int) -> None:
        """Begin a block of so many points."""
        shape = 4, len(self._before), points
        self.squares, self.groups, self.change_squares, self.change_groups = np.zeros(shape)

    def skip(self) -> None:
        """Pass over periods in which nothing was asked for."""
        self._before[:] = np.nan

    def add(self, asked: Asked, left_out: Array, value: Array) -> None:
        """Take in what was asked for next: values [nodes, points of all replicates], of everything [nodes, points]."""
        groups, slices = self._before.shape[1], len(asked.slices)
        off = by_group(left_out, groups, slices) - value.reshape(len(value), -1, 1, slices)
        shown = np.array(asked.shown, np.int64)[:, None, None]
        last = shown, np.arange(groups)[None, :, None], asked.slices[None, None, :]
        change = off - np.concatenate([self._before[last][:, None], off[:, :-1]], axis=1)
        here = crossing(asked.shown, asked.points)
        self.squares[here], self.groups[here] = _summed(off, value.shape)
        self.change_squares[here], self.change_groups[here] = _summed(change, value.shape)
        self.skip()
        self._before[last] = off[:, -1]


class Differences:
    """The same of the differences of pairs of nodes (rows of all nodes): `squares`, `groups` [pairs, points]."""

    __slots__ = ("groups", "pairs", "squares")

    def __init__(self, pairs: Sequence[tuple[int, int]], points: int) -> None:
        """Begin a block of so many points."""
        self.pairs = tuple(pairs)
        self.squares, self.groups = np.zeros((2, len(self.pairs), points))

    def add(self, asked: Asked, left_out: Array, nodes: Sequence[int], value: Array, groups: int) -> None:
        """Take in values of some nodes (rows) without each group, and of all nodes with everything [nodes, points]."""
        places, slices = {row: place for place, row in enumerate(nodes)}, len(asked.slices)
        for pair, (one, other) in enumerate(self.pairs):
            if one in places and other in places:
                without = left_out[[places[one]]] - left_out[[places[other]]]
                whole = value[one, asked.points] - value[other, asked.points]
                off = by_group(without, groups, slices) - whole.reshape(1, -1, 1, slices)
                squares, seen = _summed(off, (1, len(asked.points)))
                self.squares[pair, asked.points], self.groups[pair, asked.points] = squares[0], seen[0]

    def errors(self, lost: Flags, groups: int) -> dict[tuple[int, int], tuple[Array, Array]]:
        """The standard error of each difference and its degrees of freedom, NaN where nodes are `lost`."""
        return {(one, other): (np.where(lost[one] | lost[other] | (squares == 0), np.nan,
                                        jackknife.error(squares, groups)), seen - 1)
                for (one, other), squares, seen in zip(self.pairs, self.squares, self.groups, strict=True)}


class Given:
    """The same of what some nodes (`rows` of all) give to composites: `squares` [rows, points]."""

    __slots__ = ("rows", "squares")

    def __init__(self, rows: Sequence[int], points: int) -> None:
        """Begin a block of so many points."""
        self.rows = tuple(rows)
        self.squares = np.zeros((len(self.rows), points))

    def add(self, asked: Asked, left_out: Array, nodes: Sequence[int], fed: Array, groups: int) -> None:
        """Take in what some nodes (rows) give without each group, and all nodes with everything [nodes, points]."""
        places, slices = {row: place for place, row in enumerate(nodes)}, len(asked.slices)
        asked_for = [(place, row) for place, row in enumerate(self.rows) if row in places]
        if asked_for:
            own, theirs = (list(each) for each in zip(*asked_for, strict=True))
            whole = fed[crossing(theirs, asked.points)]
            without = by_group(left_out[[places[row] for row in theirs]], groups, slices)
            off = without - whole.reshape(len(own), -1, 1, slices)
            self.squares[crossing(own, asked.points)] = added(off**2, 2).reshape(whole.shape)

    def errors(self, lost: Flags, groups: int) -> dict[int, Array]:
        """The standard error of what each gives [points], by row, NaN where nodes are `lost`."""
        return {row: np.where(lost[row], np.nan, jackknife.error(squares, groups))
                for row, squares in zip(self.rows, self.squares, strict=True)}


@quiet
def _summed(off: Array, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """The squares of deviations [nodes, periods, groups, slices] summed over groups, and how many are not 0.

    NaN where they are more than a double holds: nothing is known then.
    """
    squares = added(off**2, 2).reshape(shape)
    groups = (off != 0).sum(axis=2).reshape(shape).astype(np.float64)
    return np.where(np.isinf(squares), np.nan, squares), groups


def added(values: Array, axis: int) -> Array:
    """Values added along an axis one after another: `sum` takes an order that depends on the other axes."""
    total = np.zeros(np.delete(values.shape, axis))
    for each in np.moveaxis(values, axis, 0):
        total += each
    return total


def unsure(nodes: Sequence[Node], leaves: Mapping[int, int], of_leaves: Flags, tree: Tree) -> Flags:
    """Where nodes rest on leaves whose sureness cannot be told, [nodes, points]."""
    rows = {node.indicator.id: row for row, node in enumerate(nodes)}
    found = np.zeros(tree.value.shape, np.bool_)
    for row, node in enumerate(nodes):
        for leaf in set(leaves_of(node.formula)):
            found[row] |= of_leaves[leaves[leaf]]
        for name in node.made_of:
            if name in rows:  # children of a formula's blend have names, others are nodes
                found[row] |= found[rows[name]] & ~np.isnan(tree.value[rows[name]])
    return found
