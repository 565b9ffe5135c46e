"""The compiler: the path of a project in, a plan and everything wrong with it out."""

from __future__ import annotations

import datetime as dt
import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from cxmetrics.allowances import settled
from cxmetrics.check import prove_all
from cxmetrics.check.declared_tests import MetricTest, resolve_tests
from cxmetrics.check.matching import Proof
from cxmetrics.codes import names as name_codes
from cxmetrics.codes import yaml_files as codes
from cxmetrics.diagnostics import Diagnostic, report
from cxmetrics.folders import PROJECT_FILE
from cxmetrics.ir import Pyramid
from cxmetrics.lints import LINTS, lints
from cxmetrics.load import Drafts, Kept, Library, load, read_files
from cxmetrics.load.library import read_libraries
from cxmetrics.load.named_files import read_tables
from cxmetrics.load.record_files import Tables
from cxmetrics.load.texts import Texts
from cxmetrics.lower import lower
from cxmetrics.parse.arguments import told
from cxmetrics.pauses import Pause, go_on
from cxmetrics.plan import Plan
from cxmetrics.resolve import Resolved, resolve
from cxmetrics.source import Key, Located, Source


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Without Python's collector of cycles.

    Nearly all that is made stays and little of it lies in circles, so looking for garbage in it finds none, again and
    again: of 10,000 indicators that is a third of the time.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@dataclass(frozen=True)
class Compiled:
    """What the definitions of a project came to."""

    sources: tuple[Source, ...]  # of its libraries too
    drafts: Drafts
    pyramid: Pyramid
    found: tuple[Diagnostic, ...]  # before what is allowed was taken away
    tests: tuple[MetricTest, ...] = ()
    texts: Texts = field(default_factory=Texts)  # what it was compiled from
    whole: bool = False  # all files that it names were there and could be read

    @cached_property
    def plan(self) -> Plan | None:
        """The work that the definitions ask for; None where there are errors.  Made when it is first asked for."""
        if self.failed:
            return None
        with _nothing_collected():
            return lower(self.pyramid)

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything that is wrong, and what most likely is, but for warnings that are allowed."""
        return settled(self.found, self.texts.sources, self._allowed, unseen=LINTS)

    @_nothing_collected()
    def reviewed(self, today: dt.date) -> tuple[Diagnostic, ...]:
        """The diagnostics, and what a reviewer would ask besides; where there are errors, that has to wait."""
        if self.failed:
            return self.diagnostics
        asked = told(lints(self.drafts, self.pyramid, self.tests, self.texts.sources, today))
        return settled((*self.found, *asked), self.texts.sources, self._allowed)

    @property
    def _allowed(self) -> Mapping[Key, Located]:
        return self.drafts.project.allow if self.drafts.project else {}

    @cached_property
    def failed(self) -> bool:
        """Whether there are errors."""
        return any(finding.code.severity == "error" for finding in self.diagnostics)


@dataclass(frozen=True, slots=True)
class Stages:
    """What a compilation came to, and what it came to on the way: for those who compile again."""

    compiled: Compiled
    resolved: Resolved
    proof: Proof


def compile_project(root: Path) -> Compiled:
    """Compile the project in the folder `root`."""
    sources, unread = read_files(root)
    libraries, not_imported = read_libraries(root, sources)
    tables, not_there = read_tables(root, sources)
    amiss = (*unread, *not_imported, *not_there)
    return replace(compile_sources(sources, amiss, libraries, tables), whole=not amiss)


def compile_sources(sources: Sequence[Source], found: Sequence[Diagnostic] = (),
                    libraries: Sequence[Library] = (), tables: Tables | None = None) -> Compiled:
    """Compile the given files over the libraries they import; `found` is what was wrong with reading them.

    `tables`: the CSV files that these files take records from, by the path they name.
    """
    return compile_stages(Texts(tuple(sources), tables or {}, tuple(libraries)), found).compiled


@_nothing_collected()
def compile_stages(texts: Texts, found: Sequence[Diagnostic] = (), kept: Kept | None = None,
                   pause: Pause = go_on) -> Stages:
    """As `compile_sources`, with what it came to on the way.

    `kept`: what files came to when they were loaded before.  Whatever `pause` raises ends the work.
    """
    sources, libraries = texts.sources, texts.libraries
    drafts, misshapen = load(sources, libraries, texts.tables, kept, pause)
    resolved, unresolved = resolve(drafts, None, pause)
    pyramid, proof = prove_all(resolved, None, pause)
    tests, untestable = resolve_tests(drafts, pyramid)
    diagnostics = _first_causes(told((*found, *misshapen, *unresolved, *proof.found, *untestable)))
    if not diagnostics and sources:
        diagnostics = _emptiness(sources, drafts, pyramid)
    files = (*(file for library in libraries for file in library.sources), *sources)
    return Stages(Compiled(files, drafts, pyramid, diagnostics, tests, texts), resolved, proof)


_UNREAD = (codes.NOT_YAML,)
_UNKNOWN = (name_codes.UNKNOWN_INDICATOR, name_codes.UNKNOWN_SOURCE, name_codes.UNKNOWN_DIMENSION,
            name_codes.UNKNOWN_TEMPLATE)


def _first_causes(found: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    """Without unknown names where a file cannot be read: it may be that file that defines them."""
    if not any(one.code in _UNREAD for one in found):
        return found
    return tuple(one for one in found if one.code not in _UNKNOWN)


def compile_texts(texts: Texts) -> Compiled:
    """Compile what was read before."""
    return compile_sources(texts.sources, (), texts.libraries, texts.tables)


def _emptiness(sources: Sequence[Source], drafts: Drafts, pyramid: Pyramid) -> tuple[Diagnostic, ...]:
    """What is wrong with a project that says nothing, or does not say which project it is."""
    first = next((source for source in sources if source.path == PROJECT_FILE), sources[0])
    if not pyramid.indicators and not any(document.benchmarks for document in drafts.documents):
        return (report(codes.EMPTY_PROJECT, drafts.project.project.span if drafts.project else first.whole),)
    if drafts.project is None:
        return (report(codes.MISSING_KEY, first.whole, key="project", place=first.path),)
    return ()
