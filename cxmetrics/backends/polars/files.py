"""Parquet files as one lazy frame, whatever each file calls its types.

Every physical column comes out as `p:<name>` in the one type of its kind: String, Int64 (Int128 where a
file is wider), Float64, Boolean, Date, naive Datetime[us], Datetime[us, UTC].  Text is stripped, and empty
text is null.  `#` is there for the sake of rows without columns; `#group` and `#row` say where a row
stands, when asked for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from cxmetrics.backends import rules
from cxmetrics.backends.cells import Physical, Table
from cxmetrics.codes import data
from cxmetrics.diagnostics import Fault, report
from cxmetrics.ir import DAYS
from cxmetrics.source import Span

PLACE = ("#group", "#row")
ROWS_AT_ONCE = 2_000_000  # what several groupings share is held for each of them: some 120 bytes a row
_SMALL = 4 << 20  # bytes of files that are not worth a look at how many rows they have
_MARGIN = dt.timedelta(days=2)  # more than any time zone shifts a day
UUID = pl.Array(pl.UInt8, 16)  # in a `Schema`: bytes to Polars, like any others
_DASHES = ((0, 8), (8, 4), (12, 4), (16, 4), (20, 12))  # the parts of a UUID: where each begins, and its length
WIDE = (pl.UInt64, pl.Int128, pl.UInt128, pl.Decimal)
_DTYPES: Mapping[Physical, pl.DataType] = {
    "text": pl.String(), "integer": pl.Int64(), "number": pl.Float64(), "boolean": pl.Boolean(), "date": pl.Date(),
    "time": pl.Datetime("us"), "instant": pl.Datetime("us", "UTC"), "other": pl.Null()}

Schema = Mapping[str, pl.DataType]


@dataclass(frozen=True, slots=True)
class Within:
    """The days, both included, in which a column's times have to lie for a row to matter."""

    column: str
    first: dt.date
    last: dt.date


@dataclass(frozen=True, slots=True)
class Group:
    """Files of equal shape: their columns under the names of the table, and which have other letters in the files.

    `number`: of the shape; `first`: how many rows of it are in files before these; `span`: of the one file, from which
    row on how many are meant, or None for all.
    """

    schema: Schema
    paths: tuple[Path, ...]
    spelled: Mapping[str, str]
    number: int
    first: int = 0
    span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Files:
    """A table whose files have been looked into: groups of equal shape, integer columns wider than 64 bits."""

    table: Table
    groups: tuple[Group, ...]
    wide: frozenset[str]


def table_of(files: tuple[Path, ...]) -> Table | None:
    """The files as one table, by their schemas alone; None where that takes a second opinion.

    It does where files differ in the type of a column or in the case of its name, where folders give columns, where a
    type is an uncommon one, and where a file cannot be read.
    """
    columns, typed, wider = dict[str, Physical](), dict[str, Physical](), set[str]()
    for path in files:
        try:
            schema = pl.read_parquet_schema(path)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
            return None
        for name, dtype in schema.items():
            kind = _kind(dtype)
            if kind is None or (dtype != pl.Null and typed.setdefault(name, kind) != kind):
                return None
            columns.setdefault(name, kind)
            if _is_wider(dtype, kind):
                wider.add(name)
    folded = {name.lower() for name in columns}
    if len(folded) < len(columns) or any("=" in part for path in files for part in path.parts[:-1]):
        return None
    return Table(files, columns | typed, frozenset(wider))


def _kind(dtype: pl.DataType) -> Physical | None:
    """What a column of that type holds; None for types that engines see differently."""
    match dtype:
        case pl.Decimal():
            return "integer" if dtype.scale == 0 else "number"
        case pl.Datetime():
            return "time" if dtype.time_zone is None else "instant"
        case pl.Float32() | pl.Float64():
            return "number"
        case pl.String() | pl.Null():
            return "text"
        case pl.Boolean():
            return "boolean"
        case pl.Date():
            return "date"
        case pl.Int8() | pl.Int16() | pl.Int32() | pl.Int64() | pl.UInt8() | pl.UInt16() | pl.UInt32() | pl.UInt64():
            return "integer"
        case _:
            return None


def _is_wider(dtype: pl.DataType, kind: Physical | None) -> bool:
    """Whether a type holds more than ours of its kind (see `Table`)."""
    return (isinstance(dtype, WIDE) and kind == "integer") or (
        isinstance(dtype, pl.Datetime) and dtype.time_unit == "ns")


def opened(table: Table) -> Files:
    """The table with the shapes of its files.  Raises `Fault` CX702 for a file that cannot be read."""
    shapes: dict[tuple[tuple[str, str], ...], tuple[Schema, list[Path]]] = {}
    for path, schema in _schemas(table.files):
        shape = tuple(sorted((name, str(dtype)) for name, dtype in schema.items()))
        shapes.setdefault(shape, (schema, []))[1].append(path)
    groups = tuple(_group(table, schema, tuple(paths), number)
                   for number, (schema, paths) in enumerate(shapes.values()))
    wide = {name for group in groups for name, dtype in group.schema.items()
            if isinstance(dtype, WIDE) and table.columns.get(name) == "integer"}
    return Files(table, groups, frozenset(wide) | {name for name in table.wider if table.columns[name] == "integer"})


def _group(table: Table, schema: Schema, paths: tuple[Path, ...], number: int) -> Group:
    """Files that call their columns otherwise by case alone than the table does mean its columns, as with DuckDB."""
    folded = {name.lower(): name for name in table.columns}
    spelled = {name: folded[name.lower()] for name in schema
               if name not in table.columns and name.lower() in folded}
    return Group({spelled.get(name, name): dtype for name, dtype in schema.items()}, paths, spelled, number)


def parts(files: Files, *, sliced: bool) -> Iterator[Files]:
    """The files in parts of some rows; `sliced`: a large file may be in several.

    Raises `Fault` CX702 for a file that cannot be read.
    """
    groups, rows = list[Group](), 0
    for group, height in (chunk for each in files.groups for chunk in _chunks(each, sliced=sliced)):
        if groups and rows + height > ROWS_AT_ONCE:
            yield replace(files, groups=tuple(groups))
            groups, rows = [], 0
        groups.append(group)
        rows += height
    yield replace(files, groups=tuple(groups))


def _chunks(group: Group, *, sliced: bool) -> Iterator[tuple[Group, int]]:
    """A group in chunks of some rows, and how many."""
    if sum(path.stat().st_size for path in group.paths) <= _SMALL:
        yield group, 0
        return
    low = first = rows = 0
    for place, path in enumerate(group.paths):
        height = _height(path)
        if rows and rows + height > ROWS_AT_ONCE:
            yield replace(group, paths=group.paths[low:place], first=first), rows
            low, first, rows = place, first + rows, 0
        rows += height
        if sliced and rows > ROWS_AT_ONCE:
            for offset in range(0, rows, ROWS_AT_ONCE):
                span = offset, min(ROWS_AT_ONCE, rows - offset)
                yield replace(group, paths=(path,), first=first, span=span), span[1]
            low, first, rows = place + 1, first + rows, 0
    if low < len(group.paths):
        yield replace(group, paths=group.paths[low:], first=first), rows


def _height(path: Path) -> int:
    try:
        return int(pl.scan_parquet(path, glob=False, hive_partitioning=False).select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise unreadable(path, error) from error


def rows_of(files: Files, names: Iterable[str], *, placed: bool = False, within: Within | None = None) -> pl.LazyFrame:
    """The physical columns `names` of the table as `p:<name>`; null where a file lacks one.

    `placed` adds the columns of `PLACE`; `within` lets the scan leave out what lies elsewhere.
    """
    wanted = sorted(set(names))
    frames = [_group_rows(files, group, wanted, placed=placed, within=within) for group in files.groups]
    return pl.concat(frames) if frames else _no_rows(files.table, wanted, placed=placed)


def _no_rows(table: Table, wanted: list[str], *, placed: bool) -> pl.LazyFrame:
    places = dict.fromkeys(PLACE, pl.UInt32()) if placed else {}
    return pl.LazyFrame(schema={"#": pl.UInt8(), **{f"p:{name}": _DTYPES[table.columns[name]] for name in wanted},
                                **places})


def schema_of(path: Path) -> Schema:
    """The columns of a file.  Raises `Fault` CX702 where it is no Parquet file."""
    try:
        return pl.scan_parquet(path, glob=False, hive_partitioning=False).collect_schema()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise unreadable(path, error) from error


def _schemas(paths: Iterable[Path]) -> Iterator[tuple[Path, Schema]]:
    """The columns of each file, `UUID` among them.  Raises `Fault` CX702 where one is no Parquet file."""
    found = [(path, schema_of(path)) for path in paths]
    unclear = [path for path, schema in found if pl.Binary in schema.values()]
    known: Mapping[Path, frozenset[str]] = {}
    if unclear:
        from cxmetrics.backends.duckdb.footers import Footers  # which Polars does not tell from other bytes

        known = Footers(unclear).uuids(unclear)
    for path, schema in found:
        own = known.get(path, frozenset())
        yield path, {name: UUID if dtype == pl.Binary and name in own else dtype for name, dtype in schema.items()}


def as_copied(path: Path, asked: Container[str]) -> pl.LazyFrame:
    """The rows of a file as they can be written anew: UUIDs as text, and without what is nested and not `asked` for.

    Raises `Fault` CX702 where it is no Parquet file.
    """
    [(_, schema)] = _schemas((path,))
    scan = pl.scan_parquet(path, glob=False, hive_partitioning=False)
    nested = [name for name, dtype in schema.items() if dtype.is_nested() and dtype != UUID and name not in asked]
    return scan.drop(nested).with_columns(_uuid(pl.col(name)) for name, dtype in schema.items() if dtype == UUID)


def _uuid(held: pl.Expr) -> pl.Expr:
    """Sixteen bytes as a UUID is written."""
    digits = held.bin.encode("hex")
    return pl.concat_str([digits.str.slice(*part) for part in _DASHES], separator="-")


def unreadable(path: Path | str, error: BaseException, span: Span | None = None) -> Fault:
    """CX702 for a file and what the library says of it: its first words, which quote no value."""
    said = str(error).strip().partition("\n")[0].partition(": [")[0]
    return Fault(report(data.FILE_UNREADABLE, span, path=path, problem=said[:200] or type(error).__name__))


def _group_rows(files: Files, group: Group, wanted: list[str], *, placed: bool, within: Within | None) -> pl.LazyFrame:
    schema, paths = group.schema, group.paths
    in_path = [name for name in wanted if name not in schema and _in_path(paths, name)]
    scan = pl.scan_parquet(list(paths), row_index_name=PLACE[1] if placed else None,
                           row_index_offset=group.first, glob=False, hive_partitioning=bool(in_path),
                           hive_schema=dict.fromkeys(in_path, pl.String()) or None,
                           try_parse_hive_dates=False).rename(group.spelled)
    if group.span is not None:
        scan = scan.slice(*group.span)
    if within is not None and isinstance(schema.get(within.column), pl.Date | pl.Datetime):
        scan = scan.filter(_pruning(within, schema[within.column]))
    columns = [_column(files, name, schema.get(name), known=name in schema or name in in_path) for name in wanted]
    places = [pl.lit(group.number, pl.UInt32).alias(PLACE[0]), pl.col(PLACE[1]).cast(pl.UInt32)] if placed else []
    names = [f"p:{name}" for name in wanted] + (list(PLACE) if placed else [])
    return scan.with_columns(*columns, *places, pl.lit(1, pl.UInt8).alias("#")).select("#", *names)


def _pruning(within: Within, dtype: pl.DataType) -> pl.Expr:
    """A condition that the statistics of a file can answer: near the days, or out of `DAYS`."""
    days = (within.first - _MARGIN, within.last + _MARGIN, DAYS[0] + _MARGIN, DAYS[1] - _MARGIN)
    ends = list(map(pl.lit, days))
    if isinstance(dtype, pl.Datetime):
        ends = [pl.lit(dt.datetime.combine(day, dt.time())).cast(pl.Datetime(dtype.time_unit)) for day in days]
        if dtype.time_zone is not None:
            ends = [end.dt.replace_time_zone("UTC").dt.convert_time_zone(dtype.time_zone) for end in ends]
    held, (first, last, lowest, highest) = pl.col(within.column), ends
    return held.is_null() | ((held >= first) & (held <= last)) | (held < lowest) | (held > highest)


def _in_path(paths: Iterable[Path], name: str) -> bool:
    return any(part.startswith(f"{name}=") for path in paths for part in path.parts[:-1])


def _column(files: Files, name: str, dtype: pl.DataType | None, *, known: bool) -> pl.Expr:
    kind = files.table.columns[name]
    target = pl.Int128() if name in files.wide else _DTYPES[kind]
    if not known:
        return pl.lit(None, target).alias(f"p:{name}")
    held = pl.col(name)
    if isinstance(dtype, pl.Datetime) and dtype.time_unit == "ms":
        held = _finer(held, dtype.time_zone)
    if kind == "instant" and isinstance(dtype, pl.Datetime) and dtype.time_zone is not None:
        held = held.dt.convert_time_zone("UTC")
    if kind == "text" and dtype == UUID:
        held = _uuid(held)
    elif kind == "text" and dtype == pl.Binary:
        held = held.cast(pl.String, strict=False)
    held = held if dtype == target else held.cast(target)
    if kind == "text":
        held = strip(held)
    return held.alias(f"p:{name}")


def _finer(held: pl.Expr, zone: str | None) -> pl.Expr:
    """Milliseconds as microseconds; what is too far for these is as far as no calendar goes."""
    first, last = (end // 1000 for end in rules.YEARS)
    return (held.cast(pl.Int64).clip(first - 1, last + 1) * 1000).cast(pl.Datetime("us", zone))


def strip(text: pl.Expr) -> pl.Expr:
    """Text without blanks at its ends; null where nothing is left."""
    bare = text.str.strip_chars(rules.BLANKS)
    return pl.when(bare != "").then(bare)
