"""Whose rows are one draw: the units of a sample, and the groups of units that are left out one at a time.

A unit is what the source says its rows are about (`entity`).  Of a survey the states of every unit are kept, for
intervals by Taylor linearisation; of all else those of some random groups of units (Kott 2001, the delete-a-group
jackknife).  Where there is no entity every row is a unit, told apart by the columns of `unique`, else by its time of
day; rows of which nothing but a day is known are in no group.  Sums of rows that are about nobody are figures, known
exactly, and so is what stands at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cxmetrics.functions import DRAWN, REPLICATE, UNIT
from cxmetrics.ir import Apply, Constant, Expr, Origin, Pyramid
from cxmetrics.lower.partials import States
from cxmetrics.lower.planned import Planned
from cxmetrics.plan import Leaf, Partial, Total, Value, leaves_of, lone_leaf, references_of
from cxmetrics.pseudonyms import key_of
from cxmetrics.units import NUMBER, TEXT

EXTREMES = frozenset(("min", "max", "first", "last"))  # no interval rests on them
TEXTS = frozenset(("distinct", "sampled_distinct", "conversion", "checklist"))  # of units by their own states
_ANYONE = Constant("", TEXT)


def with_units(leaves: Sequence[Leaf], needed: frozenset[int], states: States, pyramid: Pyramid) -> tuple[Leaf, ...]:
    """The leaves, those `needed` (index) with the states of their units."""
    units = {name: unit for name, origin in pyramid.sources.items()
             if (unit := _unit_of(origin, pyramid)) is not None}
    listed = tuple(states.partials)
    return tuple(_sampled(leaf, units, states, listed, pyramid.sources) if index in needed else leaf
                 for index, leaf in enumerate(leaves))


def in_question(every: Sequence[Planned], formulas: Sequence[Value | None], leaves: Sequence[Leaf],
                origins: Mapping[str, Origin]) -> frozenset[int]:
    """The leaves (index) whose units matter: those of composites and formulas, and of sources about somebody.

    Nodes to be, with their formulas, stand after all they depend on.
    """
    below: dict[str, frozenset[int]] = {}
    needed: set[int] = set()
    for planned, formula in zip(every, formulas, strict=True):
        edges = [edge.child for edge in planned.indicator.combined]
        names = [name for _, name in planned.versions] or [*edges, *references_of(formula)]
        found = frozenset(leaves_of(formula)).union(*(below.get(name, frozenset()) for name in names))
        below[planned.indicator.id] = found
        alone = not names and lone_leaf(formula) is not None
        needed |= {leaf for leaf in found
                   if not alone or leaves[leaf].is_about_somebody(origins)}
    return frozenset(needed)


def _sampled(leaf: Leaf, units: Mapping[str, Apply], states: States, listed: Sequence[Partial],
             origins: Mapping[str, Origin]) -> Leaf:
    """A leaf with the states of its units, if it has any; `listed` are the partials of leaves."""
    if leaf.function in EXTREMES | TEXTS or not any(source in units for source in leaf.sources):
        return leaf
    if leaf.at_one_moment(listed) or (leaf.function == "sum" and not leaf.is_about_somebody(origins)):
        return leaf
    twins = tuple(Total(tuple((states.twin(listed[part], units[listed[part].source]), factor)
                              for part, factor in total.parts if listed[part].source in units))
                  for total in leaf.followed)
    # All who could have had a row that counts.
    present = tuple(states.partial(source, "count", None, None, units[source]) for source in leaf.sources
                    if source in units and units[source].function == UNIT)
    return replace(leaf, units=twins, present=present)


def unions_of(partials: Sequence[Partial], twins: Mapping[int, int], leaves: Sequence[Leaf]) -> dict[int, int]:
    """The states by value that are those of all groups of units together, as every row is in one: plain → by groups.

    They are put together where they are asked for and need no states of their own, which would be the greatest part
    of all.  What is told apart is found in states as they are stored.
    """
    stored = {part for leaf in leaves if leaf.function == "distinct"
              for total in leaf.inputs for part, _ in total.parts}
    return {plain: twin for twin, plain in twins.items()
            if plain not in stored and partials[twin].per is not None and is_grouped(partials[twin])}


def is_grouped(partial: Partial) -> bool:
    """Whether it has a state for each group of units."""
    return isinstance(partial.by, Apply) and partial.by.function == REPLICATE


def is_survey(origin: Origin) -> bool:
    """Whether the rows are answers: on a scale, with weights, or drawn from strata or a population that is told."""
    designed = (origin.weight, origin.rake, origin.strata, origin.population)
    return any(each is not None for each in designed) or any(
        spec.unit.kind == "scale" for spec in origin.columns.values())


def _unit_of(origin: Origin, pyramid: Pyramid) -> Apply | None:
    """What tells the units of a source apart in its states; None where its rows are no sample."""
    who = _who(origin)
    if who is None:
        return None
    stratum: Expr = _ANYONE if origin.strata is None else origin.column(origin.strata)
    if origin.population is not None:
        stratum = Apply(DRAWN, (stratum, origin.column(origin.population)))
    unit = Apply(UNIT, (stratum, *who))
    if origin.entity is not None and is_survey(origin):
        return unit
    groups = pyramid.project.replicates
    key = Constant(key_of(pyramid.project.id), TEXT)
    return Apply(REPLICATE, (unit, key, Constant(groups, NUMBER))) if groups else None


def _who(origin: Origin) -> tuple[Expr, ...] | None:
    """The columns that tell units apart; none where that is the time of a row; None where nothing does."""
    if origin.entity is not None:
        return (origin.column(origin.entity),)
    if origin.unique is not None:
        return tuple(map(origin.column, origin.unique.by))
    spec = origin.columns.get(origin.time) if isinstance(origin.time, str) else None
    return () if spec is not None and spec.type == "time" else None
