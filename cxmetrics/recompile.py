"""A project that is kept in memory and compiled again as its files are written.

The whole is compiled from what each file came to before, where the file is the same.  Of a large project that takes
seconds; so one file can be judged at once, amid all that is known of the others: its indicators are resolved and proved
anew, those of other files stand as they were when the whole was compiled last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from cxmetrics.allowances import settled
from cxmetrics.check import prove_all
from cxmetrics.check.declared_tests import resolve_tests
from cxmetrics.check.matching import Proof
from cxmetrics.compile import Stages, compile_stages
from cxmetrics.diagnostics import Diagnostic
from cxmetrics.lints import LINTS
from cxmetrics.load import Drafts, Kept, Library, load, read_files
from cxmetrics.load.library import read_libraries
from cxmetrics.load.named_files import read_tables
from cxmetrics.load.texts import Texts
from cxmetrics.parse.arguments import told
from cxmetrics.pauses import Pause, go_on
from cxmetrics.resolve import Elsewhere, Outline, resolve
from cxmetrics.resolve.alike import Like
from cxmetrics.schema import Document
from cxmetrics.source import Source
from cxmetrics.walks import references_in

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Around:
    """What is known outside of some files."""

    elsewhere: Elsewhere
    proof: Proof


class Workbench:
    """The project in a folder; `stages` is what it came to when the whole was compiled last."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.stages: Stages | None = None
        self._kept: Kept = {}
        self._known: dict[tuple[str, bool], Source] = {}
        self._bare: dict[str, tuple[Document, Document]] = {}
        self._parents: Mapping[str, Sequence[str]] = {}
        self._owners: Mapping[str, frozenset[str]] = {}  # the paths of the files that say something of an indicator
        self._around: dict[frozenset[str], _Around] = {}

    def compile(self, unsaved: Mapping[str, str], pause: Pause = go_on) -> Stages:
        """Compile the whole; `unsaved`: texts by path that stand in place of what the disk has.

        Whatever `pause` raises ends the work, and leaves what was compiled last.
        """
        read, found = read_files(self.root)
        texts = {source.path: source for source in read}
        for path, text in unsaved.items():
            texts[path] = Source(path, text)
        sources = self.same(texts[path] for path in sorted(texts))
        unread = [one for one in found if one.facts.get("path") not in unsaved]
        libraries, not_imported = read_libraries(self.root, sources)
        tables, not_there = read_tables(self.root, sources)
        whole = Texts(sources, {name: self.same((table,))[0] for name, table in tables.items()},
                      tuple(self._library(library) for library in libraries))
        pause()
        stages = compile_stages(whole, (*unread, *not_imported, *not_there), self._kept, pause)
        self.stages = stages
        self._around = {}
        self._parents = _parents(stages.resolved.outlines)
        paths = [self._paths().get(id(document), "") for document in stages.compiled.drafts.documents]
        self._owners = {name: frozenset(paths[number] for number in numbers)
                        for name, numbers in stages.resolved.documents.items()}
        self._forget(whole)
        return stages

    def tried(self, texts: Mapping[str, str]) -> tuple[Diagnostic, ...]:
        """What would be wrong if files of the project had these texts; nothing of it is kept."""
        assert self.stages is not None
        whole = self.stages.compiled.texts
        sources = tuple(Source(one.path, texts[one.path]) if one.path in texts else one for one in whole.sources)
        return compile_stages(replace(whole, sources=sources), (), dict(self._kept)).compiled.diagnostics

    def same(self, sources: Iterable[Source]) -> tuple[Source, ...]:
        """The files as they are known, where their texts are the same."""
        return tuple(known if (known := self._known.get((one.path, one.shipped))) is not None
                     and known.text == one.text else self._known.setdefault((one.path, one.shipped), one)
                     if known is None else self._renewed(one) for one in sources)

    def _renewed(self, source: Source) -> Source:
        self._known[source.path, source.shipped] = source
        return source

    def _library(self, library: Library) -> Library:
        tables = {name: self.same((table,))[0] for name, table in library.tables.items()}
        return replace(library, sources=self.same(library.sources), tables=tables)

    def _forget(self, whole: Texts) -> None:
        """Drop what was known of files that are gone."""
        files = [*whole.sources, *whole.tables.values()]
        files += [file for one in whole.libraries for file in (*one.sources, *one.tables.values())]
        known = {(file.path, file.shipped) for file in files}
        self._known = {key: source for key, source in self._known.items() if key in known}
        self._kept = {path: one for path, one in self._kept.items() if one.source.path == path
                      and (path, one.source.shipped) in known}
        self._bare = {path: pair for path, pair in self._bare.items() if path in self._kept}

    def judge(self, path: str, text: str) -> tuple[Diagnostic, ...] | None:
        """What is wrong in one file, at once; None where that cannot be told without the whole.

        What comes of a file for others is left to the whole, and so are the circles and windows that go through them.
        """
        if self.stages is None:
            return None
        texts = self.stages.compiled.texts
        (source,) = self.same((Source(path, text),))
        others = (one for one in texts.sources if one.path != path)
        sources = tuple(sorted((*others, source), key=lambda one: one.path))
        drafts, found = load(sources, texts.libraries, texts.tables, self._kept)
        afresh = frozenset((path,)).union(*(owners for owners in self._owners.values() if path in owners))
        for _ in range(2):
            result, more = self._judged(drafts, afresh)
            if more <= afresh:
                return _of(source, (*found, *result), drafts)
            afresh |= more  # they write over what stands there, or repeat it
        return None

    def _judged(self, drafts: Drafts, afresh: frozenset[str]) -> tuple[Sequence[Diagnostic], frozenset[str]]:
        """Findings where only the indicators of the files `afresh` are compiled; the files that are in the way."""
        assert self.stages is not None
        around, paths = self._around_of(afresh), self._paths()
        some = replace(drafts, cut=drafts.cut | self.stages.resolved.cut, documents=tuple(
            document if (path := paths[id(document)]) in afresh else self._bared(path, document)
            for document in drafts.documents))
        resolved, unresolved = resolve(some, around.elsewhere)
        known = around.elsewhere.outlines
        twice = [self._owners[name] for name in resolved.outlines if name in known]
        if twice:
            return (), afresh.union(*twice)
        pyramid, proof = prove_all(resolved, around.proof)
        pyramid = replace(pyramid, indicators={**around.proof.indicators, **pyramid.indicators})
        _, untestable = resolve_tests(some, pyramid)
        return (*unresolved, *proof.found, *untestable), afresh

    def _paths(self) -> Mapping[int, str]:
        """The path of each document, by its identity."""
        return {id(one.document): path for path, one in self._kept.items()}

    def _bared(self, path: str, document: Document) -> Document:
        """A document without its indicators."""
        known = self._bare.get(path)
        if known is None or known[0] is not document:
            known = self._bare[path] = document, document.model_copy(update={"indicators": {}, "tests": {}})
        return known[1]

    def _around_of(self, afresh: frozenset[str]) -> _Around:
        """What is known outside of some files; kept, as one writes in a file for a while."""
        if afresh not in self._around:
            assert self.stages is not None
            outlines, proof = self.stages.resolved.outlines, self.stages.proof
            inside = [name for name, owners in self._owners.items() if not owners.isdisjoint(afresh)]
            outside = _without(outlines, inside)
            children = {child.id for one in outside.values() for era in _eras(one) for child in era.children}
            elsewhere = Elsewhere(outside, frozenset(children), self._above(inside))
            known = replace(proof, units=_without(proof.units, inside), peers=_without(proof.peers, inside),
                            indicators=_without(proof.indicators, inside), reaches=_without(proof.reaches, inside),
                            earned=_without(proof.earned, inside))
            self._around = {afresh: _Around(elsewhere, known)}
        return self._around[afresh]

    def _above(self, names: Sequence[str]) -> frozenset[str]:
        """All that rests on some indicators."""
        found, todo = set[str](), list(names)
        while todo:
            for parent in self._parents.get(todo.pop(), ()):
                if parent not in found:
                    found.add(parent)
                    todo.append(parent)
        return frozenset(found)


def _without(known: Mapping[str, T], names: Sequence[str]) -> dict[str, T]:
    result = dict(known)
    for name in names:
        result.pop(name, None)
    return result


def _eras(outline: Outline) -> Sequence[Outline]:
    return outline, *(version for _, version in outline.versions)


def _parents(outlines: Mapping[str, Outline]) -> Mapping[str, Sequence[str]]:
    """For each indicator those that name it."""
    result: dict[str, list[str]] = defaultdict(list)
    for name, outline in outlines.items():
        for era in _eras(outline):
            for child in era.children:
                result[child.id].append(name)
            if era.formula is not None and not isinstance(era.formula, Like):
                for reference in references_in(era.formula):
                    result[reference.indicator].append(name)
    return result


def _of(source: Source, found: Sequence[Diagnostic], drafts: Drafts) -> tuple[Diagnostic, ...]:
    """The findings in one file, those left out that it allows, or the project; what is idle only the whole can tell."""
    own = [one for one in told(found) if one.span is not None and one.span.source is source]
    throughout = drafts.project.allow if drafts.project else {}
    left = settled(own, (source,), throughout, unseen=LINTS.union(map(str, throughout)))
    return tuple(one for one in left if one.span is not None and one.span.source is source)
