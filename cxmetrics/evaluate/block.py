"""Blocks: merged states of some points, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxmetrics.statistics.arrays import Array


@dataclass(frozen=True, slots=True)
class Block:
    """Merged states of some points, sorted by partial, point and key; all arrays are [rows].

    `text`: a number for each text that has its own states.  `starts` [partials + 1]: where the rows of each partial
    begin.
    """

    points: int
    point: NDArray[np.int64]
    key: Array
    high: Array
    low: Array
    text: NDArray[np.int64]
    starts: NDArray[np.int64]

    def rows(self, partial: int) -> slice:
        """The rows of a partial."""
        return slice(int(self.starts[partial]), int(self.starts[partial + 1]))
