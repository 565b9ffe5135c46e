"""The days of the rows in each file of a source, known before anything is computed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from cxmetrics.backends.cells import Backend, Physical, Request, Table
from cxmetrics.backends.duckdb.footers import filled
from cxmetrics.ir import DAYS, Origin
from cxmetrics.plan import Scan
from cxmetrics.run.bind import Bound
from cxmetrics.run.inputs import digest_of
from cxmetrics.run.seen import Seen
from cxmetrics.run.stale import LOOKUP
from cxmetrics.run.unopened import columns_of
from cxmetrics.store.commits import InputFile

Open = Callable[[Path], Table]
Extent = tuple[dt.date | None, dt.date | None, int]  # first day, last day, rows
_EPOCH = dt.date(1970, 1, 1)
_NATIVE: frozenset[Physical] = frozenset(("date", "time", "instant"))


def extents(bound: Bound, known: Mapping[str, InputFile], root: Path, zone: str, backend: Backend,
            open_file: Open) -> dict[str, InputFile]:
    """The files of a source with the days of the rows in each; files that look as before are not read again.

    Those of its lookups are among them, and have no days.
    """
    reading = bound.reading(zone)
    result = {path: InputFile(seen.size, seen.mtime_ns, None, None, 0, LOOKUP,
                              content_of(root / path, seen, known.get(path)))
              for path, seen in bound.beside.items()}
    for path, seen in bound.files.items():
        before = known.get(path)
        read_as = LOOKUP + reading if path in bound.beside else reading
        digest = content_of(root / path, seen, before)
        if before is not None and before.reading == read_as and before.digest == digest:
            result[path] = replace(before, size=seen.size, mtime_ns=seen.mtime_ns)
            continue
        first, last, rows = extent(bound, bound.taken.get(path, root / path), zone, backend, open_file)
        result[path] = InputFile(seen.size, seen.mtime_ns, first, last, rows, read_as, digest)
    return result | _with_columns({path: file for path, file in result.items() if path in bound.files
                                   and path not in bound.taken and not file.columns}, root, open_file)


def _with_columns(files: Mapping[str, InputFile], root: Path, open_file: Open) -> dict[str, InputFile]:
    """Files with what is to be known of their columns."""
    tables = {path: open_file(root / path) for path in files}
    known = filled(path for table in tables.values() for path in table.files) if tables else {}
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


def extent(bound: Bound, path: Path, zone: str, backend: Backend, open_file: Open) -> Extent:
    """The days of the rows of one file of a source, and how many there are.  Raises `Fault` (CX70x)."""
    time = bound.origin.time
    if isinstance(time, dt.date):
        return time, time, 0
    known = native_extent(bound.origin, bound.table, path, zone) if path in bound.table.files else None
    if known is not None:
        return known
    scan = Scan(_time_only(bound.origin, time), ())
    census = backend.cells(Request(scan, open_file(path), {}, zone)).census
    return census.first, census.last, census.read


def native_extent(origin: Origin, table: Table, path: Path, zone: str) -> Extent | None:
    """The days of the rows of a Parquet file, where its own statistics tell; else None."""
    spec = origin.columns.get(origin.time) if isinstance(origin.time, str) else None
    physical = table.columns.get(spec.physical, "other") if spec is not None else "other"
    if spec is None or physical not in _NATIVE or spec.format is not None:
        return None
    as_it_stands = physical != "time" or spec.zone in (None, zone)
    return _native(path, spec.physical, physical, zone) if as_it_stands else None


def _native(path: Path, column: str, physical: Physical, zone: str) -> Extent | None:
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
