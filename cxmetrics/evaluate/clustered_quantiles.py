"""How sure quantiles are of rows that come in clusters: how sure the share of rows is that are no more than them.

The share is a quotient, whose jackknife holds.  That of a quantile itself does not: leaving out a few rows moves it by
whole steps, where few values are near, or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxmetrics.evaluate.finished import Finished
from cxmetrics.evaluate.quantiles import at_ranks
from cxmetrics.evaluate.replicates import Sample
from cxmetrics.evaluate.weighted_quantiles import read_off, weighed_in
from cxmetrics.plan import Leaf
from cxmetrics.statistics import jackknife
from cxmetrics.statistics.arrays import Array, Flags, quiet
from cxmetrics.statistics.intervals import clustered_shares, share_ranks


@dataclass(frozen=True, slots=True)
class Shares:
    """The share of rows that are no more than a quantile [points], and `left` without each group [points, groups].

    `size`: as many rows by themselves would tell as much; `known`: where more than one group has rows.  `low`, `high`:
    the ends of the interval of the share, read off the values, NaN where that side is open; `slope`: how far values go
    on there while the share grows by one.
    """

    share: Array
    left: Array
    size: Array
    known: Flags
    low: Array
    high: Array
    slope: Array

    @staticmethod
    @quiet
    def of(leaf: Leaf, sample: Sample, value: Array, n: Array, confidence: float) -> Shares:
        """Those of a quantile of so many rows [points]."""
        groups = sample.groups
        below, every = _by_group(leaf, sample, value)
        whole, rows = below.sum(axis=1), every.sum(axis=1)
        share = whole / rows
        left = (whole[:, None] - below) / (rows[:, None] - every)
        squares = np.zeros(len(value))
        for each in left.T:  # one after another: `sum` takes an order that depends on the number of points
            squares += np.nan_to_num((each - share) ** 2)
        error = np.nan_to_num(jackknife.error(squares, groups))
        seen = np.count_nonzero(every, axis=1).astype(np.float64)
        # Where leaving a group out makes no difference there is no spread to see: rows tell as much as there are units.
        units = np.where(seen < groups, seen, n)
        size = np.where(error > 0, share * (1 - share) / error**2, units)
        limits = clustered_shares(size, seen - 1, float(dict(leaf.options)["q"]), confidence)
        if leaf.function == "weighted_quantile":
            low, high = read_off(leaf, weighed_in(leaf, sample.block), limits)
        else:
            ranks = share_ranks(n, limits)
            low, high = at_ranks(leaf, sample.block, ranks)
            limits = ranks[0] / n, ranks[1] / n
        return Shares(share, left, np.minimum(size, n), (seen > 1) & ~np.isnan(value), low, high,
                      (high - low) / (limits[1] - limits[0]))

    def spread(self, place: int, done: Finished) -> None:
        """Give a quantile (row of `done`) the evidence of its groups of units."""
        for own, new in ((done.low, self.low), (done.high, self.high)):
            own[place] = np.where(self.known, new, np.nan)
        done.effective[place] = np.where(self.known, self.size, done.effective[place])

    @quiet
    def without(self, value: Array, slices: int) -> Array:
        """What a quantile of this value comes to without each group, linearised; at the points of all replicates.

        θ − (F₋g(θ) − F(θ))/f, with f, how close values lie, from the interval (Francisco, Fuller 1991).  NaN where that
        is open.
        """
        found = value[:, None] - self.slope[:, None] * (self.left - self.share[:, None])
        return np.swapaxes(found.reshape(-1, slices, found.shape[1]), 1, 2).ravel()


def _by_group(leaf: Leaf, sample: Sample, value: Array) -> tuple[Array, Array]:
    """How many rows of each group are no more than a value [points], and how many it has; [points, groups].

    Of rows with weights, what they weigh.
    """
    below, every = np.zeros((2, len(value), sample.groups))
    for part, factor in leaf.units[1].parts:
        own = sample.of(part)
        place, inside = own.point * sample.groups + sample.units.roll.group[own.text], own.key <= value[own.point]
        every += factor * own.added(place, every.size)[0].reshape(every.shape)
        below += factor * own.among(inside).added(place[inside], below.size)[0].reshape(below.shape)
    return below, every
