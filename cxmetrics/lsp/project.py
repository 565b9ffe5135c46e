"""A project as it is being written: compiled as a whole when there is time, and one file at once with each key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cxmetrics.assets import definitions
from cxmetrics.compile import Stages
from cxmetrics.diagnostics import Diagnostic
from cxmetrics.folders import PROJECT_FILE, is_looked_at
from cxmetrics.lints import LINTS
from cxmetrics.load import MAX_FILE
from cxmetrics.load.library import SHIPPED
from cxmetrics.load.yaml_nodes import read_nodes
from cxmetrics.lsp.mentions import mentions_of
from cxmetrics.lsp.places import moved
from cxmetrics.lsp.uris import uri_of
from cxmetrics.pauses import Pause
from cxmetrics.recompile import Workbench
from cxmetrics.source import Source


@dataclass(frozen=True, slots=True)
class Open:
    """A file that is open in the editor, under the address by which the editor knows it."""

    uri: str
    version: int
    source: Source
    readable: Source | None  # as it was when it could be read last


class Project:
    """The project in a folder, and its files that are open."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bench = Workbench(root)
        self.open: dict[str, Open] = {}
        self.stale = True  # whether something was written since the whole was compiled
        self.read = False  # whether the names of all files have been gone through since
        self.found: dict[str, tuple[Diagnostic, ...]] = {}  # by file; of the project itself under that of the project

    @property
    def stages(self) -> Stages | None:
        """What the whole came to when it was compiled last."""
        return self.bench.stages

    def put(self, path: str, uri: str, version: int, text: str) -> None:
        """Take in what an editor has of a file."""
        (source,) = self.bench.same((Source(path, text),))
        before = self.open.get(path)
        readable = read_nodes(source)[0] is not None
        self.open[path] = Open(uri, version, source, source if readable else before.readable if before else None)
        self.stale = True

    def close(self, path: str) -> None:
        """Go back to what the disk has of a file."""
        if self.open.pop(path, None) is not None:
            self.stale = True

    def judge(self, path: str) -> tuple[Diagnostic, ...] | None:
        """What is wrong in an open file, at once; None where only the whole can tell."""
        one = self.open[path]
        if self.stages is None or not self.is_of_it(path):
            return None
        found = self.bench.judge(path, one.source.text)
        if found is not None:
            self.found[path] = found = (*found, *self._asked(path, one.source, found))
        return found

    def _asked(self, path: str, source: Source, found: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
        """What a reviewer asked when the whole was compiled, where the text around it is the same."""
        if not any(finding.code.severity == "error" for finding in found):
            for finding in self.found.get(path, ()):
                if finding.code.id in LINTS and finding.span is not None:
                    span = moved(finding.span.in_file(), source)
                    if span is not None:
                        yield replace(finding, span=span, related=(), fix=None)

    def compile(self, pause: Pause) -> None:
        """Compile the whole.  A file that cannot be read as YAML just now counts as it was when it could.

        Whatever `pause` raises ends the work.
        """
        unsaved = {path: (one.readable or one.source).text for path, one in self.open.items() if self.is_of_it(path)}
        stages = self.bench.compile(unsaved, pause)
        pause()
        self.found = {}
        for finding in stages.compiled.reviewed(dt.datetime.now(dt.UTC).date()):
            path = PROJECT_FILE if finding.span is None else finding.span.source.path
            self.found[path] = (*self.found.get(path, ()), finding)
        for path, one in self.open.items():
            if one.readable is not one.source and self.is_of_it(path):
                self.judge(path)
        self.stale = self.read = False

    def read_ahead(self, pause: Pause) -> None:
        """Go through the names of all files, so that nobody has to wait who asks where one is named."""
        for source in () if self.read else self.files().values():
            pause()
            mentions_of(source)
        self.read = not self.stale

    def is_of_it(self, path: str) -> bool:
        """Whether a file is read with the project: not what is hidden, too large, or of no definitions."""
        return is_looked_at(self.root, path) and (
            path not in self.open or len(self.open[path].source.text) <= MAX_FILE)

    def source(self, path: str) -> Source | None:
        """A file as it is now."""
        if path in self.open:
            return self.open[path].source
        return self.files().get(path)

    def files(self) -> Mapping[str, Source]:
        """All files of the project and of its libraries, as they are now, by path."""
        return {source.path: source for source in self._files()}

    def _files(self) -> Iterator[Source]:
        stages = self.stages
        for source in () if stages is None else stages.compiled.sources:
            if source.path not in self.open:
                yield source
        yield from (one.source for path, one in self.open.items() if self.is_of_it(path))

    def uri(self, source: Source) -> str:
        """The address of a file of the project, or of a library."""
        if source.path in self.open and not source.shipped:
            return self.open[source.path].uri
        return uri_of(self.place(source))

    def place(self, source: Source) -> Path:
        """Where a file lies."""
        if source.shipped:
            return definitions() / source.path.removeprefix(SHIPPED)
        return self.root / source.path
