"""Tables of lookups, read and proved, for all engines; and how Polars puts their columns beside rows.

Such a table is read once, under the contracts of its columns, and is held in memory: `~key` (text), and where its
rows hold for a time only `~from` and `~to` (naive local times, null for an open end); then `c:x`, `b:x`, `u:x` of
every column that is asked of it (see `values`).  No row of a source finds two partners in it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import polars as pl

from cxmetrics.backends.cells import Request, Table
from cxmetrics.backends.fates import TYPE
from cxmetrics.backends.needs import LookedUp, readable
from cxmetrics.backends.polars.expressions import Term
from cxmetrics.backends.polars.files import opened, rows_of
from cxmetrics.backends.polars.values import Reading, reading, text_of
from cxmetrics.backends.zones import Zone
from cxmetrics.codes import data
from cxmetrics.diagnostics import Fault, report
from cxmetrics.ir import ColumnSpec, Lookup, Origin
from cxmetrics.tables import place_of
from cxmetrics.units import TEXT, TIME

KEY, START, END = "~key", "~from", "~to"
_EVER = dt.datetime(1, 1, 1)  # noqa: DTZ001 - local times have no zone


def answers(request: Request, asked: LookedUp) -> pl.DataFrame:
    """The table of a lookup.

    Raises `Fault`: CX703 and CX704 for its columns, CX711 for a key that is there twice, CX720 for a row that holds
    from no time to another, CX721 for two rows of one key that hold at one time.
    """
    lookup, table = asked.lookup, request.lookups[place_of(asked.lookup)]
    readings = _readings(request, asked, table)
    frame = rows_of(opened(table), {one.spec.physical for one in readings})
    for stage in (Reading.first, Reading.second, Reading.third):
        frame = frame.with_columns([expr for one in readings for expr in stage(one)])
    kind = _key_type(request.scan.source, lookup)
    parts = [] if lookup.key is None else [text_of(pl.col(f"c:{KEY}"), kind.type, Zone(request.zone)).alias(KEY)]
    if lookup.valid is not None:
        parts += [_passed(pl.col(f"c:{name}")).alias(name) if name == END and lookup.valid.through else
                  pl.col(f"c:{name}").alias(name) for name in _ends(lookup)]
        parts += [(pl.col(f"b:{name}") == TYPE).fill_null(value=False).alias(f"!{name}")
                  for name in _ends(lookup) if any(one.name == name and one.status is not None for one in readings)]
    given = [f"{letter}:{one.name}" for one in readings if not one.name.startswith("~")
             for letter, there in (("c", True), ("b", one.status is not None), ("u", one.instant is not None)) if there]
    found = frame.select(*parts, *given).collect(engine="streaming")
    if lookup.key is not None:
        found = found.filter(pl.col(KEY).is_not_null())
    return _unique(found, request.scan.source, lookup) if lookup.valid is None else _valid(
        found, request.scan.source, lookup)


def _readings(request: Request, asked: LookedUp, table: Table) -> list[Reading]:
    lookup, specs = asked.lookup, list(asked.columns)
    if lookup.key is not None:
        key = _key_type(request.scan.source, lookup)
        specs.append(ColumnSpec(KEY, key.type, key.unit, lookup.key, format=key.format, zone=key.zone,
                                span=lookup.span))
    if lookup.valid is not None:
        ends = {START: lookup.valid.start, END: lookup.valid.end}
        specs += [ColumnSpec(name, "time", TIME, ends[name] or "", span=lookup.span) for name in _ends(lookup)]
    for spec in specs:
        kind = table.columns.get(spec.physical)
        if kind is None:
            raise Fault(report(data.COLUMN_ABSENT, spec.span or lookup.span, column=spec.physical,
                               source=request.scan.source.id, path=place_of(lookup)))
        if not readable(spec, kind):
            raise Fault(report(data.COLUMN_TYPE, spec.span or lookup.span, column=spec.physical, expected=spec.type,
                               found=kind))
    wide = opened(table).wide
    return [reading(spec, table.columns[spec.physical], Zone(request.zone), wide=spec.physical in wide)
            for spec in specs]


def _ends(lookup: Lookup) -> tuple[str, ...]:
    return (START,) if lookup.valid is None or lookup.valid.end is None else (START, END)


def _passed(last: pl.Expr) -> pl.Expr:
    """The first moment after a day or a second; a time that says no clock, or midnight, is a day."""
    second = last.dt.truncate("1s")
    return pl.when(last == last.dt.truncate("1d")).then(last + pl.duration(days=1)).otherwise(
        second + pl.duration(seconds=1))


def _key_type(source: Origin, lookup: Lookup) -> ColumnSpec:
    """The column a lookup stands on: its key is read alike, so that `007` is 7 in both or in none."""
    plain = ColumnSpec(lookup.on or "", "text", TEXT, lookup.on or "")
    return source.columns.get(lookup.on or "", plain)


# --- proofs ----------------------------------------------------------------------------------------------------


def _unique(found: pl.DataFrame, source: Origin, lookup: Lookup) -> pl.DataFrame:
    double = found.filter(pl.col(KEY).is_duplicated())[KEY]
    if not double.is_empty():
        raise Fault(report(data.LOOKUP_NOT_UNIQUE, lookup.span, key=lookup.key,
                           value=_said(double.min(), source, lookup), lookup=place_of(lookup)))
    return found


def _valid(found: pl.DataFrame, source: Origin, lookup: Lookup) -> pl.DataFrame:
    """The rows that hold at any time, in order of when they began; `now`: of each key only the last."""
    valid = lookup.valid
    assert valid is not None
    unending = END not in found.columns
    if unending:
        found = found.with_columns(pl.lit(None, pl.Datetime("us")).alias(END))
    unreadable = [pl.col(name) for name in found.columns if name.startswith("!")]
    wrong = found.filter(pl.any_horizontal([*unreadable, (pl.col(START) > pl.col(END)).fill_null(value=False)]))
    if not wrong.is_empty():
        raise Fault(report(data.LOOKUP_VALIDITY, lookup.span, lookup=place_of(lookup), count=wrong.height))
    keys = [] if lookup.key is None else [KEY]
    found = found.drop([name for name in found.columns if name.startswith("!")]).with_columns(
        pl.col(START).fill_null(_EVER)).filter(pl.col(END).is_null() | (pl.col(START) < pl.col(END)))
    found = found.sort(*keys, START)
    before, ended, after = (pl.col(name).shift(by).over(keys) if keys else pl.col(name).shift(by)
                            for name, by in ((START, 1), (END, 1), (START, -1)))
    overlapping = before == pl.col(START) if unending else (
        before.is_not_null() & (ended.is_null() | (ended > pl.col(START))))
    double = found.filter(overlapping)
    if not double.is_empty():
        value = "all rows" if not keys else _said(double[KEY].min(), source, lookup)
        raise Fault(report(data.LOOKUP_OVERLAP, lookup.span, lookup=place_of(lookup), value=value))
    if valid.as_of == "now":
        found = found.filter(True if valid.now is None else _begun(valid.now))
        return found.unique(keys, keep="last", maintain_order=True).drop(START, END)
    return (found.with_columns(after.alias(END)) if unending else found).sort(START)


def _begun(day: dt.date) -> pl.Expr:
    return pl.col(START).dt.date() <= day


def began(request: Request, lookup: Lookup) -> dt.datetime | None:
    """When the row of a table began that of all began last by the end of the day that is now; None: none has begun.

    Raises `Fault` as `answers` does.
    """
    valid = lookup.valid
    if valid is None or valid.now is None:
        return None
    found = answers(request, LookedUp(replace(lookup, valid=replace(valid, as_of="row")), ()))
    last = found.filter(_begun(valid.now))[START].max()
    return last if isinstance(last, dt.datetime) else None


def _said(value: object, source: Origin, lookup: Lookup) -> str:
    """A key as it may stand in a message."""
    spec = source.columns.get(lookup.on or "")
    return place_of(lookup) if spec is not None and spec.personal else str(value)


# --- beside rows -----------------------------------------------------------------------------------------------


def beside(frame: pl.LazyFrame, found: pl.DataFrame, on: Term | None, moment: pl.Expr, zone: Zone) -> pl.LazyFrame:
    """The rows with the columns of their partner in a lookup; `on`: what is held against its key."""
    key = pl.lit("") if on is None else text_of(on.expr, on.type, zone)
    if START not in found.columns:
        return frame.with_columns(key.alias(KEY)).join(found.lazy(), on=KEY, how="left").drop(KEY)
    if on is None:
        found = found.with_columns(pl.lit("").alias(KEY))
    found = found.with_row_index("~row")
    partners = found.select("~row", KEY, START, END)
    asked = pl.struct(key.alias(KEY), moment.alias(START))
    place = asked.map_batches(_partner(partners), return_dtype=pl.UInt32(), is_elementwise=True)
    return frame.with_columns(place.alias("~row")).join(
        found.drop(KEY, START, END).lazy(), on="~row", how="left").drop("~row")


def _partner(partners: pl.DataFrame) -> Callable[[pl.Series], pl.Series]:
    """Where the row stands that holds for a key at a time: of those begun the last, unless it has ended."""
    def find(asked: pl.Series) -> pl.Series:
        rows = asked.struct.unnest().rename({START: "~at"}).with_row_index("~place")
        paired = rows.sort("~at").join_asof(partners, left_on="~at", right_on=START, by=KEY, strategy="backward",
                                            check_sortedness=False)
        holds = pl.col(END).is_null() | (pl.col("~at") < pl.col(END))
        return paired.sort("~place").select(pl.when(holds).then(pl.col("~row")))["~row"]
    return find
