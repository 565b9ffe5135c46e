"""Libraries that a project imports: those that ship with cxmetrics, and folders of the project."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cxmetrics.assets import definitions
from cxmetrics.codes import yaml_files as codes
from cxmetrics.diagnostics import DID_YOU_MEAN, Diagnostic, Fix, closest, report
from cxmetrics.folders import PROJECT_FILE
from cxmetrics.load import Library, read_files
from cxmetrics.load.named_files import read_tables
from cxmetrics.load.yaml_nodes import Items, Map, read_nodes
from cxmetrics.source import Located, Source

SHIPPED = "cxmetrics/"
MAX_DEPTH = 40


def read_libraries(root: Path, sources: Sequence[Source]) -> tuple[tuple[Library, ...], tuple[Diagnostic, ...]]:
    """The libraries that the project of these files imports, each after those it imports itself."""
    shelf = _Shelf(root)
    shelf.take(_imports(sources, PROJECT_FILE), ())
    libraries = (replace(library, straight=name not in shelf.led) for name, library in shelf.libraries.items())
    return tuple(libraries), tuple(shelf.found)


def shipped() -> dict[str, Path]:
    """The libraries that ship with cxmetrics, by name (`cxmetrics/retail_bank`)."""
    folders = sorted(definitions().iterdir()) if definitions().is_dir() else []
    return {f"{SHIPPED}{folder.name}": folder for folder in folders if (folder / PROJECT_FILE).is_file()}


def _imports(sources: Sequence[Source], project_file: str) -> list[Located]:
    """What a project file imports; shapes that are wrong are left to `load` to report."""
    source = next((source for source in sources if source.path == project_file), None)
    if source is None or "import" not in source.text:
        return []
    root, _ = read_nodes(source)
    written = next((node for key, node in root.items() if key == "import"), None) if isinstance(root, Map) else None
    items = written if isinstance(written, Items) else [written]
    return [item for item in items if isinstance(item, Located)]


class _Shelf:
    """The libraries taken in so far."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.shipped = shipped()
        self.libraries: dict[str, Library] = {}
        self.led: set[str] = set()  # those that are reached by links
        self.found: list[Diagnostic] = []

    def take(self, imports: Sequence[Located], trail: tuple[str, ...]) -> frozenset[str]:
        """Take in libraries and all they import; their names."""
        names: set[str] = set()
        for written in imports:
            place = self.locate(written, trail)
            if place is not None:
                name, folder = place
                if name not in self.libraries:
                    self.open(name, folder, trail)
                names |= {name} | self.libraries[name].beneath
        return frozenset(names)

    def open(self, name: str, folder: Path, trail: tuple[str, ...]) -> None:
        """Read the files of a library, and what it imports before it."""
        files, problems = read_files(folder)
        self.found += problems
        sources = tuple(Source(f"{name}/{file.path}", file.text, name in self.shipped) for file in files)
        beneath = self.take(_imports(sources, f"{name}/{PROJECT_FILE}"), (*trail, name))
        tables, unread = read_tables(folder, sources)
        self.found += unread
        shipped_too = name in self.shipped
        named = {path: Source(f"{name}/{table.path}", table.text, shipped_too) for path, table in tables.items()}
        self.libraries[name] = Library(name, sources, beneath, named)

    def locate(self, written: Located, trail: tuple[str, ...]) -> tuple[str, Path] | None:
        """The name and the folder of what an import names; None where that has been reported."""
        place = self.find(written)
        if place is None:
            return None
        name, folder = place
        if name in trail or folder == self.root:
            path = [*trail[trail.index(name) if name in trail else 0:], name]
            self.found.append(report(codes.CIRCLE_OF_LIBRARIES, written.span, path=" → ".join(path)))
            return None
        if len(trail) >= MAX_DEPTH:
            self.found.append(report(codes.TOO_LARGE, written.span, what="nesting", limit=MAX_DEPTH))
            return None
        return name, folder

    def find(self, written: Located) -> tuple[str, Path] | None:
        """The name and the folder of what an import names, which is there and inside the project."""
        text = written.value.strip()
        if text in self.shipped:
            return text, self.shipped[text]
        try:
            folder = (self.root / text).resolve()
            there = (folder / PROJECT_FILE).is_file()
        except (OSError, ValueError):  # names that no file can have
            self.report_unknown(written)
            return None
        if not folder.is_relative_to(self.root):
            self.found.append(report(codes.PATH_OUTSIDE, written.span, path=text))
            return None
        if not there:
            self.report_unknown(written)
            return None
        name = folder.relative_to(self.root).as_posix()
        if Path(os.path.normpath(self.root / text)) != folder:
            self.led.add(name)
        return name, folder

    def report_unknown(self, written: Located) -> None:
        """Report a library that is not there."""
        inside = (folder for folder in sorted(self.root.iterdir()) if (folder / PROJECT_FILE).is_file())
        known = [*self.shipped, *(folder.name for folder in inside)]
        guess = closest(written.value, known)
        fix = Fix(written.span, guess) if guess else None
        self.found.append(report(codes.UNKNOWN_LIBRARY, written.span, help=DID_YOU_MEAN if guess else None, fix=fix,
                                 name=written.value, known=", ".join(known), guess=guess or ""))
