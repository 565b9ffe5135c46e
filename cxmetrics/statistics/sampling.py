"""Adaptive sampling: which of many items are kept, by their levels, so that no cell has more than so many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxmetrics.statistics.arrays import Array, Flags, Ints, quiet


def thinned(cell: Ints, level: Ints, keep: int, least: Ints, top: int) -> tuple[Flags, Ints]:
    """Return which items are kept, [items], and the least level of each cell, [cells].

    `cell` [items] is the number of the cell of each, `level` [items] says how many others it may stand for, and `least`
    [cells] from which level on items were kept before.  It rises while a cell has more than `keep` items, up to `top`.
    """
    floor = np.array(least, np.int64)
    kept = level >= floor[cell]
    while True:
        full = (np.bincount(cell[kept], minlength=len(floor)) > keep) & (floor < top)
        if not full.any():
            return np.asarray(kept, np.bool_), floor
        floor[full] += 1
        kept &= level >= floor[cell]


@quiet
def sampled_error(count: NDArray[np.int64], floor: Ints) -> Array:
    """Return the standard error of count · 2^floor items, each kept with probability 2^-floor; 0 where all were."""
    part = 0.5**floor
    return np.asarray(np.sqrt(count * (1 - part)) / part, np.float64)
