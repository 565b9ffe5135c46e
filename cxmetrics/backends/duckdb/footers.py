"""What Parquet files tell of themselves at their end, without their rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cxmetrics.backends.duckdb.rows import glob_of
from cxmetrics.backends.duckdb.session import ENGINE_ERRORS, Limits, Sessions, frame_of
from cxmetrics.backends.sql import Call, Infix, Items, Literal, Name, Query, Select, call, query_text

Filled = Mapping[str, int]  # by column, how many rows have a value


class Footers:
    """What files tell, read through one connection: to open one takes longer than to read the ends of a day's files."""

    def __init__(self, files: Iterable[Path]) -> None:
        """Be ready for these files; others may be asked about too."""
        self._sessions = Sessions(Limits(threads=1))
        self._sessions.expect(files)

    def filled(self, files: Iterable[Path]) -> Mapping[Path, Filled]:
        """How many rows of each file have a value in a column; where that is not written down, it is left out."""
        paths = tuple(dict.fromkeys(files))
        read = Call("parquet_metadata", (Items(tuple(Literal(glob_of(str(path))) for path in paths)),))
        values = Infix("-", (Name("num_values"), Name("stats_null_count")))
        least = call("min", call("coalesce", Name("stats_null_count"), Literal(-1)))
        query = Query((), Select(((Name("file_name"), None), (Name("path_in_schema"), "name"),
                                  (call("sum", values), "values"), (least, "least")), read, group=(1, 2)))
        known: dict[Path, dict[str, int]] = {}
        for file, name, values_there, nulls in self._told(paths, query):
            if nulls >= 0:
                known.setdefault(Path(file), {})[name] = int(values_there)
        return known

    def uuids(self, files: Iterable[Path]) -> Mapping[Path, frozenset[str]]:
        """The columns of each file whose sixteen bytes are a UUID; of files that have none, or cannot be read, none."""
        paths = tuple(dict.fromkeys(files))
        read = Call("parquet_schema", (Items(tuple(Literal(glob_of(str(path))) for path in paths)),))
        query = Query((), Select(((Name("file_name"), None), (Name("name"), None)), read,
                                 where=call("starts_with", Name("logical_type"), Literal("UUID"))))
        known: dict[Path, frozenset[str]] = {}
        for file, name in self._told(paths, query):
            known[Path(file)] = known.get(Path(file), frozenset()) | {name}
        return known

    def _told(self, paths: tuple[Path, ...], query: Query) -> list[tuple[Any, ...]]:
        try:
            with self._sessions.serving(paths, "UTC") as connection:
                return frame_of(connection, query_text(query)).rows()
        except ENGINE_ERRORS:  # what is wrong with a file is told when its rows are read
            return []
