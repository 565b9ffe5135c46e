"""Which keys (`unique`) the rows of files have, and on which days: hashed, the same whatever engine counts the rows.

A hash serves to find rows that may be rivals.  That two keys share one does no harm: the engine tells them apart.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from itertools import accumulate
from pathlib import Path

import polars as pl

from cxmetrics.backends.cells import Request
from cxmetrics.backends.fates import FINE
from cxmetrics.backends.polars import ERRORS, fault_of
from cxmetrics.backends.polars.files import PLACE, Files, opened
from cxmetrics.backends.polars.rows import judged, prepare
from cxmetrics.ir import Lookup, Origin, columns_in

FILE, KEY, DAY = "file", "key", "day"
_PROBE = {"text": ["", "a key", "一個更長一些的鍵, longer than sixteen bytes", None], "whole": [0, 1, -(2**62), None],
          "number": [0.0, 1.5, -1e300, None], "truth": [True, False, None, None],
          "day": [dt.date(1970, 1, 1), dt.date(2026, 2, 3), dt.date(1, 1, 1), None]}


def about_keys(origin: Origin) -> Origin:
    """The source with no more than the keys of its rows rest on: their columns, the time and `keep`.

    Every row that is a rival in the source is one here.  A few more may be: those that a column left out would reject.
    """
    assert origin.unique is not None
    time = [origin.time] if isinstance(origin.time, str) else []
    waiting = [*origin.unique.by, *time, *(column.name for column in columns_in(origin.keep))]
    lookups, seen = {lookup.id: lookup for lookup in origin.lookups}, set[str]()
    asked: dict[str, Lookup] = {}
    while waiting:
        name = waiting.pop()
        spec = origin.columns.get(name)
        if name in seen or spec is None:
            continue
        seen.add(name)
        waiting += [column.name for column in columns_in(spec.formula)]
        if spec.lookup is not None:
            lookup = asked[spec.lookup] = lookups[spec.lookup]
            waiting += [lookup.on] if lookup.on is not None else []
    columns = {name: spec for name, spec in origin.columns.items() if name in seen}
    kept = tuple(lookup for lookup in origin.lookups if lookup.id in asked)
    return replace(origin, columns=columns, bindings=(), lookups=kept, ways=(), received=None, entity=None, weight=None,
                   strata=None, rake=None, flags=())


def hashing(seed: int) -> str:
    """Stands for how keys are hashed: another release of the library may do it otherwise."""
    probe = pl.DataFrame(_PROBE).select(pl.struct(pl.all()).hash(seed), *(pl.col(name).hash(seed).alias(f"{name} alone")
                                                                         for name in _PROBE))
    return sha256(repr(probe.rows()).encode()).hexdigest()[:16]


def keys_of(request: Request, seed: int) -> pl.DataFrame:
    """The keys of rows that may count: `file` (its number in the table), `key` (a hash) and `day`, each once, in order.

    Raises `Fault` CX70x for files and lookups that cannot be read.
    """
    unique = request.scan.source.unique
    assert unique is not None
    try:
        files = opened(request.table)
        pipeline = prepare(request, files)
        rows = judged(pipeline, placed=True).filter(pl.col("fate") == FINE)
        keyed = rows.select(*PLACE, pl.col("day").alias(DAY),
                            *(pipeline.columns[name].expr.alias(f"k{i}") for i, name in enumerate(unique.by)))
        kinds = keyed.collect_schema()
        parts = [_plain(pl.col(name), kinds[name]) for name in kinds if name.startswith("k")]
        found = keyed.select(*PLACE, pl.struct(parts).hash(seed).alias(KEY), DAY).collect(engine="streaming")
        named = pl.concat([*numbered(found, files), pl.DataFrame(schema=SCHEMA)])
    except ERRORS as error:
        raise fault_of(request, error) from error
    return named.unique().sort(DAY, FILE, KEY)


SCHEMA = {FILE: pl.UInt32(), KEY: pl.UInt64(), DAY: pl.Date()}


def _plain(key: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """A key in the one type of its kind: how wide a column is kept depends on the files that are read together."""
    if kind.is_integer():
        return key.cast(pl.Int64, strict=False)
    return key.cast(pl.Float64) if kind.is_numeric() else key


def numbered(found: pl.DataFrame, files: Files) -> Iterator[pl.DataFrame]:
    """The rows with the number of their file in place of `PLACE`, by groups of files of one shape."""
    numbers = {path: number for number, path in enumerate(files.table.files)}
    for number, group in enumerate(files.groups):
        ends = pl.Series([*accumulate(map(height, group.paths))], dtype=pl.UInt32)
        own = found.filter(pl.col(PLACE[0]) == number)
        at = pl.Series([numbers[path] for path in group.paths], dtype=pl.UInt32)
        yield own.select(at.gather(ends.search_sorted(own[PLACE[1]], side="right")).alias(FILE), pl.exclude(*PLACE))


def height(path: Path) -> int:
    """How many rows a file has."""
    return int(pl.scan_parquet(path, glob=False, hive_partitioning=False).select(pl.len()).collect().item())
