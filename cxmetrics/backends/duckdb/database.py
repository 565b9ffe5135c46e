"""Tables as one DuckDB file, for those who ask questions of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cxmetrics.backends.cells import Table
from cxmetrics.backends.duckdb.rows import files_of
from cxmetrics.backends.duckdb.session import ENGINE_ERRORS, LOG, Limits, session, words_of
from cxmetrics.backends.sql import Query, Select, Star
from cxmetrics.backends.statements import create_in, detach, make_database

_OLDEST = "v1.0.0"  # of the engines that can read the file
_CATALOGUE = "made"


def write_database(path: Path, tables: Mapping[str, Path]) -> None:
    """Write a database file with a table out of each Parquet file.  Raises `OSError` where that cannot be done."""
    beside = [path.with_name(f"{path.name}{ending}") for ending in (LOG, f"{LOG}.checkpoint")]
    files, limits = (*tables.values(), *beside), Limits(scratch=path.parent)
    try:
        with session(files, "UTC", limits, writes=path, ordered=True) as connection:
            connection.execute(make_database(str(path), _CATALOGUE, _OLDEST))
            for name, file in tables.items():
                rows = Select(((Star(), None),), files_of(Table((file,), {})))
                connection.execute(create_in(_CATALOGUE, name, Query((), rows)))
            connection.execute(detach(_CATALOGUE))
    except ENGINE_ERRORS as error:
        raise OSError(words_of(error, path)) from error
