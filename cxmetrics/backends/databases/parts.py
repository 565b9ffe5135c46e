"""Rows that come a few at a time become one Parquet file, in bounded memory: by way of files of some of them each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from cxmetrics.backends.cells import Table
from cxmetrics.backends.databases.duckdb_tables import Items, said_of, write_sorted
from cxmetrics.backends.databases.wishes import Choice, Wish, unread_table
from cxmetrics.backends.duckdb.rows import files_of
from cxmetrics.backends.duckdb.session import ENGINE_ERRORS, Limits, session

STEP = 2_000  # rows fetched at once
_PART = 1 << 26  # bytes kept in memory before they are written


def write_parts(frames: Iterable[pl.DataFrame], folder: Path) -> tuple[Path, ...]:
    """Write frames of the same columns as Parquet files; one at least where there is a frame."""
    return tuple(_parts(frames, folder))


def _parts(frames: Iterable[pl.DataFrame], folder: Path) -> Iterator[Path]:
    waiting: list[pl.DataFrame] = []
    size, number = 0.0, 0
    for frame in frames:
        waiting.append(frame)
        size += frame.estimated_size()
        if size > _PART:
            yield _written(waiting, folder / f"part{number}.parquet")
            waiting, size, number = [], 0.0, number + 1
    if waiting:
        yield _written(waiting, folder / f"part{number}.parquet")


def _written(frames: list[pl.DataFrame], path: Path) -> Path:
    pl.concat(frames).write_parquet(path)
    return path


def write_together(parts: tuple[Path, ...], items: Items, choice: Choice, wish: Wish, target: Path,
                   database: str) -> None:
    """Write the rows of the parts, sorted, to the Parquet file `target`.  Raises `Fault` CX745."""
    try:
        with session(parts, "UTC", Limits(scratch=target.parent), writes=target, ordered=True) as engine:
            write_sorted(engine, items, files_of(Table(parts, {})), choice, wish.time, target)
    except ENGINE_ERRORS as error:
        raise unread_table(wish, database, said_of(error, parts[0])) from error
