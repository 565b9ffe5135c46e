"""Witnesses: changes of the numbers below that no shown cell sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from cxmetrics.disclosure.cells import Cut, Ints, children
from cxmetrics.disclosure.elimination import PRIME, Basis
from cxmetrics.statistics.arrays import Flags
from cxmetrics.statistics.grouping import distinct

_FIRST = 2**14  # labels whose random numbers are kept


@dataclass(frozen=True, slots=True)
class Witness:
    """A change: `sums` by cut [slices, bounds], that of each slice up to each bound, modulo a prime.

    `free` by cut [slices, bounds]: whether it may be anything at all there, so far as the slices below go.
    """

    sums: Sequence[Ints]
    free: Sequence[Flags]

    def unchanged(self, place: int, cut: Cut) -> Flags:
        """The cells of a cut that it leaves as they are, [slices, cells]."""
        sums = self.sums[place]
        return np.asarray(sums[:, cut.low] == sums[:, cut.high], np.bool_)


def witness(cuts: Sequence[Cut], joined: Sequence[Ints], known: Systems) -> Witness:
    """A change that is the same at bounds of a slice that are `joined`, and as random as that allows.

    A change of a slice that its own slices cannot sum to is not made: so shown cells never change, and whether hidden
    ones do is for the caller to see.  `known`: what has been worked out before, to which more is added.
    """
    free = [np.asarray(labels != labels[:, :1], np.bool_) for labels in joined]
    systems: Systems = {}
    for place in reversed(range(len(cuts))):
        for finer in children(cuts, place):
            for row in np.flatnonzero(free[finer].any(axis=1) @ _membership(cuts[finer], len(free[place]))
                                      | free[place].any(axis=1)).tolist():
                rows = np.flatnonzero(cuts[finer].up == row)
                system = systems[finer, row] = _system(known, (finer, row), rows, joined[finer], free[finer])
                free[place][row] &= system.makes(joined[place][row], free[place][row])
    sums = [np.zeros(labels.shape, np.int64) for labels in joined]
    for place, cut in enumerate(cuts):
        if cut.parent is None:
            sums[place] = np.where(free[place], _random(joined[place], place), 0)
            continue
        for row in range(len(free[cut.parent])):
            if (place, row) in systems:
                system = systems[place, row]
                sums[place][system.rows] = system.spread(sums[cut.parent][row], place)
    return Witness(sums, free)


def _system(known: Systems, name: tuple[int, int], rows: Ints, joined: Ints, free: Flags) -> System:
    """The system of some slices, made anew where it is not as it was."""
    bounds = joined.shape[1]
    labels = joined[rows] + ((np.arange(len(rows)) - rows) * bounds)[:, None]
    before = known.get(name)
    if before is None or not (np.array_equal(before.labels, labels) and np.array_equal(before.free, free[rows])):
        known[name] = System.of(rows, labels, free[rows])
    return known[name]


def _membership(cut: Cut, slices: int) -> Flags:
    """Which slices of the coarser cut, [slices there], each slice is part of: [slices, slices there]."""
    return np.asarray(cut.up[:, None] == np.arange(slices)[None, :], np.bool_)


def _random(labels: Ints, salt: int) -> Ints:
    """Random numbers from 1 to the prime, the same for the same label: always the same ones."""
    return _first(salt)[labels] if labels.max(initial=0) < _FIRST else _drawn(labels, salt)


@cache
def _first(salt: int) -> Ints:
    """Those of the first labels: most systems have no others, and ask for them again and again."""
    return _drawn(np.arange(_FIRST), salt)


def _drawn(labels: Ints, salt: int) -> Ints:
    """Those of labels, worked out (splitmix64)."""
    mixed = labels.astype(np.uint64) + np.uint64(1 + salt * 1_000_003)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor) + np.uint64(0x9E3779B97F4A7C15)
    return ((mixed ^ (mixed >> np.uint64(31))) % np.uint64(PRIME - 1)).astype(np.int64) + 1


@dataclass(frozen=True, slots=True)
class System:
    """The slices of one slice: what changes of theirs sum to.  Their labels are numbered from 0.

    A column is what a label changes between neighbouring bounds, as sums up to them: +1 where its bounds begin, −1
    where they end.  Equal columns are one.  What has been worked out is kept: much is asked again, round after round.
    """

    rows: Ints
    labels: Ints  # [slices, bounds]
    free: Flags
    basis: Basis
    members: Sequence[int]  # column → a label that has it
    _made: dict[tuple[bytes, bytes], Flags] = field(default_factory=dict)
    _spread: dict[tuple[bytes, int], Ints] = field(default_factory=dict)

    @staticmethod
    def of(rows: Ints, labels: Ints, free: Flags) -> System:
        """The system of some slices."""
        found: dict[int, dict[int, int]] = {}
        prints = np.zeros(labels.size, np.uint64)
        label, bound, sign = _entries(labels, free)
        np.add.at(prints, label, _random(bound, 7).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
                  * sign.astype(np.uint64))
        own = distinct(label)
        _, first = np.unique(prints[own], return_index=True)
        told = np.zeros(labels.size, np.bool_)
        told[own[first]] = True
        chosen = told[label]
        for name, row, number in zip(label[chosen].tolist(), bound[chosen].tolist(), sign[chosen].tolist(),
                                     strict=True):
            found.setdefault(name, {})[row] = number % PRIME
        return System(rows, labels, free, Basis(list(found.values())), list(found))

    def makes(self, labels: Ints, free: Flags) -> Flags:
        """The bounds of a slice [bounds] whose labels can change by any amount, these slices summing to it."""
        asked = labels.tobytes(), free.tobytes()
        if asked not in self._made:
            self._made[asked] = self._makes(labels, free)
        return self._made[asked]

    def _makes(self, labels: Ints, free: Flags) -> Flags:
        label, bound, sign = _entries(labels[None, :], free[None, :])
        columns: dict[int, dict[int, int]] = {}
        for name, row, number in zip(label.tolist(), bound.tolist(), sign.tolist(), strict=True):
            columns.setdefault(name, {})[row] = number % PRIME
        able = {name for name, column in columns.items() if self.basis.spans(column)}
        return np.array([name in able for name in labels.tolist()], np.bool_)

    def spread(self, whole: Ints, salt: int) -> Ints:
        """Changes of these slices that sum to that of the whole [bounds], random beyond that; [slices, bounds]."""
        asked = whole.tobytes(), salt
        if asked not in self._spread:
            self._spread[asked] = self._changes(whole, salt)
        return self._spread[asked]

    def _changes(self, whole: Ints, salt: int) -> Ints:
        changes = np.where(self.free, _random(self.labels, salt), 0)
        missing = np.diff((whole - changes.sum(axis=0)) % PRIME) % PRIME
        rows = np.flatnonzero(missing)
        used = self.basis.solve(dict(zip(rows.tolist(), missing[rows].tolist(), strict=True)))
        more = np.zeros(self.labels.size, np.int64)
        for column, amount in used.items():
            more[self.members[column]] = amount
        return (changes + more[self.labels]) % PRIME


Systems = dict[tuple[int, int], System]
"""By cut and the slice of the coarser cut."""


def _entries(labels: Ints, free: Flags) -> tuple[Ints, Ints, Ints]:
    """Where the bounds of free labels begin (+1) and end (−1): label, place between bounds, sign."""
    row, bound = np.nonzero(labels[:, 1:] != labels[:, :-1])
    ends, begins = free[row, bound], free[row, bound + 1]
    label = np.concatenate([labels[row, bound + 1][begins], labels[row, bound][ends]])
    sign = np.repeat([1, -1], [int(begins.sum()), int(ends.sum())])
    return label, np.concatenate([bound[begins], bound[ends]]), sign
