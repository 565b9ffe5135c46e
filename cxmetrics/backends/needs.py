"""Which columns of a table a request needs, and for what reasons its rows may be rejected: the same for all engines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cxmetrics.backends.cells import Physical, Request
from cxmetrics.codes import data
from cxmetrics.diagnostics import Fault, report
from cxmetrics.ir import Binding, ColumnSpec, ColumnType, Expr, Origin, columns_in
from cxmetrics.plan import Cube
from cxmetrics.tables import place_of
from cxmetrics.units import UNKNOWN

REASONS = ("type", "scale", "values")  # what can be wrong with a value, in the order it is looked for
_READABLE: Mapping[ColumnType, frozenset[Physical]] = {
    "integer": frozenset(("text", "integer", "number")),
    "number": frozenset(("text", "integer", "number")),
    "text": frozenset(("text", "integer", "number", "boolean", "date", "time", "instant")),
    "boolean": frozenset(("text", "boolean", "integer")),
    "date": frozenset(("text", "integer", "date", "time", "instant")),
    "time": frozenset(("text", "integer", "date", "time", "instant")),
}
# Every value of the physical kind is one of the declared type: beside equal names, and text, which takes all.
_FITTING = {("number", "integer"), ("date", "time"), ("date", "instant"), ("time", "date"), ("time", "instant")}


@dataclass(frozen=True, slots=True)
class Needs:
    """What a request needs of its table.

    `read`: the columns to be read, in the order of declaration; `derived`: those with a formula, each after
    what it looks at; `reasons`: (column, reason) for which a row is rejected, the first that applies.
    """

    read: tuple[ColumnSpec, ...]
    derived: tuple[ColumnSpec, ...]
    bindings: Mapping[str, Binding]
    reasons: tuple[tuple[str, str], ...]


def needs_of(request: Request, *, everything: bool = False) -> Needs:
    """What the request needs; `everything`: also declared columns that nothing uses, where they can be read.

    Raises `Fault` CX703 for a column that the table lacks, CX704 for one of an unfitting type.
    """
    bindings = _bindings(request)
    specs = _specs(request)
    needed = set(_needed(request, specs, bindings))
    read = []
    for spec in specs.values():
        kind = request.table.columns.get(spec.physical)
        readable_there = kind is not None and readable(spec, kind)
        if spec.formula is None and (spec.name in needed or (everything and readable_there)):
            _require(request, spec)
            read.append(spec)
    derived = _in_order([spec for spec in specs.values() if spec.formula is not None], {spec.name for spec in read})
    return Needs(tuple(read), tuple(derived), bindings, tuple(_reasons(request, read)))


def readable(spec: ColumnSpec, kind: Physical) -> bool:
    """Whether values of that physical kind can be read as the column's type."""
    return kind in _READABLE[spec.type]


def can_be_bad(spec: ColumnSpec, kind: Physical) -> bool:
    """Whether a value of that physical kind may break the column's contract, so that the column has to be read."""
    if spec.low is not None or spec.high is not None or spec.values is not None:
        return True
    if spec.type == "number" and kind == "number":
        return True  # it may not be finite
    return not (spec.type in (kind, "text") or (spec.type, kind) in _FITTING)


def expressions(cubes: Iterable[Cube]) -> Iterator[Expr | None]:
    """Every row expression of the cubes."""
    for cube in cubes:
        yield cube.value
        yield from (key.expr for key in cube.keys)
        yield from (slot.arg for slot in cube.slots)


def _require(request: Request, spec: ColumnSpec) -> None:
    source, kind = request.scan.source, request.table.columns.get(spec.physical)
    if kind is None:
        raise Fault(report(data.COLUMN_ABSENT, spec.span or source.span, column=spec.physical, source=source.id,
                           path=place_of(source)))
    if not readable(spec, kind):
        raise Fault(report(data.COLUMN_TYPE, spec.span, column=spec.name, expected=spec.type, found=kind))


def _bindings(request: Request) -> dict[str, Binding]:
    """Which binding makes each dimension asked for; without one whose column is there, the dimension is missing."""
    asked = {dimension for cube in request.scan.cubes for dimension in cube.dimensions}
    source, known = request.scan.source, request.table.columns
    for binding in source.bindings:
        if binding.dimension in asked and binding.declared and binding.column not in known:
            raise Fault(report(data.COLUMN_ABSENT, binding.span or source.span, column=binding.column,
                               source=source.id, path=place_of(source)))
    return {b.dimension: b for b in source.bindings if b.dimension in asked and b.column in known}


def _specs(request: Request) -> dict[str, ColumnSpec]:
    """The declared columns, and those that are only used: as what they are used for."""
    source = request.scan.source
    specs = dict(source.columns)
    used = [*expressions(request.scan.cubes), source.keep, *(spec.formula for spec in source.columns.values())]
    for column in (column for expr in used for column in columns_in(expr)):
        specs.setdefault(column.name, ColumnSpec(column.name, column.type, column.unit, column.name))
    for name in source.unique.by if source.unique else ():
        kind = _natural(request.table.columns.get(name, "text"))
        specs.setdefault(name, ColumnSpec(name, kind, UNKNOWN, name))
    for moment in (source.time, source.received):
        if isinstance(moment, str):
            specs.setdefault(moment, ColumnSpec(moment, "time", UNKNOWN, moment))
    return specs


def _natural(kind: Physical) -> ColumnType:
    match kind:
        case "instant":
            return "time"
        case "other":
            return "text"
        case _:
            return kind


def _needed(request: Request, specs: Mapping[str, ColumnSpec], bindings: Mapping[str, Binding]) -> Iterator[str]:
    """The names of the columns to read: those that can be bad, and those that something uses."""
    source, bound = request.scan.source, {binding.column for binding in bindings.values()}
    for spec in specs.values():
        kind = request.table.columns.get(spec.physical)
        if spec.formula is None and kind is not None and (can_be_bad(spec, kind) or spec.physical in bound):
            yield spec.name
    yield from (column for column in (source.time, source.received) if isinstance(column, str))
    yield from source.unique.by if source.unique else ()
    waiting, seen = [*expressions(request.scan.cubes), source.keep], set[str]()
    while waiting:
        for column in columns_in(waiting.pop()):
            if column.name not in seen:
                seen.add(column.name)
                waiting.append(specs[column.name].formula)
    yield from (name for name in seen if specs[name].formula is None)


def _in_order(derived: list[ColumnSpec], there: set[str]) -> list[ColumnSpec]:
    """Derived columns, each after what it looks at; without those that look at what nothing needs."""
    order: list[ColumnSpec] = []
    while ready := [spec for spec in derived if all(c.name in there for c in columns_in(spec.formula))]:
        order += ready
        there = there | {spec.name for spec in ready}
        derived = [spec for spec in derived if spec not in ready]
    return order


def _reasons(request: Request, read: Iterable[ColumnSpec]) -> Iterator[tuple[str, str]]:
    source: Origin = request.scan.source
    for spec in read:
        rejects = source.on_bad != "null" or spec.name == source.time
        if rejects and has_status(spec, request.table.columns[spec.physical]):
            yield from ((spec.name, reason) for reason in REASONS)
    yield from ((name, "key") for name in (source.unique.by if source.unique else ()))
    if isinstance(source.time, str):
        yield source.time, "range"
        yield source.time, "missing"


def has_status(spec: ColumnSpec, kind: Physical) -> bool:
    """Whether reading a value can find it bad; integers also may be wider than 64 bits."""
    return can_be_bad(spec, kind) or (spec.type == "integer" and kind == "integer")
