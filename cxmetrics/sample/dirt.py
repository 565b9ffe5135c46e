"""Dirty rows at declared rates: each spoiled row bears one fault, so that counts can be held against the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from cxmetrics.sample.drawing import Random

HIT = pl.col("__fault")
Change = Callable[[pl.Expr], dict[str, pl.Expr]]


@dataclass(frozen=True, slots=True)
class Spoil:
    """One kind of dirt: the part of rows it takes, and the columns it changes (given the mask of rows).

    Without a rate it takes all rows that can bear it: they are dirty as they were made.
    """

    kind: str
    rate: float | None
    change: Change | None  # None writes the row twice
    only: pl.Expr | None = None  # rows that can bear it


def put(column: str, value: object) -> Change:
    """The column gets this value (None is null)."""
    return lambda hit: {column: pl.when(hit).then(pl.lit(value)).otherwise(pl.col(column))}


def blank(*columns: str) -> Change:
    """All of these number columns become NaN: a sensor that sent nothing but noise."""
    return lambda hit: {name: pl.when(hit).then(float("nan")).otherwise(pl.col(name)) for name in columns}


def shifted(column: str, hours: int, spread: int = 24) -> Change:
    """The time moves by `hours` and up to `spread` more, by a rule of the row's own place."""
    extra = pl.int_range(pl.len()) % spread * (1 if hours > 0 else -1)
    return lambda hit: {
        column: pl.when(hit).then(pl.col(column) + pl.duration(hours=hours + extra)).otherwise(pl.col(column))
    }


def alternately(column: str, values: Sequence[int | str]) -> Change:
    """The column gets one of the values, by a rule of the row's own place."""
    chosen = pl.lit(pl.Series(list(values))).gather(pl.int_range(pl.len()) % len(values))
    return lambda hit: {column: pl.when(hit).then(chosen).otherwise(pl.col(column))}


def as_made(kind: str, only: pl.Expr) -> Spoil:
    """Dirt that rows have been made with."""
    return Spoil(kind, None, lambda _: {}, only)


def spoil(frame: pl.DataFrame, spoils: Sequence[Spoil], rng: Random,
          by: str | None = None) -> tuple[pl.DataFrame, dict[str, dict[str, int]]]:
    """The frame with its dirt, and how many rows each kind took; no row bears two kinds.

    The counts are by the values of the column `by`, or all under the empty text.
    """
    free = np.ones(len(frame), dtype=np.bool_)
    of = np.array([""]).repeat(len(frame)) if by is None else frame[by].to_numpy()
    counts: dict[str, dict[str, int]] = {str(name): {} for name in ([""] if by is None else np.unique(of))}
    fault = np.zeros(len(frame), dtype=np.int8)
    for number, kind in enumerate(spoils, start=1):
        able = free if kind.only is None else free & frame.select(kind.only).to_series().fill_null(False).to_numpy()
        places = np.flatnonzero(able)
        wanted = len(places) if kind.rate is None else min(len(places), round(kind.rate * len(frame)))
        taken = rng.choice(places, size=wanted, replace=False) if kind.rate is not None else places
        fault[taken] = number
        free[taken] = False
        for name, found in counts.items():
            found[kind.kind] = wanted if by is None else int((of[taken] == name).sum())
    return _apply(frame.with_columns(pl.Series("__fault", fault)), spoils), counts


def _apply(frame: pl.DataFrame, spoils: Sequence[Spoil]) -> pl.DataFrame:
    twice = [frame]
    for number, kind in enumerate(spoils, start=1):
        if kind.change is None:
            twice.append(frame.filter(HIT.eq(number)))
        else:
            frame = frame.with_columns(**kind.change(HIT.eq(number)))
            twice[0] = frame
    return pl.concat(twice).drop("__fault")
