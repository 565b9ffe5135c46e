"""Statements of SQL around queries: what keeps, forgets, writes and opens."""

from __future__ import annotations

from cxmetrics.backends.sql import Literal, Node, Query, plain, query_text, quoted, show


def create_table(name: str, query: Query) -> str:
    """A statement that keeps the rows of a query."""
    return f"CREATE TEMP TABLE {quoted(name)} AS\n{query_text(query)}"


def drop_table(name: str) -> str:
    """A statement that forgets a table."""
    return f"DROP TABLE {quoted(name)}"


def create_macro(name: str, argument: str, body: Node) -> str:
    """A statement that gives an expression a name."""
    return f"CREATE TEMP MACRO {plain(name)}({quoted(argument)}) AS {show(body)}"


def copy_to_parquet(query: Query, path: str) -> str:
    """A statement that writes the rows of a query as a Parquet file."""
    return f"COPY (\n{query_text(query)}\n) TO {show(Literal(path))} (FORMAT parquet, COMPRESSION zstd)"


def attach(path: str, name: str) -> str:
    """A statement that opens a DuckDB file, only to read, as a catalogue."""
    return f"ATTACH {show(Literal(path))} AS {quoted(name)} (TYPE duckdb, READ_ONLY)"


def make_database(path: str, name: str, storage: str) -> str:
    """A statement that makes a DuckDB file, as a catalogue, which engines from the version `storage` on can read."""
    return f"ATTACH {show(Literal(path))} AS {quoted(name)} (TYPE duckdb, STORAGE_VERSION {show(Literal(storage))})"


def create_in(database: str, name: str, query: Query) -> str:
    """A statement that keeps the rows of a query in a table of a catalogue."""
    return f"CREATE TABLE {quoted(database)}.{quoted(name)} AS\n{query_text(query)}"


def detach(name: str) -> str:
    """A statement that lets go of a catalogue; what was written is in its file then."""
    return f"DETACH {quoted(name)}"


def describe(query: Query) -> str:
    """A statement that gives the columns of a query: name, type and more."""
    return f"DESCRIBE {query_text(query)}"


def set_option(option: str, value: Node) -> str:
    """A statement that sets an option of the session."""
    return f"SET {plain(option)} = {show(value)}"
