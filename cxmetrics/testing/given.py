"""The rows that tests give, as files that sources are bound with: many tests in one scan.

A column more says which test a row is of, and one which row it is; they are dimensions, so that one scan makes the
states of many tests (and, asked for by row, says which rows a number was made of).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from cxmetrics.calendars import coarsest, last, start
from cxmetrics.check.declared_tests import Cell, Given, MetricTest, givable
from cxmetrics.deliveries import Arrival, Unique
from cxmetrics.ir import Apply, Binding, ColumnSpec, Expr, Grain, Lookup, Origin, Way, columns_in
from cxmetrics.load.scalars import date
from cxmetrics.lower import all_of
from cxmetrics.plan import Partial, Plan, days_ahead
from cxmetrics.run.bind import Bound, bind
from cxmetrics.run.today import settled
from cxmetrics.tables import place_of
from cxmetrics.units import DATE, NUMBER, TEXT

TEST, ROW, _TIME, _WEIGHT = "~test", "~row", "~time", "~weight"  # no column of a project is called so
DEFAULT_DAY = dt.date(2026, 1, 1)
_BY_ROW = frozenset(("count", "sum", "whole", "fraction", "squares", "squares_whole", "squares_fraction", "min", "max",
                     "first", "last"))
_EPOCHS = {"epoch_s": 1, "epoch_ms": 1000}


@dataclass(frozen=True, slots=True)
class Posed:
    """A test made ready: its number, the part of the plan it needs, and the period it is about."""

    number: int
    test: MetricTest
    plan: Plan
    partials: frozenset[int]
    cuts: tuple[tuple[str, ...], ...]
    grain: Grain
    day: dt.date  # the first of the period

    @property
    def today(self) -> dt.date:
        """The day that is now: the last of all periods it is about."""
        days = [expected.at for expected in self.test.expected if expected.at is not None]
        return max(last(start(day, self.grain, self.plan.project.calendar), self.grain) for day in (self.day, *days))

    @property
    def name(self) -> str:
        """What the column `TEST` says."""
        return f"t{self.number}"

    def row(self, number: int) -> str:
        """What the column `ROW` says."""
        return f"{self.name}.{number}"


@dataclass(frozen=True, slots=True)
class Batch:
    """A source as several tests give it, in one scan: all of them need the same clauses of it."""

    origin: Origin
    lookups: Mapping[str, Given]  # by the path that is read
    today: dt.date
    members: tuple[Posed, ...]

    @property
    def source(self) -> str:
        """The source's id."""
        return self.origin.id

    @property
    def partials(self) -> frozenset[int]:
        """The states that any of the tests needs."""
        return frozenset().union(*(member.partials for member in self.members))


def period_of(test: MetricTest, plan: Plan) -> tuple[Grain, dt.date]:
    """The length and the first day of the period a test is about: its own, else that of the last time it gives."""
    grain = coarsest(plan.project.grains) if test.grain is None else test.grain
    day = test.at or max((day for given in test.given.values() for day in _days_in(given, plan)), default=DEFAULT_DAY)
    return grain, start(day, grain, plan.project.calendar)


def _days_in(given: Given, plan: Plan) -> Iterator[dt.date]:
    origin = plan.sources.get(given.id)
    if origin is None or not isinstance(origin.time, str):
        return
    spec = origin.columns.get(origin.time)
    for row in given.rows:
        text = row.get(origin.time)
        if text is not None and (day := _day_of(text, spec, plan.project.time_zone)) is not None:
            yield day


def _day_of(text: str, spec: ColumnSpec | None, zone: str) -> dt.date | None:
    form = None if spec is None else spec.format
    try:
        if form in _EPOCHS:
            return dt.datetime.fromtimestamp(float(text) / _EPOCHS[form], ZoneInfo(zone)).date()
        if form is not None:
            return _local(dt.datetime.strptime(text, form), spec, zone)  # noqa: DTZ007 - the zone is told apart
        if spec is not None and spec.zone is not None and len(text) > len("2026-01-01"):
            return _local(dt.datetime.fromisoformat(text.replace("/", "-")), spec, zone)
    except (ValueError, OverflowError, OSError):
        return None
    return date(text[:10])


def _local(moment: dt.datetime, spec: ColumnSpec | None, zone: str) -> dt.date:
    """The day of a time, which is of the column's zone unless it says its own."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo((spec and spec.zone) or zone))
    return moment.astimezone(ZoneInfo(zone)).date()


def batches(posed: Iterator[Posed]) -> list[Batch]:
    """Each source of each test, those together that may share a scan."""
    grouped: dict[object, Batch] = {}
    for one in posed:
        for given in one.test.given.values():
            origin = one.plan.sources.get(given.id)
            if origin is None or not any(one.plan.partials[index].source == given.id for index in one.partials):
                continue
            read = {place_of(lookup) for lookup in (*origin.lookups, *(way.lookup for way in origin.ways))}
            lookups = {table.read: table for table in one.test.given.values() if table.read in read and table.read}
            fitted = _fitted(origin, given, lookups)
            mixes = all(_is_by_row(one.plan.partials[index]) for index in one.partials)
            key = (given.id, fitted.keep, fitted.unique, fitted.received, fitted.weight, fitted.bindings, fitted.ways,
                   repr([(path, table.rows) for path, table in lookups.items()]), one.today if lookups else None,
                   None if mixes else one.number)
            batch = grouped.setdefault(key, Batch(fitted, lookups, one.today, ()))
            grouped[key] = replace(batch, members=(*batch.members, one))
    return list(grouped.values())


def _is_by_row(partial: Partial) -> bool:
    """Whether each row counts by itself: what looks at several rows at once must not see those of another test."""
    known = ("source", "op", "arg", "where", "by", "power", "per")
    alone = any(getattr(partial, each.name) for each in fields(partial) if each.name not in known)
    return partial.op in _BY_ROW and days_ahead(partial.where) == 0 and not alone


# --- sources as a test gives them ------------------------------------------------------------------------------


def _fitted(origin: Origin, given: Given, lookups: Mapping[str, Given]) -> Origin:
    """The source without the clauses about columns that the test does not give."""
    physical = givable(origin)
    there = {physical[name] for name in given.columns}
    tables = {lookup.id: lookup for lookup in origin.lookups}

    def told(name: str) -> bool:
        spec = origin.columns.get(name)
        if spec is not None and spec.formula is not None:
            return any(told(column.name) for column in columns_in(spec.formula))
        if spec is not None and spec.lookup is not None:
            lookup = tables[spec.lookup]
            return place_of(lookup) in lookups and (lookup.on is None or told(lookup.on))
        return physical.get(name, name) in there

    def made(binding: Binding) -> bool:
        spec = origin.column_of(binding)
        return binding.column in there if spec is None else told(spec.name)

    keep = all_of(*(part for part in _parts(origin.keep) if any(told(column.name) for column in columns_in(part))))
    unique = None
    if origin.unique is not None and all(map(told, origin.unique.by)):
        unique = Unique((*origin.unique.by, TEST), origin.unique.keep)
    received = origin.received if origin.received is not None and told(origin.received) else None
    columns, weight = dict(origin.columns), origin.weight
    if weight is not None and not told(weight):  # then every row weighs the same
        columns[weight], weight = ColumnSpec(weight, "number", NUMBER, _WEIGHT), None
    told_apart = (origin.entity, origin.strata, *(origin.unique.by if origin.unique else ()))
    for name in filter(None, told_apart):  # whose rows they are may be asked for, though nobody declared it
        columns.setdefault(name, ColumnSpec(name, "text", TEXT, name))
    marks = (Binding(TEST, TEST), Binding(ROW, ROW))
    ways = tuple(way for way in origin.ways if place_of(way.lookup) in lookups)
    entity = origin.entity if origin.entity is not None and told(origin.entity) else None
    population = origin.population if origin.population is not None and told(origin.population) else None
    fitted = replace(origin, columns=columns, keep=keep, unique=unique, received=received, entity=entity, weight=weight,
                     population=population, arrival=origin.arrival if received else Arrival(), ways=ways,
                     bindings=(*_bindings(origin, ways, made), *marks), max_bad=1.0, flags=())
    if isinstance(origin.time, str):
        return fitted
    return replace(fitted, time=_TIME, columns={**columns, _TIME: ColumnSpec(_TIME, "date", DATE, _TIME)})


def _parts(keep: Expr | None) -> Iterator[Expr]:
    """The conditions that `keep` joins by `and`."""
    if isinstance(keep, Apply) and keep.function == "and":
        for arg in keep.args:
            yield from _parts(arg)
    elif keep is not None:
        yield keep


def _bindings(origin: Origin, ways: tuple[Way, ...], made: Callable[[Binding], bool]) -> tuple[Binding, ...]:
    """The bindings of columns that are given; and, where no table leads there, those of declared columns of nulls."""
    chosen = tuple(binding for binding in origin.bindings if made(binding))
    reached = {binding.dimension for binding in chosen}
    while further := {name for way in ways if way.lookup.on in reached for name, _ in way.gives} - reached:
        reached |= further
    return (*chosen, *(binding for binding in origin.bindings
                       if binding.dimension not in reached and binding.declared))


# --- files -----------------------------------------------------------------------------------------------------


def bound(batch: Batch, scratch: Path) -> Bound | None:
    """The source of a batch bound with a file of the rows its tests give; None where there are none."""
    rows = [row for member in batch.members for row in _rows(batch.origin, member)]
    if not rows:
        return None
    plan = batch.members[0].plan
    tables = [*batch.origin.lookups, *(way.lookup for way in batch.origin.ways)]
    reads = {place: f"lookup{number}.jsonl" for number, place in enumerate(dict.fromkeys(map(place_of, tables)))}

    def renamed(lookup: Lookup) -> Lookup:
        return replace(lookup, read=reads[place_of(lookup)], table=None)

    origin = replace(batch.origin, read="given.jsonl", table=None, lookups=tuple(map(renamed, batch.origin.lookups)),
                     ways=tuple(replace(way, lookup=renamed(way.lookup)) for way in batch.origin.ways))
    _write(scratch / origin.read, [dict.fromkeys(_physical(batch.origin)) | rows[0], *rows[1:]])
    for place, path in reads.items():
        columns = dict.fromkeys(name for one in tables if place_of(one) == place for name in _looked_at(one, origin))
        table = batch.lookups.get(place)
        first, *others = [dict(row) for row in table.rows] if table and table.rows else [{}]
        _write(scratch / path, [columns | first, *others])
    made = bind(replace(plan, sources={origin.id: origin}), scratch, scratch, frozenset((origin.id,)))[origin.id]
    return settled(made, batch.today)


def _looked_at(lookup: Lookup, origin: Origin) -> Iterator[str]:
    """The columns that have to be in the table of a lookup; null, if a test does not give them."""
    ends = (lookup.valid.start, lookup.valid.end) if lookup.valid else ()
    yield from (name for name in (lookup.key, *ends) if name is not None)
    yield from (spec.physical for spec in origin.columns.values() if spec.lookup == lookup.id)


def _write(path: Path, rows: list[dict[str, Cell]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")


def _rows(origin: Origin, member: Posed) -> Iterator[dict[str, Cell]]:
    """The rows of one test by physical names; a time that is not given is the first day of its period."""
    physical = givable(member.plan.sources[origin.id])
    time = origin.time if isinstance(origin.time, str) else _TIME
    moment = _written(member.day, origin.columns.get(time), member.plan.project.time_zone)
    for number, row in enumerate(member.test.given[origin.id].rows):
        cells = {physical[name]: cell for name, cell in row.items()}
        cells.setdefault(physical.get(time, time), moment)
        yield {_WEIGHT: "1", **cells, TEST: member.name, ROW: member.row(number)}


def _written(day: dt.date, spec: ColumnSpec | None, zone: str) -> str:
    """The beginning of a day as the column says that times are written."""
    form = None if spec is None else spec.format
    moment = dt.datetime.combine(day, dt.time(), ZoneInfo(zone))
    if form in _EPOCHS:
        return str(int(moment.timestamp()) * _EPOCHS[form])
    if form is None:
        return day.isoformat()
    return (moment.astimezone(ZoneInfo(spec.zone)) if spec is not None and spec.zone else moment).strftime(form)


def _physical(origin: Origin) -> Iterator[str]:
    """The columns that have to be in the file."""
    yield from (spec.physical for spec in origin.columns.values() if spec.own)
    yield from (binding.column for binding in origin.bindings if origin.column_of(binding) is None)
    yield from (name for name in (origin.unique.by if origin.unique else ()) if name not in origin.columns)
