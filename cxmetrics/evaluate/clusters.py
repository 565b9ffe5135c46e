"""Leaves whose rows come in clusters: several of one entity tell less than as many of different ones.

The variance is that of the units' totals, linearised (Taylor): over all units of a survey, or over random groups of
units.  Where every unit has one row and all weigh the same the rows are draws by themselves, and closed forms hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cxmetrics.evaluate.finished import Finished
from cxmetrics.functions import UNIT
from cxmetrics.ir import Apply
from cxmetrics.plan import Leaf, Plan, Total
from cxmetrics.pseudonyms import STRATUM
from cxmetrics.statistics.arrays import Array, Flags, floats, quiet, summed
from cxmetrics.statistics.distributions import normal_two_sided, t_quantile
from cxmetrics.statistics.intervals import share_interval, upper

# What a leaf is the quotient of, by the places of its `units`: numerator (with factors) and denominator.
_QUOTIENTS: Mapping[str, tuple[Mapping[int, float], int]] = {
    "mean": ({1: 1.0}, 0), "share": ({1: 1.0}, 0), "nps": ({1: 100.0, 2: -100.0}, 0), "apdex": ({1: 1.0, 2: 0.5}, 0),
    "weighted_mean": ({2: 1.0}, 1), "weighted_share": ({2: 1.0}, 1), "weighted_nps": ({2: 100.0, 3: -100.0}, 1),
    "weighted_apdex": ({2: 1.0, 3: 0.5}, 1), "csi": ({2: 100.0}, 3),
}
_ENDS = {"nps": (-100.0, 100.0), "apdex": (0.0, 1.0), "correlation": (-1.0, 1.0), "stdev": (0.0, np.inf),
         "count": (0.0, np.inf), "alpha": (-np.inf, 1.0)}


@dataclass(frozen=True, slots=True)
class Sampled:
    """The units of the rows behind a block of points; units and strata are numbered.

    `starts` [partials + 1]: where the states of each partial begin; `point`, `unit`, `value` [states].  `stratum`
    [units].  `present` by source: the units with a row in each period, as (period, unit).  A point is of period
    point // `slices`; of points with fewer than `least` rows nothing is asked.
    """

    starts: NDArray[np.int64]
    point: NDArray[np.int64]
    unit: NDArray[np.int64]
    value: Array
    stratum: NDArray[np.int64]
    present: Mapping[str, NDArray[np.int64]]
    slices: int
    least: int

    @staticmethod
    def of(rows: pl.DataFrame, present: Mapping[str, pl.DataFrame], partials: int, slices: int, least: int) -> Sampled:
        """The units of states by units, sorted by `partial`, with `point`, `value` and `text`."""
        texts = pl.concat([rows["text"], *(frame["text"] for frame in present.values())]).unique().drop_nulls().sort()
        codes = pl.DataFrame({"text": texts}).with_row_index("unit")
        strata = texts.str.splitn(STRATUM, 2).struct.field("field_1").fill_null("").rank("dense").to_numpy() - 1
        coded = rows.join(codes, on="text", how="left", maintain_order="left")
        listed = {source: frame.join(codes, on="text").select("period", "unit").unique().to_numpy().astype(np.int64)
                  for source, frame in present.items()}
        unit, value = coded["unit"].fill_null(0).to_numpy().astype(np.int64), rows["value"].cast(pl.Float64).to_numpy()
        return Sampled(np.searchsorted(rows["partial"].to_numpy(), np.arange(partials + 1)), rows["point"].to_numpy(),
                       unit, value, strata.astype(np.int64), listed, slices, least)


def is_exact(leaf: Leaf, plan: Plan) -> bool:
    """Whether the states of every single unit of a leaf are kept, and it is a quotient of their sums."""
    by = [plan.partials[part].by for total in leaf.units for part, _ in total.parts]
    return leaf.function in _QUOTIENTS and bool(by) and all(
        isinstance(each, Apply) and each.function == UNIT for each in by)


@quiet
def cluster(leaves: Sequence[Leaf], bounded: Sequence[int], sampled: Sampled, plan: Plan, done: Finished) -> None:
    """Give leaves (index) whose every unit is known the evidence of their clusters, where rows are not alone."""
    points = done.value.shape[1]
    for index in bounded:
        leaf = leaves[index]
        totals = _by_unit(leaf, sampled, done.n[index] >= sampled.least)
        weighted = leaf.function.startswith("weighted_") or leaf.function == "csi"
        strata = len(np.unique(sampled.stratum[totals.unit])) > 1
        taken = (np.bincount(totals.point, totals.n > 1, points) > 0) | weighted | strata
        if not len(totals.point) or not taken.any():
            continue
        error, df = _linearised(totals, leaf, sampled, points)
        units = np.bincount(totals.point, minlength=points).astype(np.float64)
        spread(leaf, index, np.where(taken, error, np.nan), df, units, plan.project.confidence, done)


@dataclass(frozen=True, slots=True)
class _Totals:
    """The numerator `y`, the denominator `x` and the rows `n` of units at points; all arrays [pairs]."""

    point: NDArray[np.int64]
    unit: NDArray[np.int64]
    y: Array
    x: Array
    n: Array


def _by_unit(leaf: Leaf, sampled: Sampled, shown: Flags) -> _Totals:
    above, below = _QUOTIENTS[leaf.function]
    parts = sorted({part for total in leaf.units for part, _ in total.parts})
    own = np.concatenate([np.arange(sampled.starts[part], sampled.starts[part + 1]) for part in parts])
    of = np.concatenate([np.full(sampled.starts[part + 1] - sampled.starts[part], part) for part in parts])
    kept = shown[sampled.point[own]]
    own, of = own[kept], of[kept]
    width = len(sampled.stratum)
    pairs, at = np.unique(sampled.point[own] * width + sampled.unit[own], return_inverse=True)

    def amount(total: Total, scale: float = 1.0) -> Array:
        factors = np.zeros(len(sampled.starts))
        for part, factor in total.parts:
            factors[part] = factor * scale
        return np.bincount(at, sampled.value[own] * factors[of], len(pairs)).astype(np.float64)

    y = np.sum([amount(leaf.units[place], scale) for place, scale in above.items()], axis=0)
    return _Totals(pairs // width, pairs % width, y, amount(leaf.units[below]), amount(leaf.units[0]))


def _linearised(totals: _Totals, leaf: Leaf, sampled: Sampled, points: int) -> tuple[Array, Array]:
    """Standard errors and degrees of freedom [points]: Σ m/(m − 1) · Σ(u − ū)² over strata, units less strata.

    u are the units' parts in what the quotient's numerator lacks or has beyond it, over the denominator; m all units of
    the stratum in the period, for those without a row that counts have u = 0.  NaN where m is 1.
    """
    point, layers = totals.point, int(sampled.stratum.max()) + 1
    below = summed(point, totals.x, points)
    ratio = summed(point, totals.y, points) / below
    u = (totals.y - ratio[point] * totals.x) / below[point]
    layer, size = _sizes(totals, leaf, sampled, layers)
    cells, at = np.unique(point * layers + sampled.stratum[totals.unit], return_inverse=True)
    of = cells // layers
    m = size[np.searchsorted(layer, of // sampled.slices * layers + cells % layers)].astype(np.float64)
    seen = np.bincount(at, minlength=len(cells))
    centre = summed(at, u, len(cells)) / m
    around = summed(at, (u - centre[at]) ** 2, len(cells)) + (m - seen) * centre**2
    variance = np.bincount(of, m / (m - 1) * around, points)
    return floats(np.sqrt(variance)), floats(np.bincount(of, seen - 1.0, points))


def _sizes(totals: _Totals, leaf: Leaf, sampled: Sampled, layers: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The strata of periods (period · strata + stratum), sorted, and how many units each has."""
    width = len(sampled.stratum)
    codes = [sampled.present[source][:, 0] * width + sampled.present[source][:, 1] for source in leaf.sources]
    everyone = np.unique(np.concatenate([*codes, totals.point // sampled.slices * width + totals.unit]))
    layer, size = np.unique(everyone // width * layers + sampled.stratum[everyone % width], return_counts=True)
    return layer, size.astype(np.int64)


@quiet
def spread(leaf: Leaf, index: int, error: Array, df: Array, units: Array, confidence: float, done: Finished) -> None:
    """Put standard errors [points] of clustered rows, where there are any, in place of those of rows by themselves.

    `units` [points]: how many there are, as far as that is known.  Where these are all alike there is no spread to see:
    a share is then as sure as one of so many rows, and of all else it is not known.
    """
    function = leaf.function.removeprefix("weighted_")
    value, n = done.value[index], done.n[index]
    known = np.isfinite(error) & (error > 0) & (df > 0)
    alike = ~np.isnan(error) & ~known & (units < n)
    quantile = t_quantile(df, upper(confidence))
    if function == "share":
        size = np.where(known, value * (1 - value) / error**2, units)
        low, high = share_interval(value, size, np.where(known, 1 - normal_two_sided(quantile), confidence))
    else:
        size = np.where(known, done.effective[index] * (_alone(function, index, done) / error) ** 2, units)
        worst, best = _ENDS.get(function, (-np.inf, np.inf))
        half = np.where(known, quantile * error, np.nan)
        low, high = np.maximum(value - half, worst), np.minimum(value + half, best)
    for own, new in ((done.low, low), (done.high, high), (done.error, np.where(known, error, np.nan)), (done.df, df)):
        own[index] = np.where(known | alike, new, own[index])
    shrunk = (known | alike) & np.isfinite(size)
    done.effective[index] = np.where(shrunk, np.minimum(size, n), done.effective[index])


def _alone(function: str, index: int, done: Finished) -> Array:
    """The standard error that rows by themselves would have; NaN where it is not told."""
    return np.asarray(np.sqrt(done.value[index]), np.float64) if function == "count" else done.error[index]
