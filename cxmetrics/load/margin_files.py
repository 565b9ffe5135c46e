"""Margins that weights are raked to, written as CSV: as the maps that could stand in the YAML instead.

Of `weight: {rake: {read: margins.csv}}` the file has the columns `margin`, `value` and `share`, with a line a category.
"""

from __future__ import annotations

from collections.abc import Iterator

from cxmetrics.codes import yaml_files as codes
from cxmetrics.diagnostics import Diagnostic, Label, report
from cxmetrics.load.record_files import Tables, paths_in, records_of
from cxmetrics.load.yaml_nodes import Map, Node
from cxmetrics.source import Key, Located

RAKE, WEIGHT = Key("rake"), Key("weight")


def raked_in(root: Node | None) -> Iterator[Map]:
    """The sources whose margins stand in files."""
    sources = root.get(Key("sources")) if isinstance(root, Map) else None
    for source in sources.values() if isinstance(sources, Map) else ():
        weight = source.get(WEIGHT) if isinstance(source, Map) else None
        if isinstance(weight, Map) and paths_in(weight.get(RAKE)):
            yield source


def margin_paths(root: Node | None) -> list[Located]:
    """The files that margins are taken from."""
    return [path for source in raked_in(root) for path in paths_in(source[WEIGHT][RAKE])]


def put_in_margins(source: Map, tables: Tables) -> tuple[bool, tuple[Diagnostic, ...]]:
    """Put the margins of CSV files in the place of their names: whether all were read, and what is wrong with them.

    A file that was not read has been reported; the source then has no weights, for nothing follows from half of them.
    """
    weight = source[WEIGHT]
    section, margins, found = weight[RAKE], Map(), list[Diagnostic]()
    margins.place = section.span
    whole = True
    for path in paths_in(section):
        if path.value not in tables:
            whole = False
            continue
        rows, problems = records_of(tables[path.value], RAKE)
        found += problems
        for row in rows:
            if {"margin", "value", "share"} <= set(row):
                _put(margins, row, found)
            else:
                lacking = next(name for name in ("margin", "value", "share") if name not in row)
                found.append(report(codes.MISSING_KEY, row.span, key=lacking, place=RAKE))
    weight[RAKE] = margins
    if not whole or found:
        del source[WEIGHT]
    return whole and not found, tuple(found)


def _put(margins: Map, row: Map, found: list[Diagnostic]) -> None:
    name, value = _key(row[Key("margin")]), _key(row[Key("value")])
    margin = margins.setdefault(name, Map())
    margin.place = row.span
    if value in margin:
        first = next(key for key in margin if key == value)
        related = (Label(first.span, codes.FIRST_HERE),)
        found.append(report(codes.REPEATED_KEY, value.span, related=related, key=value))
    else:
        margin[value] = row[Key("share")]


def _key(cell: Located) -> Key:
    key = Key(", ".join(part.strip() for part in cell.value.split(",")))
    key.written = cell
    return key
