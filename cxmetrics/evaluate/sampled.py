"""How many texts there are at points, from samples of them."""

from __future__ import annotations

import numpy as np

from cxmetrics.evaluate.block import Block
from cxmetrics.plan import Leaf
from cxmetrics.sketches import TOP
from cxmetrics.statistics.arrays import Array, quiet
from cxmetrics.statistics.distributions import normal_quantile
from cxmetrics.statistics.intervals import Interval, upper
from cxmetrics.statistics.sampling import sampled_error, thinned


def sampled(leaf: Leaf, block: Block) -> tuple[Array, Array]:
    """How many texts there are at each point, and the standard error of that: NaN where all are kept."""
    (part, _), = leaf.inputs[1].parts
    rows = block.rows(part)
    point, level = block.point[rows], block.key[rows].astype(np.int64)
    least = np.zeros(block.points, np.int64)
    np.maximum.at(least, point, np.log2(block.high[rows]).astype(np.int64))
    kept, floor = thinned(point, level, int(dict(leaf.options)["keep"]), least, TOP)
    count = np.bincount(point[kept], minlength=block.points)
    error = sampled_error(count, floor)
    return count * 2.0**floor, np.where(error > 0, error, np.nan)


@quiet
def sampled_interval(value: Array, error: Array, confidence: float) -> Interval:
    """Between which numbers that of texts lies, of what `sampled` finds; NaN where it is known exactly."""
    half = normal_quantile(upper(confidence)) * error
    return np.maximum(value - half, 0), value + half
