"""Rows by day: in memory, or waiting on the disk, from where some days at a time are taken."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from tempfile import mkdtemp
from typing import TypeAlias, TypeVar

import polars as pl

from cxmetrics.codes import stores
from cxmetrics.diagnostics import Fault, report
from cxmetrics.plan import Days

_Place = TypeVar("_Place", dt.date, int)
_Made = Callable[[pl.DataFrame], pl.DataFrame]
EVERY = dt.date.min, dt.date.max
_ROW_GROUP = 100_000  # rows that are read together


@dataclass(frozen=True, slots=True)
class Piece:
    """A file with some rows, and how many each day has there."""

    path: Path
    days: Mapping[dt.date, int]


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """Rows with a `day` that wait in files; `shape`: such rows, but none.

    `made`: what is made of rows as they are taken, one step after another; each row gives rows of its own day.
    """

    shape: pl.DataFrame
    pieces: tuple[Piece, ...]
    made: tuple[_Made, ...] = ()

    @property
    def days(self) -> dict[dt.date, int]:
        """The rows of each day in the files."""
        found: dict[dt.date, int] = {}
        for piece in self.pieces:
            for day, rows in piece.days.items():
                found[day] = found.get(day, 0) + rows
        return found

    @property
    def height(self) -> int:
        """How many rows there are in the files."""
        return sum(sum(piece.days.values()) for piece in self.pieces)

    def taken(self, days: Days) -> pl.DataFrame:
        """The rows of the days from one to another, both of them."""
        first, last = days
        parts = [_read(piece, days) for piece in self.pieces if any(first <= day <= last for day in piece.days)]
        return reduce(lambda rows, step: step(rows), self.made, pl.concat(parts) if parts else self.shape)

    def different(self, name: str) -> pl.Series:
        """The different values of a column, before anything is made of it."""
        every = [pl.scan_parquet(piece.path, glob=False).select(name) for piece in self.pieces]
        return pl.concat(every or [self.shape.lazy().select(name)]).unique().collect(engine="streaming")[name]

    def clear(self) -> Waiting:
        """No rows of the same shape."""
        return replace(self, pieces=())

    def drop(self) -> None:
        """Remove the files; nothing can be taken any more."""
        for piece in self.pieces:
            piece.path.unlink()


Rows: TypeAlias = pl.DataFrame | Waiting


def _read(piece: Piece, days: Days) -> pl.DataFrame:
    rows = pl.scan_parquet(piece.path, glob=False)
    if not all(days[0] <= day <= days[1] for day in piece.days):
        rows = rows.filter(pl.col("day").is_between(*days))
    return rows.collect(engine="streaming")


def joined(every: Iterable[Waiting], shape: pl.DataFrame) -> Waiting:
    """All that waits, of one shape, of which nothing is made yet."""
    return Waiting(shape.clear(), tuple(piece for one in every for piece in one.pieces))


def laid(frames: Iterable[pl.DataFrame], shape: pl.DataFrame, folder: Path) -> Waiting:
    """Frames of the shape of one, each written to a file in a new folder before the next one is asked for.

    Raises `Fault` CX801.
    """
    own, pieces = Path(mkdtemp(dir=folder)), list[Piece]()
    for place, frame in enumerate(frames):
        if frame.height:
            path = own / f"{place}.parquet"
            write(frame, path, _ROW_GROUP)
            pieces.append(Piece(path, counted(frame.lazy())))
    return Waiting(shape.clear(), tuple(pieces))


def waiting_in(path: Path) -> Waiting:
    """The rows of a file."""
    rows = pl.scan_parquet(path, glob=False)
    shape = pl.DataFrame(schema=rows.collect_schema())
    return Waiting(shape, (Piece(path, counted(rows)),))


def counted(rows: pl.LazyFrame) -> dict[dt.date, int]:
    """How many rows each day has."""
    return dict(rows.group_by("day").len().sort("day").collect(engine="streaming").iter_rows())


def write(frame: pl.DataFrame, path: Path, group: int) -> None:
    """Write a frame to a file, so many rows in a group that is read together.  Raises `Fault` CX801."""
    try:
        frame.write_parquet(path, compression="lz4", statistics=True, row_group_size=group)
    except (pl.exceptions.PolarsError, OSError) as error:  # a disk that is full is no error of the system's here
        problem = (isinstance(error, OSError) and error.strerror) or f"{error}"
        raise Fault(report(stores.STORE_UNWRITABLE, None, path=path, problem=problem)) from error


def waiting(rows: Rows, folder: Path) -> Waiting:
    """Rows on the disk, wherever they are."""
    return laid([rows], rows, folder) if isinstance(rows, pl.DataFrame) else rows


def whole(rows: Rows) -> pl.DataFrame:
    """All rows, in memory."""
    return rows if isinstance(rows, pl.DataFrame) else rows.taken(EVERY)


def then(rows: Rows, step: _Made) -> Rows:
    """What is made of rows, each by itself: at once, or whenever some are taken."""
    return step(rows) if isinstance(rows, pl.DataFrame) else replace(rows, made=(*rows.made, step))


def in_turn(rows: Rows, count: int, days: Days = EVERY) -> Iterator[pl.DataFrame]:
    """The rows from one day to another: those in memory at once, others about so many at a time; at least one frame."""
    if isinstance(rows, pl.DataFrame):
        yield rows if days == EVERY else within(rows, days)
    else:
        yield from (rows.taken(some) for some in stretches([rows], count, days) or [days])


def counts_of(rows: Rows) -> Mapping[dt.date, int]:
    """How many rows each day has."""
    return counted(rows.lazy()) if isinstance(rows, pl.DataFrame) else rows.days


def stretches(every: Iterable[Rows], count: int, days: Days = EVERY) -> list[Days]:
    """The first and the last day of stretches that follow each other, of no more rows than so many, or of one day.

    Together they have all days that the rows tell of, from one to another; what is made day by day can be made of one
    after another.
    """
    counts: dict[dt.date, int] = {}
    for rows in every:
        for day, more in counts_of(rows).items():
            counts[day] = counts.get(day, 0) + more
    return spans({day: rows for day, rows in counts.items() if days[0] <= day <= days[1]}, count)


def spans(counts: Mapping[_Place, int], count: int) -> list[tuple[_Place, _Place]]:
    """The first and the last place of spans that follow each other, of no more rows than so many, or of one place.

    `counts`: how many rows each place has.
    """
    found, held = list[tuple[_Place, _Place]](), count
    for place in sorted(counts):
        held += counts[place]
        if held > count:
            found.append((place, place))
            held = counts[place]
        else:
            found[-1] = found[-1][0], place
    return found


def within(rows: Rows, days: Days) -> pl.DataFrame:
    """The rows of the days from one to another, both of them; a frame itself where that is all of it."""
    if not isinstance(rows, pl.DataFrame):
        return rows.taken(days)
    here = rows["day"].is_between(*days)
    return rows if here.all() else rows.filter(here)
