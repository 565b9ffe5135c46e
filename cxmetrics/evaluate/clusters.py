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
from cxmetrics.statistics.arrays import Array, Flags, quiet
from cxmetrics.statistics.distributions import normal_two_sided, t_quantile
from cxmetrics.statistics.intervals import share_interval, upper
from cxmetrics.statistics.survey import design, taylor_ratio

# What a leaf is the quotient of, by the places of its `units`: numerator (with factors) and denominator.
_QUOTIENTS: Mapping[str, tuple[Mapping[int, float], int]] = {
    "mean": ({1: 1.0}, 0), "share": ({1: 1.0}, 0), "nps": ({1: 100.0, 2: -100.0}, 0), "apdex": ({1: 1.0, 2: 0.5}, 0),
    "weighted_mean": ({2: 1.0}, 1), "weighted_share": ({2: 1.0}, 1), "weighted_nps": ({2: 100.0, 3: -100.0}, 1),
    "weighted_apdex": ({2: 1.0, 3: 0.5}, 1), "csi": ({2: 100.0}, 3),
}
_ENDS = {"nps": (-100.0, 100.0), "apdex": (0.0, 1.0), "share": (0.0, 1.0)}


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
        period, unit = _absent(totals, leaf, sampled)
        none = np.full(len(period), np.nan)
        layer = np.append(totals.point // sampled.slices, period) * (sampled.stratum.max() + 1)
        who = np.append(totals.unit, unit)
        survey = design(np.ones(len(who)), np.unique(layer + sampled.stratum[who], return_inverse=True)[1], who)
        found = taylor_ratio(np.append(totals.y, none), np.append(totals.x, none), survey,
                             np.append(totals.point, np.full(len(period), -1)), count=points)
        units = np.bincount(totals.point, minlength=points).astype(np.float64)
        spread(leaf, index, np.where(taken, found.error, np.nan), found.df, units, plan.project.confidence, done)


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


def _absent(totals: _Totals, leaf: Leaf, sampled: Sampled) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The units of the sample, by period, without a row that counts: they are in no domain."""
    width = len(sampled.stratum)
    everyone = np.concatenate([sampled.present[source] for source in leaf.sources])
    code = np.setdiff1d(everyone[:, 0] * width + everyone[:, 1],
                        totals.point // sampled.slices * width + totals.unit)
    return code // width, code % width


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
