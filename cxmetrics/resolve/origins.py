"""Sources and dimensions: their columns, contracts, derived columns and ways to slice."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import cast, get_args

from cxmetrics.codes import names as name_codes
from cxmetrics.codes import units as unit_codes
from cxmetrics.codes import yaml_files as codes
from cxmetrics.deliveries import Unique
from cxmetrics.diagnostics import DID_YOU_MEAN, Fix, Label, closest, report
from cxmetrics.ir import DAYS, Binding, ColumnSpec, ColumnType, Dimension, Expr, Origin, Silence
from cxmetrics.load.scalars import A_TIME_ZONE, Found, date, is_time_zone, share, titles, whole, word, words
from cxmetrics.parse import parse
from cxmetrics.resolve.arrivals import resolve_arrival, resolve_watch
from cxmetrics.resolve.classes import refuse_persons, refuse_secrets, settle_classes
from cxmetrics.resolve.contracts import check_contract, check_values
from cxmetrics.resolve.derived import is_formula, resolve_derived
from cxmetrics.resolve.designs import resolve_population, resolve_strata
from cxmetrics.resolve.formulas import resolve_condition
from cxmetrics.resolve.lookups import (
    dimension_lookup,
    resolve_lookup_columns,
    resolve_lookups,
    ways,
)
from cxmetrics.resolve.names import Columns, Names
from cxmetrics.resolve.scales import resolve_scale, resolve_scales
from cxmetrics.resolve.tables import resolve_table
from cxmetrics.resolve.weights import resolve_weight
from cxmetrics.schema import ColumnDraft, DimensionDraft, GivenColumnDraft, SourceDraft
from cxmetrics.source import Key, Located
from cxmetrics.units import BOOLEAN, DATE, NUMBER, TEXT, TIME, UNKNOWN, Unit, likely_unit, read_unit, scale

TYPES: tuple[ColumnType, ...] = get_args(ColumnType)
_PLAIN_UNITS: Mapping[ColumnType, Unit] = {
    "integer": NUMBER, "number": NUMBER, "text": TEXT, "boolean": BOOLEAN, "date": DATE, "time": TIME}
EPOCHS = ("epoch_s", "epoch_ms")
# What a row of results says of itself, and `expect` of a test: a dimension of that name could not be told from it.
RESERVED = frozenset((
    "indicator", "level", "grain", "period", "value", "unit", "n", "n_effective", "low", "high", "score", "coverage",
    "target", "gap", "peer", "peer_gap", "peer_low", "peer_high", "peer_rank", "peer_percentile", "peers",
    "change", "change_low", "change_high", "moved", "rank_best", "rank_worst", "shrunken", "against", "agreement",
    "status", "definition", "run", "at", "tolerance"))
_LIKE_A_DAY = re.compile(r"\d{4}-\d{1,2}-\d{1,2}\Z")
_CLASSES = ("C1", "C2", "C3")


def resolve_dimensions(drafts: Mapping[Key, DimensionDraft | Located], found: Found) -> dict[str, Dimension]:
    """All dimensions of a project, by id."""
    result: dict[str, Dimension] = {}
    for key, written in drafts.items():
        if key.lower() in RESERVED:
            found.append(report(name_codes.RESERVED_NAME, key.span, id=key))
        draft = DimensionDraft() if isinstance(written, Located) else written
        if isinstance(written, Located) and written.value:
            found.append(report(codes.WRONG_SHAPE, written.span, expected="map", found="text"))
        lookup, gives = dimension_lookup(key, draft.lookup, drafts, found) if draft.lookup else (None, ())
        values = tuple(item.value for item in draft.values) if draft.values is not None else None
        if draft.values is not None:
            check_values(draft.values, None, found, key.span)
        within = draft.within.value if draft.within else None
        result[key] = Dimension(str(key), titles(draft.title), within, values, lookup, gives, key.span,
                                min_n=whole(draft.min_n, "min_n", 1, found, least=1))
        if draft.within and draft.within.value not in drafts:
            guess = closest(draft.within.value, drafts, found)
            found.append(report(name_codes.UNKNOWN_DIMENSION, draft.within.span,
                                help=DID_YOU_MEAN if guess else None, name=draft.within.value, guess=guess or ""))
            result[key] = replace(result[key], within=None)
    return _without_circles(result, found)


def _without_circles(dimensions: dict[str, Dimension], found: Found) -> dict[str, Dimension]:
    sound: set[str | None] = {None}
    for name, dimension in dimensions.items():
        path, outer = {name: None}, dimension.within
        while outer is not None and outer not in sound and outer not in path:
            path[outer] = None
            outer = dimensions[outer].within
        if outer in sound:
            sound |= path.keys()
            continue
        if outer == name:
            found.append(report(name_codes.CYCLE_OF_DIMENSIONS, dimension.span, path=" → ".join([*path, name])))
        dimensions[name] = replace(dimension, within=None)
        sound.add(name)
    return dimensions


def resolve_columns(draft: SourceDraft, found: Found) -> Columns:
    """The declared columns of a source; derived ones still without their formula."""
    zone = _zone(draft.time_zone, found)
    columns = {str(key): _column(key, column, zone, found) for key, column in draft.columns.items()}
    for key, written in draft.dimensions.items():
        if is_formula(written, columns):
            if key in columns:
                related = (Label(next(own.span for own in draft.columns if own == key), name_codes.FIRST_DEFINED),)
                found.append(report(name_codes.COLUMN_TWICE, key.span, related=related, name=key))
            columns[str(key)] = ColumnSpec(str(key), "number", NUMBER, str(key), span=key.span)
    resolve_lookup_columns(draft, columns, _column, found)
    settle_classes(columns)
    return columns


def _zone(written: Located | None, found: Found) -> str | None:
    """The zone of times that do not say theirs."""
    if written is None or is_time_zone(written.value):
        return None if written is None else written.value
    found.append(report(codes.WRONG_VALUE, written.span, key="time_zone", expected=A_TIME_ZONE, found=written.value))
    return None


def _column(key: Key, draft: GivenColumnDraft | Located, zone: str | None, found: Found) -> ColumnSpec:
    if isinstance(draft, Located):
        draft = ColumnDraft(type=draft)
    low, high = resolve_scale(draft, found)
    derived = isinstance(draft, ColumnDraft) and draft.formula is not None
    fallback = "number" if draft.scale or draft.unit or derived else "text"
    kind = cast("ColumnType", word(draft.type, "type", TYPES, fallback, found))
    sound = check_contract(draft, kind, found)
    unit = _unit(draft, kind, low, high, found) if sound else _PLAIN_UNITS[kind]
    values = tuple(item.value for item in draft.values) if draft.values is not None else None
    privacy = word(draft.privacy, "class", _CLASSES, "", found) or None
    scales = resolve_scales(key, draft, kind, found)
    physical = draft.column.value if draft.column else str(key)
    return ColumnSpec(str(key), "number" if scales else kind, unit, physical, low, high, values, _no_answer(draft),
                      _format(draft.format, found), privacy, span=key.span,
                      zone=(_zone(draft.time_zone, found) or zone) if kind == "time" else None,
                      silences=_silences(draft, kind, found), scales=scales)


def _no_answer(draft: GivenColumnDraft) -> tuple[str, ...]:
    """All codes that stand for no answer."""
    return words(draft.missing) + words(draft.not_asked) + words(draft.skipped)


def _silences(draft: GivenColumnDraft, kind: ColumnType, found: Found) -> tuple[Silence, ...]:
    """Why a cell may hold no answer, if that is told; an empty one was not asked, unless it is said otherwise."""
    seen: dict[str, str] = {}
    written = (("missing", draft.missing), ("not_asked", draft.not_asked), ("skipped", draft.skipped))
    for key, codes_ in written:
        for item in (codes_ if isinstance(codes_, list) else [codes_] if codes_ else []):
            if seen.setdefault(item.value, key) != key:
                found.append(report(name_codes.CODE_TWICE, item.span, text=item.value, first=seen[item.value], key=key))
    if draft.not_asked is None and draft.skipped is None and draft.empty is None:
        return ()
    empty = word(draft.empty, "empty", ("not_asked", "skipped", "missing"), "not_asked", found)
    return (Silence("not_asked", words(draft.not_asked), empty == "not_asked", kind),
            Silence("skipped", words(draft.skipped), empty == "skipped", kind))


def _format(written: Located | None, found: Found) -> str | None:
    """How times are written: a count from the epoch, or a pattern of the clock."""
    if written is not None and written.value not in EPOCHS and "%" not in written.value:
        found.append(report(codes.WRONG_VALUE, written.span, key="format", found=written.value,
                            expected="epoch_s, epoch_ms or a pattern such as %d.%m.%Y"))
        return None
    return None if written is None else written.value


def _unit(draft: GivenColumnDraft, kind: ColumnType, low: float | None, high: float | None, found: Found) -> Unit:
    plain = _PLAIN_UNITS[kind]
    if draft.unit is None:
        return scale(low, high) if low is not None and high is not None and plain == NUMBER else plain
    unit = read_unit(draft.unit.value)
    meant = likely_unit(draft.unit.value)
    if unit is None or plain != NUMBER or meant is not None:
        fix = Fix(draft.unit.span, meant) if meant else None
        found.append(report(unit_codes.UNIT_UNKNOWN, draft.unit.span, help=DID_YOU_MEAN if meant else None, fix=fix,
                            unit=draft.unit.value, guess=meant or ""))
        return UNKNOWN
    if draft.unit.value.strip() == "%" and not (isinstance(draft, ColumnDraft) and draft.formula):
        found.append(report(unit_codes.PER_CENT_COLUMN, draft.unit.span))
    return unit


def resolve_origin(key: Key, draft: SourceDraft, dimensions: Mapping[str, Dimension], names: Names) -> Origin:
    """One source, with its derived columns and its `keep` as expressions."""
    found = names.found
    columns = names.sources[key]
    refuse_secrets(str(key), draft, columns, found)
    lookups = resolve_lookups(draft, columns, found)
    resolve_derived(key, draft, columns, lookups, names)
    keep = None if not draft.keep else _condition(draft.keep, key, columns, names)
    flags = _flags(draft, key, columns, names)
    time = date(draft.time.value) or draft.time.value
    if isinstance(time, str) and _LIKE_A_DAY.match(time):
        found.append(report(codes.WRONG_VALUE, draft.time.span, key="time", found=time,
                            expected="a column, or a day of the calendar such as 2026-10-01"))
        time = DAYS[0]
    if isinstance(time, dt.date) and not DAYS[0] <= time <= DAYS[1]:
        found.append(report(codes.WRONG_VALUE, draft.time.span, key="time", found=time,
                            expected=f"a day from {DAYS[0]} to {DAYS[1]}"))
        time = DAYS[0]
    unique = None
    if draft.unique:
        rule = word(draft.unique.keep, "keep", ("latest", "first"), "latest", found)
        if not words(draft.unique.by):
            found.append(report(codes.WRONG_VALUE, key.span, key="unique", expected="a column at least", found="[]"))
        unique = Unique(words(draft.unique.by), "first" if rule == "first" else "latest")
    rule = word(draft.on_bad, "on_bad", ("reject", "null", "fail"), "reject", found)
    weight, rake = resolve_weight(key, draft, columns, dimensions, found)
    bindings = _bindings(draft, columns, dimensions, found)
    refuse_persons(str(key), bindings, columns, found)
    settle_classes(columns)  # those that only this source names are declared by now
    return Origin(
        str(key), draft.read.value, columns, tuple(bindings.values()),
        _time(time, columns, draft, found),
        lookups, tuple(ways(dimensions)), draft.received.value if draft.received else None,
        draft.entity.value if draft.entity else None, weight, keep,
        unique, "null" if rule == "null" else "fail" if rule == "fail" else "reject",
        share(draft.max_bad, "max_bad", 1.0, found), key.span, resolve_table(draft.read, draft.table, found),
        resolve_arrival(draft, found), resolve_watch(draft, found), read_span=draft.read.span,
        strata=resolve_strata(draft, columns, found), population=resolve_population(draft, columns, found), rake=rake,
        flags=flags)


def _flags(draft: SourceDraft, source: Key, columns: Columns, names: Names) -> tuple[tuple[str, Expr], ...]:
    """The flags of a source.  What they alone look at is no column of it, so that a flag alters no meaning."""
    known = dict(columns)
    flags = tuple((str(name), _condition(written, source, known, names)) for name, written in draft.flags.items())
    columns.update((name, spec) for name, spec in known.items() if spec.silence is not None)
    return flags


def _condition(written: Located, source: Key, columns: Columns, names: Names) -> Expr:
    """A condition on the rows of a source."""
    node, problems = parse(written)
    names.found.extend(problems)
    return resolve_condition(node, str(source), columns, names, implicit=True)


def _time(time: str | dt.date, columns: Columns, draft: SourceDraft, found: Found) -> str | dt.date:
    """The time column is always declared: as a time, unless the definitions say otherwise."""
    zone = _zone(draft.time_zone, [])
    for key, written in (("time", draft.time), ("received", draft.received)):
        if written is None or (key == "time" and isinstance(time, dt.date)):
            continue
        name = written.value
        spec = columns.setdefault(name, ColumnSpec(name, "time", TIME, name, span=written.span, zone=zone))
        if not spec.own:
            found.append(report(name_codes.TIME_NOT_READ, written.span, key=key, name=name))
    return time


def _bindings(draft: SourceDraft, columns: Columns, dimensions: Mapping[str, Dimension],
              found: Found) -> dict[str, Binding]:
    """From which column a source makes each dimension, if it has that column."""
    bound: dict[str, Binding] = {}
    for key, column in draft.dimensions.items():
        if key not in dimensions:
            guess = closest(key, dimensions, found)
            found.append(report(name_codes.UNKNOWN_DIMENSION, key.span, help=DID_YOU_MEAN if guess else None,
                                name=key, guess=guess or ""))
            continue
        name = str(key) if is_formula(column, columns) else column.value
        bound[key] = Binding(str(key), name, True, dimensions[key].values, column.span)
    for name, dimension in dimensions.items():
        if name not in bound:
            spec = columns.get(name)
            bound[name] = Binding(name, name, spec is not None, dimension.values, spec.span if spec else dimension.span)
    return bound


def text_column(name: str, physical: str, binding: Binding) -> ColumnSpec:
    """The column behind a dimension that nobody declared: text without a contract."""
    return ColumnSpec(name, "text", TEXT, physical, span=binding.span)
