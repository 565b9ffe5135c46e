"""Tables as one DuckDB file, for those who ask questions of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from cxmetrics.backends.cells import Table
from cxmetrics.backends.duckdb.rows import files_of
from cxmetrics.backends.sql import Query, Select, Star, attach, create_in, detach

_OLDEST = "v1.0.0"  # of the engines that can read the file


def write_database(path: Path, tables: Mapping[str, Path]) -> None:
    """Write a database file with a table out of each Parquet file.  Raises `OSError` where that cannot be done."""
    connection = duckdb.connect(":memory:")
    try:
        connection.execute(attach(str(path), "made", _OLDEST))
        for name, file in tables.items():
            rows = Select(((Star(), None),), files_of(Table((file,), {})))
            connection.execute(create_in("made", name, Query((), rows)))
        connection.execute(detach("made"))
    except duckdb.IOException as error:
        raise OSError(str(error).partition("\n")[0]) from error
    finally:
        connection.close()
