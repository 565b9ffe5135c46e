"""The intervals of nodes: of a formula that is one leaf that of the leaf, of all but composites by the jackknife."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import assert_never

import numpy as np

from cxmetrics.evaluate.arithmetic import UNBOUND, Figure, Known, compute
from cxmetrics.evaluate.finished import Finished
from cxmetrics.evaluate.tree import Sight, Tree, in_force
from cxmetrics.ir import Constant, Ref
from cxmetrics.plan import Leaf, LeafValue, Node, Operation, Series, Value, leaves_of
from cxmetrics.statistics.arrays import Array, batched, quiet
from cxmetrics.statistics.distributions import t_quantile
from cxmetrics.statistics.intervals import upper
from cxmetrics.units import Unit
from cxmetrics.windows import Window

FIGURES = ("sum", "first", "last", "distinct")  # leaves that are known exactly where no units are
_MONOTONE = ("+", "-", "*", "/", "ratio", "convert", "negate")


def uncertain_leaf(formula: Value | None, leaves: Sequence[Leaf]) -> int | None:
    """The one leaf (index) of a formula that is not known exactly, if what it comes to only grows or falls with it."""
    named = list(leaves_of(formula))
    uncertain = [leaf for leaf in named if leaves[leaf].units or leaves[leaf].function not in FIGURES]
    return uncertain[0] if len(uncertain) == 1 and is_smooth(formula) else None


def is_smooth(formula: Value | None) -> bool:
    """Whether a formula is made of leaves, constants and sums, differences, products and quotients."""
    match formula:
        case LeafValue() | Series() | Constant():
            return True
        case Operation(function, args):
            return function in _MONOTONE and all(map(is_smooth, args))
        case Ref() | None:
            return False
        case _:
            assert_never(formula)


@quiet
def through(formula: Value, leaf: int, leaves: Mapping[int, int], finished: Finished,
            series: Callable[[Series], Array]) -> tuple[Array, Array]:
    """What a formula comes to at the ends of the interval of one of its leaves; the lesser first."""
    ends = [compute(formula, _at(leaf, end, leaves, finished, series)).value for end in (finished.low, finished.high)]
    return np.minimum(*ends), np.maximum(*ends)


def _at(leaf: int, end: Array, leaves: Mapping[int, int], finished: Finished,
        series: Callable[[Series], Array]) -> Known:
    points = finished.value.shape[1]

    def figure(index: int) -> Figure:
        values = end if index == leaf else finished.value
        return Figure(values[leaves[index]], np.full((2, points), UNBOUND))

    def indicator(name: str) -> Figure:
        raise AssertionError(name)

    return Known(figure, indicator, series, points)


def bound(nodes: Sequence[Node], plan_leaves: Sequence[Leaf], leaves: Mapping[int, int], finished: Finished,
          tree: Tree, series: Callable[[Series], Array], sights: Mapping[Window, Sight]) -> None:
    """Give every node that rests on one uncertain leaf the interval of it, and every version that in force."""
    rows = {node.indicator.id: row for row, node in enumerate(nodes)}
    lone = _lone(nodes, plan_leaves, leaves)
    for each in batched(list(lone.items()), finished.value.shape[1]):
        own, theirs = (list(places) for places in zip(*each, strict=True))
        low, high = finished.low[theirs], finished.high[theirs]
        absent = np.isnan(tree.value[own])
        tree.low[own] = np.where(absent, np.nan, np.minimum(low, high))
        tree.high[own] = np.where(absent, np.nan, np.maximum(low, high))
    for row, node in enumerate(nodes):
        if row in lone:
            continue
        if node.versions:
            held = np.array([rows[name] for _, name in node.versions])[in_force(node, sights[node.window].first)]
            tree.low[row], tree.high[row] = (each[held, np.arange(len(held))] for each in (tree.low, tree.high))
        elif node.formula is not None and (
                leaf := uncertain_leaf(node.formula, plan_leaves)) is not None:
            tree.low[row], tree.high[row] = through(node.formula, leaf, leaves, finished, series)
        absent = np.isnan(tree.value[row])
        tree.low[row, absent] = tree.high[row, absent] = np.nan


def _lone(nodes: Sequence[Node], plan_leaves: Sequence[Leaf], leaves: Mapping[int, int]) -> dict[int, int]:
    """The rows of nodes that are one uncertain leaf and nothing else, and the rows of these leaves."""
    return {row: leaves[node.formula.leaf] for row, node in enumerate(nodes)
            if isinstance(node.formula, LeafValue) and not node.versions
            and uncertain_leaf(node.formula, plan_leaves) is not None}


@quiet
def jackknifed(value: Array, error: Array, df: Array, node: Node, confidence: float) -> tuple[Array, Array]:
    """The t intervals of values [points]; of composites cut to the ends of their unit."""
    half = np.where(df > 0, t_quantile(df, upper(confidence)), np.nan) * error
    low, high = ends(node.indicator.unit) if node.indicator.combined else (-np.inf, np.inf)
    return np.maximum(value - half, low), np.minimum(value + half, high)


def ends(unit: Unit) -> tuple[float, float]:
    """The least and the greatest value that there can be of a unit."""
    match unit.kind:
        case "share":
            return 0.0, 1.0
        case "nps":
            return -100.0, 100.0
        case "score":
            return 0.0, 100.0
        case "scale" if unit.low is not None and unit.high is not None:
            return unit.low, unit.high
        case _:
            return -np.inf, np.inf
