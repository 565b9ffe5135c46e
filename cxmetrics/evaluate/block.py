"""Blocks: merged states of some points, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cxmetrics.statistics.arrays import Array, Flags

WHOLE = 2**53  # integers up to here are float64s


@dataclass(frozen=True, slots=True)
class Block:
    """Merged states of some points, sorted by partial, point and key; all arrays are [rows].

    `text`: a number for each text that has its own states.  `starts` [partials + 1]: where the rows of each partial
    begin.
    """

    points: int
    partial: NDArray[np.int64]
    point: NDArray[np.int64]
    key: Array
    high: Array
    low: Array
    text: NDArray[np.int64]
    starts: NDArray[np.int64]

    @staticmethod
    def of(rows: pl.DataFrame, points: int, partials: int) -> Block:
        """The block of states at so many points; `rows` are sorted."""
        partial = rows["partial"].to_numpy().astype(np.int64)
        high, low = amounts(rows["value"])
        return Block(points, partial, rows["point"].to_numpy(), rows["key"].cast(pl.Float64).to_numpy(), high, low,
                     _coded(rows["text"]), np.searchsorted(partial, np.arange(partials + 1)))

    def rows(self, partial: int) -> slice:
        """The rows of a partial."""
        return slice(int(self.starts[partial]), int(self.starts[partial + 1]))

    def empty(self, points: int) -> Block:
        """A block of so many points without states."""
        none = np.zeros(len(self.partial), np.bool_)
        return replace(self.among(none), points=points)

    def among(self, kept: Flags) -> Block:
        """Only the rows that are kept, [rows]."""
        partial = self.partial[kept]
        return Block(self.points, partial, self.point[kept], self.key[kept], self.high[kept], self.low[kept],
                     self.text[kept], np.searchsorted(partial, np.arange(len(self.starts))))


    def at(self, points: NDArray[np.int64]) -> tuple[Block, Flags]:
        """The block of some points, in order, which are numbered anew; and which rows are kept, [rows]."""
        places = numbered(self.points, points)
        kept = places[self.point] >= 0
        some = self.among(kept)
        return replace(some, points=len(points), point=places[some.point]), kept


def numbered(points: int, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of each of so many points among those chosen, [points]; −1 for others."""
    places = np.full(points, -1, np.int64)
    places[chosen] = np.arange(len(chosen))
    return places


def amounts(values: pl.Series) -> tuple[Array, Array]:
    """Integers as the nearest floats and what is left of them."""
    high = values.cast(pl.Float64)
    low = np.zeros(len(values))
    if len(values) and float(np.abs(high.to_numpy()).max()) > WHOLE:
        whole = high.cast(pl.Int128)
        low = (values.cast(pl.Int128) - whole).cast(pl.Float64).to_numpy()
    return high.to_numpy(), low


def _coded(texts: pl.Series) -> NDArray[np.int64]:
    """Numbers from 1 on, 0 for none."""
    if texts.null_count() == len(texts):
        return np.zeros(len(texts), np.int64)
    return (texts.cast(pl.Int64) + 1).fill_null(0).to_numpy()
