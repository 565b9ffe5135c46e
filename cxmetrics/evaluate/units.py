"""The units of a survey's sample, and how much estimates vary with what each of them brings (Taylor linearisation)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cxmetrics.backends.marks import BETWEEN
from cxmetrics.evaluate.roll import Roll
from cxmetrics.plan import Leaf, Total
from cxmetrics.pseudonyms import STRATUM
from cxmetrics.statistics.arrays import Array, Flags, distinct, floats, quiet, summed

# What a leaf is the quotient of, by the places of its `units`: numerator (with factors) and denominator, if any.
_QUOTIENTS: Mapping[str, tuple[Mapping[int, float], int | None]] = {
    "mean": ({1: 1.0}, 0), "share": ({1: 1.0}, 0), "nps": ({1: 100.0, 2: -100.0}, 0), "apdex": ({1: 1.0, 2: 0.5}, 0),
    "weighted_mean": ({2: 1.0}, 1), "weighted_share": ({2: 1.0}, 1), "weighted_nps": ({2: 100.0, 3: -100.0}, 1),
    "weighted_apdex": ({2: 1.0, 3: 0.5}, 1), "csi": ({2: 100.0}, 3), "sum": ({1: 1.0}, None), "count": ({0: 1.0}, None),
}
LINEAR = frozenset(_QUOTIENTS)
QUOTIENTS = frozenset(name for name, (_, below) in _QUOTIENTS.items() if below is not None)


@dataclass(frozen=True, slots=True)
class Sampled:
    """The units of the rows behind a block of points; units and strata are numbered.

    `starts` [partials + 1]: where the states of each partial begin; `point`, `unit`, `value` [states].  `stratum`,
    `names` [units]: who and stratum as text.  `present` by source: the units with a row in each period, and how many
    there are of their stratum in the population (infinitely many where nothing tells, NaN where that is no number).  A
    point is of period point // `slices`; of points with fewer than `least` rows nothing is asked.
    """

    starts: NDArray[np.int64]
    point: NDArray[np.int64]
    unit: NDArray[np.int64]
    value: Array
    stratum: NDArray[np.int64]
    names: pl.Series
    present: Mapping[str, Present]
    slices: int
    least: int

    @staticmethod
    def of(rows: pl.DataFrame, present: Mapping[str, pl.DataFrame], roll: Roll, partials: int, slices: int,
           least: int) -> Sampled:
        """The units of states by units, sorted by `partial`, with `point`, `value` and the number of their `text`."""
        texts = pl.concat([rows["text"], *(frame["text"] for frame in present.values())]).unique().drop_nulls().sort()
        who, drawn, size = (_field(pl.col(name), mark, place) for name, mark, place in (
            ("whole", STRATUM, 0), ("drawn", BETWEEN, 0), ("drawn", BETWEEN, 1)))
        told = pl.DataFrame({"text": texts, "whole": roll.named(texts)})
        told = told.with_columns(drawn=_field(pl.col("whole"), STRATUM, 1).fill_null(""))
        told = told.with_columns(who=who, stratum=drawn, told=size)
        told = told.with_columns(name=pl.concat_str("who", "stratum", separator=STRATUM))
        told = told.with_columns(
            unit=pl.struct("who", "stratum").rank("dense").cast(pl.Int64) - 1,
            size=pl.when(pl.col("told").is_null()).then(float("inf")).otherwise(
                pl.col("told").cast(pl.Float64, strict=False)).fill_null(float("nan")),
            stratum=pl.col("stratum").rank("dense").cast(pl.Int64) - 1)
        units = told.unique("unit").sort("unit")
        coded = rows.join(told.select("text", "unit"), on="text", how="left", maintain_order="left")
        value = rows["value"].cast(pl.Float64).to_numpy()
        return Sampled(np.searchsorted(rows["partial"].to_numpy(), np.arange(partials + 1)), rows["point"].to_numpy(),
                       coded["unit"].fill_null(0).to_numpy(), value,
                       units["stratum"].to_numpy(), units["name"],
                       {source: Present.of(frame, told) for source, frame in present.items()}, slices, least)


def _field(text: pl.Expr, mark: str, place: int) -> pl.Expr:
    """What stands before a mark in a text (0), or after it (1)."""
    return text.str.splitn(mark, 2).struct.field(f"field_{place}")


@dataclass(frozen=True, slots=True, eq=False)
class Present:
    """The units of a source that have a row in a period, and the population of their stratum; all arrays [rows]."""

    period: NDArray[np.int64]
    unit: NDArray[np.int64]
    size: Array

    @staticmethod
    def of(frame: pl.DataFrame, told: pl.DataFrame) -> Present:
        """Those of `period` and `text`."""
        rows = frame.join(told.select("text", "unit", "size"), on="text").sort("period", "unit", "size")
        return Present(rows["period"].cast(pl.Int64).to_numpy(), rows["unit"].to_numpy(), rows["size"].to_numpy())


@dataclass(frozen=True, slots=True)
class Totals:
    """The numerator `y`, the denominator `x` and the rows `n` of units at points; all arrays [pairs]."""

    point: NDArray[np.int64]
    unit: NDArray[np.int64]
    y: Array
    x: Array | None
    n: Array

    @quiet
    def parts(self, points: int) -> Parts:
        """What each unit brings to the quotient of the totals, or to their sum."""
        if self.x is None:
            return Parts(self.point, self.unit, self.y)
        below = summed(self.point, self.x, points)
        ratio = summed(self.point, self.y, points) / below
        return Parts(self.point, self.unit, (self.y - ratio[self.point] * self.x) / below[self.point])


@dataclass(frozen=True, slots=True)
class Parts:
    """What units bring to estimates at points: how far these grow with one more unit like it; all arrays [pairs]."""

    point: NDArray[np.int64]
    unit: NDArray[np.int64]
    u: Array


def by_unit(leaf: Leaf, sampled: Sampled, shown: Flags) -> Totals:
    """The totals of the units of a leaf (of `LINEAR`) at the points where it is `shown`."""
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
    return Totals(pairs // width, pairs % width, y, None if below is None else amount(leaf.units[below]),
                  amount(leaf.units[0]))


def added(every: Sequence[Parts], sampled: Sampled) -> Parts:
    """What units bring to the sum of several estimates."""
    width = len(sampled.stratum)
    codes = np.concatenate([parts.point * width + parts.unit for parts in every])
    pairs, at = np.unique(codes, return_inverse=True)
    u = np.bincount(at, np.concatenate([parts.u for parts in every]), len(pairs))
    return Parts(pairs // width, pairs % width, floats(u))


@dataclass(frozen=True, slots=True)
class Sureness:
    """Standard errors, degrees of freedom, and whether all of the population was seen; all arrays [points]."""

    error: Array
    df: Array
    certain: Flags


@quiet
def sureness(parts: Parts, strata: Strata, sampled: Sampled, points: int) -> Sureness:
    """How sure estimates are: Σ (1 − m/M) · m/(m − 1) · Σ(u − ū)² over strata; degrees of freedom units less strata.

    m are all units of the stratum in the period, for those without a row that counts have u = 0; M those of the
    population.  NaN where m is 1 and M is not, and where M is not known or less than m.
    """
    cells, at = np.unique(parts.point * strata.count + sampled.stratum[parts.unit], return_inverse=True)
    of = cells // strata.count
    m, open_ = strata.at(of // sampled.slices, cells % strata.count)
    seen = np.bincount(at, minlength=len(cells))
    centre = summed(at, parts.u, len(cells)) / m
    around = summed(at, (parts.u - centre[at]) ** 2, len(cells)) + (m - seen) * centre**2
    squares = np.where(open_ == 0, 0.0, open_ * around)
    return Sureness(floats(np.sqrt(np.bincount(of, squares, points))), floats(np.bincount(of, seen - 1.0, points)),
                    (np.bincount(of, open_ != 0, points) == 0) & (np.bincount(of, minlength=points) > 0))


@dataclass(frozen=True, slots=True)
class Strata:
    """The strata of periods that have units: `code` (period · strata + stratum), sorted; `count`: how many strata.

    `size`: how many units each has; `population`: and in all, NaN where rows contradict each other.
    """

    count: int
    code: NDArray[np.int64]
    size: Array
    population: Array

    @staticmethod
    def of(sources: Iterable[str], sampled: Sampled) -> Strata:
        """Those of the units of some sources together."""
        period, unit, told = present_in(sources, sampled)
        count, width = int(sampled.stratum.max(initial=0)) + 1, len(sampled.stratum)
        everyone = distinct(period * width + unit)
        code, size = np.unique(everyone // width * count + sampled.stratum[everyone % width], return_counts=True)
        place = np.searchsorted(code, period * count + sampled.stratum[unit])
        least, most = np.full(len(code), np.inf), np.full(len(code), -np.inf)
        np.minimum.at(least, place, told)
        np.maximum.at(most, place, told)
        return Strata(count, code, floats(size), np.where(least == most, least, np.nan))

    @quiet
    def at(self, period: NDArray[np.int64], stratum: NDArray[np.int64]) -> tuple[Array, Array]:
        """The units m, and (1 − m/M) · m/(m − 1), where a stratum has any in a period, or 0 and NaN."""
        wanted = period * self.count + stratum
        place = np.minimum(np.searchsorted(self.code, wanted), max(len(self.code) - 1, 0))
        there = self.code[place] == wanted
        m, free = self.size[place], 1 - self.size[place] / self.population[place]
        open_ = np.where(free == 0, 0.0, np.where(free > 0, free, np.nan) * m / (m - 1))
        return np.where(there, m, 0.0), np.where(there, open_, np.nan)


def present_in(sources: Iterable[str], sampled: Sampled) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
    """The periods and units of rows of some sources, and the population of their stratum."""
    every = [sampled.present[source] for source in sources]
    return (np.concatenate([each.period for each in every]), np.concatenate([each.unit for each in every]),
            np.concatenate([each.size for each in every]))
