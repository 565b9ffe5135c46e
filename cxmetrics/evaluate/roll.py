"""The texts of states by number: grouped and compared in a fraction of the time that texts take."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from cxmetrics.evaluate.daily import States
from cxmetrics.pseudonyms import LABEL


@dataclass(frozen=True, slots=True, eq=False)
class Roll:
    """`texts` [numbers], in order; `group` [numbers]: of those of units that with whose name they begin."""

    texts: pl.Series
    group: pl.Series

    @staticmethod
    def of(states: States) -> tuple[States, Roll]:
        """States with numbers in place of texts, and the texts."""
        frames = [frame for families in states.values() for frame in families.values()]
        found = pl.concat([frame["text"].unique() for frame in frames]) if frames else pl.Series(dtype=pl.String)
        kind = pl.Enum(found.unique().drop_nulls().sort())
        numbered = {source: {family: frame.with_columns(_numbered(frame["text"], kind))
                             for family, frame in families.items()} for source, families in states.items()}
        texts = kind.categories
        return numbered, Roll(texts, texts.str.slice(0, LABEL).str.to_integer(strict=False))

    def named(self, numbers: pl.Series) -> pl.Series:
        """The texts with these numbers."""
        return self.texts.gather(numbers)


def _numbered(texts: pl.Series, kind: pl.Enum) -> pl.Series:
    if texts.null_count() == len(texts):
        return pl.repeat(None, len(texts), dtype=pl.UInt32, eager=True).alias("text")
    return texts.cast(kind).to_physical().cast(pl.UInt32)
