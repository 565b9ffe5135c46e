"""Which slices some states tell of, since when, and on which days there are any: known without reading them."""

from __future__ import annotations

import polars as pl

from cxmetrics.states import names


def slices_of(states: pl.DataFrame, dimensions: int) -> pl.DataFrame:
    """`day` and `d0…`: each slice with its first day, and some slice of each day."""
    dims = names(dimensions)
    rows = states.select("day", *dims).unique().sort("day", *dims)
    if not dims:
        return rows
    first, some = (rows.unique(by, keep="first", maintain_order=True) for by in (dims, ["day"]))
    return pl.concat([first, some]).unique().sort(rows.columns)
