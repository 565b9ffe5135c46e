"""YAML text to nodes with places.  The only door to PyYAML.

Built from parser events, not from YAML's own loaders: every scalar stays the text it was
(`no`, `012` and `1:30` mean nothing here), repeated keys are seen, depth is bounded and an
alias is the node it names, so that a few bytes cannot grow into a forest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml

from cxmetrics.codes import yaml_files as codes
from cxmetrics.diagnostics import Diagnostic, Label, Phrase, report
from cxmetrics.load.yaml_faults import ALIAS_UNKNOWN, fault
from cxmetrics.source import Key, Located, Source, Span

MAX_DEPTH = 40
MAX_NODES = 2_000_000
MAX_SCALAR = 1_000_000
_FIRST = Phrase("first written here", "首次出现在这里")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NODES = frozenset((yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent, yaml.AliasEvent))
_TAGS = (None, "!", "tag:yaml.org,2002:str")


class Map(dict[Key, Any]):
    """A YAML map: keys and values in order, and its place, which few are asked for: blanks may stand at its end."""

    __slots__ = ("place",)
    place: Span

    @property
    def span(self) -> Span:
        """Its place without the blanks."""
        return _bare(self.place)


class Items(list[Any]):
    """A YAML list and its place, like a map's."""

    __slots__ = ("place",)
    place: Span

    @property
    def span(self) -> Span:
        """Its place without the blanks."""
        return _bare(self.place)


Node = Map | Items | Located


def read_nodes(source: Source) -> tuple[Node | None, tuple[Diagnostic, ...]]:
    """The one document of a file as nodes; None where it is empty or cannot be read."""
    builder = _Builder(source)
    try:
        return builder.document(), tuple(builder.found)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = min(mark.index, len(source.text)) if mark else 0
        began = error.context_mark.index if error.context_mark else None
        problem = error.problem or error.context or "unreadable"
        return None, (*builder.found, fault(source, problem, at, began))
    except (yaml.YAMLError, ValueError) as error:  # characters that YAML forbids
        at = _character(source.text, getattr(error, "position", None) or 0)
        return None, (*builder.found, fault(source, getattr(error, "reason", str(error)), at, None))
    except _Refused as refusal:
        return None, (*builder.found, refusal.diagnostic)


def _character(text: str, byte: int) -> int:
    """The number of the character that holds a byte of the text in UTF-8, in which PyYAML counts."""
    return len(text.encode("utf-8", "surrogatepass")[:byte].decode("utf-8", "ignore"))


class _Refused(Exception):  # noqa: N818 - ends the reading of one file, never leaves this module
    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__()
        self.diagnostic = diagnostic


class _Builder:
    """Turns a stream of events into nodes."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.found: list[Diagnostic] = []
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.size = 0
        self.next: Callable[[], Any] = iter(()).__next__

    def document(self) -> Node | None:
        loader = _LOADER(self.source.text)
        try:
            self.next = loader.get_event
            return self.first()
        finally:
            loader.dispose()

    def first(self) -> Node | None:
        """The first document; a second one is reported."""
        root: Node | None = None
        documents = 0
        while (kind := type(event := self.next())) is not yaml.StreamEndEvent:
            if kind is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self.found.append(report(codes.MANY_DOCUMENTS, self._span(event)))
                    return root
            elif kind in _NODES:
                root = self.node(event, 1)
        return None if isinstance(root, Located) and root.value == "" and root.style is None else root

    def node(self, event: Any, depth: int) -> Node:  # noqa: ANN401 - PyYAML has no types
        kind = type(event)
        if kind is yaml.ScalarEvent and event.anchor is None and event.tag is None and self.size < MAX_NODES \
                and depth <= MAX_DEPTH and len(event.value) <= MAX_SCALAR:
            self.size += 1  # what most nodes are; as below, in fewer steps
            return Located(event.value, self.source, event.start_mark.index, event.end_mark.index, event.style)
        if depth > MAX_DEPTH:
            raise _Refused(report(codes.TOO_LARGE, self._span(event), what="nesting", limit=MAX_DEPTH))
        before = self.size
        self.count(event, 1)
        if kind is yaml.AliasEvent:
            return self.alias(event)
        if event.tag not in _TAGS:
            self.found.append(report(codes.UNKNOWN_TAG, self._span(event), tag=event.tag))
        if kind is yaml.ScalarEvent:
            node: Node = self.scalar(event)
        else:
            node = self.map(event, depth) if kind is yaml.MappingStartEvent else self.items(event, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, self.size - before)
        return node

    def alias(self, event: Any) -> Node:  # noqa: ANN401
        known = self.anchors.get(event.anchor)
        if known is None:
            raise _Refused(report(codes.NOT_YAML, self._span(event), help=ALIAS_UNKNOWN, name=event.anchor,
                                  problem="this alias has no anchor above it"))
        self.count(event, known[1])
        return known[0]

    def count(self, event: Any, nodes: int) -> None:  # noqa: ANN401
        self.size += nodes
        if self.size > MAX_NODES:
            raise _Refused(report(codes.TOO_LARGE, self._span(event), what="the number of nodes", limit=MAX_NODES))

    def scalar(self, event: Any) -> Located:  # noqa: ANN401
        value = event.value
        if len(value) > MAX_SCALAR:
            what = "the number of characters"
            raise _Refused(report(codes.TOO_LARGE, self._span(event), what=what, limit=MAX_SCALAR))
        return Located(value, self.source, event.start_mark.index, event.end_mark.index, event.style)

    def map(self, event: Any, depth: int) -> Map:  # noqa: ANN401
        result = Map()
        seen: dict[str, Key] = {}  # where keys stand first, as soon as one stands twice
        following, node, key_of, inner = self.next, self.node, self.key, depth + 1
        while type(start := following()) is not yaml.MappingEndEvent:
            key = key_of(start, inner)
            value = node(following(), inner)
            if not isinstance(key, Key):
                self.found.append(report(codes.WRONG_SHAPE, key.span, expected="text", found="map"))
            elif key in result:
                seen = seen or {known: known for known in result}
                first = Label(seen[key].span, _FIRST)
                self.found.append(report(codes.REPEATED_KEY, key.span, related=(first,), key=key))
            else:
                result[key] = value
                if seen:
                    seen[key] = key
        result.place = Span(self.source, event.start_mark.index, start.end_mark.index)
        return result

    def key(self, event: Any, depth: int) -> Key | Node:  # noqa: ANN401
        """A key; what else stands in its place."""
        if type(event) is yaml.ScalarEvent and event.anchor is None and event.tag is None and self.size < MAX_NODES \
                and depth <= MAX_DEPTH and len(event.value) <= MAX_SCALAR:
            self.size += 1  # as most keys are: few are ever asked where they stand
            key = Key(event.value)
            key.written = self.source, event.start_mark.index, event.end_mark.index, event.style
            return key
        node = self.node(event, depth)
        if not isinstance(node, Located):
            return node
        key = Key(node.value)
        key.written = node
        return key

    def items(self, event: Any, depth: int) -> Items:  # noqa: ANN401
        result = Items()
        while type(start := self.next()) is not yaml.SequenceEndEvent:
            result.append(self.node(start, depth + 1))
        result.place = Span(self.source, event.start_mark.index, start.end_mark.index)
        return result

    def _span(self, event: Any) -> Span:  # noqa: ANN401
        return _bare(Span(self.source, event.start_mark.index, event.end_mark.index))


def _bare(place: Span) -> Span:
    """A place of a file without the blanks at its end."""
    written = place.source.text[place.start:place.end].rstrip()
    return Span(place.source, place.start, place.start + max(1, len(written)))
