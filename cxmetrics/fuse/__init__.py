"""One scan a source: all partials of a source become slots and cells of a few shared groupings.

Conditions are taken apart into classifiers, each of which sorts one row expression into few
classes.  Rows are grouped once by day, dimensions and classes; which cells belong to which partial
is known here, before any row is read.  Where too few conditions share a grouping for what it costs,
each row is asked for each of them instead.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from cxmetrics.functions import MARKS, REPLICATE
from cxmetrics.fuse.classify import Atoms, Classified, Test, atoms_in
from cxmetrics.fuse.together import Look, together
from cxmetrics.fuse.wanted import asks_for_days, left_over, wanted
from cxmetrics.ir import Apply, Expr, Origin, columns_in
from cxmetrics.plan import Classifier, Condition, Cube, Fused, Member, Partial, Plan, Scan, Slot
from cxmetrics.pseudonyms import Grouping, key_of
from cxmetrics.sketches import SAMPLED
from cxmetrics.weights import raked_by

MAX_CLASSES = 20_000  # at most so many combinations of classes, if all occurred, in one cube
# What is done for a row, in nanoseconds: to group it by one key more, to ask it one condition more, to sum one number
# more of it (two cores, DuckDB 2.0.0 and Polars 2.1.0).
EACH_KEY, EACH_ATOM, EACH_SLOT = 18, 1, 3
ROW_BY_ROW = 50  # conditions at once
Dimensions = tuple[str, ...]


def fuse(plan: Plan, dimensions: Mapping[str, frozenset[str]], wanted: Iterable[int] | None = None,
         extra: Sequence[Dimensions] = (), look: Callable[[str], Look] | None = None) -> Fused:
    """The scans for the partials `wanted` (all by default).

    `dimensions`: which dimensions each source can make; `extra`: cuts asked for besides the declared ones; `look`: into
    a sample of the rows of a source, without which any combination of classes counts as one that occurs.
    """
    chosen = range(len(plan.partials)) if wanted is None else sorted(set(wanted))
    by_source: dict[str, list[int]] = {}
    for index in chosen:
        by_source.setdefault(plan.partials[index].source, []).append(index)
    cuts = all_cuts(plan, extra)
    return Fused(tuple(
        _scan(plan.sources[source], plan, indices, families(plan, source, cuts, dimensions.get(source, frozenset())),
              None if look is None else look(source))
        for source, indices in by_source.items()))


def all_cuts(plan: Plan, extra: Sequence[Dimensions] = ()) -> tuple[Dimensions, ...]:
    """Every cut that any indicator is shown in, the total first.

    Where small cells are hidden, also with the dimensions that those of a cut are within: for what slices sum to.
    """
    cuts: dict[Dimensions, None] = {(): None}
    for cut in plan.project.cuts:
        cuts[cut] = None
    for node in plan.nodes.values():
        cuts |= dict.fromkeys(node.indicator.cuts or ())
    if plan.least or max([plan.project.min_n, *(node.indicator.min_n or 0 for node in plan.nodes.values())]) > 1:
        cuts |= dict.fromkeys(_widened(plan, cut) for cut in list(cuts))
    return tuple(cuts | dict.fromkeys(extra))


def _widened(plan: Plan, cut: Dimensions) -> Dimensions:
    """A cut with all that its dimensions are within, if any cut is of these."""
    known = {name for other in plan.project.cuts for name in other}
    found = dict.fromkeys(cut)
    for name in cut:
        above = plan.within.get(name)
        while above in known and above not in found:
            found[above] = None
            above = plan.within.get(above)
    return tuple(found)


def families(plan: Plan, source: str, cuts: Iterable[Dimensions],
             available: frozenset[str]) -> tuple[Dimensions, ...]:
    """The finest cuts a source can make: every other it can make is a coarsening of one of them.

    Dimensions that no cut crosses are never crossed, but with those that its rows are raked by.  Only what has a state
    for nearly every row takes less room where all are, once: the last family then is for that.
    """
    raked = raked_by(plan.sources[source].rake)
    possible = tuple(dict.fromkeys((*(name for name in cut if name not in raked), *raked)
                                   for cut in cuts if set(cut) <= available))
    found = tuple(cut for cut in possible
                  if not any(set(cut) < set(other) for other in possible)) or (raked,)
    fine = len(found) > 1 and any(_is_fine(partial) for partial in plan.partials if partial.source == source)
    return (*found, tuple(dict.fromkeys(name for cut in found for name in cut))) if fine else found


def held_in(plan: Plan, index: int, among: Collection[Dimensions]) -> tuple[Dimensions, ...]:
    """The families of its source, as `families` gives them, that have states of a partial."""
    if index in plan.unions:
        return ()
    partial = plan.partials[index]
    crossing = [family for family in among if crosses(family, among)]
    return tuple(crossing) if crossing and _is_fine(partial) else tuple(
        family for family in among if family not in crossing)


def crosses(family: Dimensions, among: Collection[Dimensions]) -> bool:
    """Whether a family crosses the others of its source, for what has a state for nearly every row."""
    return any(set(other) < set(family) for other in among)


def _is_fine(partial: Partial) -> bool:
    """Whether nearly every row has a state of its own: whose it is, or the value and the group of units."""
    function = partial.by.function if isinstance(partial.by, Apply) else None
    return partial.per is not None if function == REPLICATE else partial.by is not None and function != SAMPLED


class _Wheres:
    """The conditions of some partials, taken apart once each: equal ones have one number."""

    __slots__ = ("asked", "atoms", "of", "tests")

    def __init__(self, plan: Plan, indices: Iterable[int]) -> None:
        numbers: dict[Expr | None, int] = {}
        self.of = {index: numbers.setdefault(plan.partials[index].where, len(numbers)) for index in indices}
        self.atoms = Atoms()
        self.tests: list[Test | None] = [None if where is None else self.atoms.test(where) for where in numbers]
        self.asked = [frozenset[int]() if test is None else atoms_in(test) for test in self.tests]

    def looks_elsewhere(self, subjects: Iterable[int]) -> bool:
        """Whether only other rows can tell of some of what conditions look at."""
        told = (self.atoms.subjects[subject][0] for subject in subjects)
        return any(isinstance(expr, Apply) and expr.function in MARKS for expr in told)


@dataclass(frozen=True, slots=True)
class _Apart:
    """What a grouping tells apart beside classes: the values that are counted, the texts that have their own states."""

    value: Expr | None = None
    by: Expr | None = None


def _scan(source: Origin, plan: Plan, indices: list[int], dimensions: tuple[Dimensions, ...],
          look: Look | None) -> Scan:
    apart: dict[_Apart, list[int]] = {_Apart(): []}
    for index in indices:
        partial = plan.partials[index]
        apart.setdefault(_Apart(partial.per, partial.by), []).append(index)
    # Where the calendar ends is told by rows that nobody else looks at, too.
    narrows = plan.project.holidays.covered is None or not asks_for_days(plan, source)
    wheres = _Wheres(plan, indices)
    cubes = list[Cube]()
    for family, (key, members) in product(dimensions, apart.items()):
        groups = _groups(wheres, [i for i in members if family in held_in(plan, i, dimensions)], look)
        alone = list[tuple[int, Sequence[int]]]()
        for group in groups:
            if key == _Apart() and len(groups) > 1 and _is_dear(wheres, group):
                alone += group.items()
            else:
                cubes.append(_cube(plan, wheres, group, family, key, narrows=narrows))
        cubes += [_row_by_row(plan, wheres, dict(alone[at:at + ROW_BY_ROW]), family)
                  for at in range(0, len(alone), ROW_BY_ROW)]
    return Scan(source, tuple(cubes))


def _groups(wheres: _Wheres, indices: Iterable[int], look: Look | None) -> list[Mapping[int, Sequence[int]]]:
    """Partials that share a grouping, by the number of their condition."""
    by_where: dict[int, list[int]] = {}
    for index in indices:
        by_where.setdefault(wheres.of[index], []).append(index)
    asked = {number: wheres.asked[number] for number in by_where}
    return [{number: by_where[number] for number in numbers}
            for numbers in together(asked, wheres.atoms, MAX_CLASSES, look)]


def _is_dear(wheres: _Wheres, group: Mapping[int, Sequence[int]]) -> bool:
    """Whether a grouping takes longer than to ask each row for each of its conditions."""
    asked = [wheres.asked[number] for number in group]
    subjects = wheres.atoms.by_subject(frozenset().union(*asked))
    if not subjects or wheres.looks_elsewhere(subjects):
        return False
    apiece = sum(EACH_ATOM * len(atoms) + EACH_SLOT * (1 + len(own))
                 for atoms, own in zip(asked, group.values(), strict=True))
    return apiece < EACH_KEY * (1 + len(subjects))


def _row_by_row(plan: Plan, wheres: _Wheres, partials: Mapping[int, Sequence[int]], dimensions: Dimensions) -> Cube:
    """A grouping by day and dimensions alone, of whose slots each looks at the rows that meet its own condition."""
    classified = Classified.of(wheres.atoms, frozenset().union(*(wheres.asked[number] for number in partials)))
    slots: dict[Slot, int] = {}
    members: list[Member] = []
    for number, own in partials.items():
        test = wheres.tests[number]
        where = None if test is None else classified.condition(test)
        rows = slots.setdefault(Slot("count", None, where), len(slots))
        for index in own:
            slot = slots.setdefault(Slot(plan.partials[index].op, plan.partials[index].arg, where), len(slots))
            members.append(Member(index, slot, None, rows))
    return Cube(dimensions, (), tuple(slots), tuple(sorted(members, key=lambda one: one.partial)),
                asked=classified.keys)


def _cube(plan: Plan, wheres: _Wheres, partials: Mapping[int, Sequence[int]], dimensions: Dimensions, apart: _Apart, *,
          narrows: bool) -> Cube:
    """The grouping of some partials, by the number of their condition."""
    slots: dict[Slot, int] = {}
    members: list[Member] = []
    classified = Classified.of(wheres.atoms, frozenset().union(*(wheres.asked[number] for number in partials)))
    conditions: dict[int, Condition | None] = {}
    for number, own in partials.items():
        test = wheres.tests[number]
        conditions |= dict.fromkeys(own, None if test is None else classified.condition(test))
    for index, condition in sorted(conditions.items()):
        partial = plan.partials[index]
        slot = slots.setdefault(Slot(partial.op, partial.arg), len(slots))
        members.append(Member(index, slot, condition))
    sampled = isinstance(apart.by, Apply) and apart.by.function == SAMPLED  # a level tells enough of anybody
    groups = Grouping(key_of(plan.project.id), 1 if sampled else plan.project.replicates)
    persons = groups if is_personal(plan, apart.by) else None
    some, others = _looked_at(classified.keys, slots, members, dimensions, apart) if narrows else (None, None)
    return Cube(dimensions, classified.keys, tuple(slots), tuple(members), apart.value, apart.by, persons, some, others)


def _looked_at(keys: Sequence[Classifier], slots: Iterable[Slot], members: Sequence[Member], dimensions: Dimensions,
               apart: _Apart) -> tuple[tuple[int, ...] | None, tuple[int, ...] | None]:
    """`Cube.wanted` and `Cube.others`."""
    if apart != _Apart():
        return wanted(keys, members), None
    bare = [slot.arg is None for slot in slots]
    some = [member for member in members if member.where is not None]
    # Without dimensions there are few groups, whatever rows are in them.
    if not dimensions or not all(bare[member.slot] for member in members if member.where is None):
        return None, None
    found = wanted(keys, some)
    return found, None if found is None or len(some) == len(members) else left_over(keys, found)


def is_personal(plan: Plan, by: Expr | None) -> bool:
    """Whether states by texts are by persons, who have to be hidden; a group tells nothing of anybody."""
    told = isinstance(by, Apply) and by.function == REPLICATE
    return not told and any(_personal(plan.sources[column.source], column.name) for column in columns_in(by))


def _personal(origin: Origin, column: str) -> bool:
    """Whether the values of a column tell of persons: it is classed so, made of such a column, or is the `entity`."""
    spec = origin.columns.get(column)
    if column == origin.entity or (spec is not None and spec.personal):
        return True
    return spec is not None and any(_personal(origin, below.name) for below in columns_in(spec.formula))
