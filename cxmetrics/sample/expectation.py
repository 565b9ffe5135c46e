"""What random numbers come to on the whole: shares, means and quantiles of the distributions that are drawn from.

No row is looked at here: what these give is true of the bank, however many rows of it were written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cxmetrics.sample.drawing import Floats
from cxmetrics.statistics.distributions import upper_tail

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(60)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
_HALVINGS = 60
_AT_A_TIME = 20_000  # of many places, which a processor holds beside it
_PLACES = 4_097  # between which a smooth function is taken to be straight: of opinions that is out by less than 1e-6


def below(z: float | Floats) -> Floats:
    """The part of a standard normal distribution below `z`."""
    found: Floats = upper_tail(np.asarray(z) * -np.sqrt(0.5))
    return found


@dataclass(frozen=True, slots=True)
class Mix:
    """A mixture of lognormal distributions: what part each has, its median, and the spread of the logarithm."""

    parts: Floats
    medians: Floats
    sigma: float

    def below(self, limit: float) -> float:
        """The part of all that is below the limit."""
        return float(self.all_below(np.array([limit]))[0])

    def all_below(self, limits: Floats) -> Floats:
        """The part of all that is below each limit, [limits]."""
        found = np.zeros(len(limits))
        far = limits > 0
        found[far] = below(np.log(limits[far, None] / self.medians) / self.sigma) @ self.parts / self.parts.sum()
        return found

    def mean(self) -> float:
        """The mean."""
        return float(self.parts @ self.medians / self.parts.sum() * np.exp(self.sigma**2 / 2))

    def quantile(self, p: float) -> float:
        """The value below which the part `p` lies."""
        return _quantile(self.parts.tobytes(), self.medians.tobytes(), self.sigma, p)


@lru_cache(1_000)
def _quantile(parts: bytes, medians: bytes, sigma: float, p: float) -> float:
    """That of the mixture whose numbers lie in these bytes: many are asked for again in each region and month."""
    return quantile(Mix(np.frombuffer(parts), np.frombuffer(medians), sigma).below, p)


def lognormal(median: float, sigma: float) -> Mix:
    """One lognormal distribution."""
    return Mix(np.ones(1), np.array([float(median)]), sigma)


def two(median: float, sigma: float, part: float, times: float) -> Mix:
    """A lognormal distribution of which `part` takes `times` as long."""
    return Mix(np.array([1 - part, part]), np.array([median, median * times]), sigma)


def quantile(part_below: Callable[[float], float], p: float) -> float:
    """Where a distribution of positive numbers has the part `p` below it."""
    low, high = -20.0, 30.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if part_below(float(np.exp(middle))) < p else (low, middle)
    return float(np.exp((low + high) / 2))


def together(first: Mix, second: Mix) -> Callable[[float], float]:
    """The part below a limit of the sum of two that are independent."""

    def part_below(limit: float) -> float:
        rest = limit - second.medians[:, None] * np.exp(second.sigma * _NODES)
        held = first.all_below(rest.ravel()).reshape(rest.shape)
        return float(second.parts @ (held @ _WEIGHTS) / second.parts.sum())

    return part_below


def over_normal(of: Callable[[Floats], Floats], nodes: int = 4_001) -> float:
    """The mean of a function of a standard normal number."""
    z = np.linspace(-7, 7, nodes)
    weights = np.exp(-(z**2) / 2)
    return float(of(z) @ weights / weights.sum())


def along(of: Callable[[Floats], Floats], where: Floats) -> Floats:
    """A smooth function at many places: worked out at some of them, and straight between these."""
    if len(where) <= _PLACES:
        return of(where)
    first, last = where.min(), where.max()
    known = of(np.linspace(first, last, _PLACES))
    rise, found = np.diff(known), np.empty(len(where))
    for start in range(0, len(where), _AT_A_TIME):
        some = slice(start, start + _AT_A_TIME)
        place = (where[some] - first) * ((_PLACES - 1) / (last - first))
        before = np.minimum(place.astype(np.int64), _PLACES - 2)
        found[some] = known[before] + (place - before) * rise[before]
    return found


def at_least(point: float, mean: Floats, spread: float) -> Floats:
    """The chance that an answer, rounded from a normal opinion, is this point of the scale or a higher one."""
    return below((mean - point + 0.5) / spread)


def answer(low: int, high: int, mean: Floats, spread: float) -> Floats:
    """What is answered on the whole on the points `low`..`high`."""
    found: Floats = low + sum((at_least(point, mean, spread) for point in range(low + 1, high + 1)), np.zeros(1))
    return found


def held_between(low: float, high: float, mean: Floats, spread: float) -> Floats:
    """The mean of a normal number that is brought to the nearer end where it lies outside."""
    a, b = (low - mean) / spread, (high - mean) / spread
    density = (np.exp(-(a**2) / 2) - np.exp(-(b**2) / 2)) / np.sqrt(2 * np.pi)
    inside: Floats = mean * (below(b) - below(a)) + spread * density
    return inside + low * below(a) + high * (1 - below(b))
