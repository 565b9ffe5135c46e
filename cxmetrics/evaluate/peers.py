"""How indicators stand among their peers: who is in force, the gap with its interval, the place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cxmetrics.evaluate.comparing import Estimate, compared
from cxmetrics.evaluate.finished import Finished
from cxmetrics.evaluate.points import Grid
from cxmetrics.evaluate.recovering import is_joined
from cxmetrics.evaluate.tree import Tree
from cxmetrics.evaluate.views import View
from cxmetrics.ir import Grain
from cxmetrics.plan import Node, Plan, Series, lone_leaf
from cxmetrics.statistics.among import SUMMARIES, joint_rank, percentile_among
from cxmetrics.statistics.arrays import Array, quiet
from cxmetrics.statistics.comparisons import Comparison, by_error, by_interval, share_against, shares

Dated = Callable[[Series, Literal["value", "n"]], Array]
"""A series at points [points]: the value or the n of the step in force there."""


def dating(views: Sequence[View], grid: Grid) -> Dated:
    """The series at the points of a grid: what holds from a day of the period (or of its window) on, or before.

    What was published of a whole market says nothing of a slice: there it is missing.
    """
    ends = {each.window: np.array([high.toordinal() - 1 for _, high in each.days]) for each in views}

    def dated(series: Series, part: Literal["value", "n"]) -> Array:
        if grid.cut:
            return np.full(grid.points, np.nan)
        starts = np.array([first.toordinal() for first, _, _ in series.steps])
        numbers = np.array([np.nan, *(value if part == "value" else n for _, value, n in series.steps)])
        return np.asarray(numbers[np.searchsorted(starts, ends[series.window], "right")], np.float64)

    return dated


@dataclass(frozen=True, slots=True)
class Standing:
    """Nodes among their peers; all arrays [nodes, points], NaN where there is no peer or nothing to compare.

    `value`: what the peer came to; `gap`: own value less it, good side positive, between `low` and `high` where there
    is a closed form; `rank`: 1 is the best, those that cannot be told apart share one; `percentile`:
    the part of the peers that are worse, by the values alone (0..1); `count`: peers in force.
    """

    value: Array
    gap: Array
    low: Array
    high: Array
    rank: Array
    percentile: Array
    count: Array


@dataclass(frozen=True, slots=True)
class Field:
    """Everything that was evaluated at the points of a grid: all `nodes`, their values, and the leaves below.

    `leaves`: index into `Plan.leaves` → row of `finished`.
    """

    plan: Plan
    nodes: Sequence[Node]
    tree: Tree
    finished: Finished
    leaves: Mapping[int, int]
    grid: Grid
    grain: Grain
    dated: Dated
    change_error: Array  # of changes of the nodes shown, [shown, points], by the jackknife; NaN where it does not tell
    change_df: Array
    apart: Mapping[tuple[int, int], tuple[Array, Array]]  # (node, peer) -> error and df of their difference, likewise


def standing(field: Field, rows: Sequence[int], seen: Array) -> Standing:
    """How the nodes of some rows stand; `seen` [rows, points]: their values as far as they may be seen."""
    if not any(field.nodes[row].peers for row in rows):
        return Standing(*[np.broadcast_to(np.nan, seen.shape)] * 7)
    value, gap, low, high, rank, percentile, count = np.full((7, *seen.shape), np.nan)
    places = {node.indicator.id: place for place, node in enumerate(field.nodes)}
    for i, row in enumerate(rows):
        node = field.nodes[row]
        if node.peers:
            own = [places[peer] for _, peer in node.peers]
            one = _stand(field, node, row, own, seen[i])
            value[i], gap[i], low[i], high[i], rank[i], percentile[i], count[i] = one
    return Standing(value, gap, low, high, rank, percentile, count)


@quiet
def _stand(field: Field, node: Node, row: int, peers: Sequence[int], seen: Array) -> tuple[Array, ...]:
    """The arrays of `Standing` for one node."""
    values = np.stack([_visible(field, peer) for peer in peers])
    there = ~np.isnan(values)
    count = there.sum(axis=0).astype(np.float64)
    sign = 1.0 if node.indicator.direction == "up" else -1.0
    compared = [_compare(field, row, peer) for peer in peers]
    named = node.indicator.peers.named if node.indicator.peers else None
    chosen = [place for place, (peer, _) in enumerate(node.peers) if peer == named]
    value = values[chosen[0]] if chosen else SUMMARIES["peers.median"](values)
    # The interval is that of one difference: none where the middle of several peers is compared with.
    lows, highs = (np.stack([getattr(one, end) for one in compared]) for end in ("low", "high"))
    alone = np.argmax(there, axis=0) if not chosen else np.full(seen.shape, chosen[0])
    single = (count == 1) | bool(chosen)
    ends = [np.where(single & ~np.isnan(value), np.take_along_axis(side, alone[None], 0)[0], np.nan)
            for side in ((lows, highs) if sign > 0 else (-highs, -lows))]
    missing = np.isnan(seen)
    rank = joint_rank(np.where(missing, np.nan, sign * (values - seen)),
                      np.where(there, np.stack([one.p for one in compared]), np.nan), 1 - field.plan.project.confidence)
    low, high = (np.where(missing, np.nan, end) for end in ends)
    percentile = percentile_among(seen, values, reverse=sign < 0)
    return value, sign * (seen - value), low, high, rank, percentile, count


def _visible(field: Field, peer: int) -> Array:
    """The values of a peer; those on too few rows of ours to be shown are hidden."""
    node, tree = field.nodes[peer], field.tree
    least = max(field.plan.min_n(node.indicator), field.plan.least_in(field.grid.cut))
    return np.where(tree.n[peer] < least, np.nan, tree.value[peer])


def _compare(field: Field, row: int, peer: int) -> Comparison:
    """The difference of a node and one of its peers, in its own unit: a closed form, or else by the jackknife."""
    lone, other = lone_leaf(field.nodes[row].formula), field.nodes[peer].formula
    against = lone_leaf(other)
    if lone is None or (against is None and not isinstance(other, Series)):
        return _replicated(field, row, peer)
    kind = field.plan.leaves[lone[0]].function.removeprefix("weighted_")
    us = _estimate(field, lone)
    if isinstance(other, Series):
        value = field.tree.value[peer]
        return _published(kind, us, value, field.dated(other, "n"), field.plan.project.confidence)
    return _replicated(field, row, peer) if against is None else compared(kind, us, _estimate(field, against),
                                                                          field.plan.project.confidence)


def estimates(field: Field, lone: Sequence[tuple[int, float]]) -> Estimate:
    """Leaves (index into `Plan.leaves`) at the points of a field, each in a unit that is so many times its own."""
    done, rows = field.finished, [field.leaves[leaf] for leaf, _ in lone]
    factor = np.array([factor for _, factor in lone])[:, None]
    weighted = np.array([field.plan.leaves[leaf].function == "weighted_share" for leaf, _ in lone])[:, None]
    return Estimate(done.value[rows] * factor, done.error[rows] * factor,
                    np.where(weighted, done.effective[rows], done.n[rows]))


def _estimate(field: Field, lone: tuple[int, float]) -> Estimate:
    """One of them, [points]."""
    return estimates(field, [lone]).of(0)


def _published(kind: str, us: Estimate, value: Array, n: Array, confidence: float) -> Comparison:
    """An estimate and a published number: a census is exact; of a sample only a share tells its own spread."""
    if kind == "share":
        sampled, exact = shares(us.value, us.n, value, n, confidence), share_against(us.value, us.n, value, confidence)
        census = np.isinf(n)
        return Comparison(*(np.where(census, getattr(exact, name), getattr(sampled, name))
                            for name in ("difference", "low", "high", "p", "df")))
    exactly = Estimate(value, np.where(np.isinf(n), 0.0, np.nan), np.where(np.isinf(n), 2.0, np.nan))
    return compared(kind, us, exactly, confidence)


def _replicated(field: Field, row: int, peer: int) -> Comparison:
    """The difference of a node and a peer by what both come to without each group of units.

    A published number is the same without any of them: it is exact if it is of a census, and else not known.
    """
    error, df = field.apart.get((row, peer), np.full((2, field.grid.points), np.nan))
    other, confidence = field.nodes[peer].formula, field.plan.project.confidence
    difference = field.tree.value[row] - field.tree.value[peer]
    if isinstance(other, Series):
        census = np.isinf(field.dated(other, "n"))
        if is_joined(field.nodes[row]):
            low, high = (np.where(census, end[row] - field.tree.value[peer], np.nan)
                         for end in (field.tree.low, field.tree.high))
            return by_interval(difference, low, high, confidence)
        error = np.where(census, error, np.nan)
    return by_error(difference, error, df, confidence)
