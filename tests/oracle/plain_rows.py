"""The rows that count, from the raw ones: typed, kept, each once, with its day and its place in every dimension.

What a written value means, and which rows are dropped, is told by the oracle of the backends; files are not read here.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from oracle import day_of, derive, fate, losers, typed_row
from oracle_values import stripped, text_of

from cxmetrics.ir import ColumnSpec
from cxmetrics.units import TEXT

NOWHERE = "(missing)"


@dataclass(frozen=True)
class Row:
    """A row that counts: its typed and derived columns, and its slice by dimension."""

    day: dt.date
    values: Mapping[str, object]
    slices: Mapping[str, str]


@dataclass(frozen=True)
class Delivery:
    """What a source has delivered: rows that count, the first and the last day of any row, the dimensions it makes."""

    rows: tuple[Row, ...]
    first: dt.date
    last: dt.date
    dimensions: frozenset[str]


def deliver(origin, tables, zone):
    """The delivery of a source; `tables` holds the raw rows of each file or pattern of files, as dictionaries."""
    raw = tables[origin.read]
    bindings = bound(origin, raw[0].keys(), {path: rows[0].keys() for path, rows in tables.items()})
    origin = closed(origin, bindings)
    told = []
    for physical in raw:
        row, wrong = typed_row(physical, origin, zone)
        derive(row, origin)
        told.append((row, fate(row, wrong, origin), physical))
    gone = losers(told, origin) if origin.unique else set()
    days = [day for row, _, _ in told if (day := day_of(row, origin)) is not None]
    kept = tuple(
        Row(day_of(row, origin), row, {name: place(binding, row, physical, origin, tables)
                                       for name, binding in bindings.items()})
        for index, (row, verdict, physical) in enumerate(told) if verdict is None and index not in gone)
    return Delivery(kept, min(days), max(days), frozenset(bindings))


def bound(origin, columns, tables):
    """The first way to make each dimension that the files allow."""
    chosen = {}
    for binding in origin.bindings:
        looked_up = binding.lookup is None or binding.dimension in tables[binding.lookup.read]
        if binding.column in columns and looked_up:
            chosen.setdefault(binding.dimension, binding)
    return chosen


def closed(origin, bindings):
    """The closed set of a dimension is a promise of the column behind it."""
    columns = dict(origin.columns)
    for name, binding in bindings.items():
        if binding.values is None or binding.lookup is not None:
            continue
        own = [spec for spec in columns.values() if spec.physical == binding.column and spec.formula is None]
        for spec in own:
            if spec.values is None and spec.type == "text":
                columns[spec.name] = replace(spec, values=binding.values)
        if not own:
            columns[name] = ColumnSpec(name, "text", TEXT, binding.column, values=binding.values)
    return replace(origin, columns=columns)


def place(binding, row, physical, origin, tables):
    declared = [spec for spec in origin.columns.values() if spec.formula is None and spec.physical == binding.column]
    text = text_of(row[declared[0].name]) if declared else stripped(text_of(physical[binding.column]))
    if binding.lookup is not None and text is not None:
        found = [line for line in tables[binding.lookup.read] if stripped(text_of(line[binding.lookup.key])) == text]
        text = stripped(text_of(found[0][binding.dimension])) if found else None
    return NOWHERE if text is None else text
