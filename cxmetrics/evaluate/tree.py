"""The tree: nodes evaluated at many points at once, each after all it depends on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxmetrics.composite_rules import Carry
from cxmetrics.evaluate.arithmetic import UNBOUND, Figure, Known, compute
from cxmetrics.evaluate.carrying import Carrying
from cxmetrics.evaluate.finished import Finished
from cxmetrics.evaluate.scoring import SLACK, Pools, combine, covered, filled, rounded, score
from cxmetrics.ir import Blend, Merged
from cxmetrics.plan import Node, Series, Value, leaves_of, references_of
from cxmetrics.statistics.arrays import Array, Flags
from cxmetrics.units import SCORE
from cxmetrics.windows import Window

_UNCOUNTED = np.full((2, 1), UNBOUND)  # rows behind what nobody asks that of, whatever the points


@dataclass(frozen=True, slots=True)
class Tree:
    """Nodes at points; all arrays [nodes, points], NaN where missing.

    `fed`: what a node gives to composites, its score if it has a rule for one, else its value.
    `n`: rows behind it, UNBOUND where nothing limits it; `effective`: as many without weights would tell as much.
    `coverage`: of composites.
    `partial`: some of the weight below is missing.
    """

    value: Array
    fed: Array
    score: Array
    n: Array
    effective: Array
    coverage: Array
    partial: Flags
    low: Array
    high: Array


@dataclass(frozen=True, slots=True)
class Gift:
    """What a node gives at points; all arrays [points]."""

    fed: Array
    n: Array
    effective: Array
    partial: Flags

    def spread(self, slices: int) -> Gift:
        """What is given at periods, given to every slice of them."""
        return Gift(np.repeat(self.fed, slices), np.repeat(self.n, slices), np.repeat(self.effective, slices),
                    np.repeat(self.partial, slices))


@dataclass(frozen=True, slots=True)
class Sight:
    """What points see through a window; all arrays [points].

    `known`: where there was such a slice; `first`: the first day looked at, as its ordinal.
    """

    known: Flags
    first: NDArray[np.int64]


def climb(nodes: Sequence[Node], leaves: Mapping[int, int], finished: Finished, pools: Pools,
          sights: Mapping[Window, Sight], series: Callable[[Series], Array], carrying: Carrying,
          totals: Mapping[str, Gift], *, counted: bool = True) -> Tree:
    """Evaluate nodes, which stand after all they depend on.

    `leaves`: index into `Plan.leaves` → row of `finished`.  `sights` by window: where there was no such
    slice everything is missing, also what a formula would make of missing numbers.  `series`: dated
    numbers at the points.  `carrying`: what nodes gave last.
    `totals`: what nodes that cannot be cut give at the total, for composites that take it.  Where rows are not
    `counted`, `n` and `effective` mean nothing.
    """
    points = finished.value.shape[1]
    value, fed, scores, n, effective, coverage, low, high = np.full((8, len(nodes), points), np.nan)
    tree = Tree(value, fed, scores, n, effective, coverage, np.zeros(value.shape, np.bool_), low, high)
    rows = {node.indicator.id: row for row, node in enumerate(nodes)}
    absent = {window: np.flatnonzero(~sight.known) for window, sight in sights.items()}
    figures = Known(lambda leaf: _leaf(finished, leaves[leaf]), lambda name: _figure(tree, rows[name]), series, points)
    if not counted:
        figures = Known(lambda leaf: Figure(finished.value[leaves[leaf]], _UNCOUNTED),
                        lambda name: Figure(tree.value[rows[name]], _UNCOUNTED), series, points)
    for row, node in enumerate(nodes):
        if node.versions:
            _choose(node, row, [rows[name] for _, name in node.versions], sights[node.window].first, tree)
            _end(node, row, sights[node.window].first, tree)
            continue
        if node.indicator.children:
            _composite(node, row, _given(node, rows, tree, carrying, totals), figures, tree)
        elif node.formula is not None:
            _formula(node.formula, row, figures, [rows[name] for name in references_of(node.formula)], tree)
        _mark_short(node.formula, row, leaves, finished, tree)
        unknown = absent[node.window]
        if len(unknown):
            tree.value[row, unknown] = np.nan
            tree.n[row, unknown] = tree.effective[row, unknown] = 0
        _settle(node, row, tree, pools, [rows[peer] for _, peer in node.peers])
        _end(node, row, sights[node.window].first, tree)
    return tree


def _leaf(finished: Finished, row: int) -> Figure:
    value, n = finished.value[row], np.stack([finished.n[row], finished.effective[row]])
    # A count or a sum of no rows is known to be 0: it does not make what rests on it poor in evidence.
    return Figure(value, np.where((n == 0) & ~np.isnan(value), UNBOUND, n))


def _figure(tree: Tree, row: int) -> Figure:
    return Figure(tree.value[row], np.stack([tree.n[row], tree.effective[row]]))


def _formula(formula: Value, row: int, known: Known, referred: Sequence[int], tree: Tree) -> None:
    figure = compute(formula, known)
    tree.value[row], (tree.n[row], tree.effective[row]) = figure.value, figure.n
    for other in referred:
        tree.partial[row] |= tree.partial[other] & ~np.isnan(tree.value[other])


def _mark_short(formula: Value | None, row: int, leaves: Mapping[int, int], finished: Finished, tree: Tree) -> None:
    """What rests on a window that goes beyond the data is partial."""
    for leaf in set(leaves_of(formula)):
        tree.partial[row] |= finished.short[leaves[leaf]] & ~np.isnan(finished.value[leaves[leaf]])


@dataclass(frozen=True, slots=True)
class _Given:
    """What children give a composite; all arrays [children, points].  `fresh`: in the period itself."""

    fed: Array
    n: Array
    effective: Array
    partial: Flags
    fresh: Flags


def _given(node: Node, rows: Mapping[str, int], tree: Tree, carrying: Carrying,
           totals: Mapping[str, Gift]) -> _Given:
    """What children give, at the total where they cannot be cut; of missing ones what they gave last, if carried."""
    indicator = node.indicator
    names = [edge.child for edge in indicator.combined]
    own = tree.value if isinstance(indicator.combine, Merged) else tree.fed
    gifts = [totals[name] if indicator.use_total and name in totals else
             gift(own, rows[name], tree) for name in names]
    fed, n, effective = (np.stack(each) for each in zip(*((gift.fed, gift.n, gift.effective) for gift in gifts),
                                                        strict=True))
    fresh = ~np.isnan(fed)
    if isinstance(indicator.missing, Carry):
        for i, name in enumerate(names):
            at_total = indicator.use_total and name in totals
            latest, evidence, age = carrying.latest((name, at_total), gifts[i].fed, gifts[i].n)
            _, like, _ = carrying.latest((name, at_total, "effective"), gifts[i].fed, gifts[i].effective)
            taken = ~fresh[i] & (age <= indicator.missing.days)
            fed[i], n[i] = np.where(taken, latest, fed[i]), np.where(taken, evidence, n[i])
            effective[i] = np.where(taken, like, effective[i])
    return _Given(fed, n, effective, np.stack([gift.partial for gift in gifts]), fresh)


def gift(own: Array, row: int, tree: Tree) -> Gift:
    """What the node in a row gives, taken from its scores or its values [nodes, points]."""
    return Gift(own[row], tree.n[row], tree.effective[row], tree.partial[row])


def _composite(node: Node, row: int, given: _Given, known: Known, tree: Tree) -> None:
    fed, present = given.fed, ~np.isnan(given.fed)
    if isinstance(node.indicator.combine, Blend):
        evidence = np.stack([given.n, given.effective], axis=1)  # [children, 2, points]
        known = _fed(node, fed, np.where(present[:, None], evidence, UNBOUND), known)
    figure = None if node.formula is None else compute(node.formula, known)
    tree.value[row], tree.coverage[row] = combine(node.indicator, fed, None if figure is None else figure.value)
    if isinstance(node.indicator.missing, Carry):
        tree.coverage[row] = covered(node.indicator, np.where(given.fresh, fed, np.nan))
    for place, (own, theirs) in enumerate(((tree.n, given.n), (tree.effective, given.effective))):
        least = np.where(present, theirs, UNBOUND).min(axis=0)
        own[row] = np.where(present.any(axis=0), least, 0) if figure is None else figure.n[place]
    tree.partial[row] = (tree.coverage[row] < 1 - SLACK) | (given.partial & present).any(axis=0)


def _fed(node: Node, fed: Array, n: Array, known: Known) -> Known:
    """What the names of a composite's formula mean: what each child gives."""
    given = filled(node.indicator, fed)
    figures = {edge.child: Figure(given[i], n[i]) for i, edge in enumerate(node.indicator.children)}
    return Known(known.leaf, figures.__getitem__, known.series, known.points)


def _settle(node: Node, row: int, tree: Tree, pools: Pools, peers: Sequence[int]) -> None:
    """Round, score, and fix what is fed upwards."""
    indicator = node.indicator
    if indicator.rounding is not None:
        tree.value[row] = rounded(tree.value[row], indicator.rounding)
    tree.fed[row] = tree.value[row]
    if indicator.score is not None:
        tree.score[row] = tree.fed[row] = score(tree.value[row], indicator.score, indicator.direction, pools,
                                                tree.value[peers])
    elif indicator.unit == SCORE:  # what children's scores come to is itself a score
        tree.score[row] = tree.value[row]


def in_force(node: Node, first: NDArray[np.int64]) -> NDArray[np.intp]:
    """Which of its versions holds at points that begin on these days (ordinals), [points]."""
    days = [day.toordinal() for day, _ in node.versions if day is not None]
    return np.searchsorted(np.array(days, np.int64), first, "right")


def _choose(node: Node, row: int, versions: Sequence[int], first: NDArray[np.int64], tree: Tree) -> None:
    """Give a node everything of that of its versions, which stand in these rows, that is in force at each point."""
    held, points = np.array(versions)[in_force(node, first)], np.arange(len(first))
    for each in (tree.value, tree.fed, tree.score, tree.n, tree.effective, tree.coverage, tree.partial, tree.low,
                 tree.high):
        each[row] = each[held, points]


def _end(node: Node, row: int, first: NDArray[np.int64], tree: Tree) -> None:
    """Make a node missing at points that do not begin while it is valid."""
    low, high = (None if day is None else day.toordinal() for day in node.indicator.valid)
    if low is None and high is None:
        return
    over = np.zeros(len(first), np.bool_)
    if low is not None:
        over |= first < low
    if high is not None:
        over |= first > high
    for each in (tree.value, tree.fed, tree.score, tree.coverage, tree.low, tree.high):
        each[row, over] = np.nan
    tree.n[row, over] = tree.effective[row, over] = 0
    tree.partial[row, over] = False
