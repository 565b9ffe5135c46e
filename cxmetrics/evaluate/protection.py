"""What is protected in a plan: which leaves, from how many rows on they are shown, and what would give them away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cxmetrics.calendars import coarsest
from cxmetrics.composite_rules import Carry
from cxmetrics.evaluate.points import coarser
from cxmetrics.ir import Grain
from cxmetrics.plan import Node, Plan, leaves_of, lone_leaf
from cxmetrics.score_rules import Pooled
from cxmetrics.statistics.arrays import Array, Flags

COUNTS = ("count", "distinct", "sampled_distinct")  # they say themselves how few, and nothing of whom they count


def least_n(plan: Plan, node: Node, cut: tuple[str, ...] = ()) -> int:
    """From how many rows on a node is shown in a cut; bare counts always are."""
    return 0 if is_count(plan, node) else max(plan.min_n(node.indicator), plan.least_in(cut))


def too_few(plan: Plan, nodes: Sequence[Node], cut: tuple[str, ...], value: Array, n: Array) -> Flags:
    """Where values rest on too few rows to be shown; all arrays [nodes, points]."""
    least = np.array([least_n(plan, node, cut) for node in nodes])
    return np.asarray(~np.isnan(value) & (n < least[:, None]), np.bool_)


def is_count(plan: Plan, node: Node) -> bool:
    """Whether a node is nothing but a number of rows, or of different values."""
    if node.versions:
        return all(is_count(plan, plan.nodes[name]) for _, name in node.versions)
    lone = lone_leaf(node.formula)
    return lone is not None and plan.leaves[lone[0]].function in COUNTS


def protected(plan: Plan) -> dict[int, int]:
    """The leaves that are hidden where they rest on too few rows, and the number of rows from which they are shown.

    That is the least that any node asks for which stands on the leaf itself: who shows it elsewhere from fewer rows
    on has said that it is no secret.  Slices of a dimension may ask for more.
    """
    found: dict[int, list[int]] = {}
    for node in plan.nodes.values():
        for leaf in set(leaves_of(node.formula)):
            if plan.leaves[leaf].function not in COUNTS:
                found.setdefault(leaf, []).append(least_n(plan, node))
    return {leaf: min(listed) for leaf, listed in sorted(found.items()) if min(listed) > 1 or plan.least}


def closing(plan: Plan) -> Grain | None:
    """The longest period that protected leaves are shown in, upon which what is hidden closes; None: all of time.

    No period is longer, and of shorter ones only weeks reach into the next; windows may reach anywhere.
    """
    leaves = protected(plan)
    if any(plan.leaves[leaf].window for leaf in leaves):
        return None
    below: dict[str, frozenset[int]] = {}
    grains = set[Grain]()
    for name, node in plan.nodes.items():
        below[name] = frozenset(leaves_of(node.formula)).union(*(below[other] for other in node.below))
        if not node.hidden and not below[name].isdisjoint(leaves):
            grains.update(plan.project.grains if node.indicator.grains is None else node.indicator.grains)
    return coarsest(grains or plan.project.grains)


@dataclass(frozen=True, slots=True)
class Exposure:
    """The leaves that would be given away by an indicator where they are hidden, each in the same cell.

    `peers`: by what it is compared with.  `whole`: where they are hidden at the total.  `before`: where they are
    missing, and were hidden when they were last there, at most so many days ago.  `pooled`: by its value, where they
    are hidden in any slice; `own_pool`: by its score.
    """

    own: frozenset[int]
    peers: frozenset[int]
    whole: frozenset[int]
    before: Mapping[int, int]
    pooled: frozenset[int]
    own_pool: frozenset[int]


def exposures(plan: Plan) -> dict[str, Exposure]:
    """What each node would give away, itself and through all that it is made of."""
    found: dict[str, Exposure] = {}
    for name, node in plan.nodes.items():
        below = [found[other] for other in node.made_of]
        own = frozenset(leaves_of(node.formula)).union(*(each.own for each in below))
        before: dict[int, int] = {}
        for each in below:
            for leaf, days in each.before.items():
                before[leaf] = max(before.get(leaf, 0), days)
        if isinstance(node.indicator.missing, Carry):
            for leaf in frozenset[int]().union(*(found[edge.child].own for edge in node.indicator.combined)):
                before[leaf] = before.get(leaf, 0) + node.indicator.missing.days
        whole = _union(each.whole for each in below)
        if node.indicator.use_total:
            whole |= _union(found[edge.child].own for edge in node.indicator.combined)
        pooled = _union(each.pooled | each.own_pool for each in below)
        found[name] = Exposure(own, _union(found[other].own for _, other in node.peers), whole, before, pooled,
                               own if isinstance(node.indicator.score, Pooled) else frozenset())
    return found


def _union(parts: Iterator[frozenset[int]]) -> frozenset[int]:
    return frozenset[int]().union(*parts)


def ranked(cuts: Sequence[tuple[str, ...]], within: Mapping[str, str]) -> tuple[list[int], dict[int, int], list[int]]:
    """Cuts by how they divide one another: (places in a tree, coarser first; their parents; places of others).

    A cut is in the tree if the cuts coarser than it are coarser one than another: then each of its slices is part of
    one slice of the next.  Where it divides two that do not divide one another, it crosses them.
    """
    order = sorted(range(len(cuts)), key=lambda place: (len(cuts[place]), place))
    wide = [frozenset(cuts[place]).union(*(coarser(name, within) for name in cuts[place]))
            for place in range(len(cuts))]
    tree, parents, others = list[int](), dict[int, int](), list[int]()
    for place in order:
        above = [other for other in order if other != place and wide[other] < wide[place]]
        next_ = max(above, key=lambda other: (len(wide[other]), -other), default=None)
        chain = all(wide[other] <= wide[next_] for other in above) if next_ is not None else True
        if next_ is None:
            tree.append(place)
        elif chain and next_ in tree:
            parents[place] = next_
            tree.append(place)
        else:
            others.append(place)
    return tree, parents, others
