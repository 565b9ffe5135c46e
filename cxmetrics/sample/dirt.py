"""Dirty rows at declared rates: each spoiled row bears one fault, so that counts can be held against the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import polars.selectors as cs

from cxmetrics.sample.drawing import Ints, Random

HIDDEN = "__"  # begins columns that are not written: what nobody sees of the rows
HIT = pl.col("__fault")
Change = Callable[[pl.Expr], dict[str, pl.Expr]]


@dataclass(frozen=True, slots=True)
class Spoil:
    """One kind of dirt: the part of rows it takes, and the columns it changes (given the mask of rows).

    Without a rate it takes all rows that can bear it: they are dirty as they were made.  `again`: each row is written
    a second time, with these changes.  `beside`: no row is taken; what can be told of rows in the end is counted.
    """

    kind: str
    rate: float | None
    change: Change | None  # None leaves the row as it is
    only: pl.Expr | None = None  # rows that can bear it
    again: Change | None = None
    beside: bool = False


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


def together(*changes: Change) -> Change:
    """Several columns at once."""
    return lambda hit: {name: value for change in changes for name, value in change(hit).items()}


def unchanged(_hit: pl.Expr) -> dict[str, pl.Expr]:
    """The row as it is."""
    return {}


def twice(rate: float) -> Spoil:
    """Rows that are there twice."""
    return Spoil("duplicate", rate, None, again=unchanged)


def told(kind: str, only: pl.Expr) -> Spoil:
    """What rows show in the end, whatever other dirt they bear."""
    return Spoil(kind, None, None, only, beside=True)


def as_made(kind: str, only: pl.Expr) -> Spoil:
    """Dirt that rows have been made with."""
    return Spoil(kind, None, unchanged, only)


def spoil(frame: pl.DataFrame, spoils: Sequence[Spoil], rng: Random,
          by: str | None = None) -> tuple[pl.DataFrame, dict[str, dict[str, int]]]:
    """The frame with its dirt, and how many rows each kind took; no row bears two kinds but those told in the end.

    The counts are by the values of the column `by`, or all under the empty text.
    """
    free = np.ones(len(frame), dtype=np.bool_)
    names, of = _folders(frame, by)
    counts: dict[str, dict[str, int]] = {name: {} for name in names}
    fault = np.zeros(len(frame), dtype=np.int8)
    taking = [kind for kind in spoils if not kind.beside]
    for number, kind in enumerate(taking, start=1):
        able = free if kind.only is None else free & frame.select(kind.only).to_series().fill_null(False).to_numpy()
        places = np.flatnonzero(able)
        wanted = len(places) if kind.rate is None else min(len(places), round(kind.rate * len(frame)))
        taken = rng.choice(places, size=wanted, replace=False) if kind.rate is not None else places
        fault[taken] = number
        free[taken] = False
        _note(counts, kind.kind, of[taken])
    done = _apply(frame.with_columns(pl.Series("__fault", fault)), taking)
    for kind in spoils:
        if kind.beside:
            assert kind.only is not None
            shown = np.flatnonzero(done.select(kind.only).to_series().fill_null(False).to_numpy())
            _note(counts, kind.kind, _folders(done, by)[1][shown])
    return done.drop(cs.starts_with(HIDDEN)), counts


def _folders(frame: pl.DataFrame, by: str | None) -> tuple[list[str], Ints]:
    """The values of the column `by`, and which of them each row has; without a column the empty text alone."""
    if by is None:
        return [""], np.zeros(len(frame), dtype=np.int64)
    names = sorted(frame[by].unique())
    return names, frame[by].cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int64)


def _note(counts: dict[str, dict[str, int]], kind: str, of: Ints) -> None:
    for found, rows in zip(counts.values(), np.bincount(of, minlength=len(counts)).tolist(), strict=True):
        found[kind] = rows


def _apply(frame: pl.DataFrame, spoils: Sequence[Spoil]) -> pl.DataFrame:
    more: list[pl.DataFrame] = []
    for number, kind in enumerate(spoils, start=1):
        if kind.again is not None:
            copies = frame.filter(HIT.eq(number))
            more.append(copies.with_columns(**kind.again(pl.lit(value=True))))
        if kind.change is not None:
            frame = frame.with_columns(**kind.change(HIT.eq(number)))
    return pl.concat([frame, *more])
