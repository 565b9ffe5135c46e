"""Buckets of states that memory does not hold at once, to the same bytes as those that it does.

They are packed some days after others, and what was packed is then put in order some places after others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import polars as pl

from cxmetrics.backends.waiting import counts_of, spans, write
from cxmetrics.plan import Days
from cxmetrics.states import AMOUNT, ROWS_AT_ONCE, names, schema
from cxmetrics.store.buckets import collect
from cxmetrics.store.packing import FITS, order, packed
from cxmetrics.store.repacking import Content, StatesOfBucket, content, kept, others
from cxmetrics.store.slices import slices_of

_ROW_GROUP = 5_000  # rows that are read together: each is of many states


@dataclass(frozen=True, slots=True)
class InParts:
    """The states of a bucket after a change, in `pieces` that are each in order.

    `sizes`: how many states there are at each place that is told first.  `fits`: whether Int64 holds all values.
    """

    folder: Path
    dimensions: int
    pieces: tuple[pl.LazyFrame, ...]
    sizes: pl.DataFrame
    fits: bool

    @property
    def kind(self) -> pl.List:
        """The type of a list of values."""
        return pl.List(pl.Int64() if self.fits else AMOUNT)

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """The columns of all rows."""
        return {**schema(self.dimensions), "partial": pl.String(), "value": self.kind}

    def parts(self) -> Iterator[pl.DataFrame]:
        """All rows in order, as many at a time as have some states."""
        for low, high in spans(dict(enumerate(self.sizes["value"])), ROWS_AT_ONCE):
            yield self._between(self.sizes.row(low)[:2], self.sizes.row(high)[:2])

    def _between(self, low: tuple[object, ...], high: tuple[object, ...]) -> pl.DataFrame:
        """The rows from one place to another, both of them."""
        first, then = map(pl.col, _first(self.dimensions))
        here = (first.is_between(pl.lit(low[0]), pl.lit(high[0]))
                & ((first > pl.lit(low[0])) | (then >= pl.lit(low[1])))
                & ((first < pl.lit(high[0])) | (then <= pl.lit(high[1]))))
        rows = pl.concat([piece.filter(here).with_columns(pl.col("value").cast(self.kind)) for piece in self.pieces])
        return collect(self.folder, rows).sort(order("partial", self.dimensions))


def repacked_in_parts(change: StatesOfBucket, scratch: Path) -> tuple[InParts, Content]:
    """The states of a bucket after a change, whose pieces lie in a scratch folder, but for those stored; its slices.

    Raises `Fault` CX803, CX801.
    """
    width, own = len(change.bucket.family), Path(mkdtemp(dir=scratch))
    pieces, slices, sizes, fits = list[pl.LazyFrame](), list[pl.DataFrame](), list[pl.DataFrame](), True
    beside = others(change)
    again = kept(change) if beside is None else None
    if beside is not None:
        pieces.append(beside)
        sizes.append(collect(change.folder, _sizes(beside, width)))
        slices.append(slices_of(collect(change.folder, beside.select("day", *names(width)).unique()), width))
        held = beside.select(pl.col("value").explode().is_between(-FITS, FITS).all())
        fits = bool(collect(change.folder, held).item())
    for place, days in enumerate(_stretches(change, again)):
        states = packed(_states(change, again, days), width)
        write(states, own / f"{place}.parquet", _ROW_GROUP)
        pieces.append(pl.scan_parquet(own / f"{place}.parquet", glob=False))
        sizes.append(_sizes(states.lazy(), width).collect())
        slices.append(slices_of(states, width))
        fits = fits and states.schema["value"] == pl.List(pl.Int64)
    by = _first(width)
    every = pl.concat(sizes).group_by(by).agg(pl.col("value").sum()).sort(by)
    return InParts(change.folder, width, tuple(pieces), every, fits), content(slices_of(pl.concat(slices), width))


def _first(dimensions: int) -> list[str]:
    """The columns that rows are in order of before all others."""
    return order("partial", dimensions)[:2]


def _sizes(rows: pl.LazyFrame, dimensions: int) -> pl.LazyFrame:
    return rows.group_by(_first(dimensions)).agg(pl.col("value").list.len().cast(pl.Int64).sum())


def _stretches(change: StatesOfBucket, again: pl.LazyFrame | None) -> list[Days]:
    """Days of a bucket that are packed together."""
    counts = {day: rows for day, rows in counts_of(change.new).items() if day in change.days}
    if again is not None:
        for day, rows in collect(change.folder, again.group_by("day").len()).iter_rows():
            counts[day] = counts.get(day, 0) + rows
    return spans(counts, ROWS_AT_ONCE)


def _states(change: StatesOfBucket, again: pl.LazyFrame | None, days: Days) -> pl.DataFrame:
    """The states of some days, one by one."""
    new = change.states(days)
    if again is None:
        return new
    rows = again.filter(pl.col("day").is_between(*days)).select(new.columns)
    return pl.concat([collect(change.folder, rows), new.with_columns(pl.col("partial").cast(pl.String))])
