"""What one grain and cut ask of a plan: the nodes shown there, and all that these depend on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cxmetrics.evaluate.carrying import reach
from cxmetrics.evaluate.intervals import uncertain_leaf
from cxmetrics.evaluate.linear import linear_formula
from cxmetrics.ir import Grain
from cxmetrics.plan import Node, Plan, Value, leaves_of
from cxmetrics.score_rules import Pooled
from cxmetrics.windows import Window


@dataclass(frozen=True, slots=True)
class Work:
    """The part of a plan that one grain and cut need: nodes shown, and all that these depend on."""

    nodes: tuple[Node, ...]
    shown: tuple[int, ...]  # rows of `nodes`
    leaves: tuple[int, ...]  # index into Plan.leaves
    bounded: frozenset[int]  # index into `leaves`: those whose interval is shown, or matters to one above
    linear: Mapping[int, Value]  # rows of `nodes` whose interval is that of a formula over the units of one survey
    windows: tuple[Window, ...]  # all that are looked through
    groups: int  # of units that are left out one at a time
    reach: int  # how many days back values are carried from
    least: int  # rows that a value rests on which is shown

    @property
    def width(self) -> int:
        """How many numbers a point takes, but for the states that a window is put together from."""
        return width(len(self.leaves), len(self.nodes))

    @property
    def pooled(self) -> bool:
        """Whether slices are scored against each other."""
        return any(isinstance(node.indicator.score, Pooled) for node in self.nodes)


def width(leaves: int, nodes: int) -> int:
    """How many numbers so many leaves and nodes take at a point."""
    return 10 * leaves + 12 * nodes


def needed(nodes: Iterable[Node], shown: frozenset[str]) -> tuple[Node, ...]:
    """Those of some nodes that the ones `shown` depend on, and these; nodes stand after all they depend on."""
    listed, wanted = list(nodes), set(shown)
    for node in reversed(listed):
        if node.indicator.id in wanted:
            wanted.update(node.below)
    return tuple(node for node in listed if node.indicator.id in wanted)


def dimensions_of(every: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Those of all cuts."""
    return tuple(dict.fromkeys(name for cut in every for name in cut))


def cuts(plan: Plan) -> tuple[tuple[str, ...], ...]:
    """Every cut that some indicator is shown in, the total first; the order of dimensions makes no difference."""
    found: dict[frozenset[str], tuple[str, ...]] = {frozenset(): ()}
    for node in plan.nodes.values():
        for cut in _cuts_of(plan, node):
            found.setdefault(frozenset(cut), cut)
    return tuple(found.values())


def _cuts_of(plan: Plan, node: Node) -> tuple[tuple[str, ...], ...]:
    given = node.indicator.cuts
    return plan.project.cuts if given is None else given


def is_shown(plan: Plan, node: Node, grain: Grain, cut: tuple[str, ...]) -> bool:
    """Whether a node has values in a grain and cut."""
    grains = plan.project.grains if node.indicator.grains is None else node.indicator.grains
    return not node.hidden and grain in grains and (not cut or frozenset(cut) in map(frozenset, _cuts_of(plan, node)))


def grains_shown(plan: Plan) -> frozenset[Grain]:
    """The grains that some indicator has values in."""
    return frozenset(grain for node in plan.nodes.values() if not node.hidden
                     for grain in (plan.project.grains if node.indicator.grains is None else node.indicator.grains))


def work_of(plan: Plan, grain: Grain, cut: tuple[str, ...]) -> Work:
    """What a grain and cut need; nothing is shown where no indicator has them."""
    return work_for(plan, frozenset(name for name, node in plan.nodes.items() if is_shown(plan, node, grain, cut)))


def unsplit(work: Work, able: frozenset[str]) -> frozenset[str]:
    """The children to be taken at the total: where no source below them is among the `able`, who can make the cut."""
    nodes = {node.indicator.id: node for node in work.nodes}
    asked = {edge.child for node in work.nodes if node.indicator.use_total for edge in node.indicator.combined}
    return frozenset(name for name in asked if nodes[name].sources and not nodes[name].sources & able)


def work_for(plan: Plan, shown: frozenset[str]) -> Work:
    """What some indicators need."""
    nodes = needed(plan.nodes.values(), shown)
    rows = tuple(row for row, node in enumerate(nodes) if node.indicator.id in shown)
    leaves = tuple(dict.fromkeys(leaf for node in nodes for leaf in leaves_of(node.formula)))
    told = shown.union(edge.child for node in nodes for edge in node.indicator.combined)
    bounded = told.union(other for name in told for _, other in (*plan.nodes[name].peers, *plan.nodes[name].versions))
    alone = {leaf for node in nodes if node.indicator.id in bounded
             and (leaf := uncertain_leaf(node.formula, plan.leaves)) is not None}
    linear = {row: formula for row, node in enumerate(nodes) if node.indicator.id in shown
              and (formula := linear_formula(node, plan.nodes, plan)) is not None}
    windows = [plan.leaves[leaf].window for leaf in leaves]
    least = min([plan.project.min_n, *(plan.min_n(node.indicator) for node in nodes)])
    groups = plan.project.replicates if any(plan.leaves[leaf].units for leaf in leaves) else 0
    return Work(nodes, rows, leaves, frozenset(i for i, leaf in enumerate(leaves) if leaf in alone), linear,
                tuple(dict.fromkeys([(), *windows, *(node.window for node in nodes)])), groups, reach(nodes), least)
