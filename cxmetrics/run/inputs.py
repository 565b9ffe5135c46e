"""What a `read` names, as it looks from outside and as a table of Parquet files.

A file is looked at by its size and the time of its last change, and so is the file of a database with its log.  A file
that was read, and a table that was taken from a database, is known by its content too: where that is the same, nothing
that came of it is stale.  A server can only be asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from cxmetrics.backends.cells import Table
from cxmetrics.backends.databases import is_server, log_of, take_table, without_table
from cxmetrics.backends.databases.wishes import Wish
from cxmetrics.backends.readers import asked_of, empty_files, find, open_table, opened_folders
from cxmetrics.diagnostics import Fault
from cxmetrics.ir import Lookup, Origin
from cxmetrics.run.seen import Seen
from cxmetrics.run.unopened import united, unopened
from cxmetrics.source import Span
from cxmetrics.store.commits import InputFile
from cxmetrics.tables import TableName, place_in, place_of

NONE_KNOWN: Mapping[str, InputFile] = {}


@dataclass(frozen=True, slots=True)
class Inputs:
    """A table, what its files look like, and where in Parquet those lie that were taken from a database.

    `left`: files that were not opened, because the table has only columns that are known of them.
    """

    table: Table
    seen: Mapping[str, Seen]
    taken: Mapping[str, Path]
    left: frozenset[str] = frozenset()


def look_at(read: Origin | Lookup, root: Path, source: str) -> dict[str, Seen]:
    """What the files of a `read` look like now, by path from the project folder, absolute outside it; of a database,
    by its table too.

    Raises `Fault` CX015, CX701.
    """
    if is_server(read.read):
        return {place_of(read): Seen(0, 0)}
    within = root.as_posix().rstrip("/") + "/"
    return {place_in(path.as_posix().removeprefix(within), read.table): _seen(path, with_log=read.table is not None)
            for path in find(root, read.read, _written(read), source, allowed=opened_folders())}


def _written(read: Origin | Lookup) -> Span | None:
    """Where the `read` stands."""
    return (read.read_span or read.span) if isinstance(read, Origin) else read.span


def _seen(path: Path, *, with_log: bool) -> Seen:
    status = path.stat()
    seen = Seen(status.st_size, status.st_mtime_ns)
    log = log_of(path) if with_log else None
    if log is not None:
        with suppress(FileNotFoundError):
            beside = log.stat()
            seen = Seen(seen.size + beside.st_size, max(seen.mtime_ns, beside.st_mtime_ns))
    return seen


def open_inputs(read: Origin | Lookup, seen: Mapping[str, Seen], root: Path, scratch: Path,
                known: Mapping[str, InputFile] = NONE_KNOWN) -> Inputs:
    """The table of a `read` whose files were looked at; those that look as they are `known` may be left unopened.

    Raises `Fault` CX702 to CX710, CX719, CX742 to CX749.
    """
    if read.table is None:
        left = unopened(seen, known)
        paths = [root / path for path in seen if path not in left]
        for path in paths:
            if fault := without_table(path, _written(read)):
                raise fault
        if isinstance(read, Origin) and (broken := empty_files(paths)):
            raise Fault(*broken)  # a delivery that broke off must not pass for one without rows
        fresh = [open_table(paths, scratch=scratch)] if paths else []
        table = united([*fresh, *left.values()])
        if table is None:  # what is known of columns does not say what they are together
            return open_inputs(read, seen, root, scratch)
        return Inputs(table if left else fresh[0], seen, {}, frozenset(left))
    wish = _wish(read)
    taken: dict[str, Path] = {}
    looks: dict[str, Seen] = {}
    for place, look in seen.items():
        database = place.removesuffix(f"//{read.table.name}")
        taken[place] = take_table(database if is_server(database) else root / database, wish, scratch)
        looks[place] = look._replace(digest=digest_of(taken[place]))
    return Inputs(open_table(taken.values(), scratch=scratch), looks, taken)


def _wish(read: Origin | Lookup) -> Wish:
    """The columns of a table that may be needed: of a source those it names, of a lookup all."""
    if read.table is None or isinstance(read, Lookup):
        return Wish(read.table or TableName(""))
    may = [binding.column for binding in read.bindings]
    may += [name for name in (read.entity, read.weight) if name is not None]
    time = read.columns[read.time].physical if isinstance(read.time, str) else None
    return Wish(read.table, tuple(dict.fromkeys(name for name, _ in asked_of(read))), tuple(may), time)


def digest_of(path: Path) -> str:
    """The checksum of a file."""
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
