"""Small draws that every theme needs: durations, choices, and their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Random = np.random.Generator

NEVER = -(2**63)  # stands for "no time" among UTC microseconds
MOMENT = pl.Datetime("us", "UTC")


def lognormal(rng: Random, median: float | Floats, sigma: float, n: int) -> Floats:
    """Positive draws around a median; `sigma` is the spread of the logarithm."""
    return median * np.exp(sigma * rng.standard_normal(n))


def chance(rng: Random, p: float | Floats, n: int) -> Bools:
    """True with probability `p`, each row for itself."""
    return rng.random(n) < p


def choose(rng: Random, weights: Mapping[str, float], n: int) -> Ints:
    """Positions of names drawn by weight."""
    w = np.fromiter(weights.values(), dtype=np.float64)
    return np.searchsorted(np.cumsum(w / w.sum())[:-1], rng.random(n), side="right").astype(np.int64)


def outcome(rng: Random, p: Sequence[float | Floats], n: int) -> Ints:
    """Outcome 0 unless one of the exclusive failures 1, 2, … with probabilities `p` (scalars or rows) strikes."""
    u = rng.random(n)
    result = np.zeros(n, dtype=np.int64)
    edge: float | Floats = 0.0
    for number, probability in enumerate(p, start=1):
        result[(u >= edge) & (u < edge + probability)] = number
        edge = edge + probability
    return result


def label(names: Sequence[str | None], codes: Ints) -> pl.Series:
    """Names by position, as a column of few texts, of which Polars keeps the numbers; some may come in no row."""
    return _known(tuple(names))[codes]


def always(name: str, n: int) -> pl.Series:
    """A column of one text."""
    return _known((name,)).new_from_index(0, n)


@lru_cache(1_000)
def _known(names: tuple[str | None, ...]) -> pl.Series:
    return pl.Series(names, dtype=pl.Enum(list(dict.fromkeys(name for name in names if name is not None))))


def moment(microseconds: Ints) -> pl.Series:
    """UTC microseconds as a time column; `NEVER` becomes null."""
    return _but(pl.Series(microseconds), microseconds == NEVER).cast(MOMENT)


def after(at: Ints, seconds: Floats, happens: Bools | None = None) -> Ints:
    """`at` plus seconds, to the millisecond; `NEVER` where it does not happen."""
    later = at + (seconds * 1_000).astype(np.int64) * 1_000
    return later if happens is None else np.where(happens, later, NEVER)


def maybe(values: Ints | pl.Series, present: Bools) -> pl.Series:
    """A column that is null where not present."""
    return _but(pl.Series(values), ~present)


def _but(values: pl.Series, without: Bools) -> pl.Series:
    return values.set(pl.Series(without), None) if without.any() else values


def on_scale(latent: Floats, low: int, high: int) -> Ints:
    """A latent opinion rounded to the points of a scale."""
    return np.clip(np.rint(latent), low, high).astype(np.int64)
