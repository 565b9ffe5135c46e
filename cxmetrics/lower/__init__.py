"""From meaning to work: each aggregate becomes the partial states it is finished from.

Counting is most of it.  A share, an NPS, a top box and an Apdex are counts under conditions, so the
conditions of all of them can share one grouping of the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import assert_never

from cxmetrics.check.windows import wanted
from cxmetrics.days import PLAIN, Calendar
from cxmetrics.functions import PEER_FUNCTIONS, REPLICATE, UNIT
from cxmetrics.ir import (
    Aggregate,
    Apply,
    Blend,
    Column,
    Constant,
    Expr,
    Indicator,
    Invalid,
    Merged,
    Pyramid,
    Ref,
    Windowed,
)
from cxmetrics.lower.conditions import all_of
from cxmetrics.lower.leaves import leaf_of, together
from cxmetrics.lower.partials import States
from cxmetrics.lower.peers import peer_value
from cxmetrics.lower.planned import Planned
from cxmetrics.lower.sampling import in_question, unions_of, with_units
from cxmetrics.lower.through import direct
from cxmetrics.lower.versions import with_versions
from cxmetrics.plan import Leaf, LeafValue, Node, Operation, Plan, Series, Value, leaves_of, references_of
from cxmetrics.score_rules import AmongPeers
from cxmetrics.units import NUMBER
from cxmetrics.windows import Window, tag

__all__ = ["all_of", "lower"]


def lower(pyramid: Pyramid) -> Plan:
    """The plan of a pyramid without faults."""
    work = _Work(pyramid)
    every = [planned for name, windows in wanted(pyramid.indicators).items() for window in windows
             for planned in with_versions(pyramid.indicators[name], window, pyramid)]
    formulas = [work.formula(planned) for planned in every]
    for source in {partial.source: None for partial in work.states.partials}:
        work.states.count(source, None)  # its rows tell which slices there are, whatever else is asked of them
    leaves = tuple(work.leaves)
    asked = in_question(every, formulas, leaves, pyramid.sources)
    leaves = with_units(leaves, asked, work.states, pyramid)
    sizes = {source: work.states.unraked(source)
             for source in dict.fromkeys(partial.source for partial in work.states.partials if partial.power)}
    partials = tuple(work.states.partials)
    meanings = {name: _digest(replace(origin, span=None)) for name, origin in pyramid.sources.items()}
    salt = pyramid.project.id, pyramid.project.replicates  # of the groups of texts, see `Cube.persons`
    fingerprints = tuple(_digest((partial, meanings[partial.source], pyramid.project.time_zone,
                                  *((salt,) if partial.by is not None else ()))) for partial in partials)
    nodes: dict[str, Node] = {}
    calendar = None if pyramid.project.calendar == PLAIN else pyramid.project.calendar
    for planned, formula in zip(every, formulas, strict=True):
        nodes[planned.indicator.id] = _node(planned, formula, leaves, fingerprints, nodes, calendar)
    within = {dimension.id: dimension.within for dimension in pyramid.dimensions.values() if dimension.within}
    least = {dimension.id: dimension.min_n for dimension in pyramid.dimensions.values() if dimension.min_n > 1}
    places = {partial: place for place, partial in enumerate(partials)}
    twins = {place: places[replace(partial, by=None)] for place, partial in enumerate(partials)
             if isinstance(partial.by, Apply) and partial.by.function in (UNIT, REPLICATE)}
    return Plan(pyramid.project, pyramid.sources, partials, fingerprints, leaves, nodes, within, least, twins,
                unions_of(partials, twins, leaves), sizes)


def _node(planned: Planned, formula: Value | None, leaves: tuple[Leaf, ...], fingerprints: tuple[str, ...],
          nodes: Mapping[str, Node], calendar: Calendar | None) -> Node:
    indicator, window = planned.indicator, planned.window
    if planned.versions:
        eras = [(day, nodes[name]) for day, name in planned.versions]
        meaning = _digest((indicator.valid, [(day, node.meaning) for day, node in eras]))
        return Node(indicator, None, frozenset[str]().union(*(node.sources for _, node in eras)), meaning,
                    planned.hidden, window, versions=planned.versions)
    below = dict.fromkeys(leaves_of(formula))  # in the order of the formula: numbers hang on what else there is
    own = {source for index in below for source in leaves[index].sources}
    inner = [nodes[child] for child in (*(edge.child for edge in indicator.combined), *references_of(formula))
             if child in nodes]
    sources = frozenset(own.union(*(node.sources for node in inner)))
    parts = [fingerprints[index] for leaf in below for total in leaves[leaf].inputs for index, _ in total.parts]
    said = (_rules_of(indicator), _shape(formula, leaves), parts, [node.meaning for node in inner])
    meaning = _digest(said if calendar is None else (*said, calendar))
    if not planned.peers:
        return Node(indicator, formula, sources, meaning, planned.hidden, window)
    named = indicator.peers.named if indicator.peers else None
    whole = _digest((meaning, named, [(peer, nodes[node].fingerprint) for peer, node in planned.peers]))
    # With whom an indicator is compared makes no difference to what rests on its value, unless it is scored so.
    fed = whole if isinstance(indicator.score, AmongPeers) else meaning
    return Node(indicator, formula, sources, whole, planned.hidden, window, planned.peers, fed)


def _digest(meaning: object) -> str:
    """A short hash of what something means: places take no part, as `repr` leaves them out."""
    return sha256(repr(meaning).encode()).hexdigest()[:16]


def _rules_of(indicator: Indicator) -> tuple[object, ...]:
    rules = (indicator.unit, indicator.direction, [edge.weight for edge in indicator.combined], str(indicator.combine),
             indicator.missing, indicator.score, indicator.rounding)
    required = [place for place, edge in enumerate(indicator.combined) if edge.child in indicator.require.names]
    least = [f"at_least({indicator.require.least})"] if indicator.require.least else []
    split = ("use_total",) if indicator.use_total else ()
    split = split if indicator.valid == (None, None) else (*split, *map(str, indicator.valid))
    return (*rules, *split, *least, required) if required else (*rules, *split, *least)


def _shape(value: Value | None, leaves: tuple[Leaf, ...]) -> object:
    """A formula with leaves by what they are, not by their number in this plan."""
    match value:
        case LeafValue():
            leaf = leaves[value.leaf]
            factors = [[factor for _, factor in total.parts] for total in leaf.inputs]
            return (leaf.function, leaf.source, leaf.options, factors, *leaf.others, *leaf.window)
        case Operation():
            return (value.function, [_shape(arg, leaves) for arg in value.args])
        case _:
            return value


class _Work:
    """Partials and leaves in the order they are first asked for; equal ones are one."""

    def __init__(self, pyramid: Pyramid) -> None:
        self.pyramid = pyramid
        raked = frozenset(name for name, origin in pyramid.sources.items() if origin.rake is not None)
        self.states = States({name: origin.column(origin.weight) if origin.weight is not None else None
                              for name, origin in pyramid.sources.items()
                              if origin.weight is not None or name in raked}, raked)
        self.leaves: dict[Leaf, int] = {}

    def formula(self, planned: Planned) -> Value | None:
        """The formula that gives an indicator its value, seen through a window."""
        if planned.versions:
            return None
        if isinstance(planned.formula, Series):
            return planned.formula
        if planned.formula is not None:
            return self.value(direct(planned.formula, self.pyramid.indicators), planned.window)
        match planned.indicator.combine:
            case Merged() as rule:
                return self.merged(rule, planned.window)
            case Blend(formula):
                return self.value(formula, planned.window)
            case _:
                return None

    def merged(self, rule: Merged, window: Window) -> Value:
        """One leaf of the rows of several aggregates."""
        leaf = replace(together([self.leaf(part) for part in rule.parts]), window=window)
        value = LeafValue(self.leaves.setdefault(leaf, len(self.leaves)))
        return value if rule.factor == 1 else Operation("convert", (value, Constant(rule.factor, NUMBER)))

    def leaf(self, expr: Aggregate) -> Leaf:
        """The leaf of an aggregate."""
        return leaf_of(expr, self.states, self.pyramid.sources[expr.source])

    def value(self, expr: Expr, window: Window = ()) -> Value:
        match expr:
            case Constant():
                return expr
            case Ref(name):
                return replace(expr, indicator=name + tag(window)) if window else expr
            case Apply() if expr.function in PEER_FUNCTIONS:
                return peer_value(expr, self.pyramid, window)
            case Apply():
                return Operation(expr.function, tuple(self.value(arg, window) for arg in expr.args))
            case Windowed(step, arg):
                return self.value(arg, (*window, step))
            case Aggregate():
                leaf = self.leaf(expr)
                leaf = replace(leaf, window=window) if window else leaf
                return LeafValue(self.leaves.setdefault(leaf, len(self.leaves)))
            case Column() | Invalid():
                message = f"{type(expr).__name__} in a formula that was proved"
                raise AssertionError(message)
            case _:
                assert_never(expr)
