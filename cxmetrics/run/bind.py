"""Sources meet their files: which files, which columns they have, which dimensions they can make."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from cxmetrics.backends.cells import Table
from cxmetrics.backends.readers import open_table, require
from cxmetrics.codes import surveys as codes
from cxmetrics.diagnostics import Fault, report
from cxmetrics.ir import Binding, ColumnSpec, Lookup, Origin
from cxmetrics.plan import Plan
from cxmetrics.run.inputs import NONE_KNOWN, Inputs, look_at, open_inputs
from cxmetrics.run.seen import Seen
from cxmetrics.store.commits import InputFile
from cxmetrics.tables import place_of
from cxmetrics.units import TEXT

NOWHERE = "none"  # as the `read` of a source: there is no such table


@dataclass(frozen=True, slots=True)
class Bound:
    """A source with its files.  The origin's bindings are those its files allow, one for each dimension.

    `files` are the project's own, by path from the project folder, and so are those `beside`: of its lookups.  `taken`
    are the Parquet files with the rows of those that are tables of databases.  `left`: files that were not opened.
    """

    origin: Origin
    table: Table
    lookups: Mapping[str, Table]
    files: Mapping[str, Seen]
    beside: Mapping[str, Seen]
    taken: Mapping[str, Path] = field(default_factory=dict)
    left: frozenset[str] = frozenset()

    @property
    def paths(self) -> tuple[Path, ...]:
        """All files an engine has to read for it."""
        return tuple(path for table in (self.table, *self.lookups.values()) for path in table.files)

    @property
    def size(self) -> int:
        """Bytes of the files that were opened: as they lie in the project, or as a table was taken from a database."""
        known = {path: seen.size for path, seen in {**self.beside, **self.files}.items() if path not in self.left}
        return sum((known | {path: taken.stat().st_size for path, taken in self.taken.items()}).values())

    @property
    def dimensions(self) -> frozenset[str]:
        """The dimensions the source can make."""
        return frozenset(binding.dimension for binding in self.origin.bindings)

    def reading(self, zone: str) -> str:
        """Stands for how rows are read: the contract, and what the columns it names physically are."""
        origin = self.origin
        asked = {spec.physical for spec in origin.columns.values() if spec.own}
        asked |= {each.column for each in origin.bindings if origin.column_of(each) is None}
        asked |= {name for name in (self.origin.time, self.origin.received) if isinstance(name, str)}
        asked |= set(self.origin.unique.by if self.origin.unique else ())
        kinds = sorted((name, kind, name in self.table.wider) for name, kind in self.table.columns.items()
                       if name in asked)
        return sha256(repr((self.origin, zone, kinds)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a source and of its lookups, by path from the project folder."""

    own: Mapping[str, Seen]
    beside: Mapping[str, Seen]


def look(plan: Plan, root: Path) -> dict[str, Files]:
    """What the files of each source look like now; none is opened.  Sources whose files are not there are left out."""
    needed, found = {partial.source for partial in plan.partials}, dict[str, Files]()
    for name, origin in plan.sources.items():
        if name in needed:
            with suppress(Fault):  # what is wrong is told when the source is bound
                found[name] = _files(origin, root)
    return found


def _files(origin: Origin, root: Path, only: Collection[str] | None = None) -> Files:
    own = _among(look_at(origin, root, origin.id), only)
    beside: dict[str, Seen] = {}
    for lookup in origin.lookups:
        beside |= look_at(lookup, root, origin.id)
    for lookup in {place_of(way.lookup): way.lookup for way in origin.ways}.values():
        with suppress(Fault):  # a lookup that no file of the source asks for need not be there
            beside |= look_at(lookup, root, origin.id)
    return Files(own, _among(beside, only))


def _among(seen: Mapping[str, Seen], only: Collection[str] | None) -> dict[str, Seen]:
    return {path: look for path, look in seen.items() if only is None or path in only}


NOTHING_SEEN: Mapping[str, Seen] = {}
Recorded = Mapping[str, Collection[str]]
"""The files of each source, by path from the project folder, where no others are to be read."""


def bind(plan: Plan, root: Path, scratch: Path, sources: frozenset[str] | None = None,
         only: Recorded | None = None) -> dict[str, Bound]:
    """The sources that the plan reads, with their files under the project folder `root`; `only` those recorded.

    Those that have no table are left out.

    Raises `Fault` (CX70x) for files that are missing or cannot be read, and columns that are absent.
    """
    needed = {partial.source for partial in plan.partials} if sources is None else sources
    return {name: bind_source(origin, root, scratch, None if only is None else only.get(name, ()))
            for name, origin in plan.sources.items() if name in needed and origin.read != NOWHERE}


def bind_source(origin: Origin, root: Path, scratch: Path, only: Collection[str] | None = None,
                known: Mapping[str, InputFile] = NONE_KNOWN) -> Bound:
    """One source with its files; those that look as they are `known` may be left unopened.  Raises `Fault` (CX70x)."""
    files = _files(origin, root, only)  # seen before they are read: a change that comes later is a change
    return bind_to(origin, open_inputs(origin, files.own, root, scratch, known), root, scratch, files.beside, only)


def bind_to(origin: Origin, own: Inputs, root: Path, scratch: Path, seen: Mapping[str, Seen] = NOTHING_SEEN,
            only: Collection[str] | None = None) -> Bound:
    """One source with rows that were opened for it, and its lookups; `seen`: what the files of these look like.

    Raises `Fault` (CX70x).
    """
    require(own.table, origin)
    tables, beside = dict[str, Table](), dict(seen)

    def opened(lookup: Lookup) -> Table:
        place = place_of(lookup)
        if place not in tables:
            found = open_inputs(lookup, _among(look_at(lookup, root, origin.id), only), root, scratch)
            tables[place] = found.table
            beside.update(found.seen)
        return tables[place]

    for lookup in origin.lookups:
        opened(lookup)
    there = tuple(binding for binding in origin.bindings
                  if binding.column in own.table.columns or origin.column_of(binding) is not None)
    made = _closed(_led(replace(origin, bindings=there), opened))
    _require_margins(made)
    return Bound(made, own.table, tables, own.seen, beside, own.taken, own.left)


def opened(bound: Bound, also: Collection[str], root: Path, scratch: Path) -> Bound:
    """A source with some files opened that had been left.  Raises `Fault` (CX70x)."""
    paths = [root / path for path in bound.files if path not in bound.left or path in also]
    return replace(bound, table=open_table(paths, scratch=scratch), left=bound.left - frozenset(also))


def _require_margins(origin: Origin) -> None:
    """See that the source tells all that its rows are raked by.  Raises `Fault` CX352."""
    made = {binding.dimension for binding in origin.bindings}
    for margin in () if origin.rake is None else origin.rake.margins:
        for name in margin.dimensions:
            if name not in made:
                raise Fault(report(codes.MARGIN_NOT_MADE, margin.span, source=origin.id, dimension=name))


def _led(origin: Origin, opened: Callable[[Lookup], Table]) -> Origin:
    """The source with the dimensions that tables lead to from those it has: the fewest tables first.

    What a source says itself is never looked up.
    """
    ways, bindings, columns, lookups = origin.ways, list(origin.bindings), dict(origin.columns), list(origin.lookups)
    known = {binding.dimension: binding for binding in bindings}
    while ready := [way for way in ways if way.lookup.on in known]:
        ways = tuple(way for way in ways if way not in ready)
        for way in ready:
            base = known[way.lookup.on or ""]
            had = {binding.dimension for binding in bindings}
            given = [(name, values) for name, values in way.gives if name not in had]
            if not given:
                continue
            table = opened(way.lookup)
            lookup = replace(way.lookup, id=f"dimension {way.lookup.id}", on=_behind(origin, base))
            given = [(name, values) for name, values in given if name in table.columns]
            lookups += [lookup] if given else []
            for name, values in given:
                columns[name] = ColumnSpec(name, "text", TEXT, name, values=values, lookup=lookup.id,
                                           span=way.lookup.span)
                bindings.append(Binding(name, name, base.declared, span=base.span))
        known = {binding.dimension: binding for binding in bindings}
        origin = replace(origin, columns=columns)
    return replace(origin, bindings=tuple(bindings), lookups=tuple(lookups), ways=(), columns=columns)


def _behind(origin: Origin, binding: Binding) -> str:
    """The name of the column that makes a dimension."""
    spec = origin.column_of(binding)
    return binding.column if spec is None else spec.name


def _closed(origin: Origin) -> Origin:
    """The source with the closed sets of its dimensions as contracts of the columns behind them.

    A column that nobody declared becomes one of text, so that lookups can stand on it.
    """
    columns = dict(origin.columns)
    stands_on = {lookup.on for lookup in origin.lookups}
    for binding in origin.bindings:
        spec = origin.column_of(binding)
        if spec is None and (binding.values is not None or binding.column in stands_on):
            columns[binding.column] = ColumnSpec(binding.column, "text", TEXT, binding.column, values=binding.values,
                                                 span=binding.span)
        elif spec is not None and spec.values is None and spec.type == "text" and binding.values is not None:
            columns[spec.name] = replace(spec, values=binding.values)
    return replace(origin, columns=columns)
