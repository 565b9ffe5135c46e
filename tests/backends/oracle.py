"""The pipeline of the backends in plain Python, row by row: slow, simple, and written from the contract alone."""

# ruff: noqa: DTZ901 - local times have no zone

import datetime as dt
import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl
from oracle_values import Time, class_of, contract, derived_value, limited, moment, stripped, text_of, value_of

from cxmetrics.backends.cells import MISSING
from cxmetrics.backends.marks import is_mark
from cxmetrics.ir import DAYS, Apply, Column, ColumnSpec

BAD = ("type", "scale", "values")


@dataclass
class Account:
    """What the census counts."""

    read: int = 0
    kept: int = 0
    dropped: int = 0
    duplicates: int = 0
    rejected: Counter = field(default_factory=Counter)
    nulled: Counter = field(default_factory=Counter)
    flagged: Counter = field(default_factory=Counter)
    first: dt.date | None = None
    last: dt.date | None = None


# --- rows ------------------------------------------------------------------------------------------------------


def rows_in(table):
    for path in table.files:
        for row in pl.read_parquet(path, glob=False, hive_partitioning=False).iter_rows(named=True):
            yield {name: row.get(name) for name in table.columns}


def columns_in(expr):
    match expr:
        case Column(_, name):
            return {name}
        case Apply(_, args):
            return set().union(*map(columns_in, args))
        case _:
            return set()


def typed_row(physical, request):
    """The typed columns of a row and what is wrong: (column, reason); what is read before what is made."""
    source, row, wrong = request.scan.source, {}, {}
    for spec in source.columns.values():
        if spec.own:
            row[spec.name], wrong[spec.name] = contract(physical[spec.physical], spec, request.zone)
    for spec in source.columns.values():
        if spec.scales is not None and row[spec.name] is not None:
            row[spec.name], wrong[spec.name] = rescaled(row[spec.name], spec, day_of(row, source))
    waiting = {spec.name: spec for spec in source.columns.values() if not spec.own}
    while waiting:
        for name in [name for name, spec in waiting.items() if stands_on(spec, source) <= row.keys()]:
            spec = waiting.pop(name)
            row[name], wrong[name] = derived(spec, row) if spec.formula else looked_up(spec, row, request)
    order = sorted(source.columns.values(), key=lambda spec: not spec.own)
    return row, [(spec.name, wrong[spec.name]) for spec in order if wrong[spec.name]]


def rescaled(answer, spec, day):
    """An answer on the scale of its day, brought to that of today, or that it is off its scale."""
    scales = [one for one in spec.scales.versions if day is not None and day <= one.until]
    first, last = (scales[0].first, scales[0].last) if scales else (spec.low, spec.high)
    if not min(first, last) <= answer <= max(first, last):
        return None, "scale"
    if (first, last) == (spec.low, spec.high):
        return float(answer), None
    return spec.low + (answer - first) * (spec.high - spec.low) / (last - first), None


def stands_on(spec, source):
    if spec.formula is not None:
        return columns_in(spec.formula)
    return {lookup.on for lookup in source.lookups if lookup.id == spec.lookup} - {None}


def derived(spec, row):
    return limited(derived_value(spec.formula, row), spec)


def looked_up(spec, row, request):
    """The value of the one row of the table that has the key and holds at the time of the row."""
    source = request.scan.source
    lookup = next(one for one in source.lookups if one.id == spec.lookup)
    time = source.time if isinstance(source.time, dt.date) else row[source.time]
    asked = None if lookup.on is None else text_of(row[lookup.on])
    partners = []
    for line in rows_in(request.lookups[lookup.read]):
        key = None
        if lookup.on is not None:
            kind = ColumnSpec("key", source.columns[lookup.on].type, None, lookup.key)
            key = text_of(contract(line[lookup.key], kind, request.zone)[0])
        if lookup.on is None or (key is not None and key == asked):
            partners.append((*ends_of(line, lookup, request.zone), line))
    if lookup.valid is not None and lookup.valid.end is None:  # each holds until the next begins
        partners.sort(key=lambda p: p[0])
        ends = [start for start, *_ in partners[1:]] + [dt.datetime.max]
        partners = [(start, end, line) for (start, _, line), end in zip(partners, ends, strict=False)]
    if lookup.valid is not None and lookup.valid.as_of == "now":
        begun = [p for p in partners if p[0] < p[1] and p[0].date() <= (lookup.valid.now or dt.date.max)]
        partners = [max(begun, key=lambda p: p[0])] if begun else []
    elif lookup.valid is not None:
        at = None if time is None else moment(time).local
        partners = [p for p in partners if at is not None and p[0] <= at < p[1]]
    assert len(partners) < 2
    return contract(partners[0][2][spec.physical], spec, request.zone) if partners else (None, None)


def ends_of(line, lookup, zone):
    """From when to when a row of a table holds."""
    if lookup.valid is None:
        return dt.datetime.min, dt.datetime.max
    spec = ColumnSpec("end", "time", None, "end")
    start, end = (None if name is None else contract(line[name], spec, zone)[0]
                  for name in (lookup.valid.start, lookup.valid.end))
    return start.local if start else dt.datetime.min, passed(end.local, lookup) if end else dt.datetime.max


def passed(end, lookup):
    """The first moment out of a row, of which a table may say the last day, or the last second."""
    if not lookup.valid.through:
        return end
    return end + (dt.timedelta(days=1) if end.time() == dt.time() else dt.timedelta(seconds=1))


def fate(row, wrong, source):
    """`drop`, or the first reason to reject the row, or None."""
    keep = True if source.keep is None else value_of(source.keep, row)
    if keep is False:
        return "drop"
    strict = [(name, reason) for name, reason in wrong
              if reason in BAD and (source.on_bad != "null" or name == source.time)]
    if strict:
        return strict[0]
    for name in source.unique.by if source.unique else ():
        if row[name] is None:
            return name, "key"
    if source.weight is not None and not weighs(row[source.weight]):
        return source.weight, "weight"
    if isinstance(source.time, str) and row[source.time] is None:
        return source.time, "missing"
    if isinstance(source.time, str) and day_of(row, source) is None:
        return source.time, "range"
    if reason := out_of_time(row, source):
        return reason
    return None if keep else "drop"


def out_of_time(row, source):
    """That a row came too late, or before its time."""
    if not isinstance(source.time, str) or source.received is None or row[source.received] is None:
        return None
    after = value_of(Apply("-", tuple(Column(source.id, name, source.columns[name].type, None)
                                      for name in (source.received, source.time))), row)
    if source.arrival.late is not None and after > source.arrival.late:
        return source.received, "late"
    return (source.time, "skew") if source.arrival.skew is not None and -after > source.arrival.skew else None


def weighs(value):
    return value is not None and (value == 0 or 1e-6 <= value <= 1e6)


def day_of(row, source):
    if isinstance(source.time, dt.date):
        return source.time
    value = row[source.time]
    day = value.local.date() if isinstance(value, Time) else value
    return day if day is not None and DAYS[0] <= day <= DAYS[1] else None


def sort_key(value):
    """Nulls last."""
    value = (value.instant or value.local) if isinstance(value, Time) else value
    value = value.encode() if isinstance(value, str) else value
    return (value is None, 0 if value is None else value)


def losers(rows, source):
    """Indices of the rows that give way to another of equal key."""
    groups = defaultdict(list)
    for index, (row, verdict, _) in enumerate(rows):
        if verdict is None:
            groups[tuple(row[name] for name in source.unique.by)].append(index)
    by, names = source.received or source.time, sorted(n for n, s in source.columns.items() if s.own)
    out = set()
    for group in groups.values():
        moments = [sort_key(rows[i][0][by])[1] for i in group if rows[i][0][by] is not None] if isinstance(
            by, str) else []
        best = (max if source.unique.keep == "latest" else min)(moments, default=None)
        if source.unique.keep == "first" and isinstance(by, str) and any(rows[i][0][by] is None for i in group):
            best = None
        rivals = [i for i in group if not isinstance(by, str) or (
            rows[i][0][by] is None if best is None else sort_key(rows[i][0][by]) == (False, best))]
        winner = min(rivals, key=lambda i: [sort_key(rows[i][0][name]) for name in names])
        out |= {*group} - {winner}
    return out


def dimension(name, row, physical, request):
    source = request.scan.source
    binding = next(b for b in source.bindings if b.dimension == name)
    spec = source.column_of(binding)
    text = stripped(text_of(physical[binding.column])) if spec is None else text_of(row[spec.name])
    return MISSING if text is None else text


# --- cells -----------------------------------------------------------------------------------------------------


def parts(value):
    whole = math.floor(value)
    return whole, math.floor((value - whole) * 2.0**62)


def slot_values(slot, rows, request):
    """What stands in the columns of a slot."""
    if slot.op not in ("first", "last"):
        return [slot_value(slot, rows)]
    timed = [(source_moment(row, request), float(value) + 0.0) for row in rows
             if (value := value_of(slot.arg, row)) is not None]
    at, value = (min if slot.op == "first" else max)(timed, default=(None, None))
    return [value, at]


def source_moment(row, request):
    time = request.scan.source.time
    if not isinstance(time, str):
        return 0
    value = row[time]
    return moment_of(value if isinstance(value, Time) else Time(dt.datetime.combine(value, dt.time())), time, request)


def slot_value(slot, rows):
    if slot.arg is None:
        return Decimal(len(rows))
    values = [value for value in (value_of(slot.arg, row) for row in rows) if value is not None]
    match slot.op:
        case "count":
            return Decimal(len(values))
        case "min" | "max":
            return float((min if slot.op == "min" else max)(values)) if values else None
        case "sum":
            return Decimal(sum(map(int, values)))
        case "squares":
            return Decimal(sum(int(value) ** 2 for value in values))
        case "whole" | "fraction":
            return Decimal(sum(parts(float(value))[slot.op == "fraction"] for value in values))
        case _:
            squares = [float(value) * float(value) for value in values]
            return Decimal(sum(parts(value)[slot.op == "squares_fraction"] for value in squares))


def moment_of(value, name, request):
    """Microseconds of a time: of its instant, or, where no value of the column can name its zone, of the local time."""
    spec = request.scan.source.columns[name]
    kind, form = request.table.columns[spec.physical], spec.format
    says = kind not in ("date", "time") and (form is None or form in ("epoch_s", "epoch_ms") or "z" in form)
    moved = spec.zone not in (None, request.zone) and kind != "date"
    aware = spec.type == "time" and (says or moved)
    at = value.local if not aware else value.instant or max(
        value.local.replace(tzinfo=ZoneInfo(request.zone), fold=fold).astimezone(dt.UTC).replace(tzinfo=None)
        for fold in (0, 1))  # of two instants the later; a skipped hour is counted on
    return (at - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1)  # noqa: DTZ001


def text_by(by, row, request):
    """What tells values apart."""
    if isinstance(by, Apply) and by.function == "sampled":
        return text_by(by.args[0], row, request)
    if isinstance(by, Apply) and by.function == "whose":
        return text_by(by.args[0], row, request) or ""
    value = value_of(by, row)
    return str(moment_of(value, by.name, request)) if isinstance(value, Time) else text_of(value)


def marks(expr, rows, request):
    """The class of each row (by its id) under a condition that only other rows can tell."""
    if expr.function == "completes":
        return completes(expr, rows, request)
    found, further = {}, max if expr.function == "at end" else min
    whose = {id(row): (day, text_by(expr.args[0], row, request)) for row, _, day in rows}
    for row, _, _ in rows:
        key, at = whose[id(row)], source_moment(row, request)
        found[key] = further(found.get(key, at), at)
    return {id(row): 2 if source_moment(row, request) == found[whose[id(row)]] else 1 for row, _, _ in rows}


def completes(expr, rows, request):
    """The class of each row: 2 where rows of the same text do each step at or after the one before, within the time."""
    by, limit, among, *steps = expr.args
    told = [(id(row), text_by(by, row, request), source_moment(row, request),
             [value_of(among, row) is True and value_of(step, row) is True for step in steps]) for row, _, _ in rows]
    found = {}
    for row, text, begun, _ in told:
        at = begun if text is not None else None
        for step in range(len(steps)):
            later = [moment for _, other, moment, does in told if at is not None and other == text
                     and moment >= at and does[step]]
            at = min(later, default=None)
        found[row] = 2 if at is not None and (limit.value < 0 or at - begun <= limit.value) else 1
    return found


def cube_cells(cube, rows, request, everything):
    """Key -> slots; rows are (typed, physical, day)."""
    groups, told = defaultdict(list), {key: marks(key.expr, everything, request) for key in cube.keys if is_mark(key)}
    for row, physical, day in rows:
        key = [day, *(dimension(name, row, physical, request) for name in cube.dimensions),
               *(told[key][id(row)] if key in told else class_of(key, row) for key in cube.keys)]
        if cube.by is not None:
            text = text_by(cube.by, row, request)
            if text is None:
                continue
            key.append(text)
        if cube.value is not None:
            value = value_of(cube.value, row)
            if value is None:
                continue
            key.append(float(value) + 0.0)
        groups[tuple(key)].append(row)
    return {key: tuple(part for slot in cube.slots for part in slot_values(slot, members, request))
            for key, members in groups.items()}


def wanted(day, days):
    return days is None or any(start <= day < end for start, end in days)


def cells(request):
    """The cells of each cube (key -> slots), and the account of the rows."""
    source, account, rows = request.scan.source, Account(), []
    for physical in rows_in(request.table):
        row, wrong = typed_row(physical, request)
        rows.append((row, fate(row, wrong, source), (physical, wrong)))
    gone = losers(rows, source) if source.unique else set()
    kept, everything = [], []
    for index, (row, verdict, (physical, wrong)) in enumerate(rows):
        day = day_of(row, source)
        if verdict is None and index not in gone:
            everything.append((row, physical, day))
        if day is not None and not wanted(day, request.days):
            continue
        tell(account, day, "duplicate" if index in gone else verdict, wrong, source)
        account.flagged.update(name for name, asked in source.flags if value_of(asked, row) is True)
        if verdict is None and index not in gone:
            kept.append((row, physical, day))
    return [cube_cells(cube, kept, request, everything) for cube in request.scan.cubes], account


def tell(account, day, verdict, wrong, source):
    account.read += 1
    days = [x for x in (account.first, account.last, day) if x is not None]
    account.first, account.last = min(days, default=None), max(days, default=None)
    for name, reason in () if verdict == "drop" else wrong:
        if reason == "not finite" or (source.on_bad == "null" and name != source.time):
            account.nulled[name, reason] += 1
    match verdict:
        case None:
            account.kept += 1
        case "drop":
            account.dropped += 1
        case "duplicate":
            account.duplicates += 1
        case _:
            account.rejected[verdict] += 1
