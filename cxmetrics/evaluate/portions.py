"""The states of a cut in portions of its slices, which memory holds one after another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import polars as pl

from cxmetrics.backends.waiting import spans, write
from cxmetrics.statistics.arrays import Ints

_ROW_GROUP = 20_000  # rows that are read together: of few slices


@dataclass(frozen=True, slots=True)
class Portions:
    """States merged day by day on the disk, the rows of each file in order of slices; `rows` [slices]: of each."""

    paths: tuple[Path, ...]
    rows: Ints

    @staticmethod
    def of(frames: Iterable[pl.DataFrame], slices: int, folder: Path) -> Portions:
        """Write frames, with the number of the slice in `d0`, each before the next is asked for.

        Raises `Fault` CX801.
        """
        own, paths, rows = Path(mkdtemp(dir=folder)), list[Path](), np.zeros(slices, np.int64)
        for place, frame in enumerate(frames):
            paths.append(own / f"{place}.parquet")
            write(frame.sort("d0"), paths[-1], _ROW_GROUP)
            rows += np.bincount(frame["d0"].to_numpy(), minlength=slices)
        return Portions(tuple(paths), rows)

    def spans(self, most: int) -> list[tuple[int, int]]:
        """All slices in spans [low, high) of no more rows than so many, or of one slice."""
        return [(first, last + 1) for first, last in spans(dict(enumerate(self.rows.tolist())), most)]

    def taken(self, low: int, high: int) -> Iterator[pl.DataFrame]:
        """The states of the slices [low, high), of some days after those of others."""
        here = pl.col("d0").is_between(low, high, closed="left")
        return (pl.scan_parquet(path, glob=False).filter(here).collect(engine="streaming").sort("day")
                for path in self.paths)

    def drop(self) -> None:
        """Remove the files."""
        for path in self.paths:
            path.unlink()
