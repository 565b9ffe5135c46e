"""A look into a sample of the rows of a source, before all of them are counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import polars as pl

from cxmetrics.backends.cells import Backend, Request, Table
from cxmetrics.backends.needs import needs_of
from cxmetrics.fuse.together import Codes, Look
from cxmetrics.plan import Classifier, Cube, Scan, Slot
from cxmetrics.run.bind import Bound

STRETCHES = 16  # spread evenly over the files: neighbours in a file are often alike
ROWS = 1_024  # in each


def looks(backend: Backend, bound: Mapping[str, Bound], zone: str, scratch: Path) -> Callable[[str], Look]:
    """For a source, how many rows of a sample are in each combination of classes.

    Raises what a scan of the source would (CX7xx).
    """
    return lambda source: _look(backend, bound[source], zone, scratch)


def _look(backend: Backend, bound: Bound, zone: str, scratch: Path) -> Look:
    origin = replace(bound.origin, unique=None)  # what is told twice is of the same classes

    @cache
    def look(keys: tuple[Classifier, ...]) -> Mapping[Codes, int]:
        cube = Cube((), keys, (Slot("count", None),), ())
        request = Request(Scan(origin, (cube,)), bound.table, bound.lookups, zone)
        needed = [spec.physical for spec in needs_of(request).read]
        files = tuple(_stretches(bound.table, needed, Path(mkdtemp(dir=scratch))))
        cells = backend.cells(replace(request, table=replace(bound.table, files=files))).frames[0]
        names = [f"k{place}" for place in range(len(keys))]
        return {tuple(codes): int(count) for *codes, count in
                cells.group_by(names).agg(pl.col("s0").sum()).iter_rows()}

    return look


def _stretches(table: Table, columns: Sequence[str], folder: Path) -> Iterator[Path]:
    """Files of some columns, each with a stretch of rows; written to a folder."""
    files = table.files[::max(1, -(-len(table.files) // STRETCHES))]
    each = STRETCHES // max(1, len(files))
    for number, file in enumerate(files):
        rows = pl.scan_parquet(file, hive_partitioning=False).select(column for column in columns
                                                                     if column in table.columns)
        height = rows.select(pl.len()).collect().item()
        for stretch in range(each):
            path = folder / f"{number}-{stretch}.parquet"
            rows.slice(max(height - ROWS, 0) * stretch // max(each - 1, 1), ROWS).collect().write_parquet(path)
            yield path
