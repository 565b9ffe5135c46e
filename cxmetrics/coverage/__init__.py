"""What of the data feeds nothing, and which indicators lack data: definitions and tables held against each other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cxmetrics.backends.cells import Backend
from cxmetrics.backends.engines import engine_named
from cxmetrics.backends.readers import asked_of
from cxmetrics.backends.text_files import seen_from_project
from cxmetrics.compile import Compiled
from cxmetrics.coverage.counting import Counts, counts_of
from cxmetrics.coverage.feeding import expressions, holds, named, takes
from cxmetrics.coverage.files import unread_files
from cxmetrics.diagnostics import Fault
from cxmetrics.ir import Aggregate, Indicator, Origin, columns_in
from cxmetrics.lints.unused import aggregates_of
from cxmetrics.run import Engine
from cxmetrics.run.bind import NOWHERE, Bound, bind_source
from cxmetrics.run.today import settled
from cxmetrics.scratch import scratch_folder

Kind = Literal["table", "column", "value", "indicator"]
State = Literal["unread", "feeds_nothing", "not_named", "never_seen", "no_table", "unreadable", "no_rows", "no_values",
                "below"]


@dataclass(frozen=True, slots=True)
class Gap:
    """Something of the data that feeds nothing, or an indicator that lacks data.

    `name`: a pattern of files, a column, a value of `column`, or an indicator.  `count`: its files, or the rows that
    have the value.  `because`: what the indicator waits for.
    """

    kind: Kind
    state: State
    name: str
    source: str | None = None
    column: str | None = None
    count: int | None = None
    because: str | None = None


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is there: sources with their files, those that cannot be read, and the values of columns."""

    bound: dict[str, Bound] = field(default_factory=dict)
    faulty: dict[str, str] = field(default_factory=dict)  # the id of the code
    counts: dict[str, Counts] = field(default_factory=dict)


def coverage(root: Path, compiled: Compiled, engine: Engine = "duckdb") -> tuple[Gap, ...]:
    """The gaps of a project that compiles: tables, columns, values, then indicators as they stand.

    Reads the files of all sources once; nothing is stored.  Raises `Fault` where the engine fails.
    """
    root = root.resolve()
    asked = _asked(compiled.pyramid.indicators)
    with scratch_folder() as folder, seen_from_project(root):
        seen = _look(root, compiled, asked, engine_named(engine, folder), folder)
    used = [path for one in seen.bound.values() for path in (*one.files, *one.beside)]
    tables = [Gap("table", "unread", pattern, count=count)
              for pattern, count in unread_files(root, used, [*compiled.texts.tables])]
    origins = compiled.pyramid.sources
    values = [gap for name, one in seen.counts.items() for gap in _values(origins[name], one, asked.get(name, ()))]
    return (*tables, *_columns(seen), *values, *_lacking(compiled.pyramid.indicators, origins, seen))


def _asked(indicators: Mapping[str, Indicator]) -> dict[str, list[Aggregate]]:
    """The aggregates over each source."""
    found: dict[str, list[Aggregate]] = {}
    for indicator in indicators.values():
        for aggregate in aggregates_of(indicator):
            found.setdefault(aggregate.source, []).append(aggregate)
    return found


def _look(root: Path, compiled: Compiled, asked: Mapping[str, list[Aggregate]], backend: Backend,
          scratch: Path) -> _Seen:
    seen = _Seen()
    for name, origin in compiled.pyramid.sources.items():
        if origin.read == NOWHERE:
            continue
        try:
            bound = settled(bind_source(origin, root, scratch), dt.date.max)
            seen.bound[name] = bound
            columns = _coded(origin, asked.get(name, []))
            seen.counts[name] = counts_of(bound, columns, backend, compiled.pyramid.project.time_zone)
        except Fault as fault:
            if not all(found.code.id.startswith("CX7") for found in fault.diagnostics):
                raise
            seen.faulty[name] = fault.diagnostics[0].code.id
    return seen


def _coded(origin: Origin, aggregates: list[Aggregate]) -> list[str]:
    """The columns of codes: texts that formulas compare with literals, and that tell of nobody."""
    names = {column for one in aggregates for part in expressions(one) for column, _ in named(part)}
    return [name for name, spec in origin.columns.items() if name in names and not spec.personal]


def _columns(seen: _Seen) -> Iterator[Gap]:
    """Columns of the files that no source over the same files reads."""
    read: dict[frozenset[str], set[str]] = {}
    for one in seen.bound.values():
        origin = one.origin
        names = {name for name, _ in asked_of(origin)} | {binding.column for binding in origin.bindings}
        names |= {name for name in (origin.weight, origin.strata, origin.population) if name is not None}
        names |= {lookup.on for lookup in origin.lookups if lookup.on is not None}
        read.setdefault(frozenset(one.files), set()).update(names)
    told: set[frozenset[str]] = set()
    for name, one in seen.bound.items():
        if (files := frozenset(one.files)) not in told:
            told.add(files)
            yield from (Gap("column", "unread", column, name) for column in one.table.columns
                        if column not in read[files])


def _values(origin: Origin, counts: Counts, aggregates: list[Aggregate] | tuple[()]) -> Iterator[Gap]:
    """Values in the data that no formula takes or names, and values that formulas name and the data have not."""
    for column, found in counts.values.items():
        literals = {value for one in aggregates for part in expressions(one) for of, value in named(part)
                    if of == column}
        for value, rows in found.items():
            if holds(origin.keep, column, value) is False:
                continue
            if not any(takes(one, column, value) for one in aggregates):
                yield Gap("value", "feeds_nothing", value, origin.id, column, rows)
            elif value not in literals:
                yield Gap("value", "not_named", value, origin.id, column, rows)
        if counts.rows:
            yield from (Gap("value", "never_seen", value, origin.id, column) for value in sorted(literals - set(found)))


# --- indicators --------------------------------------------------------------------------------------------------


def _lacking(indicators: Mapping[str, Indicator], origins: Mapping[str, Origin], seen: _Seen) -> Iterator[Gap]:
    """Indicators without data: factors with what they wait for, and composites below which there is nothing."""
    lacking: set[str] = set()
    for name, indicator in indicators.items():  # children come before what is made of them
        found = next((gap for one in aggregates_of(indicator) if (gap := _waits(name, one, origins, seen))), None)
        if found is None and indicator.children and all(edge.child in lacking for edge in indicator.children):
            found = Gap("indicator", "below", name)
        if found is not None:
            lacking.add(name)
            yield found


def _waits(name: str, aggregate: Aggregate, origins: Mapping[str, Origin], seen: _Seen) -> Gap | None:
    """What an aggregate of an indicator waits for; None where there are rows for it."""
    source = aggregate.source
    if origins[source].read == NOWHERE:
        return Gap("indicator", "no_table", name, source)
    if source in seen.faulty:
        return Gap("indicator", "unreadable", name, source, because=seen.faulty[source])
    counts = seen.counts[source]
    if counts.rows == 0:
        return Gap("indicator", "no_rows", name, source)
    empty = [column.name for part in aggregate.args for column in columns_in(part) if column.name in counts.empty]
    if empty:
        return Gap("indicator", "no_values", name, source, because=empty[0])
    for column, found in counts.values.items():
        asked = sorted({value for of, value in named(aggregate.where) if of == column})
        if asked and not any(takes(aggregate, column, value) for value in found):
            because = f"{column} = {', '.join(asked)}"
            return Gap("indicator", "never_seen", name, source, column, because=because)
    return None
