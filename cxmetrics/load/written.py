"""A YAML file as it was written: its nodes with their style, and the comments between them.

For those who write files anew.  What a file means is read by `yaml_nodes`, which drops all of this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from cxmetrics.source import Source

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_COMMENT = re.compile(r"(?<!\S)#[^\r\n]*")


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment from its `#` on, where it begins, and whether its line holds nothing else."""

    text: str
    start: int
    column: int
    alone: bool


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text; `style` is None where it is plain, else `'`, `"`, `|` or `>`."""

    value: str
    style: str | None
    start: int
    end: int
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class Alias:
    """A node that was written before, named again: `*name`."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values; `flow` where it stands in braces."""

    entries: tuple[tuple[Scalar | Alias, Written], ...]
    flow: bool
    start: int
    end: int
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """Items; `flow` where they stand in brackets."""

    items: tuple[Written, ...]
    flow: bool
    start: int
    end: int
    anchor: str | None = None


Written = Scalar | Alias | Mapping | Listing


def read_written(source: Source) -> tuple[Written | None, tuple[Comment, ...]]:
    """The document of a file that `read_nodes` found nothing wrong with, and its comments in order."""
    events = yaml.parse(source.text, Loader=_LOADER)
    root = next((_node(event, events) for event in events if isinstance(event, yaml.NodeEvent)), None)
    return root, tuple(comments_of(source))


def _node(event: Any, events: Iterator[Any]) -> Written:  # noqa: ANN401 - PyYAML has no types
    start, end = event.start_mark.index, event.end_mark.index
    match event:
        case yaml.AliasEvent():
            return Alias(event.anchor, start, end)
        case yaml.ScalarEvent():
            return Scalar(event.value, event.style or None, start, end, event.anchor)
        case yaml.SequenceStartEvent():
            items, last = _until(yaml.SequenceEndEvent, events)
            return Listing(tuple(items), event.flow_style, start, last, event.anchor)
    pairs, last = _until(yaml.MappingEndEvent, events)
    return Mapping(tuple(zip(pairs[::2], pairs[1::2], strict=True)), event.flow_style, start, last, event.anchor)


def _until(closing: type[Any], events: Iterator[Any]) -> tuple[list[Any], int]:
    """The nodes up to the end of the collection that was begun, and where it ends."""
    nodes: list[Any] = []
    for event in events:
        if isinstance(event, closing):
            return nodes, event.end_mark.index
        nodes.append(_node(event, events))
    return nodes, 0  # a file that can be read has the end


def comments_of(source: Source) -> Iterator[Comment]:
    """The comments of a file: what begins with `#` after a blank, between two tokens; those up to where it breaks."""
    text, before = source.text, 0
    for token in _tokens(text):
        block = isinstance(token, yaml.ScalarToken) and token.style in ("|", ">")
        until = text.index("\n", token.start_mark.index) if block else token.start_mark.index
        for found in _COMMENT.finditer(text, before, until):
            line = text.rfind("\n", 0, found.start()) + 1
            yield Comment(found.group().rstrip(), found.start(), found.start() - line,
                          not text[line:found.start()].strip())
        before = token.end_mark.index


def _tokens(text: str) -> Iterator[Any]:
    try:
        yield from yaml.scan(text, Loader=_LOADER)
    except (yaml.YAMLError, ValueError):  # of which reading has told
        return
