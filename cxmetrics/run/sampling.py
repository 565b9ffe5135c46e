"""A look into a sample of the rows of a source, before all of them are counted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import polars as pl

from cxmetrics.backends.cells import Backend, Request, Table
from cxmetrics.backends.needs import needs_of
from cxmetrics.diagnostics import Fault
from cxmetrics.fuse.together import Codes, Look
from cxmetrics.plan import Classifier, Cube, Scan, Slot
from cxmetrics.run.bind import Bound

STRETCHES = 16  # spread evenly over the files: neighbours in a file are often alike
ROWS = 1_024  # in each


def looks(backend: Backend, bound: Mapping[str, Bound], zone: str, scratch: Path) -> Callable[[str], Look]:
    """For a source, how many rows of a sample are in each combination of classes; nothing where none can be taken."""
    return lambda source: _look(backend, bound[source], zone, scratch)


def _look(backend: Backend, bound: Bound, zone: str, scratch: Path) -> Look:
    origin = replace(bound.origin, unique=None)  # what is told twice is of the same classes

    @cache
    def look(keys: tuple[Classifier, ...]) -> Mapping[Codes, int]:
        cube = Cube((), keys, (Slot("count", None),), ())
        request = Request(Scan(origin, (cube,)), bound.table, bound.lookups, zone)
        names = [f"k{place}" for place in range(len(keys))]
        with suppress(Fault, pl.exceptions.PolarsError, OSError):  # what is wrong is told when all rows are read
            needed = {spec.physical for spec in needs_of(request).read}
            files = tuple(_stretches(bound.table, needed, Path(mkdtemp(dir=scratch))))
            if files:
                cells = backend.cells(replace(request, table=replace(bound.table, files=files))).frames[0]
                counted = cells.group_by(names).agg(pl.col("s0").sum())
                return {tuple(codes): int(count) for *codes, count in counted.iter_rows()}
        return {}

    return look


def _stretches(table: Table, columns: Collection[str], folder: Path) -> Iterator[Path]:
    """Files of some columns, as far as they are in each, with a stretch of rows each; they are written to a folder."""
    files = table.files[::max(1, -(-len(table.files) // STRETCHES))]
    each = STRETCHES // max(1, len(files))
    wanted = {column.lower() for column in columns}
    for number, file in enumerate(files):
        rows = pl.scan_parquet(file, hive_partitioning=False, glob=False)
        names = rows.collect_schema().names()
        chosen = rows.select([name for name in names if name.lower() in wanted] or names[:1])
        height = rows.select(pl.len()).collect().item()
        said = [part for part in file.parent.parts if "=" in part]  # values of columns that stand in the path
        many = min(each, -(-height // ROWS))
        for stretch in range(many):
            path = folder.joinpath(f"{number}-{stretch}", *said, "rows.parquet")
            path.parent.mkdir(parents=True)
            chosen.slice(max(height - ROWS, 0) * stretch // max(many - 1, 1), ROWS).collect().write_parquet(path)
            yield path
