"""The days of the rows in each file of a source, known before anything is computed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path

import polars as pl

from cxmetrics.backends.cells import Backend, Physical, Request, Table
from cxmetrics.backends.duckdb.footers import Footers
from cxmetrics.backends.polars.keys import height
from cxmetrics.backends.polars.spans import Span, spans_of
from cxmetrics.backends.text_files import is_text
from cxmetrics.crews import crew, hands
from cxmetrics.ir import DAYS, Origin
from cxmetrics.plan import Scan
from cxmetrics.run.bind import Bound
from cxmetrics.run.inputs import digest_of
from cxmetrics.run.seen import Seen
from cxmetrics.run.stale import LOOKUP
from cxmetrics.run.unopened import columns_of
from cxmetrics.store.commits import InputFile

Open = Callable[[Path], Table]
SMALL = 20_000  # rows of a file that is read together with others
BATCH = 200  # files that are read together
_EPOCH = dt.date(1970, 1, 1)
_NATIVE: frozenset[Physical] = frozenset(("date", "time", "instant"))


def extents(bound: Bound, known: Mapping[str, InputFile], root: Path, zone: str, backend: Backend,
            open_file: Open, footers: Footers) -> dict[str, InputFile]:
    """The files of a source with the days of the rows in each; files that look as before are not read again.

    Those of its lookups are among them, and have no days.
    """
    reading, digests = bound.reading(zone), _digests({**bound.beside, **bound.files}, known, root)
    result = {path: InputFile(seen.size, seen.mtime_ns, None, None, 0, LOOKUP, digests[path])
              for path, seen in bound.beside.items()}
    new = dict[str, Path]()
    for path, seen in bound.files.items():
        before = known.get(path)
        read_as = LOOKUP + reading if path in bound.beside else reading
        digest = digests[path]
        if before is not None and before.reading == read_as and before.digest == digest:
            result[path] = replace(before, size=seen.size, mtime_ns=seen.mtime_ns)
        else:
            result[path] = InputFile(seen.size, seen.mtime_ns, None, None, 0, read_as, digest)
            new[path] = bound.taken.get(path, root / path)
    for path, (first, last, rows) in _measured(bound, new, zone, backend, open_file):
        result[path] = replace(result[path], first=first, last=last, rows=rows)
    return result | _with_columns({path: file for path, file in result.items() if path in bound.files
                                   and path not in bound.taken and not file.columns}, root, open_file, footers)


def _digests(seen: Mapping[str, Seen], known: Mapping[str, InputFile], root: Path) -> dict[str, str]:
    """What stands for the content of each file."""
    with crew(hands(), of_processes=False) as readers:
        return dict(zip(seen, readers.map(lambda path: content_of(root / path, seen[path], known.get(path)), seen),
                        strict=True))


def _measured(bound: Bound, files: Mapping[str, Path], zone: str, backend: Backend,
              open_file: Open) -> Iterator[tuple[str, Span]]:
    """The days of the rows of each file.  Small ones are read together.  Raises `Fault` (CX70x)."""
    together = dict[Path, list[str]]()  # links to one file are one
    with crew(hands(), of_processes=False) as readers:
        told = dict(zip(files, readers.map(lambda place: told_of(bound, place, zone), files.values()), strict=True))
    for path, place in files.items():
        known = told[path]
        if known is not None:
            yield path, known
        elif len(files) == 1 or height(open_file(place).files[0]) > SMALL:
            yield path, extent(bound, place, zone, backend, open_file)
        else:
            together.setdefault(open_file(place).files[0], []).append(path)
    for batch in _batches(together):
        table = replace(bound.table, files=batch)
        found = spans_of(Request(Scan(_time_only(bound.origin, str(bound.origin.time)), ()), table, {}, zone))
        yield from ((path, span) for place, span in found.items() for path in together[place])


def _batches(files: Iterable[Path]) -> Iterator[tuple[Path, ...]]:
    rest = iter(files)
    while batch := tuple(islice(rest, BATCH)):
        yield batch


def _with_columns(files: Mapping[str, InputFile], root: Path, open_file: Open,
                  footers: Footers) -> dict[str, InputFile]:
    """Files with what is to be known of their columns."""
    tables = {path: open_file(root / path) for path in files}
    known = footers.filled(path for table in tables.values() for path in table.files) if tables else {}
    return {path: replace(files[path], columns=columns_of(table, known.get(table.files[0], {})))
            for path, table in tables.items()}


def content_of(path: Path, seen: Seen, known: InputFile | None = None) -> str:
    """What stands for the content of a file; it is read where it looks otherwise than known, or is not known.

    Empty for a table that nobody took from its database.
    """
    if seen.digest:
        return seen.digest
    if known is not None and known.digest and seen.looks_like(known):
        return known.digest
    return digest_of(path) if path.is_file() else ""


def extent(bound: Bound, path: Path, zone: str, backend: Backend, open_file: Open) -> Span:
    """The days of the rows of one file of a source, and how many there are.  Raises `Fault` (CX70x)."""
    known = told_of(bound, path, zone)
    if known is not None:
        return known
    scan = Scan(_time_only(bound.origin, str(bound.origin.time)), ())
    census = backend.cells(Request(scan, _spelled(open_file(path), bound.table), {}, zone)).census
    return census.first, census.last, census.read


def _spelled(table: Table, like: Table) -> Table:
    """A table of one file, with its columns in the letters that all files of the source together have them in."""
    names = {name.lower(): name for name in like.columns}
    return replace(table, columns={names.get(name.lower(), name): kind for name, kind in table.columns.items()},
                   wider=frozenset(names.get(name.lower(), name) for name in table.wider))


def told_of(bound: Bound, path: Path, zone: str) -> Span | None:
    """The days of the rows of a file, where they are known before its rows are read; else None."""
    if isinstance(bound.origin.time, dt.date):
        return bound.origin.time, bound.origin.time, 0
    return None if is_text(path) else native_extent(bound.origin, bound.table, path, zone)


def native_extent(origin: Origin, table: Table, path: Path, zone: str) -> Span | None:
    """The days of the rows of a Parquet file, where its own statistics tell; else None."""
    spec = origin.columns.get(origin.time) if isinstance(origin.time, str) else None
    physical = table.columns.get(spec.physical, "other") if spec is not None else "other"
    if spec is None or physical not in _NATIVE or spec.format is not None:
        return None
    as_it_stands = physical != "time" or spec.zone in (None, zone)
    return _native(path, spec.physical, physical, zone) if as_it_stands else None


def _native(path: Path, column: str, physical: Physical, zone: str) -> Span | None:
    """From a column of dates or times, by its least and greatest; None where these are no days of rows."""
    def day(end: pl.Expr) -> pl.Expr:
        if physical == "date":
            return end
        return (end.dt.convert_time_zone(zone) if physical == "instant" else end).dt.date()  # a cast would take UTC's

    at = pl.col(column)
    try:
        ends = pl.scan_parquet(path, glob=False).select(
            pl.len().alias("rows"), at.min().alias("low"), at.max().alias("high")).collect(engine="streaming")
    except pl.exceptions.PolarsError:
        return None
    if not _usual(ends["low"]) or not _usual(ends["high"]):
        return None
    [(rows, low, high)] = ends.select("rows", day(pl.col("low")), day(pl.col("high"))).iter_rows()
    return low, high, rows


def _usual(end: pl.Series) -> bool:
    """Whether the one time is none, or safely in `DAYS`: others may be beyond what a calendar can turn."""
    unit = end.dtype.time_unit if isinstance(end.dtype, pl.Datetime) else None
    a_day = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}.get(unit or "", 1)
    since = end.to_physical()[0]
    return since is None or (DAYS[0] - _EPOCH).days + 2 <= since / a_day <= (DAYS[1] - _EPOCH).days - 2


def _time_only(origin: Origin, time: str) -> Origin:
    return replace(origin, columns={time: origin.columns[time]}, bindings=(), lookups=(), keep=None, unique=None,
                   received=None, entity=None, weight=None, on_bad="reject", flags=())
