"""How sure changes of estimates over one survey are: those who answered both times are pairs.

The variance of a change is that of both estimates less twice their covariance, for which only units count that have a
row in both periods: of a panel that is the variance of what each unit changed by, of samples that share nobody the sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from cxmetrics.evaluate.units import Paired, Parts, Present, Sureness, Survey
from cxmetrics.statistics.arrays import Array, Ints, floats, quiet
from cxmetrics.statistics.grouping import among, distinct, summed


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """What the units of surveys bring to nodes (by row of `Work.nodes`) in a block of periods, and of which sources."""

    survey: Survey
    parts: Mapping[int, Parts]
    sources: Mapping[int, tuple[str, ...]]

    def sureness(self, rows: Iterable[int], points: int) -> Mapping[int, Sureness]:
        """How sure some nodes are, as far as they are here."""
        return {row: self.survey.sureness(self.parts[row], self.sources[row], points)
                for row in rows if row in self.parts}

    def last(self, periods: int) -> Estimates:
        """Those of the last of so many periods, as number 0."""
        begin = (periods - 1) * self.survey.slices
        parts = {row: Parts(each.point[kept] - begin, each.unit[kept], each.u[kept])
                 for row, each in self.parts.items() for kept in [each.point >= begin]}
        present = {source: Present(each.period[kept] * 0, each.unit[kept], each.size[kept])
                   for source, each in self.survey.present.items() for kept in [each.period == periods - 1]}
        return Estimates(Survey(self.survey.stratum, present, self.survey.slices), parts, self.sources)

    def after(self, earlier: Estimates) -> Estimates:
        """The same with the estimates of one period before them, which becomes number 0."""
        slices = self.survey.slices
        parts = {row: Parts(np.concatenate([before.point, each.point + slices]),
                            np.concatenate([before.unit, each.unit]), np.concatenate([before.u, each.u]))
                 for row, each in self.parts.items() for before in [earlier.parts[row]]}
        present = {source: Present(np.concatenate([before.period, each.period + 1]),
                                   np.concatenate([before.unit, each.unit]),
                                   np.concatenate([before.size, each.size]))
                   for source, each in self.survey.present.items() for before in [earlier.survey.present[source]]}
        return Estimates(Survey(self.survey.stratum, present, slices), parts, self.sources)

    def changes(self, periods: int) -> Mapping[int, tuple[Array, Array]]:
        """The standard errors of changes from the period before and their degrees of freedom [points], by row."""
        points = periods * self.survey.slices
        return {row: _change(each, self.sources[row], self.survey, points) for row, each in self.parts.items()}


@quiet
def _change(parts: Parts, sources: tuple[str, ...], survey: Survey, points: int) -> tuple[Array, Array]:
    width = survey.slices
    own = survey.sureness(parts, sources, points)
    shared, pairs = _covariance(parts, sources, survey, points)
    error, certain, freedom = (np.concatenate([np.full(width, none), each])[:points] for none, each in (
        (np.nan, own.error), (False, own.certain), (0.0, own.df)))
    squares = own.error**2 + error**2 - 2 * shared
    known = (squares > 0) | ((certain > 0) & own.certain)  # where nothing varies there is no spread to see
    return floats(np.where(known, np.sqrt(np.maximum(squares, 0)), np.nan)), floats(own.df + freedom - pairs)


def _covariance(parts: Parts, sources: tuple[str, ...], survey: Survey, points: int) -> tuple[Array, Array]:
    """The covariance of estimates with those of the period before [points], and the degrees of freedom they share.

    Σ √(open · open') · Σ(u − ū)(u' − ū') over the units of strata that have a row in both periods.
    """
    strata, both, own = survey.strata(sources), survey.paired(sources), survey.cells(parts, sources)
    count, width, slices = strata.count, len(survey.stratum), survey.slices
    later = own.code + slices * count  # the cells of the period after
    cells = distinct(np.concatenate([own.code, later[later < points * count]]))
    of = cells // count
    m, open_ = strata.at(of // slices, cells % count)
    m_before, open_before = strata.at(of // slices - 1, cells % count)
    # What cells of the last period are followed by lies beyond the others.
    place, after = np.searchsorted(cells, own.code), np.searchsorted(cells, later)
    total, total_before = np.zeros((2, len(cells) + 1))
    total[place], total_before[after] = own.total, own.total
    centre, centre_before = total[:-1] / m, total_before[:-1] / m_before
    here = parts.point + slices < points
    at, met_before = place[own.at], after[own.at[here]]
    then = Parts(parts.point[here] + slices, parts.unit[here], parts.u[here])

    mine, theirs = (_twice(each, cell, both, survey, len(cells)) for each, cell in ((parts, at), (then, met_before)))
    code, earlier = (each.point * width + each.unit for each in (parts, then))
    left = np.flatnonzero(among(code, earlier))
    met = at[left]
    products = summed(met, parts.u[left] * then.u[np.searchsorted(earlier, code[left])], len(cells))
    n = both.sizes(of // slices * count + cells % count)
    found = np.sqrt(open_ * open_before) * (
        products - centre_before * mine - centre * theirs + n * centre * centre_before)
    shared = np.bincount(met, minlength=len(cells))
    return (floats(np.bincount(of, np.where(n > 0, found, 0.0), points)),
            floats(np.bincount(of, np.maximum(shared - 1, 0), points)))


def _twice(parts: Parts, cell: Ints, both: Paired, survey: Survey, length: int) -> Array:
    """Σu of the units who have a row in a period and in that before, in each cell [length]; `cell` [pairs]."""
    chosen = among(parts.point // survey.slices * len(survey.stratum) + parts.unit, both.code)
    return summed(cell[chosen], parts.u[chosen], length)
