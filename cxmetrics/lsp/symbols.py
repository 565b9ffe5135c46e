"""The outline of a file, and names of a whole workspace."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Final

from cxmetrics.load.yaml_nodes import Items, Map, read_nodes
from cxmetrics.lsp.asked import Asked
from cxmetrics.lsp.mentions import mentions_of
from cxmetrics.lsp.places import range_of, range_of_span
from cxmetrics.lsp.project import Project
from cxmetrics.lsp.vocabulary import titled
from cxmetrics.lsp.wire import Json
from cxmetrics.source import Key, Located, Source, Span

MOST: Final = 500  # of a workspace; the editor asks again as one types
_KINDS = {"indicators": 12, "sources": 23, "dimensions": 10, "templates": 5, "tests": 24, "columns": 8}
_THINGS = {"indicator": 12, "source": 23, "dimension": 10, "template": 5, "test": 24, "column": 8}
_MODULE, _STRUCTURE = 2, 23


def outline(asked: Asked) -> list[Json] | None:
    """Sections, what they define, and what that consists of."""
    here = asked.here
    root = None if here is None else read_nodes(here.source)[0]
    if not isinstance(root, Map):
        return None
    return [_symbol(key, node, _MODULE, [_symbol(inner, below, _KINDS[key], list(_below(key, below)))
                                         for inner, below in node.items()])
            for key, node in root.items() if key in _KINDS and isinstance(node, Map)]


def _below(section: str, node: object) -> Iterator[Json]:
    """What a definition consists of that has a name: children written in place, columns."""
    wanted = {"indicators": "children", "templates": "children", "sources": "columns"}.get(section, "")
    parts = node.get(Key(wanted)) if isinstance(node, Map) else None
    for key, inner in parts.items() if isinstance(parts, Map) else ():
        if section == "sources":
            yield _symbol(key, inner, _KINDS["columns"], [])
        elif isinstance(inner, Map):
            yield _symbol(key, inner, _KINDS["indicators"], list(_below("indicators", inner)))


def _symbol(key: Key, node: object, kind: int, children: list[Json]) -> Json:
    place = key.span.in_file()
    end = node.span.in_file().end if isinstance(node, Map | Items | Located) else place.end
    title = node.get(Key("title")) if isinstance(node, Map) else None
    symbol: Json = {"name": str(key) or "?", "kind": kind, "selectionRange": range_of_span(place),
                    "range": range_of_span(Span(place.source, place.start, max(end, place.end)))}
    if isinstance(title, Map):
        symbol["detail"] = " / ".join(one.value for one in title.values() if isinstance(one, Located))
    elif isinstance(title, Located):
        symbol["detail"] = title.value
    return symbol | ({"children": children} if children else {})


def workspace_symbols(asked: Asked) -> list[Json]:
    """The definitions whose id or title holds what is asked for, in all projects."""
    wanted = str(asked.params.get("query", "")).lower()
    found = (one for project in asked.workspace.projects.values() for one in _named_like(project, wanted, asked))
    return [symbol for _, _, symbol in heapq.nsmallest(MOST, found, key=lambda one: one[:2])]


def _named_like(project: Project, wanted: str, asked: Asked) -> Iterator[tuple[bool, str, Json]]:
    pyramid = project.stages.compiled.pyramid if project.stages else None
    titles = {} if pyramid is None else {
        name: titled(one.title, asked.language) for name, one in pyramid.indicators.items()}
    called = {name for name, title in titles.items() if wanted in title.lower()}
    for source in project.files().values():
        if not wanted or wanted in source.text.lower() or any(name in source.text for name in called):
            yield from _of_file(project, source, wanted, titles)


def _of_file(project: Project, source: Source, wanted: str, titles: dict[str, str]) -> Iterator[tuple[bool, str, Json]]:
    uri = project.uri(source)
    for one in mentions_of(source):
        title = titles.get(one.name, "") if one.kind == "indicator" else ""
        if not one.defines or one.kind == "parameter" or wanted not in one.name.lower() and wanted not in title.lower():
            continue
        symbol: Json = {"name": one.name, "kind": _THINGS[one.kind], "containerName": one.owner or title,
                        "location": {"uri": uri, "range": range_of(source.text, one.start, one.end)}}
        yield not one.name.lower().startswith(wanted), one.name, symbol
