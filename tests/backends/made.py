"""Small sources, tables and requests for tests of the backends, and cells as plain dictionaries."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest

from cxmetrics.backends.cells import Request, Table
from cxmetrics.backends.polars import Polars
from cxmetrics.deliveries import Unique
from cxmetrics.diagnostics import Fault
from cxmetrics.ir import Apply, Binding, Column, ColumnSpec, Constant, Lookup, Origin
from cxmetrics.plan import Classifier, Cube, Scan, Slot
from cxmetrics.units import UNKNOWN

ZONE = "Asia/Shanghai"
DAY = dt.date(2026, 3, 1)
NUMBERS = (pl.Float64, pl.Float32, pl.Decimal)
ROWS = Slot("count", None)


def column(name, kind, **promises):
    return ColumnSpec(name, kind, UNKNOWN, promises.pop("physical", name), **promises)


def col(name, kind="number"):
    return Column("s", name, kind, UNKNOWN)


def const(value):
    return Constant(value, UNKNOWN)


def call(function, *args):
    return Apply(function, tuple(arg if isinstance(arg, Apply | Column | Constant) else const(arg) for arg in args))


def source(*columns, **options):
    named = {spec.name: spec for spec in columns}
    return Origin("s", "s/*.parquet", named, options.pop("bindings", ()), options.pop("time", DAY), **options)


def cube(*slots, dimensions=(), keys=(), value=None, by=None):
    return Cube(dimensions, keys, slots or (ROWS,), (), value, by)


def physical(dtype):
    """The kind of a Parquet column."""
    if isinstance(dtype, pl.Datetime):
        return "time" if dtype.time_zone is None else "instant"
    kinds = {pl.String: "text", pl.Null: "text", pl.Boolean: "boolean", pl.Date: "date"}
    if dtype.is_integer():
        return "integer"
    return "number" if isinstance(dtype, NUMBERS) else kinds.get(type(dtype), "other")


def table(folder: Path, *frames, name="t"):
    """A table of the frames, one Parquet file each; a mapping of lists is a frame."""
    files, columns, wider = [], {}, set()
    for number, given in enumerate(frames):
        frame = given if isinstance(given, pl.DataFrame) else pl.DataFrame(given, strict=False)
        path = folder / f"{name}{number}.parquet"
        frame.write_parquet(path)
        files.append(path)
        columns = {**{n: physical(d) for n, d in frame.schema.items()}, **columns}
        wider |= {n for n, d in frame.schema.items() if getattr(d, "time_unit", None) == "ns" or d == pl.UInt64}
    return Table(tuple(files), columns, frozenset(wider))


def request(origin, data, *cubes, zone=ZONE, days=None, lookups: Mapping[str, Table] | None = None):
    return Request(Scan(origin, cubes or (cube(),)), data, lookups or {}, zone, days)


def plain(frame):
    """A cube's frame as key -> slots; -0.0 is 0.0."""
    width = sum(not name.startswith("s") for name in frame.columns)
    rows = {row[:width]: row[width:] for row in frame.iter_rows()}
    assert len(rows) == frame.height
    return rows


def cells(*asked, **options):
    return Polars().cells(request(*asked, **options))


def only(answer):
    """The slots of the one cell of the one cube."""
    [(_, slots)] = plain(answer.frames[0]).items()
    return slots


def counts(answer, width=1):
    """Key without the day -> rows."""
    found = {key[1:]: int(slots[0]) for key, slots in plain(answer.frames[0]).items()}
    return {key[0] if width == 1 else key: n for key, n in found.items()}


def values_of(tmp_path, spec, values, dtype=None, zone=ZONE):
    """What a column's values are read as (as text; null as MISSING), with the census."""
    frame = pl.DataFrame({spec.name: pl.Series(spec.name, values, dtype=dtype)})
    origin = source(spec, bindings=(Binding("d", spec.physical),))
    answer = cells(origin, table(tmp_path, frame), cube(dimensions=("d",)), zone=zone)
    return counts(answer), answer.census


def code_of(function, *args, **options):
    with pytest.raises(Fault) as caught:
        function(*args, **options)
    [finding] = caught.value.diagnostics
    return finding.code.id, finding.facts


__all__ = ["DAY", "ROWS", "ZONE", "Binding", "Classifier", "Lookup", "Slot", "Unique", "call", "cells", "code_of",
           "col", "column", "const", "counts", "cube", "only", "physical", "plain", "request", "source", "table",
           "values_of"]
