"""The rows that count, from the raw ones: typed, kept, each once, with its day and its place in every dimension.

What a written value means is told by the oracle of the backends; files are not read here.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from oracle_values import Time, contract, derived_value, stripped, text_of, value_of

from cxmetrics.ir import Apply, Column, ColumnSpec, Way
from cxmetrics.units import TEXT

NOWHERE = "(missing)"
MOMENT = "~moment"  # beside the columns of a row: what orders its time


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
        row, wrong = typed(physical, origin, zone)
        derive(row, origin)
        slices = places(bindings, row, physical, origin, tables)
        row[MOMENT] = comparable(row[origin.time], zone)
        told.append((row, counts(row, wrong, origin), slices))
    gone = losers(told, origin, zone) if origin.unique else set()
    days = [day for row, _, _ in told if (day := day_of(row[origin.time])) is not None]
    kept = tuple(Row(day_of(row[origin.time]), row, slices) for index, (row, good, slices) in enumerate(told)
                 if good and index not in gone)
    return Delivery(kept, min(days), max(days), frozenset(bindings))


def typed(physical, origin, zone):
    """The declared columns of a row, and those that break their promise so that the row is rejected."""
    row, wrong = {}, set()
    for spec in origin.columns.values():
        if spec.own:
            row[spec.name], problem = contract(physical[spec.physical], spec, zone)
            if problem in ("type", "scale", "values") and origin.on_bad != "null":
                wrong.add(spec.name)
    return row, wrong


def derive(row, origin):
    """Add the derived columns, which have no value where a column they look at has none."""
    specs = {spec.name: spec for spec in origin.columns.values() if spec.formula is not None}
    while specs:
        for name in [name for name, spec in specs.items() if columns_in(spec.formula) <= row.keys()]:
            row[name] = derived_value(specs.pop(name).formula, row)


def columns_in(expr):
    match expr:
        case Column(_, name):
            return {name}
        case Apply(_, args):
            return set().union(*map(columns_in, args))
        case _:
            return set()


def counts(row, wrong, origin):
    """Whether a row counts, as far as it can be told without the others."""
    if wrong or row[origin.time] is None or (origin.unique and any(row[name] is None for name in origin.unique.by)):
        return False
    if origin.weight is not None and not weighs(row[origin.weight]):
        return False
    return origin.keep is None or value_of(origin.keep, row) is True


def weighs(value):
    return value is not None and (value == 0 or 1e-6 <= value <= 1e6)


def day_of(value):
    return value.local.date() if isinstance(value, Time) else value


def losers(told, origin, zone):
    """The places of the rows that give way: the moment decides, then the columns by name, then the place."""
    rivals = {}
    for index, (row, good, _) in enumerate(told):
        if good:
            rivals.setdefault(tuple(row[name] for name in origin.unique.by), []).append(index)
    names = sorted(spec.name for spec in origin.columns.values() if spec.own)
    undeclared = sorted({one.column for one in origin.bindings if origin.column_of(one) is None})

    def rank(index):
        row, _, slices = told[index]
        texts = [slices[name] for name in undeclared if name in slices]
        return [(row[name] is None, comparable(row[name], zone)) for name in names], [(x == NOWHERE, x) for x in texts]

    gone = set()
    for group in rivals.values():
        moments = [comparable(told[index][0][origin.time], zone) for index in group]
        best = (max if origin.unique.keep == "latest" else min)(moments)
        tied = [index for index, moment in zip(group, moments, strict=True) if moment == best]
        gone |= {*group} - {min(tied, key=rank)}
    return gone


def comparable(value, zone):
    match value:
        case None:
            return 0
        case Time():
            local = value.local.replace(tzinfo=ZoneInfo(zone))
            return value.instant.replace(tzinfo=dt.UTC) if value.instant is not None else local.astimezone(dt.UTC)
        case str():
            return value.encode()
        case _:
            return value


def bound(origin, columns, tables):
    """The dimensions that the files have, and those that tables lead to: to each its table."""
    chosen = {one.dimension: one for one in origin.bindings
              if one.column in columns or origin.column_of(one) is not None}
    for _ in origin.ways:
        for way in [way for way in origin.ways if way.lookup.on in chosen]:
            for name, _ in way.gives:
                if name in tables[way.lookup.read]:
                    chosen.setdefault(name, way)
    return chosen


def closed(origin, bindings):
    """The closed set of a dimension is a promise of the column behind it; what a table is asked by is a column too."""
    columns = dict(origin.columns)
    stands_on = {binding.lookup.on for binding in bindings.values() if isinstance(binding, Way)}
    for name, binding in bindings.items():
        if isinstance(binding, Way) or (binding.values is None and name not in stands_on):
            continue
        own = [spec for spec in columns.values() if spec.physical == binding.column and spec.own]
        for spec in own:
            if spec.values is None and spec.type == "text":
                columns[spec.name] = replace(spec, values=binding.values)
        if not own:
            columns[name] = ColumnSpec(name, "text", TEXT, binding.column, values=binding.values)
    return replace(origin, columns=columns)


def places(bindings, row, physical, origin, tables):
    """The slice of a row in every dimension."""
    texts = {}
    for name, binding in bindings.items():
        if isinstance(binding, Way):
            on = texts[binding.lookup.on]
            lines = [line for line in tables[binding.lookup.read] if stripped(text_of(line[binding.lookup.key])) == on]
            texts[name] = stripped(text_of(lines[0][name])) if lines and on is not None else None
        else:
            spec = origin.column_of(binding)
            texts[name] = text_of(row[spec.name]) if spec else stripped(text_of(physical[binding.column]))
    return {name: NOWHERE if text is None else text for name, text in texts.items()}


def looked_at(expr, place, rows, pyramid):
    """The rows of a slice that an aggregate looks at (`rows`: source → slice → rows); first and last are so in all."""
    here, found = rows[expr.source].get(place, []), {}
    if expr.at is None:
        return here
    further = max if expr.at == "end" else min
    entity = pyramid.sources[expr.source].entity
    for row in (row for some in rows[expr.source].values() for row in some):
        found[row.get(entity)] = further(found.get(row.get(entity), row[MOMENT]), row[MOMENT])
    return [row for row in here if row[MOMENT] == found[row.get(entity)]]
