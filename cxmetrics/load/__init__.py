"""Drafts: the files of a project, composed, their keys proved; formulas are still text with places."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cxmetrics.codes import yaml_files as codes
from cxmetrics.codes.syntax import COMMA_ENDS_IT
from cxmetrics.diagnostics import DID_YOU_MEAN, Diagnostic, Fix, closest, listed, report
from cxmetrics.folders import PROJECT_FILE, definition_files, projects_near
from cxmetrics.load.bindings import BIND, Bindings, put_in_bindings, unbound
from cxmetrics.load.margin_files import put_in_margins, raked_in
from cxmetrics.load.other_tools import said_here
from cxmetrics.load.overrides import Sections, merge, overridable
from cxmetrics.load.record_files import SECTIONS, Tables, paths_in, records_of
from cxmetrics.load.shapes import known_keys
from cxmetrics.load.yaml_faults import misshapen
from cxmetrics.load.yaml_nodes import Items, Map, Node, read_nodes
from cxmetrics.pauses import Pause, go_on
from cxmetrics.schema import NO_LANGUAGE, Document, ProjectDocument
from cxmetrics.source import Located, Source, Span

MAX_FILE = 20_000_000
_SHAPES = {"model_type": "map", "dict_type": "map", "list_type": "list", "is_instance_of": "text",
           "model_attributes_type": "map"}
_ROUNDS = 50
_MOST = 1000  # faults of one file that are told
_FORBIDDEN = "extra_forbidden"
_TAGS = frozenset(("text", "map", "list"))
_OF_A_KEY = "[key]"  # ends the path of what is wrong with a key itself


@dataclass(frozen=True, slots=True)
class Drafts:
    """What all files of a project say, checked for shape only."""

    project: ProjectDocument | None
    documents: tuple[Document, ...]  # the project file's sections among them
    cut: frozenset[str] = frozenset()  # ids whose definition was so wrong that it was left out
    beneath: tuple[frozenset[int], ...] = ()  # for each document, the numbers of those it may override
    own: int = 0  # the number of the first document that is no library's
    bound: frozenset[str] = frozenset()  # the sources of libraries that are bound to tables of others


@dataclass(frozen=True, slots=True)
class Library:
    """The files of an imported library, and the names of the libraries it imports, through others too."""

    name: str
    sources: tuple[Source, ...]
    beneath: frozenset[str]
    tables: Tables = field(default_factory=dict)
    straight: bool = True  # whether imports name its folder itself, and no link to it

    @property
    def project_file(self) -> str:
        """The path of its `cxmetrics.yaml`."""
        return f"{self.name}/{PROJECT_FILE}" if self.name else PROJECT_FILE


def no_project(root: Path) -> Diagnostic:
    """The finding that `root` is no project folder, with what is known of it."""
    if not root.is_dir():
        help_ = codes.NAME_THE_FOLDER if root.is_file() else codes.NO_FOLDER
        return report(codes.NO_PROJECT_FILE, None, help=help_, path=root, folder=root.parent)
    near = [os.path.relpath(one) for one in projects_near(root)]
    return report(codes.NO_PROJECT_FILE, None, help=codes.NAME_A_PROJECT if near else None, path=root,
                  projects=listed(near))


def read_files(root: Path) -> tuple[tuple[Source, ...], tuple[Diagnostic, ...]]:
    """The YAML files under the project folder `root`, by path; hidden folders and run results are left out."""
    if not (root / PROJECT_FILE).is_file():
        return (), (no_project(root),)
    sources: list[Source] = []
    found: list[Diagnostic] = []
    for path in sorted(definition_files(root)):
        source, problems = read_file(path, path.relative_to(root).as_posix(), root.resolve())
        sources += [] if source is None else [source]
        found += problems
    return tuple(sources), tuple(found)


def read_file(path: Path, named: str, inside: Path | None = None) -> tuple[Source | None, tuple[Diagnostic, ...]]:
    """The text of a file as `named`; None, and why, where it cannot be read, or is a link that leads not `inside`."""
    try:
        if inside is not None and not path.resolve().is_relative_to(inside):  # messages would show what it leads to
            return None, (report(codes.PATH_OUTSIDE, None, path=named),)
        with path.open("rb") as file:
            return read_bytes(named, file.read(MAX_FILE + 1))  # up to what tells that it is too large
    except OSError as error:
        return None, (report(codes.UNREADABLE_FILE, None, path=named, reason=error.strerror or error),)


def read_bytes(path: str, raw: bytes) -> tuple[Source | None, tuple[Diagnostic, ...]]:
    """The text of a file; None, and why, where it has none that could be read."""
    if len(raw) > MAX_FILE:
        return None, (report(codes.TOO_LARGE, None, what=path, limit=MAX_FILE),)
    try:
        return Source(path, raw.decode("utf-8-sig")), ()
    except UnicodeDecodeError:
        return None, (report(codes.NOT_UTF8, None, path=path),)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file came to, over the definitions `below` and with its `tables`: it is so again as long as these are."""

    source: Source
    below: Sections
    tables: Tables
    document: Document | None
    sections: Sections
    found: tuple[Diagnostic, ...]
    cut: tuple[str, ...]
    bindings: Bindings

    def holds(self, source: Source, below: Sections, tables: Tables) -> bool:
        """Whether a file would come to the same."""
        return source is self.source and _are_the_same(below, self.below) and _are_the_same(tables, self.tables)


Kept = dict[str, Loaded]
"""What the files of a project came to, by path; `load` fills it, and looks there first."""


def load(sources: Sequence[Source], libraries: Sequence[Library] = (), tables: Tables | None = None,
         kept: Kept | None = None, pause: Pause = go_on) -> tuple[Drafts, tuple[Diagnostic, ...]]:
    """Each file as a draft; everything wrong with keys and shapes.  Libraries stand after those they import.

    `tables`: the CSV files that the project's own files name.  `pause` is called before each file.
    """
    reading = _Reading({} if kept is None else kept, pause)
    documents: list[Document] = []
    beneath: list[frozenset[int]] = []
    numbers: dict[str, range] = {}  # of the documents of each library
    sections: dict[str, Sections] = {}
    project = Library("", tuple(sources), frozenset(library.name for library in libraries), tables or {})
    below: Sections = {}
    for library in (*libraries, project):
        below = {}
        for name in numbers:
            below |= sections[name] if name in library.beneath else {}
        loaded, sections[library.name] = reading.files(library, below)
        numbers[library.name] = range(len(documents), len(documents) + len(loaded))
        documents += loaded
        beneath += [frozenset(number for name in library.beneath for number in numbers[name])] * len(loaded)
    own = (documents[number] for number in numbers[""])
    document = next((document for document in own if isinstance(document, ProjectDocument)), None)
    reading.bound([name for section, name in below if section == "sources"], documents[numbers[""].start:])
    bound = frozenset(name for one in reading.bindings for name in one.bound)
    drafts = Drafts(document, tuple(documents), frozenset(reading.cut), tuple(beneath), numbers[""].start, bound)
    return drafts, tuple(reading.found)


class _Reading:
    """What was found wrong while files were read, and which ids were left out for it."""

    def __init__(self, kept: Kept, pause: Pause) -> None:
        self.found: list[Diagnostic] = []
        self.cut: list[str] = []
        self.kept = kept
        self.pause = pause
        self.bindings: list[Bindings] = []

    def files(self, library: Library, below: Sections) -> tuple[list[Document], Sections]:
        """The documents of one folder over the definitions `below`; and its definitions that can be overridden."""
        documents: list[Document] = []
        sections: Sections = {}
        for source in library.sources:
            self.pause()
            one = self.kept.get(source.path)
            if one is None or not one.holds(source, below, library.tables):
                one = self.kept[source.path] = _loaded(source, below, library)
            sections |= one.sections
            self.found += one.found
            self.cut += one.cut
            if one.document is not None:
                documents.append(one.document)
            self.bindings.append(one.bindings)
        return documents, below | sections

    def bound(self, below: Sequence[str], own: Sequence[Document]) -> None:
        """Tell of sources of libraries that a project which binds some leaves as they are."""
        self.found += unbound(below, self.bindings, {str(name) for document in own for name in document.sources})


def _loaded(source: Source, below: Sections, library: Library) -> Loaded:
    """What a file of a library says over the definitions `below`."""
    root, problems = read_nodes(source)
    if root is None:
        return Loaded(source, below, library.tables, None, {}, problems, (), Bindings())
    sections: Sections = {}
    entering = _Entering()
    bindings = Bindings()
    if isinstance(root, Map):
        under = below
        if BIND in root:
            bindings, under = put_in_bindings(root, below)
        merge(root, under)
        sections = overridable(root)
        entering.put_in_tables(root, library.tables)
    model = ProjectDocument if source.path == library.project_file else Document
    document, wrong, left_out = _draft(source, root, model)
    return Loaded(source, below, library.tables, document, sections, (
        *problems, *bindings.found, *entering.found, *wrong), (*entering.cut, *left_out), bindings)


def _are_the_same(some: Mapping[Any, object], others: Mapping[Any, object]) -> bool:
    """Whether two maps have the same things under the same keys: the very things, not such as are equal."""
    return some is others or some.keys() == others.keys() and all(some[key] is others[key] for key in some)


class _Entering:
    """What was found wrong while tables were put in, and what was left out for it."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []
        self.cut: list[str] = []

    def put_in_tables(self, root: Map, tables: Tables) -> None:
        """Put the records of CSV files in the place of their names; a file that was not read has been reported."""
        for name, section in root.items():
            if name in SECTIONS and (paths := paths_in(section)):
                records = Items()
                records.place = section.span
                for path in paths:
                    rows, problems = records_of(tables[path.value], name) if path.value in tables else (Items(), ())
                    records += rows
                    self.found += problems
                    self.cut += [name] * (path.value not in tables or bool(problems))
                root[name] = records
        for source in list(raked_in(root)):
            whole, problems = put_in_margins(source, tables)
            self.found += problems
            self.cut += ["sources"] * (not whole)


def _draft(source: Source, root: Node, model: type[Document]) -> tuple[Document | None, list[Diagnostic], list[str]]:
    """The draft of one file; what is wrong is cut away and named, so that the rest can still be checked."""
    if not isinstance(root, Map):
        span = _span(root, source.whole)
        return None, [report(codes.WRONG_SHAPE, span, expected="map", found=_shape(root))], []
    found: list[Diagnostic] = []
    cut: list[str] = []
    for _ in range(_ROUNDS):
        try:
            return model.model_validate(root), found, cut
        except ValidationError as error:
            problems = error.errors(include_url=False, include_context=False, include_input=False)
        paths = [(problem["type"], _steps(root, problem["loc"])) for problem in problems[:_MOST]]
        diagnosed = [(kind, path, _diagnose(root, kind, path, model)) for kind, path in paths]
        meant = {(*map(str, path[:-1]), one.facts["guess"]) for kind, path, one in diagnosed if kind == _FORBIDDEN}
        found += [one for kind, path, one in diagnosed if kind != "missing" or tuple(map(str, path)) not in meant]
        wrong = [path[:-1] if kind == "missing" else path for kind, path in paths]
        cut += [str(step) for where in wrong for step in _name_of(where)]
        if len(problems) > _MOST:
            found.append(report(codes.TOO_LARGE, root.span, what="the number of faults in one file", limit=_MOST))
        if len(problems) > _MOST or [] in wrong:
            return None, found, cut
        _cut(root, wrong)
    return None, found, cut


def _name_of(where: Sequence[Any]) -> Sequence[Any]:
    """The name of the definition a path lies in; of a list, the name of its section."""
    return where[:1] if len(where) > 1 and isinstance(where[1], int) else where[1:2]


def _steps(root: Map, loc: Sequence[Any]) -> list[Any]:
    """The path of a problem without the steps that name a branch of a union and no key."""
    path: list[Any] = []
    node: Any = root
    for index, step in enumerate(loc):
        inside = isinstance(node, Map) and step in node or isinstance(node, Items) and isinstance(step, int)
        if not inside and step in _TAGS and (index < len(loc) - 1 or not isinstance(node, Map)):
            continue
        path.append(step)
        node = node[step] if inside else None
    return path[:-1] if path[-1:] == [_OF_A_KEY] else path


def _diagnose(root: Map, kind: str, path: list[Any], model: type[Document]) -> Diagnostic:
    _, node, key = _walk_to(root, path)
    place = ".".join(map(str, path[:-1])) or root.span.source.path
    if kind == _FORBIDDEN:
        known = known_keys(model, path[:-1])
        guess = closest(str(path[-1]), known)
        span = key.span if isinstance(key, Located) else _span(node, root.span)
        fix = Fix(span, guess) if guess else None
        cut = isinstance(key, Located) and _is_cut_off(key, node)
        help_ = COMMA_ENDS_IT if cut else DID_YOU_MEAN if guess else said_here(path)
        return report(codes.UNKNOWN_KEY, span, help=help_, fix=None if cut else fix, key=path[-1],
                      place=place, known=", ".join(known), guess=guess or "")
    if kind == NO_LANGUAGE and isinstance(key, Located):
        return report(codes.NO_LANGUAGE, key.span, help=COMMA_ENDS_IT if _is_cut_off(key, node) else None, key=key)
    if kind == "missing":
        return report(codes.MISSING_KEY, _beginning(root, path[:-1]), key=path[-1], place=place)
    expected, found = _SHAPES.get(kind, "map or text"), _shape(node)
    return misshapen(node, _span(node, root.span), expected, found, path)


def _is_cut_off(key: Located, node: Any) -> bool:  # noqa: ANN401 - a node, or None
    """Whether a key is what a comma cut off the value before: `{formula: sum(a.n) - 1,200}`."""
    bare = isinstance(node, Located) and not node.value and not node.style
    text = key.source.text
    return bare and text[:key.start].rstrip()[-1:] == "," and not text[key.end:key.end + 200].lstrip().startswith(":")


def _beginning(root: Map, path: Sequence[Any]) -> Span:
    """The smallest place of the map at `path`: its name, else its first key."""
    _, node, key = _walk_to(root, path)
    if key is not None:
        return key.span
    first = next(iter(node), None) if isinstance(node, Map) else None
    return first.located.span if first is not None else _span(node, root.span)


def _walk_to(root: Map, path: Sequence[Any]) -> tuple[Any, Any, Located | None]:
    """The node around the one at `path`, the node itself, and its key."""
    parent: Any = None
    node: Any = root
    key: Located | None = None
    for step in path:
        parent = node
        if isinstance(node, Map) and step in node:
            key = next(k.located for k in node if k == step)
            node = node[step]
        elif isinstance(node, Items) and isinstance(step, int) and step < len(node):
            key, node = None, node[step]
        else:
            return parent, parent, None
    return parent, node, key


def _cut(root: Map, paths: Sequence[Sequence[Any]]) -> None:
    """Leave out what stands at the paths, and lists of which nothing is left: that these are empty nobody wrote.

    An alias is the node it names: it has many paths, and is cut once.
    """
    holders = [(_walk_to(root, above)[1], key) for *above, key, step in (path for path in paths if len(path) > 1)
               if isinstance(step, int)]
    parents = {(id(parent), step): parent for *above, step in paths for parent in [_walk_to(root, above)[1]]}
    for _, step in sorted(parents, key=lambda cut: cut[1] if isinstance(cut[1], int) else 0, reverse=True):
        parent = parents[_, step]
        if isinstance(parent, Map):
            parent.pop(step, None)
        elif isinstance(parent, Items) and isinstance(step, int) and step < len(parent):
            del parent[step]
    for holder, key in holders:
        if isinstance(holder, Map) and holder.get(key) == []:
            del holder[key]


def _span(node: object, otherwise: Span) -> Span:
    return node.span if isinstance(node, Map | Items | Located) else otherwise


def _shape(node: object) -> str:
    return "map" if isinstance(node, Map) else "list" if isinstance(node, Items) else "text"
