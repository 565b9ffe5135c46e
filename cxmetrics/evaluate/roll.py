"""The texts of states by number: grouped and compared in a fraction of the time that texts take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from cxmetrics.backends.marks import BETWEEN
from cxmetrics.backends.waiting import Rows, Waiting, then
from cxmetrics.pseudonyms import LABEL, STRATUM
from cxmetrics.statistics.arrays import Array, Ints, codes, floats

Frames = Mapping[str, Mapping[tuple[str, ...], pl.DataFrame]]
"""Source → family → frame of states, or of slices: `day` and `d0…`."""
States = Mapping[str, Mapping[tuple[str, ...], Rows]]
"""Source → family → states; their texts may be numbers: see `Roll`."""


@dataclass(frozen=True, slots=True, eq=False)
class Roll:
    """`texts` [numbers], in order, and what those of units say; units and strata are numbered in order of their names.

    `group`, `unit`, `size` [numbers]: the group of units, who, and how many there are of the stratum in the population
    (infinitely many where nothing tells, NaN where that is no number); `stratum` [units].
    """

    texts: pl.Series
    group: Ints
    unit: Ints
    size: Array
    stratum: Ints

    @staticmethod
    def of(states: States) -> tuple[States, Roll]:
        """States with numbers in place of texts, and the texts."""
        coded = {source: {family: _coded(rows) for family, rows in families.items()}
                 for source, families in states.items()}
        known = [_texts(rows) for families in coded.values() for rows in families.values()]
        found = pl.concat(known).unique().drop_nulls() if known else pl.Series(dtype=pl.Categorical)
        texts, met = found.cast(pl.String), codes(found.to_physical().to_numpy())  # numbered as they were met with
        order = texts.arg_sort()
        places = np.zeros(met.max(initial=0) + 1, np.uint32)
        places[met[order.to_numpy()]] = np.arange(len(met), dtype=np.uint32)
        numbers, inorder = pl.Series("text", places), texts.gather(order)
        told = _told(inorder)

        def number(rows: Rows) -> Rows:
            return told(rows) if isinstance(rows, Waiting) else rows.with_columns(_numbered(rows["text"], numbers))

        return {source: {family: number(rows) for family, rows in families.items()}
                for source, families in coded.items()}, _read(inorder)

    def named(self, numbers: pl.Series) -> pl.Series:
        """The texts with these numbers."""
        return self.texts.gather(numbers)


def _coded(states: Rows) -> Rows:
    """States in memory with texts as categoricals."""
    return states if isinstance(states, Waiting) else states.with_columns(pl.col("text").cast(pl.Categorical))


def _texts(states: Rows) -> pl.Series:
    """The different texts of coded states."""
    if isinstance(states, pl.DataFrame):
        return states["text"].unique()
    return states.different("text").cast(pl.Categorical)


def _told(texts: pl.Series) -> Callable[[Waiting], Rows]:
    """What gives texts, read from the disk by and by, their number; as categoricals they are known by other ones once
    all that were met with are forgotten.
    """
    kind = pl.Enum(texts)
    number = pl.col("text").cast(kind).to_physical().cast(pl.UInt32)
    return lambda rows: then(rows, lambda some: some.with_columns(number))


def _numbered(texts: pl.Series, numbers: pl.Series) -> pl.Series:
    """The number of each text, by what it is known by as a categorical; in as many pieces as the texts."""
    if texts.null_count() == len(texts):
        return texts.to_physical().cast(pl.UInt32)
    return pl.concat([numbers.gather(piece.to_physical()) for piece in texts.get_chunks()])


def _read(texts: pl.Series) -> Roll:
    """The roll of texts, each once and in order."""
    told = pl.DataFrame({"whole": texts}, schema={"whole": pl.String})
    told = told.with_columns(who=_field("whole", STRATUM, 0), drawn=_field("whole", STRATUM, 1).fill_null(""))
    told = told.with_columns(stratum=_field("drawn", BETWEEN, 0), told=_field("drawn", BETWEEN, 1))
    told = told.with_columns(
        group=pl.col("whole").str.slice(0, LABEL).str.to_integer(strict=False).fill_null(-1),
        unit=pl.struct("who", "stratum").rank("dense").cast(pl.Int64) - 1,
        size=pl.when(pl.col("told").is_null()).then(float("inf")).otherwise(
            pl.col("told").cast(pl.Float64, strict=False)).fill_null(float("nan")),
        stratum=pl.col("stratum").rank("dense").cast(pl.Int64) - 1)
    return Roll(texts, codes(told["group"].to_numpy()), codes(told["unit"].to_numpy()), floats(told["size"].to_numpy()),
                codes(told.unique("unit").sort("unit")["stratum"].to_numpy()))


def _field(name: str, mark: str, place: int) -> pl.Expr:
    """What stands before a mark in a text (0), or after it (1)."""
    return pl.col(name).str.splitn(mark, 2).struct.field(f"field_{place}")
