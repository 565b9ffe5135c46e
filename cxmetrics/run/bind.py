"""Sources meet their files: which files, which columns they have, which dimensions they can make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from cxmetrics.backends.cells import Table
from cxmetrics.backends.readers import empty_files, find, open_table, require
from cxmetrics.diagnostics import Fault
from cxmetrics.ir import Binding, ColumnSpec, Origin
from cxmetrics.plan import Plan
from cxmetrics.units import TEXT


class Seen(NamedTuple):
    """What a file looks like from outside."""

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Bound:
    """A source with its files.  The origin's bindings are those its files allow, one for each dimension.

    `files` are the project's own, by path from the project folder, and so are those `beside`: of its lookups.
    """

    origin: Origin
    table: Table
    lookups: Mapping[str, Table]
    files: Mapping[str, Seen]
    beside: Mapping[str, Seen]

    @property
    def paths(self) -> tuple[Path, ...]:
        """All files an engine has to read for it."""
        return tuple(path for table in (self.table, *self.lookups.values()) for path in table.files)

    @property
    def dimensions(self) -> frozenset[str]:
        """The dimensions the source can make."""
        return frozenset(binding.dimension for binding in self.origin.bindings)


    def reading(self, zone: str) -> str:
        """Stands for how rows are read: the contract, and what the columns it names physically are."""
        origin = self.origin
        asked = {spec.physical for spec in origin.columns.values()} | {each.column for each in origin.bindings}
        asked |= {name for name in (self.origin.time, self.origin.received) if isinstance(name, str)}
        asked |= set(self.origin.unique.by if self.origin.unique else ())
        kinds = sorted((name, kind, name in self.table.fine) for name, kind in self.table.columns.items()
                       if name in asked)
        return sha256(repr((self.origin, zone, kinds)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a source and of its lookups, by path from the project folder."""

    own: Mapping[str, Seen]
    beside: Mapping[str, Seen]


def look(plan: Plan, root: Path) -> dict[str, Files]:
    """What the files of each source look like now; none is opened.  Raises `Fault` CX701."""
    needed = {partial.source for partial in plan.partials}
    return {name: _files(origin, root) for name, origin in plan.sources.items() if name in needed}


def _files(origin: Origin, root: Path) -> Files:
    own = find(root, origin.read, origin.span, origin.id)
    beside: dict[str, Seen] = {}
    for read in {binding.lookup.read for binding in origin.bindings if binding.lookup is not None}:
        with suppress(Fault):  # a lookup that no file of the source asks for need not be there
            beside |= _all_seen(find(root, read, None, origin.id), root)
    return Files(_all_seen(own, root), beside)


def bind(plan: Plan, root: Path, scratch: Path, sources: frozenset[str] | None = None) -> dict[str, Bound]:
    """The sources that the plan reads, with their files under the project folder `root`.

    Raises `Fault` (CX70x) for files that are missing or cannot be read, and columns that are absent.
    """
    needed = {partial.source for partial in plan.partials} if sources is None else sources
    return {name: _bind(origin, root, scratch) for name, origin in plan.sources.items() if name in needed}


def _bind(origin: Origin, root: Path, scratch: Path) -> Bound:
    files = _files(origin, root)  # seen before they are read: a change that comes later is a change
    paths = [root / path for path in files.own]
    if broken := empty_files(paths):  # a delivery that broke off must not pass for one without rows
        raise Fault(*broken)
    declared = [spec.physical for spec in origin.columns.values() if spec.formula is None]
    table = open_table(paths, scratch=scratch, declared=declared)
    require(table, origin)
    tables: dict[str, Table] = {}
    chosen: dict[str, Binding] = {}
    for binding in origin.bindings:
        if binding.dimension in chosen or binding.column not in table.columns:
            continue
        if binding.lookup is not None:
            known = tables.get(binding.lookup.read) or _lookup(binding, root, scratch)
            tables[binding.lookup.read] = known
            if binding.dimension not in known.columns:
                continue
        chosen[binding.dimension] = binding
    origin = _closed(replace(origin, bindings=tuple(chosen.values())))
    return Bound(origin, table, tables, files.own, files.beside)


def _closed(origin: Origin) -> Origin:
    """The source with the closed sets of its dimensions as contracts of the columns behind them."""
    columns = dict(origin.columns)
    for binding in origin.bindings:
        if binding.values is None or binding.lookup is not None:
            continue
        own = [spec for spec in columns.values() if spec.physical == binding.column and spec.formula is None]
        for spec in own:
            if spec.values is None and spec.type == "text":
                columns[spec.name] = replace(spec, values=binding.values)
        if not own:
            columns[binding.dimension] = ColumnSpec(binding.dimension, "text", TEXT, binding.column,
                                                    values=binding.values, span=binding.span)
    return replace(origin, columns=columns)


def _lookup(binding: Binding, root: Path, scratch: Path) -> Table:
    lookup = binding.lookup
    if lookup is None:
        message = "a binding with a lookup"
        raise TypeError(message)
    paths = find(root, lookup.read, lookup.span, binding.dimension)
    return open_table(paths, scratch=scratch, declared=[lookup.key, *lookup.columns])


def _all_seen(paths: Iterable[Path], root: Path) -> dict[str, Seen]:
    return {path.relative_to(root).as_posix(): _seen(path) for path in paths}


def _seen(path: Path) -> Seen:
    status = path.stat()
    return Seen(status.st_size, status.st_mtime_ns)
