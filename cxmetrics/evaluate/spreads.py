"""How sure nodes are, and their changes, from what they come to without each group of units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cxmetrics.evaluate.tree import Tree
from cxmetrics.plan import Node, leaves_of
from cxmetrics.statistics.arrays import Array, Flags


class Deviations:
    """What nodes differ by where a group is left out, summed over the groups, from block to block of periods.

    `squares`, `change_squares` [nodes, points]: Σ(θ₋g − θ)² of values, and of changes from the period before;
    `groups`, `change_groups`: how many groups make a difference.
    """

    __slots__ = ("_before", "change_groups", "change_squares", "groups", "squares")

    def __init__(self, groups: int, nodes: int, slices: int) -> None:
        """Begin before the first period."""
        self._before = np.full((nodes, 1, groups, slices), np.nan)
        self.begin(0)

    def begin(self, points: int) -> None:
        """Begin a block of so many points."""
        shape = 4, len(self._before), points
        self.squares, self.groups, self.change_squares, self.change_groups = np.zeros(shape)

    def add(self, left_out: Array, value: Array) -> None:
        """Take in the values [nodes, points of all replicates], and those of everything [nodes, points]."""
        nodes, _, groups, slices = self._before.shape
        off = left_out.reshape(nodes, -1, groups, slices) - value.reshape(nodes, -1, 1, slices)
        self.squares, self.groups = _summed(off, value.shape)
        self.change_squares, self.change_groups = _summed(
            off - np.concatenate([self._before, off[:, :-1]], axis=1), value.shape)
        self._before = off[:, -1:]


def _summed(off: Array, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """The squares of deviations [nodes, periods, groups, slices] summed over groups, and how many are not 0."""
    return added(off**2, 2).reshape(shape), (off != 0).sum(axis=2).reshape(shape).astype(np.float64)


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
