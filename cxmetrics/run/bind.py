"""Sources meet their files: which files, which columns they have, which dimensions they can make."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from cxmetrics.backends.cells import Table
from cxmetrics.backends.readers import require
from cxmetrics.diagnostics import Fault
from cxmetrics.ir import Binding, ColumnSpec, Origin
from cxmetrics.plan import Plan
from cxmetrics.run.inputs import Seen, look_at, open_inputs
from cxmetrics.tables import place_of
from cxmetrics.units import TEXT


@dataclass(frozen=True, slots=True)
class Bound:
    """A source with its files.  The origin's bindings are those its files allow, one for each dimension.

    `files` are the project's own, by path from the project folder, and so are those `beside`: of its lookups.  `taken`
    are the Parquet files with the rows of those that are tables of databases.
    """

    origin: Origin
    table: Table
    lookups: Mapping[str, Table]
    files: Mapping[str, Seen]
    beside: Mapping[str, Seen]
    taken: Mapping[str, Path] = field(default_factory=dict)

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
    own = look_at(origin, root, origin.id)
    beside: dict[str, Seen] = {}
    for lookup in {place_of(binding.lookup): binding.lookup for binding in origin.bindings if binding.lookup}.values():
        with suppress(Fault):  # a lookup that no file of the source asks for need not be there
            beside |= look_at(lookup, root, origin.id)
    return Files(own, beside)


def bind(plan: Plan, root: Path, scratch: Path, sources: frozenset[str] | None = None) -> dict[str, Bound]:
    """The sources that the plan reads, with their files under the project folder `root`.

    Raises `Fault` (CX70x) for files that are missing or cannot be read, and columns that are absent.
    """
    needed = {partial.source for partial in plan.partials} if sources is None else sources
    return {name: _bind(origin, root, scratch) for name, origin in plan.sources.items() if name in needed}


def _bind(origin: Origin, root: Path, scratch: Path) -> Bound:
    files = _files(origin, root)  # seen before they are read: a change that comes later is a change
    own = open_inputs(origin, files.own, root, scratch)
    table, beside = own.table, dict(files.beside)
    require(table, origin)
    tables: dict[str, Table] = {}
    chosen: dict[str, Binding] = {}
    for binding in origin.bindings:
        if binding.dimension in chosen or binding.column not in table.columns:
            continue
        if binding.lookup is not None:
            if place_of(binding.lookup) not in tables:
                looked_up = open_inputs(binding.lookup, look_at(binding.lookup, root, binding.dimension), root, scratch)
                tables[place_of(binding.lookup)] = looked_up.table
                beside |= looked_up.seen
            if binding.dimension not in tables[place_of(binding.lookup)].columns:
                continue
        chosen[binding.dimension] = binding
    origin = _closed(replace(origin, bindings=tuple(chosen.values())))
    return Bound(origin, table, tables, own.seen, beside, own.taken)


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
