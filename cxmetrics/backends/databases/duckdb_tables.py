"""Tables and views of DuckDB files.

The file is opened only to read, in a session that can reach no other file: a view that reads one is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cxmetrics.backends.databases.wishes import (
    ROWS,
    Choice,
    Listed,
    Wish,
    choose_columns,
    choose_table,
    unread_column,
    unread_table,
)
from cxmetrics.backends.duckdb.session import ENGINE_ERRORS, LOG, SPEAKING, Connection, Limits, session, words_of
from cxmetrics.backends.sql import Call, Cast, Literal, Name, Node, Query, Relation, Select, Star
from cxmetrics.backends.statements import attach, copy_to_parquet, describe
from cxmetrics.backends.text_files import shown

_CATALOGUE = "given"
_TABLES = ("SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'given' AND NOT internal "
           "UNION ALL SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = 'given' AND NOT internal "
           "ORDER BY ALL")
# What Parquet holds as it is, by how the type begins; what is told better by its text; all else has no reading.
_KEPT = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "FLOAT", "DOUBLE",
         "DECIMAL(", "BOOLEAN", "VARCHAR", "DATE", "TIMESTAMP")
_TOLD = ("HUGEINT", "UHUGEINT", "BIGNUM", "UUID", "JSON", "ENUM(", "TIME", "INTERVAL", "BIT", '"NULL"')

Items = tuple[tuple[Node, str | None], ...]


def list_duckdb(path: Path, wish: Wish) -> Listed:
    """The tables and views of a file.  Raises `Fault` CX745."""
    with _opened(path, wish, None) as connection:
        return connection.execute(_TABLES).fetchall()


def take_duckdb(path: Path, wish: Wish, target: Path) -> None:
    """Write the columns of a table that are wished for to the Parquet file `target`.

    Integers wider than 64 bits, enumerations, identifiers, JSON, times of day and intervals become text.
    Raises `Fault` CX742, CX745, CX746, CX749.
    """
    with _opened(path, wish, target) as connection:
        schema, name = choose_table(connection.execute(_TABLES).fetchall(), "main", wish, shown(path))
        relation = Relation((_CATALOGUE, schema, name))
        described = connection.execute(describe(Query((), Select(((Star(), None),), relation)))).fetchall()
        kinds = {column: kind for column, kind, *_ in described}
        choice = choose_columns(tuple(_readable(kinds) if wish.may is None else kinds), wish)
        items = tuple((_held(column, kinds[column], wish, bare=choice.bare), column) for column in choice.columns)
        write_sorted(connection, items, relation, choice, wish.time, target)


def write_sorted(connection: Connection, items: Items, source: Call | Relation, choice: Choice, time: str | None,
                 target: Path) -> None:
    """Write the rows of a source, sorted, as Parquet; none of them where the choice is bare."""
    limit = 0 if choice.bare else None
    select = Select(items or ((Literal(1), ROWS),), source, order=choice.order(time), limit=limit)
    connection.execute(copy_to_parquet(Query((), select), str(target))).fetchall()


def _readable(kinds: Mapping[str, str]) -> dict[str, str]:
    return {column: kind for column, kind in kinds.items() if _is_kept(kind) or _is_told(kind)}


def _is_kept(kind: str) -> bool:
    return kind.startswith(_KEPT) and not kind.endswith("]")


def _is_told(kind: str) -> bool:
    return kind.startswith(_TOLD) and not kind.endswith("]")


def _held(column: str, kind: str, wish: Wish, *, bare: bool) -> Node:
    if bare:
        return Cast(Literal(None), "VARCHAR")
    if _is_kept(kind):
        return Name(column)
    if _is_told(kind):
        return Cast(Name(column), "VARCHAR")
    raise unread_column(wish, column, f"its type is {kind[:60]}")


@contextmanager
def _opened(path: Path, wish: Wish, target: Path | None) -> Iterator[Connection]:
    """A session in which the file is a catalogue.  Raises `Fault` CX745 for whatever the engine says."""
    log = path.with_name(path.name + LOG)
    scratch = None if target is None else target.parent
    try:
        with session((path, log), "UTC", Limits(scratch=scratch), writes=target, ordered=True) as connection:
            connection.execute(attach(str(path), _CATALOGUE))
            yield connection
    except ENGINE_ERRORS as error:
        raise unread_table(wish, shown(path), said_of(error, path)) from error


def said_of(error: Exception, path: Path) -> str:
    """What the engine says, if that is of names and files; else only its kind, for it may quote a value."""
    return words_of(error, path) if isinstance(error, SPEAKING) else type(error).__name__
