"""Benchmarks, days of the calendar and margins in CSV: as nodes with places, like the YAML that could stand there.

A column is named like the key it stands for (`value`, `source.publisher`); an empty cell is a key that is not written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from pydantic import BaseModel

from cxmetrics.codes import benchmarks as codes
from cxmetrics.codes import yaml_files as yaml_codes
from cxmetrics.diagnostics import DID_YOU_MEAN, Diagnostic, Fix, Label, closest, report
from cxmetrics.load.yaml_nodes import Items, Map, Node
from cxmetrics.schema import BenchmarkDraft, Draft, HolidayDraft, Scalar
from cxmetrics.source import Key, Located, Source, Span

MAX_RECORDS = 10_000
MAX_CELLS = 100  # in a line
# A quoted cell up to what has to follow it, or an unquoted one up to the next comma or line.
_CELL = re.compile(r'[ \t]*"(?P<quoted>(?:[^"]|"")*)"[ \t]*(?=[,\r\n]|\Z)|(?P<plain>[^,\r\n]*)')
_LINE = re.compile(r"\r\n|\r|\n")


class MarginDraft(Draft):
    """A category of a margin, and how large a part of the population it is."""

    margin: Scalar
    value: Scalar
    share: Scalar


SECTIONS: Mapping[str, type[Draft]] = {"benchmarks": BenchmarkDraft, "calendar": HolidayDraft}
_RECORDS: Mapping[str, type[Draft]] = {**SECTIONS, "rake": MarginDraft}
Tables = Mapping[str, Source]
"""The CSV files of a project or a library, by the path its YAML names."""


def paths_in(section: Node | None) -> list[Located]:
    """The files a section names: `{read: a.csv}` or `{read: [a.csv, b.csv]}`; nothing where it is of another shape."""
    if not isinstance(section, Map) or set(section) != {"read"}:
        return []
    (written,) = section.values()
    items = written if isinstance(written, Items) else [written]
    return [item for item in items if isinstance(item, Located)] if all(
        isinstance(item, Located) for item in items) else []


# --- from a table to nodes ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    """The cells of a line, and its place."""

    cells: tuple[Located, ...]
    span: Span


def records_of(table: Source, section: str) -> tuple[Items, tuple[Diagnostic, ...]]:
    """The records of a CSV file for a section, as a list of maps; what is wrong with its shape."""
    found: list[Diagnostic] = []
    records = Items()
    records.place = table.whole
    lines = _lines(table, found)
    head = next(lines, None)
    if head is None:
        return records, tuple(found)
    keys = _keys(head, section, found)
    if keys is None:
        return records, tuple(found)
    for number, line in enumerate(lines):
        if len(line.cells) != len(keys) or number >= MAX_RECORDS:
            found.append(report(codes.RAGGED_RECORD, line.span, found=len(line.cells), expected=len(keys))
                         if number < MAX_RECORDS else
                         report(yaml_codes.TOO_LARGE, line.span, what=table.path, limit=f"{MAX_RECORDS:,}"))
            break
        records.append(_record(keys, line))
    return records, tuple(found)


def _lines(table: Source, found: list[Diagnostic]) -> Iterator[_Line]:
    """The lines that are not blank, up to the first that cannot be read."""
    text, at = table.text, 0
    while at < len(text):
        first, cells = at, list[Located]()
        while True:
            cell = _CELL.match(text, at)
            if cell is None or (cell["plain"] or "").lstrip(" \t").startswith('"'):
                found.append(report(codes.OPEN_QUOTE, Span(table, at, at + 1)))
                return
            cells.append(_cell(table, cell))
            at = cell.end()
            if text[at:at + 1] != ",":
                break
            at += 1
            if len(cells) >= MAX_CELLS:
                what = "the number of cells in a line"
                found.append(report(yaml_codes.TOO_LARGE, Span(table, first, at), what=what, limit=MAX_CELLS))
                return
        if any(cell.value for cell in cells):
            yield _Line(tuple(cells), Span(table, first, max(at, first + 1)))
        after = _LINE.match(text, at)
        at = after.end() if after else len(text)


def _cell(table: Source, found: re.Match[str]) -> Located:
    """A cell without its quotes and the blanks around it."""
    group = "quoted" if found["quoted"] is not None else "plain"
    inner = found[group]
    start = found.start(group) + len(inner) - len(inner.lstrip())
    value = inner.replace('""', '"') if group == "quoted" else inner
    return Located(value.strip(), table, start, start + len(inner.strip()))


def _keys(head: _Line, section: str, found: list[Diagnostic]) -> list[Key | None] | None:
    """The keys of the columns, None for one that was refused; None where the records would all lack something."""
    known, needed = _known_columns(_RECORDS[section])
    keys: list[Key | None] = []
    first: dict[str, Located] = {}
    for cell in head.cells:
        key = Key(cell.value)
        key.written = cell
        keys.append(key if cell.value in known and cell.value not in first else None)
        if cell.value not in known:
            guess = closest(cell.value, known)
            found.append(report(yaml_codes.UNKNOWN_KEY, cell.span, help=DID_YOU_MEAN if guess else None, key=cell.value,
                                fix=Fix(cell.span, guess) if guess else None, place=section,
                                known=", ".join(known), guess=guess or ""))
        elif cell.value in first:
            related = (Label(first[cell.value].span, yaml_codes.FIRST_HERE),)
            found.append(report(yaml_codes.REPEATED_KEY, cell.span, related=related, key=cell.value))
        first.setdefault(cell.value, cell)
    lacking = [name for name in needed if not any(given == name or given.startswith(f"{name}.") for given in first)]
    found += [report(yaml_codes.MISSING_KEY, head.span, key=name, place=section) for name in lacking]
    return None if lacking else keys


def _known_columns(draft: type[Draft]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns a table may have, and those it needs."""
    known: list[str] = []
    needed: list[str] = []
    for name, field in draft.model_fields.items():
        inner = _inner(field.annotation)
        if inner is None:
            known.append(name)
            needed += [name] * field.is_required()
            continue
        known += [f"{name}.{part}" for part in inner.model_fields]
        needed += [f"{name}.{part}" for part, one in inner.model_fields.items() if one.is_required()] or [name]
    return tuple(known), tuple(needed)


def _inner(annotation: object) -> type[BaseModel] | None:
    """The map that stands under a key, if one does."""
    kinds = (annotation, *get_args(annotation))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def _record(keys: Sequence[Key | None], line: _Line) -> Map:
    record = Map()
    record.place = line.span
    for key, cell in zip(keys, line.cells, strict=True):
        if key is None or not cell.value:
            continue
        outer, _, inner = key.partition(".")
        if not inner:
            record[key] = cell
            continue
        below = record.setdefault(_named(outer, key), Map())
        below.place = line.span
        below[_named(inner, key)] = cell
    return record


def _named(name: str, column: Key) -> Key:
    key = Key(name)
    key.written = column.written
    return key
