"""Totals of merged states, each computed once for all leaves that ask for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cxmetrics.evaluate.block import Block
from cxmetrics.evaluate.visits import Visits, visits
from cxmetrics.plan import Leaf, Total
from cxmetrics.statistics.arrays import Array, batched
from cxmetrics.statistics.precise import Pair, two_product, two_sum, variance

BY_TEXT = ("conversion", "checklist")  # leaves whose n is how many texts there are
# Leaves whose states beyond the first few are no sums, and how many are.
BY_KEY = {"min": 1, "max": 1, "first": 1, "last": 1, "quantile": 1, "distinct": 1, "sampled_distinct": 1,
          "weighted_quantile": 3}
EPSILON = float(np.finfo(np.float64).eps)


class Sums:
    """Totals of sums and counts, each computed once: [totals, points] in two parts."""

    __slots__ = ("_visits", "block", "high", "low", "places")

    def __init__(self, leaves: Sequence[Leaf], block: Block) -> None:
        """Add up what the leaves need of a block of states."""
        self._visits: dict[Leaf, Visits] = {}
        wanted = [total for leaf in leaves if leaf.function not in BY_TEXT
                  for total in leaf.inputs[:BY_KEY.get(leaf.function)]]
        self.places = {total: row for row, total in enumerate(dict.fromkeys(wanted))}
        self.block = block
        self.high, self.low = np.zeros((2, len(self.places), block.points))
        _add(list(self.places), block, self.high, self.low)

    def of(self, totals: Sequence[Total]) -> Pair:
        """The two parts of several totals, [totals, points]."""
        rows = [self.places[total] for total in totals]
        return self.high[rows], self.low[rows]

    def visits(self, leaf: Leaf) -> Visits:
        """The visits of a checklist."""
        if leaf not in self._visits:
            self._visits[leaf] = visits(leaf, self.block)
        return self._visits[leaf]

    def each(self, leaf: Leaf) -> Sequence[Pair]:
        """The two parts of each total of a leaf that is a sum, [points]."""
        return [(self.high[row], self.low[row]) for row in (
            self.places[total] for total in leaf.inputs[:BY_KEY.get(leaf.function)])]


def deviations(leaves: Sequence[Leaf], sums: Sums) -> Array:
    """Standard deviations, divisor n − 1, in the unit of the values."""
    n, total, squares = (sums.of([leaf.inputs[place] for leaf in leaves]) for place in range(3))
    spread = variance(n[0], total, squares)
    # Squares of fractions are rounded before they are summed: what is less than that rounding is no spread.
    rounded = np.array([[any(factor != 1 for _, factor in leaf.inputs[2].parts)] for leaf in leaves])
    return np.sqrt(np.where(rounded & (spread * n[0] <= EPSILON * squares[0]), 0 * spread, spread))


def _add(totals: Sequence[Total], block: Block, high: Array, low: Array) -> None:
    """Add Σ state · factor of each total to its row of points, exactly but for the last of some 32 digits.

    All first parts are added at once, then all second ones …: each total is summed in the order of its parts.
    """
    flat_high, flat_low = high.reshape(-1), low.reshape(-1)
    for place in range(max((len(total.parts) for total in totals), default=0)):
        given = [(row, *total.parts[place]) for row, total in enumerate(totals) if place < len(total.parts)]
        for some in batched(given, block.points):
            row, part, factors = (np.array(each) for each in zip(*some, strict=True))
            first, count = block.starts[part], block.starts[part + 1] - block.starts[part]
            rows = np.repeat(first - (np.cumsum(count) - count), count) + np.arange(count.sum())
            at = np.repeat(row * block.points, count) + block.point[rows]
            factor = np.repeat(factors.astype(np.float64), count)
            term, rest = two_product(block.high[rows], factor)
            summed, error = two_sum(flat_high[at], term)
            flat_high[at], flat_low[at] = two_sum(summed, flat_low[at] + (error + rest + block.low[rows] * factor))
