"""How many slices a source makes: each has states and values of its own, and a key makes one of every row."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from cxmetrics.codes import data as codes
from cxmetrics.diagnostics import Fault, report
from cxmetrics.ir import Origin
from cxmetrics.plan import Cube
from cxmetrics.states import names

MOST = 1_000_000  # slices of one cut


def require_few(origin: Origin, cubes: Sequence[Cube], frames: Sequence[pl.DataFrame]) -> None:
    """See that the cells of no cube are of more slices than can be evaluated.  Raises `Fault` CX727."""
    for cube, frame in zip(cubes, frames, strict=True):
        if frame.height > MOST and cube.dimensions:
            count = frame.select(pl.struct(names(len(cube.dimensions))).n_unique()).item()
            if count > MOST:
                by = ", ".join(cube.dimensions)
                raise Fault(report(codes.TOO_MANY_SLICES, origin.span, source=origin.id, by=by, count=f"{count:,}",
                                   most=f"{MOST:,}"))
