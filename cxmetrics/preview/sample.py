"""A part of the rows of a source: of the files delivered last as few as hold enough, and of these the last rows.

Rows that stand together stay together, so that who began and who went on are mostly in one sample; an even choice
among all rows would tear them apart.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cxmetrics.backends.databases import without_table
from cxmetrics.backends.polars.files import as_copied, unreadable
from cxmetrics.backends.readers import asked_of, open_table, unfitting
from cxmetrics.backends.text_files import is_text, opened
from cxmetrics.diagnostics import Fault
from cxmetrics.ir import Origin
from cxmetrics.plan import Days
from cxmetrics.run.extents import native_extent
from cxmetrics.run.inputs import Inputs, look_at, open_inputs

ROW = "~row"  # the number of a row in the sample; no column of a project is called so
MOST_FILES = 24  # that are read for one source
MOST_LOOKED_AT = 400  # whose days are asked for, where one period is wanted
MOST_BYTES = 16_000_000  # of a file of text; its beginning is read
_PACKED = 8  # times as large as it looks, or more, is a packed file
_MARGIN = dt.timedelta(days=2)  # more than any time zone shifts a day
_ERRORS = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of a source as a table of its own; `files`: how many were read `of` how many.

    `whole`: whether no row of the source was left out.
    """

    inputs: Inputs
    files: int
    of: int
    rows: int
    whole: bool


@dataclass(frozen=True, slots=True)
class _File:
    """A file that is read: as Parquet, the rows wanted of it, and whether these are all there are."""

    place: Path
    parquet: Path
    rows: int
    whole: bool


def take(origin: Origin, root: Path, scratch: Path, most: int, zone: str, around: Days | None = None) -> Sample:
    """At most so many rows of a source; `around`: half-open days that they have to be of, as far as files tell.

    Columns of class C3 are not read.  Raises `Fault` CX015, CX701 to CX710, CX742 to CX749.
    """
    seen = look_at(origin, root, origin.id)
    if origin.table is None:
        paths: Sequence[Path] = sorted((root / name for name in seen), key=lambda path: (path.name, path), reverse=True)
    else:
        paths = open_inputs(origin, seen, root, scratch).table.files
    files = list(_chosen(origin, paths, scratch, most, zone, around))
    folder, left, parts = scratch / "sample" / origin.id, most, list[Path]()
    for number, file in enumerate(files):
        taken = min(file.rows, left)
        parts.append(_copied(file, folder / str(number), taken, most * number, origin))
        left -= taken
    whole = len(files) == len(paths) and all(file.whole for file in files) and sum(
        file.rows for file in files) <= most
    return Sample(Inputs(open_table(parts, scratch=scratch), {}, {}), len(files), len(paths), most - left, whole)


def _chosen(origin: Origin, paths: Sequence[Path], scratch: Path, most: int, zone: str,
            around: Days | None) -> Iterator[_File]:
    """The files to be read, the last first; the last one without rows where none is of the days."""
    count = total = 0
    last: _File | None = None
    for path in paths[:MOST_LOOKED_AT]:
        file = _looked_into(origin, path, scratch, zone, around)
        last = last or file
        if file.rows == 0 and around is not None:
            continue
        yield file
        count, total = count + 1, total + file.rows
        if total >= most or count == MOST_FILES:
            return
    if count == 0 and last is not None:
        yield last


def _looked_into(origin: Origin, path: Path, scratch: Path, zone: str, around: Days | None) -> _File:
    if origin.table is None and (fault := without_table(path, origin.read_span or origin.span)):
        raise fault
    beginning = _beginning(path, scratch)
    table = open_table((beginning or path,), scratch=scratch)
    parquet = table.files[0]
    extent = None if around is None else native_extent(origin, table, parquet, zone)
    if around is None or extent is None:
        return _File(path, parquet, _height(parquet), beginning is None)
    first, final, rows = extent
    if first is None or final is None or first >= around[1] or final < around[0]:
        return _File(path, parquet, 0, whole=False)
    if around[0] <= first and final < around[1]:
        return _File(path, parquet, rows, beginning is None)
    near = _near(origin, around)
    narrowed = scratch / "near" / f"{len(list((scratch / 'near').glob('*')))}.parquet"
    _write(as_copied(parquet, {name for name, _ in asked_of(origin)}).filter(near), narrowed, path)
    return _File(path, narrowed, _height(narrowed), whole=False)


def _near(origin: Origin, around: Days) -> pl.Expr:
    """Whether a native time is of the days, or may be in some time zone."""
    assert isinstance(origin.time, str)
    day = pl.col(origin.columns[origin.time].physical).cast(pl.Date)
    return day.is_between(around[0] - _MARGIN, around[1] + _MARGIN)


def _height(parquet: Path) -> int:
    try:
        return int(pl.scan_parquet(parquet, glob=False, hive_partitioning=False).select(pl.len()).collect().item())
    except _ERRORS as error:
        raise unreadable(parquet, error) from error


def _beginning(path: Path, scratch: Path) -> Path | None:
    """A file of text cut off after some line where it is large; None where it may be read as it is.

    A line break within quotes ends no line: cut where the quotes before are even in number.
    """
    size = path.stat().st_size * (_PACKED if path.name.lower().endswith(".gz") else 1)
    if not is_text(path) or size <= MOST_BYTES:
        return None
    with opened(path) as stream:
        head = stream.read(MOST_BYTES)
        if not stream.read(1):
            return None
    end = head.rfind(b"\n") + 1
    while end and head.count(b'"', 0, end) % 2:
        end = head.rfind(b"\n", 0, end - 1) + 1
    target = scratch / "beginnings" / path.parent.name / path.name.lower().removesuffix(".gz")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(head[:end] if end else head)
    return target


def _copied(file: _File, folder: Path, rows: int, before: int, origin: Origin) -> Path:
    """The last rows of a file, numbered, with what its folders tell (`region=North`)."""
    told = [part for part in file.place.parts[:-1] if "=" in part]
    target = folder.joinpath(*told, "rows.parquet")
    hidden = [spec.physical for spec in origin.columns.values() if spec.privacy == "C3"]
    scan = as_copied(file.parquet, {name for name, _ in asked_of(origin)})
    try:
        _write(scan.tail(rows).drop(hidden, strict=False).with_row_index(ROW, before), target, file.place)
    except Fault:  # a run looks at the types before it reads
        if found := tuple(unfitting(open_table((file.parquet,), scratch=folder), origin)):
            raise Fault(*found) from None
        raise
    return target


def _write(frame: pl.LazyFrame, target: Path, whence: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        frame.sink_parquet(target)
    except _ERRORS as error:
        raise unreadable(whence, error) from error
