"""Rows of values in parts that memory holds, each with all rows of some indicators.

Values are stored in order of indicators, so that parts in their order are the whole in its order, and the file is the
same to the byte, however many parts there are.
"""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source

from cxmetrics.budgets import Budget
from cxmetrics.store.buckets import How, on_the_disk

ROWS_AT_ONCE = 250_000  # of values, held while they are put in order; a row takes some 300 bytes, and thrice that then


def rows_at_once(budget: Budget | None) -> int:
    """How many rows of values are put in order at a time."""
    return ROWS_AT_ONCE if budget is None else min(ROWS_AT_ONCE, budget.values)


def spans(rows: pl.LazyFrame, height: int, most: int) -> list[list[str]]:
    """The names of the indicators of rows, in order, in spans that have about so many rows at most.

    `height`: how many rows there are, more than that.
    """
    counts = rows.group_by("indicator").len().collect(engine="streaming").sort("indicator")
    before = pl.col("len").cum_sum() - pl.col("len")
    numbered = counts.with_columns((before // -(-height // -(-height // most))).alias("span"))
    return [part["indicator"].to_list() for part in numbered.partition_by("span", maintain_order=True)]


def among(names: list[str]) -> pl.Expr:
    """Whether a row is of a span of names; read from where these stand in a file only."""
    return pl.col("indicator").is_between(pl.lit(names[0]), pl.lit(names[-1]))


@dataclass(frozen=True, slots=True)
class Written:
    """A file that has not got its name yet: its rows, its bytes and their SHA-256."""

    rows: int
    size: int
    sha256: str


def write_parts(path: Path, parts: Iterable[pl.DataFrame], schema: Mapping[str, pl.DataType], how: How) -> Written:
    """Write parts one after another to a Parquet file, brought to the disk, as `buckets.encode` would write the whole.

    Raises `OSError`, and whatever a part raises.
    """
    rows = 0

    def source(_columns: object, _predicate: object, _rows: object, _batch: object) -> Iterator[pl.DataFrame]:
        nonlocal rows
        for part in parts:
            rows += part.height
            yield part

    with on_the_disk(path) as file:
        try:
            register_io_source(source, schema=schema).sink_parquet(file, maintain_order=True, **how)
        except pl.exceptions.PolarsError as error:
            raise OSError(errno.EIO, str(error)) from error
    with path.open("rb") as written:
        return Written(rows, path.stat().st_size, hashlib.file_digest(written, "sha256").hexdigest())
