"""Tables of databases become Parquet in a scratch folder, once a run; nothing is ever written to one that is read.

`wishes` says what is wanted and what is there; a module for each kind of database does the reading.  Rows of a table
have no order, and a database gives them as it likes: so they are sorted, by the time of the source, then by all columns
from the left.  What is written depends on the rows alone.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from cxmetrics.addresses import Address, Scheme, is_address, read_address
from cxmetrics.backends.databases.duckdb_tables import list_duckdb, take_duckdb
from cxmetrics.backends.databases.sqlite_tables import SQLITE_LOG, list_sqlite, take_sqlite
from cxmetrics.backends.databases.wishes import Wish, told
from cxmetrics.backends.duckdb.session import LOG
from cxmetrics.backends.text_files import shown
from cxmetrics.codes import data
from cxmetrics.diagnostics import Fault, report
from cxmetrics.source import Span
from cxmetrics.tables import TableName

if TYPE_CHECKING:
    from cxmetrics.backends.databases.sink import Sink

HOSTS = "CXMETRICS_HOSTS"  # the servers that sources may read, separated by commas; unset: any
_MAGIC = ((0, b"SQLite format 3\0", "sqlite"), (8, b"DUCK", "duckdb"))
_LOGS = {"sqlite": SQLITE_LOG, "duckdb": LOG}


def take_table(database: Path | str, wish: Wish, scratch: Path) -> Path:
    """The Parquet file with the columns of a table that are wished for; taken once in the life of `scratch`.

    `database`: a file, or an address.  Raises `Fault` CX719, CX742 to CX749.
    """
    identity = repr((str(database), wish))
    target = scratch / f"{hashlib.sha256(identity.encode(errors='surrogateescape')).hexdigest()[:24]}.table.parquet"
    if not target.exists():
        scratch.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part")
        try:
            _taker(database, wish)(part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    return target


def _taker(database: Path | str, wish: Wish) -> Callable[[Path], None]:
    if isinstance(database, str):
        return lambda target: _take_from_server(database, wish, target)
    match kind_of(database):
        case "sqlite":
            return lambda target: take_sqlite(database.resolve(), wish, target)
        case "duckdb":
            return lambda target: take_duckdb(database.resolve(), wish, target)
        case _:
            raise Fault(report(data.NOT_A_DATABASE, wish.table.span, path=shown(database)))


def _take_from_server(read: str, wish: Wish, target: Path) -> None:
    address = read_address(read)
    assert isinstance(address, Address), "proved when it was resolved"
    if not _may_reach(address):
        raise Fault(report(data.SERVER_NOT_ALLOWED, wish.table.span, host=address.host, variable=HOSTS))
    try:
        take = _driver(address.scheme)
    except ImportError as error:
        raise _without_driver(address, wish.table.span) from error
    take(address, wish, target)


def _may_reach(address: Address) -> bool:
    """Whether whoever runs it lets sources read that server: definitions name it, and it is given the password."""
    listed = os.environ.get(HOSTS)
    return listed is None or address.host.lower() in {host.strip().lower() for host in listed.split(",")}


def _driver(scheme: Scheme) -> Callable[[Address, Wish, Path], None]:
    """What reads from such a server.  Raises `ImportError`."""
    match scheme:
        case "postgresql":
            from cxmetrics.backends.databases.postgresql import take_postgresql
            return take_postgresql
        case "mysql":
            from cxmetrics.backends.databases.mysql import take_mysql
            return take_mysql
        case _:
            assert_never(scheme)


def _without_driver(address: Address, span: Span | None) -> Fault:
    """CX748 for a server."""
    return Fault(report(data.DRIVER_MISSING, span, scheme=address.scheme, extra=f"'cxmetrics[{address.scheme}]'"))


def open_sink(address: Address, schema: str, project: str) -> AbstractContextManager[Sink]:
    """A schema of a server, to be written to in one transaction.  Raises `Fault` CX725, CX747, CX748."""
    try:
        from cxmetrics.backends.databases.sink import sink
    except ImportError as error:
        raise _without_driver(address, None) from error
    return sink(address, schema, project)


def kind_of(path: Path) -> str | None:
    """Which database a file is, by its first bytes: `duckdb`, `sqlite` or none."""
    try:
        with path.open("rb") as stream:
            head = stream.read(16)
    except OSError:
        return None
    return next((kind for at, mark, kind in _MAGIC if head[at:at + len(mark)] == mark), None)


def log_of(path: Path) -> Path | None:
    """Where a database keeps changes that are not in its file yet; None for a file that is no database."""
    kind = kind_of(path)
    return None if kind is None else path.resolve().with_name(path.resolve().name + _LOGS[kind])


def without_table(path: Path, span: Span | None) -> Fault | None:
    """CX743 for a database, which has to come with a table; None for another file."""
    kind = kind_of(path)
    if kind is None:
        return None
    lister, wish = list_sqlite if kind == "sqlite" else list_duckdb, Wish(TableName("", span))
    tables = told(lister(path.resolve(), wish))
    return Fault(report(data.TABLE_NOT_SAID, span, help=data.ADD_TABLE if tables else None, database=shown(path),
                        tables=tables))


def is_server(read: str) -> bool:
    """Whether a `read` names a database that has no file to be looked at."""
    return is_address(read)
