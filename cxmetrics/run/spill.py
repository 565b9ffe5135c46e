"""Rows of the table `values` that wait to be committed: in memory as far as there is room, the others on the disk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from cxmetrics.backends.waiting import write
from cxmetrics.ir import GRAINS, Grain

ROOM = 1 << 30  # bytes of rows that a run keeps in memory, if it is not told how much it may take
_ROW_GROUP = 20_000  # rows: of few indicators, so that some can be read without the others


class Room:
    """How many bytes of rows may be kept in memory, and the folder for the others."""

    __slots__ = ("_files", "_folder", "_left")

    def __init__(self, folder: Path, size: int) -> None:
        """Take a folder of one's own, and bytes."""
        self._folder, self._left, self._files = folder, size, 0

    def taken(self, size: int) -> bool:
        """Whether so many bytes may be kept in memory, which then are."""
        if size > self._left:
            return False
        self._left -= size
        return True

    def freed(self, size: int) -> None:
        """Tell that so many bytes are kept no more."""
        self._left += size

    def written(self, frame: pl.DataFrame) -> Path:
        """The file that a frame is put into, by indicator.  Raises `Fault` CX801."""
        path = self._folder / f"values-{self._files}.parquet"
        self._files += 1
        write(frame.sort("indicator", maintain_order=True), path, _ROW_GROUP)
        return path


class Spill:
    """Rows of the table `values` by grain, as they come."""

    __slots__ = ("_blocks", "_room", "periods")

    def __init__(self, room: Room) -> None:
        """Begin with none."""
        self._room = room
        self._blocks: dict[Grain, list[pl.DataFrame | Path]] = {grain: [] for grain in GRAINS}
        self.periods: dict[Grain, set[dt.date]] = {grain: set() for grain in GRAINS}

    def add(self, rows: pl.DataFrame) -> None:
        """Take rows of some grains in."""
        for (grain,), own in rows.partition_by("grain", as_dict=True, maintain_order=True).items():
            self.periods[grain].update(own["period"].unique())
            kept = self._room.taken(int(own.estimated_size()))
            self._blocks[grain].append(own if kept else self._room.written(own))

    def blocks(self) -> Iterator[pl.DataFrame]:
        """All rows, as they were taken in."""
        for listed in self._blocks.values():
            for block in listed:
                yield block if isinstance(block, pl.DataFrame) else pl.read_parquet(block)

    def drained(self) -> Iterator[pl.DataFrame]:
        """All rows, as they were taken in, which are kept no more."""
        for listed in self._blocks.values():
            while listed:
                block = listed.pop(0)
                if isinstance(block, pl.DataFrame):
                    self._room.freed(int(block.estimated_size()))
                    yield block
                else:
                    yield pl.read_parquet(block)
                    block.unlink()

    def rows(self, grain: Grain) -> pl.LazyFrame | None:
        """The rows of a grain, in no order that means anything; None where there are none."""
        found = [block.lazy() if isinstance(block, pl.DataFrame) else pl.scan_parquet(block, glob=False)
                 for block in self._blocks[grain]]
        return pl.concat(found) if found else None
