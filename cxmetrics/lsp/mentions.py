"""What a file names and where: every indicator, source, column, dimension, template, parameter and function in it.

Read from the nodes of the YAML and the trees of its formulas as they were written, so that it holds for definitions
that do not compile, and for templates before anything is put in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from cxmetrics.functions import AGGREGATES, BOTH, OPERATORS
from cxmetrics.load.yaml_nodes import Items, Map, Node, read_nodes
from cxmetrics.parse import read
from cxmetrics.source import Key, Located, Source
from cxmetrics.syntax import Call, Name, Range
from cxmetrics.syntax import Items as Listed
from cxmetrics.syntax import Node as Tree

Kind = Literal["indicator", "source", "column", "dimension", "template", "parameter", "function", "test"]
_COLUMN_KEYS = ("time", "received", "entity", "strata", "population", "weight", "base")
_SOURCE_DEPTH = 4
_PARTS = re.compile(r"[^\s,×]+")


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a file, between two offsets; `owner`: the source of a column, the template of a parameter."""

    kind: Kind
    name: str
    start: int
    end: int
    owner: str = ""
    defines: bool = False

    @property
    def thing(self) -> tuple[Kind, str, str]:
        """What is named."""
        return self.kind, self.owner, self.name


@lru_cache(maxsize=2_000)
def mentions_of(source: Source) -> tuple[Mention, ...]:
    """The mentions of a file in its order; none where it cannot be read."""
    root, _ = read_nodes(source)
    if not isinstance(root, Map):
        return ()
    reader = _Reader()
    reader.document(root)
    return tuple(sorted(reader.found, key=lambda one: (one.start, one.end)))


def mention_at(source: Source, offset: int) -> Mention | None:
    """The name that stands at an offset, or ends there."""
    there = [one for one in mentions_of(source) if one.start <= offset <= one.end]
    return min(there, key=lambda one: (one.end == offset, one.end - one.start), default=None)


class _Reader:
    """Goes through a document."""

    def __init__(self) -> None:
        self.found: list[Mention] = []
        self.template = ""

    def add(self, kind: Kind, scalar: Located, start: int = 0, end: int | None = None, *, owner: str = "",
            defines: bool = False) -> None:
        """A name that is a part of a scalar; one whose place cannot be told is left out."""
        end = len(scalar.value) if end is None else end
        name, place = scalar.value[start:end], scalar.in_file(start, end)
        if name and place.source.text[place.start:place.end] == name:
            self.found.append(Mention(kind, name, place.start, place.end, owner, defines))

    def document(self, root: Map) -> None:
        for name, section in root.items():
            for key, node in section.items() if isinstance(section, Map) else ():
                match str(name):
                    case "sources":
                        self.add("source", key.located, defines=True)
                        self.source(str(key), node)
                    case "dimensions":
                        self.add("dimension", key.located, defines=True)
                        self.dimension(node)
                    case "indicators":
                        self.add("indicator", key.located, defines=True)
                        self.indicator(node)
                    case "templates":
                        self.head(key)
                        self.indicator(node)
                        self.template = ""
                    case "bind":
                        self.add("source", key.located)
                        for column in columns.items() if isinstance(columns := _under(node, "columns"), Map) else ():
                            self.add("column", column[0].located, owner=str(key))
                    case "tests":
                        self.add("test", key.located, defines=True)
                        self.test(node)
            if name == "cuts":
                self.names("dimension", section)
            for item in section if name == "benchmarks" and isinstance(section, Items) else ():
                self.names("indicator", _under(item, "indicator"))

    def names(self, kind: Kind, node: Node | None, owner: str = "") -> None:
        """Names alone, in a list, or in lists of lists."""
        match node:
            case Located():
                self.add(kind, node, owner=owner)
            case Items():
                for item in node:
                    self.names(kind, item, owner)

    def source(self, source: str, node: Node) -> None:
        if not isinstance(node, Map):
            return
        for key, inner in node.items():
            if key in _COLUMN_KEYS:
                self.names("column", inner, source)
                self.names("column", _under(inner, "base"), source)
                self.margins(_under(inner, "rake"))
            elif key == "columns":
                self.columns(source, inner)
            elif key == "keep":
                self.formula(inner, source)
            elif key == "flags" and isinstance(inner, Map):
                for flag in inner.values():
                    self.formula(flag, source)
            elif key == "unique":
                self.names("column", inner, source)
                self.names("column", _under(inner, "by"), source)
            elif key == "lookups" and isinstance(inner, Map):
                for lookup in inner.values():
                    self.names("column", _under(lookup, "on"), source)
                    self.columns(source, _under(lookup, "columns"))
            elif key == "dimensions" and isinstance(inner, Map):
                for dimension, cut in inner.items():
                    self.add("dimension", dimension.located)
                    self.formula(cut, source)

    def margins(self, node: Node | None) -> None:
        """The dimensions that weights are raked to, alone or crossed: `age, region`."""
        for key in node if isinstance(node, Map) else ():
            for part in _PARTS.finditer(key):
                self.add("dimension", key.located, *part.span())

    def columns(self, source: str, node: Node | None) -> None:
        for column, inner in node.items() if isinstance(node, Map) else ():
            self.add("column", column.located, owner=source, defines=True)
            self.formula(_under(inner, "formula"), source)

    def dimension(self, node: Node) -> None:
        self.names("dimension", _under(node, "within"))
        self.names("dimension", _under(_under(node, "lookup"), "columns"))

    def head(self, key: Key) -> None:
        """`page_speed(page, good = 2.5 s)`."""
        head = key.located
        self.template = str(key).partition("(")[0].strip()
        self.add("template", head, 0, len(self.template), defines=True)
        tree, _ = read(head)
        for arg in tree.args if isinstance(tree, Call) else ():
            name = arg.args[0] if isinstance(arg, Call) and arg.function == "=" else arg
            if isinstance(name, Name):
                self.add("parameter", head, name.span.start, name.span.end, owner=self.template, defines=True)

    def indicator(self, node: Node) -> None:
        if not isinstance(node, Map):
            return
        for key, inner in node.items():
            match str(key):
                case "formula" | "combine":
                    self.formula(inner)
                case "score":
                    self.score(inner)
                case "use":
                    self.use(inner)
                case "triangulate" | "require":
                    self.names("indicator", inner)
                case "cuts":
                    self.names("dimension", inner)
                case "peers":
                    self.names("source", _under(inner, "source"))
                    peers = _under(inner, "source")
                    self.names("column", _under(inner, "column"), peers.value if isinstance(peers, Located) else "")
                case "children":
                    self.children(inner)
                case "versions":
                    for version in inner if isinstance(inner, Items) else ():
                        self.indicator(version)

    def score(self, written: Node) -> None:
        """`percentile(across = branch)`."""
        tree = read(written)[0] if isinstance(written, Located) else None
        for arg in tree.args if isinstance(tree, Call) else ():
            match arg:
                case Call("=", (Name("across"), Name() as dimension)):
                    assert isinstance(written, Located)
                    self.add("dimension", written, dimension.span.start, dimension.span.end)

    def children(self, node: Node) -> None:
        self.names("indicator", node)
        for key, child in node.items() if isinstance(node, Map) else ():
            self.add("indicator", key.located, defines=isinstance(child, Map))
            self.indicator(child)

    def test(self, node: Node) -> None:
        given, expect = _under(node, "given"), _under(node, "expect")
        for key, rows in given.items() if isinstance(given, Map) else ():
            self.add("source", key.located)
            if "." in key:  # a table that is looked into: `source.lookup`
                self.add("source", key.located, 0, key.rindex("."))
            for row in rows if isinstance(rows, Items) else ():
                for column in row if isinstance(row, Map) else ():
                    self.add("column", column.located, owner=str(key))
            self.names("column", _under(rows, "columns"), str(key))
        for key, expected in expect.items() if isinstance(expect, Map) else ():
            self.add("indicator", key.located)
            for one in expected if isinstance(expected, Items) else [expected]:
                for name in one if isinstance(one, Map) else ():
                    self.add("dimension", name.located)

    # Formulas

    def use(self, written: Node) -> None:
        if isinstance(written, Located):
            tree, _ = read(written)
            span = tree.name_span if isinstance(tree, Call) else tree.span
            self.add("template", written, span.start, span.end)
            name = written.value[span.start:span.end]
            for arg in tree.args if isinstance(tree, Call) else ():
                if isinstance(arg, Call) and arg.function == "=" and isinstance(option := arg.args[0], Name):
                    self.add("parameter", written, option.span.start, option.span.end, owner=name)

    def formula(self, written: Node | None, source: str | None = None) -> None:
        """A formula; of the rows of a source, where its columns stand without its name."""
        if isinstance(written, Located):
            tree, _ = read(written)
            self.tree(tree, written, source, rows=source is not None)

    def tree(self, tree: Tree, written: Located, source: str | None, *, rows: bool) -> None:
        match tree:
            case Name():
                self.name(tree, written, source, rows=rows)
            case Call():
                self.call(tree, written, source, rows=rows)
            case Listed(items):
                for item in items:
                    self.tree(item, written, source, rows=rows)
            case Range(low, high):
                self.tree(low, written, source, rows=rows)
                self.tree(high, written, source, rows=rows)

    def call(self, call: Call, written: Located, source: str | None, *, rows: bool) -> None:
        aggregate = AGGREGATES.get(call.function) if not (call.function in BOTH and len(call.args) > 1) else None
        if call.function not in OPERATORS:
            self.add("function", written, call.name_span.start, call.name_span.end)
        inside = rows or aggregate is not None
        for arg in call.args:
            option = arg.args[0] if isinstance(arg, Call) and arg.function == "=" else None
            if aggregate and isinstance(option, Name) and option.value in aggregate.options and isinstance(arg, Call):
                self.tree(arg.args[1], written, source, rows=inside)
            else:
                self.tree(arg, written, source, rows=inside)
        if call.where is not None:
            self.tree(call.where, written, source, rows=True)

    def name(self, name: Name, written: Located, source: str | None, *, rows: bool) -> None:
        start, end = name.span.start, name.span.end
        if name.value.startswith("$"):
            self.add("parameter", written, start + 1, end, owner=self.template)
        elif not rows:
            self.add("indicator", written, start, end)
        elif "." in name.value:
            before, _, column = name.value.rpartition(".")
            self.add("source", written, start, start + len(before))
            if column.startswith("$"):
                self.add("parameter", written, end - len(column) + 1, end, owner=self.template)
            else:
                self.add("column", written, end - len(column), end, owner=before)
        elif source is not None:
            self.add("column", written, start, end, owner=source)
        else:
            self.add("source", written, start, end)


def _under(node: Node | None, key: str) -> Node | None:
    return node.get(Key(key)) if isinstance(node, Map) else None


def formulas_in(source: Source) -> Iterator[Located]:
    """The formulas of a file as they were written, in its order."""
    root, _ = read_nodes(source)
    yield from _formulas(root, ())


def _formulas(node: Node | None, path: tuple[str, ...]) -> Iterator[Located]:
    match node:
        case Map():
            for key, inner in node.items():
                yield from _formulas(inner, (*path, str(key)))
        case Items():
            for inner in node:
                yield from _formulas(inner, path)
        case Located() if path[:1] != ("tests",) and _is_formula(path):
            yield node


def _is_formula(path: tuple[str, ...]) -> bool:
    cut = len(path) == _SOURCE_DEPTH and path[0] == "sources" and path[2] in ("dimensions", "flags")
    return cut or path[-1:] in (("formula",), ("keep",), ("combine",), ("use",))
