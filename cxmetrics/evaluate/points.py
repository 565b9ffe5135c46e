"""Points: the periods and slices at which a pyramid is evaluated."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxmetrics.backends.cells import MISSING
from cxmetrics.evaluate.scoring import Pools

Slice = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """Some periods and some slices of a cut: point = (period · copies + copy) · slices + slice."""

    cut: tuple[str, ...]
    periods: tuple[dt.date, ...]
    slices: tuple[Slice, ...]
    copies: int = 1

    @property
    def points(self) -> int:
        """How many there are."""
        return len(self.periods) * self.copies * len(self.slices)

    def pools(self, within: Mapping[str, str]) -> Pools:
        """The pools of slices that are compared across a dimension.

        A pool is one period and one value of every other dimension of the cut, but for the coarser ones that the
        dimension is within.  Rows that do not say which slice they are in are in no pool.
        """
        known: dict[str, NDArray[np.int64] | None] = {}

        def pool(across: str) -> NDArray[np.int64] | None:
            if across not in known:
                known[across] = self._pool(across, within) if across in self.cut else None
            return known[across]

        return pool

    def _pool(self, across: str, within: Mapping[str, str]) -> NDArray[np.int64]:
        freed = coarser(across, within)
        kept = [i for i, name in enumerate(self.cut) if name not in freed]
        place = self.cut.index(across)
        codes: dict[Slice, int] = {}
        of_slice = [-1 if cell[place] == MISSING else codes.setdefault(tuple(cell[i] for i in kept), len(codes))
                    for cell in self.slices]
        each = np.tile(np.array(of_slice, np.int64), len(self.periods) * self.copies)
        period = np.repeat(np.arange(len(self.periods) * self.copies), len(self.slices))
        return np.where(each < 0, -1, period * max(len(codes), 1) + each)


def coarser(dimension: str, within: Mapping[str, str]) -> frozenset[str]:
    """A dimension and all that it is within."""
    found = {dimension}
    while (dimension := within.get(dimension, "")) and dimension not in found:
        found.add(dimension)
    return frozenset(found)
