"""The texts of a project as one thing: what a compilation reads, to be kept and compiled again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cxmetrics.load import Library
from cxmetrics.load.record_files import Tables
from cxmetrics.source import Source

_INDEX = ".index"  # no file has this name: those that begin with a dot are left out


@dataclass(frozen=True, slots=True)
class Texts:
    """The files of a project, the CSV files they take records from, and the libraries they import."""

    sources: tuple[Source, ...] = ()
    tables: Tables = field(default_factory=dict)
    libraries: tuple[Library, ...] = ()

    def named(self) -> dict[str, str]:
        """Each text by its path, and an index of what each is."""
        shelf = [{"name": library.name, "beneath": sorted(library.beneath), **_listed(library.sources, library.tables)}
                 for library in self.libraries]
        index = json.dumps(_listed(self.sources, self.tables) | {"libraries": shelf}, ensure_ascii=False)
        files = [*self.sources, *self.tables.values()]
        files += [file for library in self.libraries for file in (*library.sources, *library.tables.values())]
        return {**{file.path: file.text for file in files}, _INDEX: index}


def texts_from(named: Mapping[str, str]) -> Texts:
    """The texts that `Texts.named` gave."""
    index = json.loads(named[_INDEX])
    libraries = (Library(one["name"], _sources(one["sources"], named), frozenset(one["beneath"]),
                         _tables(one["tables"], named)) for one in index["libraries"])
    return Texts(_sources(index["sources"], named), _tables(index["tables"], named), tuple(libraries))


def _listed(sources: Iterable[Source], tables: Tables) -> dict[str, Any]:
    return {"sources": [[file.path, file.shipped] for file in sources],
            "tables": {written: [file.path, file.shipped] for written, file in tables.items()}}


def _sources(listed: Iterable[tuple[str, bool]], named: Mapping[str, str]) -> tuple[Source, ...]:
    return tuple(Source(path, named[path], shipped) for path, shipped in listed)


def _tables(listed: Mapping[str, tuple[str, bool]], named: Mapping[str, str]) -> Tables:
    return {written: Source(path, named[path], shipped) for written, (path, shipped) in listed.items()}
