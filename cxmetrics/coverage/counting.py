"""How many rows of a source have which value of its columns of codes, by the engine and under the contract of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from cxmetrics.backends.cells import MISSING, Backend, Request
from cxmetrics.ir import Binding
from cxmetrics.plan import Cube, Scan, Slot
from cxmetrics.run.bind import Bound

MOST = 1_000  # values of a column that are told, those with most rows first


@dataclass(frozen=True, slots=True)
class Counts:
    """The rows of a source that count, how many of them have each value of some columns, and columns without any."""

    rows: int
    empty: tuple[str, ...]
    values: Mapping[str, Mapping[str, int]]


def counts_of(bound: Bound, columns: Sequence[str], backend: Backend, zone: str) -> Counts:
    """Count them in one pass.  Raises `Fault` CX7xx."""
    names = {f"value of {column}": column for column in columns}
    bindings = tuple(Binding(alias, column) for alias, column in names.items())
    origin = replace(bound.origin, bindings=(*bound.origin.bindings, *bindings))
    cubes = tuple(Cube(cut, (), (Slot("count", None),), ()) for cut in ((), *((alias,) for alias in names)))
    cells = backend.cells(Request(Scan(origin, cubes), bound.table, bound.lookups, zone))
    whole, *each = cells.frames
    values = {column: _listed(frame) for column, frame in zip(columns, each, strict=True)}
    return Counts(int(whole["s0"].sum() or 0), cells.census.empty, values)


def _listed(frame: pl.DataFrame) -> dict[str, int]:
    counted = frame.filter(pl.col("d0") != MISSING).group_by("d0").agg(pl.col("s0").sum().cast(pl.Int64))
    ordered = counted.sort("s0", "d0", descending=[True, False]).head(MOST)
    return dict(ordered.iter_rows())
