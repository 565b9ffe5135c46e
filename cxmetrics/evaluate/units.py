"""The units of a survey's sample, and how much estimates vary with what each of them brings (Taylor linearisation)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cxmetrics.evaluate.unit_states import Units
from cxmetrics.plan import Leaf, Total
from cxmetrics.statistics.arrays import Array, Flags, Ints, floats, quiet
from cxmetrics.statistics.grouping import among, counted, distinct, numbered, summed

# What a leaf is the quotient of, by the places of its `units`: numerator (with factors) and denominator, if any.
_QUOTIENTS: Mapping[str, tuple[Mapping[int, float], int | None]] = {
    "mean": ({1: 1.0}, 0), "share": ({1: 1.0}, 0), "nps": ({1: 100.0, 2: -100.0}, 0), "apdex": ({1: 1.0, 2: 0.5}, 0),
    "weighted_mean": ({2: 1.0}, 1), "weighted_share": ({2: 1.0}, 1), "weighted_nps": ({2: 100.0, 3: -100.0}, 1),
    "weighted_apdex": ({2: 1.0, 3: 0.5}, 1), "csi": ({2: 100.0}, 3), "sum": ({1: 1.0}, None), "count": ({0: 1.0}, None),
}
LINEAR = frozenset(_QUOTIENTS)
QUOTIENTS = frozenset(name for name, (_, below) in _QUOTIENTS.items() if below is not None)


class Survey:
    """Who was asked: units and strata, by their numbers, and which of them have rows when.

    `stratum` [units].  `present` by source: the units with a row in each period, and how many there are of their
    stratum in the population.  A point is of period point // `slices`.
    """

    __slots__ = ("_cells", "_paired", "_strata", "_sure", "present", "slices", "stratum")

    def __init__(self, stratum: Ints, present: Mapping[str, Present], slices: int) -> None:
        """Take who was asked."""
        self.stratum, self.present, self.slices = stratum, present, slices
        self._strata: dict[tuple[str, ...], Strata] = {}
        self._paired: dict[tuple[str, ...], Paired] = {}
        self._sure: dict[tuple[int, tuple[str, ...], int], tuple[Parts, Sureness]] = {}
        self._cells: dict[tuple[int, tuple[str, ...]], tuple[Parts, Cells]] = {}

    def strata(self, sources: tuple[str, ...]) -> Strata:
        """The strata of the units of some sources together."""
        if sources not in self._strata:
            self._strata[sources] = Strata.of(sources, self)
        return self._strata[sources]

    def paired(self, sources: tuple[str, ...]) -> Paired:
        """Those of some sources who were asked in a period and in that before."""
        if sources not in self._paired:
            self._paired[sources] = Paired.of(sources, self)
        return self._paired[sources]

    def cells(self, parts: Parts, sources: tuple[str, ...]) -> Cells:
        """The strata at points that estimates over some sources rest on, found once for the same parts."""
        which = id(parts), sources
        if which not in self._cells:
            self._cells[which] = parts, Cells.of(parts, self.strata(sources), self)
        return self._cells[which][1]

    def sureness(self, parts: Parts, sources: tuple[str, ...], points: int) -> Sureness:
        """How sure estimates over some sources are, worked out once for the same parts, which are kept."""
        which = id(parts), sources, points
        if which not in self._sure:
            cells = self.cells(parts, sources)
            self._sure[which] = parts, sureness(parts, cells, self.strata(sources), self.slices, points)
        return self._sure[which][1]


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """The units of the rows behind leaves at a grid; `asked` [leaves, points]: where something is asked of them."""

    survey: Survey
    units: Units
    asked: Flags
    _totals: dict[int, Totals] = field(default_factory=dict)
    _parts: dict[int, Parts] = field(default_factory=dict)

    def totals(self, leaf: Leaf, place: int) -> Totals:
        """The totals of the units of a leaf (of `LINEAR`) in a place."""
        if place not in self._totals:
            self._totals[place] = _by_unit(leaf, self, self.asked[place])
        return self._totals[place]

    def parts(self, leaf: Leaf, place: int) -> Parts:
        """What each unit brings to a leaf (of `LINEAR`) in a place."""
        if place not in self._parts:
            self._parts[place] = self.totals(leaf, place).parts(self.asked.shape[1])
        return self._parts[place]

    @staticmethod
    def of(units: Units, present: Mapping[str, Iterable[int]], slices: int, asked: Flags) -> Sampled:
        """The units of states; `present` by source: the partials that say which units have rows."""
        found = {source: Present.of(partials, units) for source, partials in present.items()}
        return Sampled(Survey(units.roll.stratum, found, slices), units, asked)


@dataclass(frozen=True, slots=True, eq=False)
class Present:
    """The units of a source that have a row in a period, and the population of their stratum; all arrays [rows]."""

    period: Ints
    unit: Ints
    size: Array

    @staticmethod
    def of(partials: Iterable[int], units: Units) -> Present:
        """Those of the states of some partials."""
        parts, roll = [units.part(partial) for partial in partials], units.roll
        width = max(len(roll.unit), 1)
        told = distinct(np.concatenate([np.empty(0, np.int64), *(part.period * width + part.text for part in parts)]))
        period, text = told // width, told % width
        return Present(period, roll.unit[text], roll.size[text])


@dataclass(frozen=True, slots=True)
class Totals:
    """The numerator `y`, the denominator `x` and the rows `n` of units at points; all arrays [pairs]."""

    point: Ints
    unit: Ints
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

    point: Ints
    unit: Ints
    u: Array


def _by_unit(leaf: Leaf, sampled: Sampled, shown: Flags) -> Totals:
    """The totals of the units of a leaf (of `LINEAR`) at the points where it is `shown`."""
    above, below = _QUOTIENTS[leaf.function]
    width, unit = len(sampled.survey.stratum), sampled.units.roll.unit
    asked = np.append(shown, False)
    parts = {part: sampled.units.part(part) for part in sorted({
        part for total in leaf.units for part, _ in total.parts})}
    parts = {part: own if (kept := asked[own.point]).all() else own.among(kept) for part, own in parts.items()}
    pairs, places = numbered_alike([own.point * width + unit[own.text] for own in parts.values()])
    sums = {part: own.added(at, len(pairs))[0] for (part, own), at in zip(parts.items(), places, strict=True)}

    def amount(total: Total, scale: float = 1.0) -> Array:
        result = np.zeros(len(pairs))
        for part, factor in sorted(total.parts):
            result += sums[part] * (factor * scale)
        return result

    y = np.sum([amount(leaf.units[place], scale) for place, scale in above.items()], axis=0)
    return Totals(pairs // width, pairs % width, y, None if below is None else amount(leaf.units[below]),
                  amount(leaf.units[0]))


def numbered_alike(every: Sequence[Ints]) -> tuple[Ints, Sequence[Ints]]:
    """As `numbered`, of several arrays together: they are often the same, being told by the same rows."""
    if every and all(np.array_equal(every[0], each) for each in every[1:]):
        found, places = numbered(every[0])
        return found, [places] * len(every)
    found, places = numbered(np.concatenate(every))
    return found, np.split(places, np.cumsum([len(each) for each in every])[:-1])


def added(every: Sequence[Parts], survey: Survey) -> Parts:
    """What units bring to the sum of several estimates."""
    width = len(survey.stratum)
    pairs, at = numbered(np.concatenate([parts.point * width + parts.unit for parts in every]))
    u = np.bincount(at, np.concatenate([parts.u for parts in every]), len(pairs))
    return Parts(pairs // width, pairs % width, floats(u))


@dataclass(frozen=True, slots=True)
class Sureness:
    """Standard errors, degrees of freedom, and whether all of the population was seen; all arrays [points]."""

    error: Array
    df: Array
    certain: Flags


@dataclass(frozen=True, slots=True)
class Cells:
    """The strata at points that parts are of: `code` (point · strata + stratum), in order; `total`: Σu of each.

    `at` [pairs]: the cell of each pair.
    """

    code: Ints
    at: Ints
    total: Array

    @staticmethod
    def of(parts: Parts, strata: Strata, survey: Survey) -> Cells:
        """Those of what units bring to estimates."""
        code, at = numbered(parts.point * strata.count + survey.stratum[parts.unit])
        return Cells(code, at, summed(at, parts.u, len(code)))


@quiet
def sureness(parts: Parts, cells: Cells, strata: Strata, slices: int, points: int) -> Sureness:
    """How sure estimates are: Σ (1 − m/M) · m/(m − 1) · Σ(u − ū)² over strata; degrees of freedom units less strata.

    m are all units of the stratum in the period, for those without a row that counts have u = 0; M those of the
    population.  NaN where m is 1 and M is not, and where M is not known or less than m.
    """
    at, length, of = cells.at, len(cells.code), cells.code // strata.count
    m, open_ = strata.at(of // slices, cells.code % strata.count)
    seen = np.bincount(at, minlength=length)
    centre = cells.total / m
    around = summed(at, (parts.u - centre[at]) ** 2, length) + (m - seen) * centre**2
    squares = np.where(open_ == 0, 0.0, open_ * around)
    return Sureness(floats(np.sqrt(np.bincount(of, squares, points))), floats(np.bincount(of, seen - 1.0, points)),
                    (np.bincount(of, open_ != 0, points) == 0) & (np.bincount(of, minlength=points) > 0))


@dataclass(frozen=True, slots=True)
class Strata:
    """The strata of periods that have units: `code` (period · strata + stratum), sorted; `count`: how many strata.

    `size`: how many units each has; `population`: and in all, NaN where rows contradict each other.
    """

    count: int
    code: Ints
    size: Array
    population: Array

    @staticmethod
    def of(sources: Iterable[str], survey: Survey) -> Strata:
        """Those of the units of some sources together."""
        period, unit, told = present_in(sources, survey)
        count, width = int(survey.stratum.max(initial=0)) + 1, max(len(survey.stratum), 1)
        everyone = distinct(period * width + unit)
        code, size = counted(everyone // width * count + survey.stratum[everyone % width])
        place = np.searchsorted(code, period * count + survey.stratum[unit])
        least, most = np.full(len(code), np.inf), np.full(len(code), -np.inf)
        np.minimum.at(least, place, told)
        np.maximum.at(most, place, told)
        return Strata(count, code, floats(size), np.where(least == most, least, np.nan))

    @quiet
    def at(self, period: Ints, stratum: Ints) -> tuple[Array, Array]:
        """The units m, and (1 − m/M) · m/(m − 1), where a stratum has any in a period, or 0 and NaN."""
        wanted = period * self.count + stratum
        place = np.minimum(np.searchsorted(self.code, wanted), max(len(self.code) - 1, 0))
        there = self.code[place] == wanted
        m, free = self.size[place], 1 - self.size[place] / self.population[place]
        open_ = np.where(free == 0, 0.0, np.where(free > 0, free, np.nan) * m / (m - 1))
        return np.where(there, m, 0.0), np.where(there, open_, np.nan)


@dataclass(frozen=True, slots=True)
class Paired:
    """The units that have a row in a period and in that before: `code` (period · units + unit), sorted.

    `cell` (period · strata + stratum), sorted: the strata that have any, and `size`, how many.
    """

    code: Ints
    cell: Ints
    size: Ints

    @staticmethod
    def of(sources: tuple[str, ...], survey: Survey) -> Paired:
        """Those of some sources together."""
        period, unit, _ = present_in(sources, survey)
        count, width = survey.strata(sources).count, max(len(survey.stratum), 1)
        everyone = distinct(period * width + unit)
        both = everyone[among(everyone - width, everyone)]
        cell, size = counted(both // width * count + survey.stratum[both % width])
        return Paired(both, cell, size)

    def sizes(self, cells: Ints) -> Ints:
        """How many there are in some cells."""
        if not len(self.cell):
            return np.zeros(len(cells), np.int64)
        place = np.minimum(np.searchsorted(self.cell, cells), len(self.cell) - 1)
        return np.where(self.cell[place] == cells, self.size[place], 0)


def present_in(sources: Iterable[str], survey: Survey) -> tuple[Ints, Ints, Array]:
    """The periods and units of rows of some sources, and the population of their stratum."""
    every = [survey.present[source] for source in sources]
    return (np.concatenate([each.period for each in every]), np.concatenate([each.unit for each in every]),
            np.concatenate([each.size for each in every]))
