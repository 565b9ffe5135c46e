"""What a store holds as files for other tools: a DuckDB database, or a folder of CSV or Parquet files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, assert_never

import polars as pl

from cxmetrics.backends.duckdb.database import write_database
from cxmetrics.store import Store

Kind = Literal["duckdb", "csv", "parquet"]


def export(store: Store, target: Path, kind: Kind) -> dict[str, int]:
    """Write the tables `values`, `runs`, `rejects`, `definitions`, `restatements` and `freezes`; the rows of each.

    `target` is a file (`duckdb`) or a folder, and appears when it is whole.  Raises `FileExistsError` if it is there
    already, `NotADirectoryError` where its folder is none, `Fault` CX803 for a damaged store.
    """
    if target.exists():
        raise FileExistsError(17, os.strerror(17), str(target))
    if not target.absolute().parent.is_dir():
        raise NotADirectoryError(20, os.strerror(20), str(target.parent))
    with TemporaryDirectory(prefix=".cxmetrics-", dir=target.absolute().parent) as scratch:
        made = Path(scratch) / "made"
        try:
            counts = _write(store, made, Path(scratch), kind)
        except pl.exceptions.PolarsError as error:  # what is read is proved by then
            raise OSError(str(error)) from error
        made.rename(target)
    return counts


def _write(store: Store, made: Path, scratch: Path, kind: Kind) -> dict[str, int]:
    counts: dict[str, int] = {}
    match kind:
        case "duckdb":
            paths: dict[str, Path] = {}
            for name, frame in _tables(store):
                paths[name], counts[name] = scratch / f"{name}.parquet", frame.height
                frame.write_parquet(paths[name])
            write_database(made, paths)
        case "csv" | "parquet":
            made.mkdir()
            for name, frame in _tables(store):
                counts[name] = frame.height
                if kind == "csv":
                    frame.write_csv(made / f"{name}.csv")
                else:
                    frame.write_parquet(made / f"{name}.parquet")
        case _:
            assert_never(kind)
    return counts


def _tables(store: Store) -> Iterator[tuple[str, pl.DataFrame]]:
    """The tables, one at a time."""
    yield "values", store.values()
    yield "runs", store.runs()
    yield "rejects", store.rejects()
    yield "definitions", store.definitions()
    yield "restatements", store.restatements()
    yield "freezes", store.freezes()
