"""The intervals of composites from those of their children, which groups of units see only in part.

Without a group of units a share of 1 is 1 again, and of a few rows of the rarer kind groups see too little, alike to
both sides.  A child's own interval knows better; how children vary together, only the groups tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from cxmetrics.composite_rules import Carry
from cxmetrics.evaluate.arithmetic import UNBOUND, Figure, Known, compute
from cxmetrics.evaluate.intervals import ends
from cxmetrics.evaluate.scoring import averaged, filled, score_alone
from cxmetrics.evaluate.tree import Tree, in_force
from cxmetrics.ir import Blend, Merged
from cxmetrics.plan import Node, Series
from cxmetrics.statistics.arrays import Array, Ints, quiet
from cxmetrics.statistics.distributions import t_quantile
from cxmetrics.statistics.intervals import upper
from cxmetrics.statistics.recovery import arms

Interval = tuple[Array, Array]


def is_joined(node: Node) -> bool:
    """Whether it is made of what its children give, and not of their rows."""
    return bool(node.indicator.combined) and not isinstance(node.indicator.combine, Merged) and not node.versions


def givers(nodes: Sequence[Node]) -> tuple[int, ...]:
    """The rows of nodes that composites are made of, and of composites that hold for some time."""
    asked = {edge.child for node in nodes if is_joined(node) for edge in node.indicator.combined}
    held = {name for node in nodes for _, name in node.versions}
    return tuple(row for row, node in enumerate(nodes)
                 if node.indicator.id in asked or (node.indicator.id in held and is_joined(node)))


@dataclass(frozen=True, slots=True)
class Recovery:
    """What intervals of composites are made of.

    `rows`: id of a node → its row; `errors`: row → the standard error of what it gives, by the groups, [points];
    `quantile`: how many of them a child without an interval reaches to either side; `groups`: how many there are.
    """

    nodes: Sequence[Node]
    tree: Tree
    rows: Mapping[str, int]
    errors: Mapping[int, Array]
    quantile: float
    groups: int

    @staticmethod
    def of(nodes: Sequence[Node], tree: Tree, errors: Mapping[int, Array], confidence: float, groups: int) -> Recovery:
        """The recovery at `confidence` (0.95) from so many groups."""
        quantile = float(t_quantile(groups - 1, upper(confidence))) if groups > 1 else np.nan
        rows = {node.indicator.id: row for row, node in enumerate(nodes)}
        return Recovery(nodes, tree, rows, errors, quantile, groups)

    def fill(self, row: int, spread: tuple[Array, Array] | None, first: Ints) -> None:
        """Give a composite the interval that follows from those of its children, and one of versions that in force.

        `spread`: its standard error by the groups, 0 where these see none, and the degrees of freedom, [points]; what
        it gives tells it of a node that is not shown.  `first`: the days that points begin with, as ordinals.
        """
        node, tree = self.nodes[row], self.tree
        if node.versions:
            held = np.array([self.rows[name] for _, name in node.versions])[in_force(node, first)]
            tree.low[row], tree.high[row] = (each[held, np.arange(len(held))] for each in (tree.low, tree.high))
        elif is_joined(node):
            plain = row in self.errors and node.indicator.score is None
            error = spread[0] if spread else self.errors[row] if plain else np.full(tree.value.shape[1], np.nan)
            low, high = self._interval(row, error)
            unknown = np.isnan(tree.value[row]) if spread is None else (spread[1] <= 0) & (error > 0)
            tree.low[row], tree.high[row] = np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)

    @quiet
    def _interval(self, row: int, error: Array) -> Interval:
        """The interval of a composite with a standard error [points]; NaN where children do not tell it."""
        indicator, value = self.nodes[row].indicator, self.tree.value[row]
        children = [self.rows[edge.child] for edge in indicator.combined]
        if not all(child in self.errors for child in children):
            return np.full(value.shape, np.nan), np.full(value.shape, np.nan)
        below, above = arms(*self._parts(self.nodes[row], children), error)
        elsewhere = indicator.use_total or isinstance(indicator.missing, Carry)  # what a child gave is not known here
        unknown = np.isnan(self.tree.fed[children]).any(axis=0) & elsewhere
        low, high = ends(indicator.unit)
        return (np.where(unknown, np.nan, np.maximum(value - below, low)),
                np.where(unknown, np.nan, np.minimum(value + above, high)))

    def _parts(self, node: Node, children: Sequence[int]) -> tuple[Array, Array, Array]:
        """How far a composite falls, and rises, with each child alone, and its standard error; [children, points]."""
        fed = self.tree.fed[children]
        errors = np.stack([self.errors[child] for child in children])
        low, high = (np.stack(each) for each in zip(*map(self._ends, children), strict=True))
        low = np.minimum(np.where(np.isnan(low), fed - self.quantile * errors, low), fed)
        high = np.maximum(np.where(np.isnan(high), fed + self.quantile * errors, high), fed)
        if node.indicator.combine == "weighted_mean":
            weight = np.array([edge.weight for edge in node.indicator.combined])[:, None]
            present = ~np.isnan(filled(node.indicator, fed))
            part = weight / reduce(np.add, weight * present)
            below, above, alone = (np.where(np.isnan(fed), 0.0, part * each)
                                   for each in (fed - low, high - fed, errors))
            return below, above, alone
        step = errors / np.sqrt(self.groups)  # about as far as a child goes without one group
        down, up, less, more = (_moved(node, fed, to) for to in (low, high, fed - step, fed + step))
        return (-np.minimum(np.minimum(down, up), 0), np.maximum(np.maximum(down, up), 0),
                (more - less) / 2 * np.sqrt(self.groups))

    def _ends(self, row: int) -> Interval:
        """What a node gives at the ends of its interval, [points]; NaN where others matter too."""
        indicator, low, high = self.nodes[row].indicator, self.tree.low[row], self.tree.high[row]
        if indicator.score is None:
            return low, high
        scores = [score_alone(end, indicator.score, indicator.direction) for end in (low, high)]
        return np.minimum(*scores), np.maximum(*scores)


def _moved(node: Node, fed: Array, to: Array) -> Array:
    """How far a composite goes where one child alone gives something else, [children, points]."""
    whole, found = _come_to(node, fed), np.zeros(fed.shape)
    for place, other in enumerate(to):
        given = fed.copy()
        given[place] = other
        found[place] = np.where(np.isnan(fed[place]), 0.0, _come_to(node, given) - whole)
    return found


def _come_to(node: Node, fed: Array) -> Array:
    """What children [children, points] come to that give so much."""
    if not isinstance(node.indicator.combine, Blend) or node.formula is None:
        return averaged(node.indicator, fed)
    points = fed.shape[1]
    figures = {edge.child: Figure(given, np.full((2, points), UNBOUND))
               for edge, given in zip(node.indicator.combined, filled(node.indicator, fed), strict=True)}

    def leaf(index: int) -> Figure:
        raise AssertionError(index)

    def series(dated: Series) -> Array:
        raise AssertionError(dated)

    return compute(node.formula, Known(leaf, figures.__getitem__, series, points)).value
