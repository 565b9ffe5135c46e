"""Which cells are hidden: the small ones, and as few others as a simple choice finds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cxmetrics.disclosure.cells import Cut, Ints, alike, children, costs, joined, joined_anew, touching
from cxmetrics.disclosure.witness import Systems, Witness, witness
from cxmetrics.statistics.arrays import Flags

ROUNDS = 60  # after so many, everything is hidden


def conceal(cuts: Sequence[Cut], bounds: int, small: Sequence[Flags]) -> list[Flags]:
    """The cells to hide, by cut [slices, cells]: the `small` ones, which have rows, and what protects them.

    The coarser cuts stand first; the first is the total.  Depends on nothing but these and the numbers of rows.
    """
    hidden = list(small)
    if not any(flags.any() for flags in hidden):
        return hidden
    empty = [alike(cut, bounds) for cut in cuts]
    systems: Systems = {}
    known = [~flags for flags in hidden]
    labels = [joined(cut, flags, bounds) for cut, flags in zip(cuts, known, strict=True)]
    for _ in range(ROUNDS):
        before, known = list(zip(known, labels, strict=True)), [~flags for flags in hidden]
        labels = [joined_anew(*each) for each in zip(cuts, known, before, strict=True)]
        state = _State(cuts, hidden, empty, labels, witness(cuts, labels, systems))
        found = [flags & state.witness.unchanged(place, cut)
                 for place, (cut, flags) in enumerate(zip(cuts, hidden, strict=True))]
        if not any(flags.any() for flags in found):
            return hidden
        more = state.choices(found)
        if not more:
            break
        hidden = [flags.copy() for flags in hidden]
        for place, row, bound in sorted(more):
            hidden[place][row] |= touching(cuts[place], row, bound, empty[place])
    return [cut.n > 0 for cut in cuts]


Choice = tuple[int, int, int]  # cut, slice, bound: all its cells that begin or end there are hidden


@dataclass(frozen=True, slots=True)
class _State:
    """What is hidden so far, and what it is worth; all by cut."""

    cuts: Sequence[Cut]
    hidden: Sequence[Flags]
    empty: Sequence[Ints]
    labels: Sequence[Ints]
    witness: Witness

    def choices(self, found: Sequence[Flags]) -> set[Choice]:
        """What to hide besides, so that cells that can be found cannot: the nearest kind of remedy, for all at once."""
        price = [costs(cut, ~flags, empty) for cut, flags, empty in
                 zip(self.cuts, self.hidden, self.empty, strict=True)]
        chosen: dict[int, set[Choice]] = {}
        for place, flags in enumerate(found):
            cut = self.cuts[place]
            rows, cells = np.nonzero(flags)
            for row, low, high in sorted(set(zip(rows.tolist(), cut.low[cells].tolist(), cut.high[cells].tolist(),
                                                 strict=True))):
                for kind, offers in self._remedies(place, row, (high, low), price):
                    if listed := list(offers):
                        chosen.setdefault(kind, set()).add(min(listed)[-1])
                        break
        return chosen[min(chosen)] if chosen else set()

    def _remedies(self, place: int, row: int, bounds: tuple[int, int],
                  price: Sequence[Ints]) -> Iterator[tuple[int, Iterator[tuple[int, int, Choice]]]]:
        """Ways to protect a cell between two bounds, by their kind, the nearest first.

        Where its bounds are joined by other cells of its slice, one of them is freed; where its own slices cannot sum
        to a change, one of these is, or one beside it that loses less; else one beside it, or what it is part of.
        """
        cut, labels = self.cuts[place], self.labels[place][row]
        if labels[bounds[0]] == labels[bounds[1]]:
            yield 0, self._of([row], place, bounds, price)
            return
        frozen = tuple(bound for bound in bounds if not self.witness.free[place][row, bound])
        below = [offer for finer in children(self.cuts, place)
                 for offer in self._of(np.flatnonzero(self.cuts[finer].up == row).tolist(), finer, frozen, price)]
        then, beside = self._beside(place, row, bounds)
        if below:
            more = [(cost, rows, choice) for cost, rows, choice in self._of(then, place, bounds, price)
                    if cost < min(below)[0]]
            yield 0, iter([*below, *more])
        for listed in (then, beside):
            yield 1, self._of(listed, place, bounds, price)
        if cut.parent is not None:
            yield 2, self._of([int(cut.up[row])], cut.parent, bounds, price)

    def _beside(self, place: int, row: int, bounds: tuple[int, int]) -> tuple[list[int], list[int]]:
        """The slices beside a slice: those that have rows between two bounds, and all."""
        cut, empty = self.cuts[place], self.empty[place]
        beside = [] if cut.parent is None else [
            int(other) for other in np.flatnonzero(cut.up == cut.up[row]) if other != row]
        return [other for other in beside if empty[other, bounds[0]] != empty[other, bounds[1]]], beside

    def _of(self, rows: Sequence[int], place: int, bounds: tuple[int, ...],
            price: Sequence[Ints]) -> Iterator[tuple[int, int, Choice]]:
        """The slices that lose something when they are freed at a bound: (days lost, rows of the slice, choice)."""
        whole = self.cuts[place].n.max(axis=1, initial=0)
        for bound in bounds:
            for row in rows:
                if cost := int(price[place][row, bound]):
                    yield cost, int(whole[row]), (place, row, bound)
