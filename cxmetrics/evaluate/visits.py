"""Leaves finished from states by text: each text is a visit with a score of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxmetrics.evaluate.block import Block
from cxmetrics.plan import Leaf, Total
from cxmetrics.statistics.arrays import Array, quiet
from cxmetrics.statistics.grouping import distinct, summed


@dataclass(frozen=True, slots=True)
class Visits:
    """The visits of a checklist, those with a score; arrays are [visits], in a fixed order."""

    point: NDArray[np.int64]
    score: Array

    def moments(self, points: int) -> tuple[Array, Array, Array]:
        """How many there are at each point, the mean of their scores, and its standard deviation (n − 1)."""
        n = np.bincount(self.point, minlength=points).astype(np.float64)
        seen = np.where(n > 0, n, np.nan)
        mean = summed(self.point, self.score, points) / seen
        squares = summed(self.point, (self.score - mean[self.point]) ** 2, points)
        return n, mean, np.sqrt(squares / np.where(n > 1, n - 1, np.nan))


@quiet
def visits(leaf: Leaf, block: Block) -> Visits:
    """The visits with an item that applies: what was reached in parts of what could be, capped where one was fatal."""
    width = int(block.text.max(initial=0)) + 1
    items, *_ = leaf.inputs
    places = distinct(np.concatenate([_places(part, block, width) for part, _ in items.parts]))
    reached, most, *fatal = (_sum(total, block, places, width) for total in leaf.inputs[1:])
    score = reached / np.where(most == 0, np.nan, most)
    for failed in fatal:
        score = np.where(failed > 0, np.minimum(score, float(dict(leaf.options)["cap"])), score)
    there = ~np.isnan(score)
    return Visits(places[there] // width, score[there])


def _places(part: int, block: Block, width: int) -> NDArray[np.int64]:
    rows = block.rows(part)
    return block.point[rows] * width + block.text[rows]


def _sum(total: Total, block: Block, places: NDArray[np.int64], width: int) -> Array:
    """A total of each visit; those that are none of `places` are left out."""
    result = np.zeros(len(places))
    for part, factor in total.parts:
        at = _places(part, block, width)
        found = np.minimum(np.searchsorted(places, at), max(len(places) - 1, 0))
        known = places[found] == at if len(places) else np.zeros(len(at), np.bool_)
        rows = block.rows(part)
        result[found[known]] += ((block.high[rows] + block.low[rows]) * factor)[known]
    return result
