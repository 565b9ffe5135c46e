"""Quantiles of rows with weights at points, and how sure they are: as sure as the share of weight up to them.

That share is a quotient, whose variance is linearised; its limits are read off the values (Woodruff 1952).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxmetrics.evaluate.block import Block
from cxmetrics.evaluate.finished import Finished
from cxmetrics.evaluate.quantiles import widened
from cxmetrics.evaluate.sums import Sums
from cxmetrics.evaluate.units import Sampled, Totals, numbered_alike
from cxmetrics.plan import Leaf, Plan, Total
from cxmetrics.statistics.arrays import Array, Flags, Ints, floats, quiet
from cxmetrics.statistics.grouping import summed
from cxmetrics.statistics.intervals import Interval
from cxmetrics.statistics.weighted import RULES, quantiles_at, share_error, share_limits

QUANTILES = ("quantile", "weighted_quantile")


def is_designed(leaf: Leaf, plan: Plan) -> bool:
    """Whether weights, strata or a finite population tell its rows from draws by themselves."""
    return leaf.function.startswith("weighted_") or any(
        plan.sources[source].strata is not None or plan.sources[source].population is not None
        for source in leaf.sources)


@dataclass(frozen=True, slots=True)
class Weighed:
    """Values that occur, by point and size, each once, and what they weigh; all arrays [values].

    `first`: where each point that has any begins.
    """

    points: int
    point: Ints
    key: Array
    weight: Array
    first: Ints

    @staticmethod
    def of(total: Total, block: Block) -> Weighed:
        """Those of a total with a state for each value."""
        parts = [(block.rows(part), factor) for part, factor in total.parts]
        point, key = (np.concatenate([each[rows] for rows, _ in parts]) for each in (block.point, block.key))
        weight = np.concatenate([(block.high[rows] + block.low[rows]) * factor for rows, factor in parts])
        order = np.lexsort((weight, key, point))
        point, key, weight = point[order], key[order], weight[order]
        begins = np.append(True, (point[1:] != point[:-1]) | (key[1:] != key[:-1]))[:len(point)]
        weight = np.add.reduceat(weight, np.flatnonzero(begins)) if len(point) else weight
        point, key = point[begins], key[begins]
        there = weight > 0
        point, key, weight = point[there], key[there], weight[there]
        first = np.flatnonzero(np.append(True, point[1:] != point[:-1])[:len(point)])
        return Weighed(block.points, point, key, weight, first)

    def at(self, share: Array | float, rule: str) -> Array:
        """The values at which the weight reaches a share, at each point (of all, or one of each) [points]."""
        found, here = np.full(self.points, np.nan), self.point[self.first]
        wanted = np.broadcast_to(floats(share), (self.points,))[here]
        if len(here):
            found[here] = quantiles_at(self.key, self.weight, self.first, wanted, rule)
        return found

    def up_to(self, value: Array) -> Array:
        """What all that is no more than a value of its point weighs [points]."""
        inside = self.key <= value[self.point]
        return summed(self.point[inside], self.weight[inside], self.points)


def weighted_quantile(leaf: Leaf, block: Block) -> Array:
    """A quantile at each point."""
    options = dict(leaf.options)
    return weighed_in(leaf, block).at(float(options["q"]), str(options["rule"]))


def weighed_in(leaf: Leaf, block: Block) -> Weighed:
    """The values of a quantile; rows without weights weigh the same."""
    return Weighed.of(leaf.inputs[1 if leaf.function == "quantile" else 3], block)


def read_off(leaf: Leaf, weighed: Weighed, limits: Interval) -> Interval:
    """The values at two shares of the weight at each point [points]; NaN where a share lies outside 0..1.

    Rules that ask how many rows there are give way to the first value that is reached.
    """
    rule = str(dict(leaf.options)["rule"])
    rule = rule if rule in RULES else RULES[0]
    return widened(leaf, weighed.at(limits[0], rule), weighed.at(limits[1], rule))


@quiet
def alone_interval(leaf: Leaf, sums: Sums, value: Array, confidence: float) -> Interval:
    """The interval of a quantile at each point, every row a draw by itself."""
    (n, _), (weight, _), (squares, _) = sums.each(leaf)
    weighed = weighed_in(leaf, sums.block)
    below, squares_below = weighed.up_to(value), Weighed.of(leaf.inputs[4], sums.block).up_to(value)
    error = share_error(n, weight, squares, below, squares_below)
    return read_off(leaf, weighed, share_limits(below / weight, error, n - 1, confidence))


@quiet
def cluster_quantile(leaf: Leaf, index: int, sampled: Sampled, block: Block, plan: Plan, done: Finished) -> None:
    """Give a quantile (row of `done`) whose every unit is known the interval of these, where rows are not alone."""
    value, n, points = done.value[index], done.n[index], block.points
    totals = _by_unit(leaf, sampled, sampled.asked[index], value)
    units, clustered = np.bincount(totals.point, minlength=points), np.bincount(totals.point, totals.n > 1, points) > 0
    seen = (units > 0) & ~np.isnan(value) & (clustered | is_designed(leaf, plan))
    if not seen.any():
        return
    found = sampled.survey.sureness(totals.parts(points), leaf.sources, points)
    share = summed(totals.point, totals.y, points) / summed(totals.point, np.asarray(totals.x), points)
    error, df = np.where(seen, found.error, np.nan), np.where(found.df > 0, found.df, np.nan)
    # Where units are all alike there is no spread to see: a share is as sure as one of so many units.
    error = np.where((error == 0) & ~found.certain, np.sqrt(share * (1 - share) / units), error)
    low, high = read_off(leaf, weighed_in(leaf, block), share_limits(share, error, df, plan.project.confidence))
    for own, new, itself in zip((done.low, done.high), (low, high), widened(leaf, value, value), strict=True):
        own[index] = np.where(seen, np.where(found.certain, itself, new), own[index])
    size = np.where(error > 0, share * (1 - share) / error**2, np.nan)
    done.effective[index] = np.where(seen & (size > 0), np.minimum(size, n), done.effective[index])


def _by_unit(leaf: Leaf, sampled: Sampled, shown: Flags, value: Array) -> Totals:
    """What rows up to the quantile weigh, and what all do, by unit, at the points where it is `shown`."""
    width, unit = len(sampled.survey.stratum), sampled.units.roll.unit
    asked = np.append(shown, False)
    counts, weights = ([(own.among(asked[own.point]), factor) for part, factor in sorted(total.parts)
                        for own in (sampled.units.part(part),)] for total in leaf.units)
    places = [own.point * width + unit[own.text] for own, _ in (*counts, *weights)]
    pairs, where = numbered_alike(places)
    n, y, x = np.zeros((3, len(pairs)))
    for (own, factor), place in zip(counts, where, strict=False):
        n += own.added(place, len(pairs))[0] * factor
    for (own, factor), place in zip(weights, where[len(counts):], strict=True):
        inside = own.key <= value[own.point]
        x += own.added(place, len(pairs))[0] * factor
        y += own.among(inside).added(place[inside], len(pairs))[0] * factor
    return Totals(pairs // width, pairs % width, y, x, n)
