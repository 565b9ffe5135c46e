"""One scan a source: all partials of a source become slots and cells of a few shared groupings.

Conditions are taken apart into classifiers, each of which sorts one row expression into few
classes.  Rows are grouped once by day, dimensions and classes; which cells belong to which partial
is known here, before any row is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cxmetrics.fuse.classify import Keys, atoms_of
from cxmetrics.ir import Expr, Origin
from cxmetrics.plan import Cube, Fused, Member, Partial, Plan, Scan, Slot

MAX_CLASSES = 20_000  # at most so many combinations of classes, if all occurred, in one cube
Dimensions = tuple[str, ...]


def fuse(plan: Plan, dimensions: Mapping[str, frozenset[str]], wanted: Iterable[int] | None = None,
         extra: Sequence[Dimensions] = ()) -> Fused:
    """The scans for the partials `wanted` (all by default).

    `dimensions`: which dimensions each source can make; `extra`: cuts asked for besides the declared ones.
    """
    chosen = range(len(plan.partials)) if wanted is None else sorted(set(wanted))
    by_source: dict[str, list[int]] = {}
    for index in chosen:
        by_source.setdefault(plan.partials[index].source, []).append(index)
    cuts = all_cuts(plan, extra)
    return Fused(tuple(
        _scan(plan.sources[source], plan, indices, families(cuts, dimensions.get(source, frozenset())))
        for source, indices in by_source.items()))


def all_cuts(plan: Plan, extra: Sequence[Dimensions] = ()) -> tuple[Dimensions, ...]:
    """Every cut that any indicator is shown in, the total first."""
    cuts: dict[Dimensions, None] = {(): None}
    for cut in plan.project.cuts:
        cuts[cut] = None
    for node in plan.nodes.values():
        cuts |= dict.fromkeys(node.indicator.cuts or ())
    return tuple(cuts | dict.fromkeys(extra))


def families(cuts: Iterable[Dimensions], available: frozenset[str]) -> tuple[Dimensions, ...]:
    """The finest cuts a source can make: every other it can make is a coarsening of one of them.

    Dimensions that no cut crosses are never crossed.
    """
    possible = [cut for cut in cuts if set(cut) <= available]
    return tuple(cut for cut in possible
                 if not any(set(cut) < set(other) for other in possible)) or ((),)


@dataclass(frozen=True, slots=True)
class _Group:
    """Partials that share a grouping."""

    keys: Keys
    partials: list[int]


def _scan(source: Origin, plan: Plan, indices: list[int], dimensions: tuple[Dimensions, ...]) -> Scan:
    counted: dict[Expr, list[int]] = {}
    additive: list[int] = []
    for index in indices:
        partial = plan.partials[index]
        if partial.op == "values" and partial.arg is not None:
            counted.setdefault(partial.arg, []).append(index)
        else:
            additive.append(index)
    cubes: list[Cube] = []
    for family in dimensions:
        cubes += [_cube(plan, group, family, None) for group in _groups(plan, additive)]
        for value, members in counted.items():
            cubes += [_cube(plan, group, family, value) for group in _groups(plan, members)]
    return Scan(source, tuple(cubes))


def _groups(plan: Plan, indices: list[int]) -> list[_Group]:
    """Partials put together as long as the combinations of their classes stay few, the most demanding first."""
    atoms = {index: atoms_of(plan.partials[index].where) for index in indices}
    groups: list[_Group] = []
    for index in sorted(indices, key=lambda i: (-len(atoms[i]), i)):
        for place, group in enumerate(groups):
            joined = group.keys.joined(atoms[index])
            if joined.size() <= MAX_CLASSES:
                groups[place] = _Group(joined, [*group.partials, index])
                break
        else:
            groups.append(_Group(Keys.of(atoms[index]), [index]))
    return groups


def _cube(plan: Plan, group: _Group, dimensions: Dimensions, value: Expr | None) -> Cube:
    slots: dict[Slot, int] = {}
    members: list[Member] = []
    classified = group.keys.classified()
    for index in sorted(group.partials):
        partial = plan.partials[index]
        slot = slots.setdefault(_slot(partial), len(slots))
        members.append(Member(index, slot, None if partial.where is None else classified.condition(partial.where)))
    return Cube(dimensions, classified.keys, tuple(slots), tuple(members), value)


def _slot(partial: Partial) -> Slot:
    return Slot("count", None) if partial.op == "values" else Slot(partial.op, partial.arg)
