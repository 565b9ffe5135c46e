"""How sure changes of estimates over one survey are: those who answered both times are pairs.

The variance of a change is that of both estimates less twice their covariance, for which only units count that have a
row in both periods: of a panel that is the variance of what each unit changed by, of samples that share nobody the sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cxmetrics.evaluate.units import Parts, Present, Sampled, Strata, Sureness, present_in, sureness
from cxmetrics.pseudonyms import STRATUM
from cxmetrics.statistics.arrays import Array, distinct, floats, quiet, summed


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """What the units of surveys bring to nodes (by row of `Work.nodes`) in a block of periods, and of which sources."""

    sampled: Sampled
    parts: Mapping[int, Parts]
    sources: Mapping[int, tuple[str, ...]]

    @property
    def strata(self) -> Mapping[tuple[str, ...], Strata]:
        """The strata of the units of the sources."""
        return {sources: Strata.of(sources, self.sampled) for sources in set(self.sources.values())}

    def sureness(self, rows: Iterable[int], points: int) -> Mapping[int, Sureness]:
        """How sure some nodes are, as far as they are here."""
        strata = self.strata
        return {row: sureness(self.parts[row], strata[self.sources[row]], self.sampled, points)
                for row in rows if row in self.parts}

    def last(self, periods: int) -> Estimates:
        """Those of the last of so many periods, as number 0."""
        sampled, begin = self.sampled, (periods - 1) * self.sampled.slices
        parts = {row: Parts(each.point[kept] - begin, each.unit[kept], each.u[kept])
                 for row, each in self.parts.items() for kept in [each.point >= begin]}
        present = {source: Present(each.period[kept] * 0, each.unit[kept], each.size[kept])
                   for source, each in sampled.present.items() for kept in [each.period == periods - 1]}
        empty = np.empty(0, np.int64)  # states are read no more
        return Estimates(replace(sampled, point=empty, unit=empty, value=np.empty(0), present=present), parts,
                         self.sources)

    def after(self, earlier: Estimates) -> Estimates:
        """The same with the estimates of one period before them, which becomes number 0."""
        names = pl.concat([self.sampled.names, earlier.sampled.names]).unique(maintain_order=True)
        places = pl.DataFrame({"name": names}).with_row_index("unit")
        unit = pl.DataFrame({"name": earlier.sampled.names}).join(
            places, on="name", how="left", maintain_order="left")["unit"].cast(pl.Int64).to_numpy()
        drawn = names.str.splitn(STRATUM, 2).struct.field("field_1")
        parts = {row: Parts(np.concatenate([before.point, each.point + self.sampled.slices]),
                            np.concatenate([unit[before.unit], each.unit]), np.concatenate([before.u, each.u]))
                 for row, each in self.parts.items() for before in [earlier.parts[row]]}
        present = {source: Present(np.concatenate([before.period, each.period + 1]),
                                   np.concatenate([unit[before.unit], each.unit]),
                                   np.concatenate([before.size, each.size]))
                   for source, each in self.sampled.present.items() for before in [earlier.sampled.present[source]]}
        stratum = drawn.rank("dense").cast(pl.Int64).to_numpy() - 1
        return Estimates(replace(self.sampled, stratum=stratum, names=names, present=present), parts, self.sources)

    def changes(self, periods: int) -> Mapping[int, tuple[Array, Array]]:
        """The standard errors of changes from the period before and their degrees of freedom [points], by row."""
        points, strata = periods * self.sampled.slices, self.strata
        both = {sources: _both(sources, self.sampled) for sources in strata}
        return {row: _change(each, strata[sources], both[sources], self.sampled, points)
                for row, each in self.parts.items() for sources in [self.sources[row]]}


@quiet
def _change(parts: Parts, strata: Strata, both: NDArray[np.int64], sampled: Sampled,
            points: int) -> tuple[Array, Array]:
    width = sampled.slices
    own = sureness(parts, strata, sampled, points)
    shared, pairs = _covariance(parts, strata, both, sampled, points)
    error, certain, freedom = (np.concatenate([np.full(width, none), each])[:points] for none, each in (
        (np.nan, own.error), (False, own.certain), (0.0, own.df)))
    squares = own.error**2 + error**2 - 2 * shared
    known = (squares > 0) | ((certain > 0) & own.certain)  # where nothing varies there is no spread to see
    return floats(np.where(known, np.sqrt(np.maximum(squares, 0)), np.nan)), floats(own.df + freedom - pairs)


def _both(sources: Iterable[str], sampled: Sampled) -> NDArray[np.int64]:
    """The units that have a row in a period and in that before, as period · units + unit, sorted."""
    period, unit, _ = present_in(sources, sampled)
    width = len(sampled.stratum)
    everyone = distinct(period * width + unit)
    return np.intersect1d(everyone, everyone + width, assume_unique=True)


def _covariance(parts: Parts, strata: Strata, both: NDArray[np.int64], sampled: Sampled,
                points: int) -> tuple[Array, Array]:
    """The covariance of estimates with those of the period before [points], and the degrees of freedom they share.

    Σ √(open · open') · Σ(u − ū)(u' − ū') over the units of strata that have a row in both periods.
    """
    count, width, slices = strata.count, len(sampled.stratum), sampled.slices
    here = parts.point + slices < points
    then = Parts(parts.point[here] + slices, parts.unit[here], parts.u[here])
    cells = distinct(np.concatenate([each.point * count + sampled.stratum[each.unit] for each in (parts, then)]))
    of = cells // count
    m, open_ = strata.at(of // slices, cells % count)
    m_before, open_before = strata.at(of // slices - 1, cells % count)

    def told(each: Parts) -> tuple[NDArray[np.int64], Array, Array]:
        """The cells of units, and the sums over all units and over those of both periods."""
        at = np.searchsorted(cells, each.point * count + sampled.stratum[each.unit])
        twice = np.isin(each.point // slices * width + each.unit, both)
        return at, summed(at, each.u, len(cells)), summed(at[twice], each.u[twice], len(cells))

    (at, total, mine), (_, total_before, theirs) = told(parts), told(then)
    centre, centre_before = total / m, total_before / m_before
    codes, left, right = np.intersect1d(parts.point * width + parts.unit, then.point * width + then.unit,
                                        assume_unique=True, return_indices=True)
    met = at[left]
    products = summed(met, parts.u[left] * then.u[right], len(cells))
    alike, sizes = np.unique(both // width * count + sampled.stratum[both % width], return_counts=True)
    place = np.minimum(np.searchsorted(alike, of // slices * count + cells % count), max(len(alike) - 1, 0))
    n = np.where(alike[place] == of // slices * count + cells % count, sizes[place], 0) if len(alike) else of * 0
    found = np.sqrt(open_ * open_before) * (
        products - centre_before * mine - centre * theirs + n * centre * centre_before)
    paired = np.bincount(met, minlength=len(cells)) if len(codes) else of * 0
    return (floats(np.bincount(of, np.where(n > 0, found, 0.0), points)),
            floats(np.bincount(of, np.maximum(paired - 1, 0), points)))
