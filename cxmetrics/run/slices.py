"""How many slices a source makes: each has states and values of its own, and a key makes one of every row."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import polars as pl

from cxmetrics.backends.waiting import Rows, in_turn
from cxmetrics.codes import data as codes
from cxmetrics.diagnostics import Fault, report
from cxmetrics.ir import Origin
from cxmetrics.plan import Cube
from cxmetrics.states import CELLS_AT_ONCE, names

MOST = 1_000_000  # slices of one cut


def require_few(origin: Origin, cubes: Sequence[Cube], cells: Sequence[Rows]) -> None:
    """See that the cells of no cube are of more slices than can be evaluated.  Raises `Fault` CX727."""
    for cube, rows in zip(cubes, cells, strict=True):
        if rows.height > MOST and cube.dimensions:
            dims = names(len(cube.dimensions))
            parts = (part.select(dims).unique() for part in in_turn(rows, CELLS_AT_ONCE))
            count = reduce(lambda some, others: pl.concat([some, others]).unique(), parts).height
            if count > MOST:
                by = ", ".join(cube.dimensions)
                raise Fault(report(codes.TOO_MANY_SLICES, origin.span, source=origin.id, by=by, count=f"{count:,}",
                                   most=f"{MOST:,}"))
