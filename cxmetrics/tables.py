"""Tables by the names they are read under: a file, or a database and a table of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from cxmetrics.source import Span


@dataclass(frozen=True, slots=True)
class TableName:
    """A table or a view of a database, as it was written: `accounts`, or `schema.accounts`."""

    name: str
    span: Span | None = field(default=None, compare=False, repr=False)


class Reads(Protocol):
    """What names rows to be read: a source, or a lookup."""

    @property
    def read(self) -> str:
        """A path, a pattern of paths, or the address of a database."""
        ...

    @property
    def table(self) -> TableName | None:
        """The table, where `read` is a database."""
        ...


def place_of(reads: Reads) -> str:
    """What is read, in one text."""
    return place_in(reads.read, reads.table)


def place_in(database: str, table: TableName | None) -> str:
    """A file, or a database and a table of it, in one text.  No path holds `//`."""
    return database if table is None else f"{database}//{table.name}"
