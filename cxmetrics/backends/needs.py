"""Which columns of a table a request needs, and for what reasons its rows may be rejected: the same for all engines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from cxmetrics.backends.cells import Physical, Request, Table
from cxmetrics.backends.fates import REASONS
from cxmetrics.codes import data
from cxmetrics.diagnostics import Fault, report
from cxmetrics.functions import PRESENCE
from cxmetrics.ir import Apply, Column, ColumnSpec, ColumnType, Constant, Expr, Lookup, Origin, columns_in
from cxmetrics.plan import Cube
from cxmetrics.tables import place_of
from cxmetrics.units import TIME, UNKNOWN, duration
from cxmetrics.walks import asked_of_all

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
class LookedUp:
    """A lookup and the columns that are asked of it."""

    lookup: Lookup
    columns: tuple[ColumnSpec, ...]


@dataclass(frozen=True, slots=True)
class Needs:
    """What a request needs of its table.

    `read`: the columns to be read, in the order of declaration; `made`: those with a formula and those that are looked
    up, each after what it looks at; `bindings`: the column behind each dimension; `reasons`: (column, reason) for
    which a row is rejected, the first that applies.
    """

    read: tuple[ColumnSpec, ...]
    made: tuple[ColumnSpec | LookedUp, ...]
    bindings: Mapping[str, str]
    reasons: tuple[tuple[str, str], ...]

    @property
    def lookups(self) -> tuple[LookedUp, ...]:
        """The lookups that are asked."""
        return tuple(one for one in self.made if isinstance(one, LookedUp))


def needs_of(request: Request, *, everything: bool = False) -> Needs:
    """What the request needs; `everything`: also declared columns that nothing uses, where they can be read.

    Raises `Fault` CX703 for a column that the table lacks, CX704 for one of an unfitting type.
    """
    bindings = _bindings(request, everything=everything)
    specs = _specs(request, bindings)
    needed = set(_needed(request, specs, bindings))
    read = []
    for spec in specs.values():
        kind = request.table.columns.get(spec.physical)
        readable_there = kind is not None and readable(spec, kind)
        if spec.own and (spec.name in needed or (everything and readable_there)):
            _require(request, spec)
            read.append(spec)
    made = _in_order(request.scan.source, [spec for name, spec in specs.items() if name in needed and not spec.own],
                     {spec.name for spec in read})
    judged = [*read, *(spec for name, spec in specs.items() if name in needed and not spec.own)]
    return Needs(tuple(read), made, {name: spec.name for name, spec in bindings.items()},
                 tuple(_reasons(request, judged)))


def readable(spec: ColumnSpec, kind: Physical) -> bool:
    """Whether values of that physical kind can be read as the column's type."""
    return kind in _READABLE[spec.type if spec.silence is None else spec.silence.type]


def as_written(spec: ColumnSpec) -> ColumnSpec:
    """What is read from the files where answers are judged only then, by the scale of their day."""
    if spec.scales is None:
        return spec
    return replace(spec, type="integer" if spec.scales.whole else "number", low=None, high=None)


def ends_today(spec: ColumnSpec) -> tuple[float, float]:
    """The ends of the scale of today of a column whose scale changed."""
    assert spec.low is not None
    assert spec.high is not None
    return spec.low, spec.high


def asked_before(spec: ColumnSpec) -> tuple[tuple[dt.date, float, float], ...]:
    """The scales before that of today: the last day of each, and its first and last point."""
    return tuple((one.until, one.first, one.last) for one in (spec.scales.versions if spec.scales else ()))


def same_ends(spec: ColumnSpec, first: float, last: float) -> bool:
    """Whether that is the scale of today; else x becomes (x - first) * (high - low) / (last - first) + low.

    The product before the quotient: whole answers that come to whole ones come to them exactly.
    """
    return (first, last) == ends_today(spec)


def can_be_bad(spec: ColumnSpec, kind: Physical, *, wide: bool) -> bool:
    """Whether a value of that physical kind may break the column's contract, so that the column has to be read.

    `wide`: the kind is kept in a type that holds more than ours.
    """
    if spec.silence is not None:
        return False
    if has_contract(spec) or (wide and spec.type == kind == "integer"):
        return True
    if spec.type == "number" and kind == "number":
        return True  # it may not be finite
    return not (spec.type in (kind, "text") or (spec.type, kind) in _FITTING)


def expressions(cubes: Iterable[Cube]) -> Iterator[Expr | None]:
    """Every row expression of the cubes."""
    for cube in cubes:
        yield cube.value
        yield cube.by
        yield from (key.expr for key in (*cube.keys, *cube.asked))
        yield from (slot.arg for slot in cube.slots)


def _require(request: Request, spec: ColumnSpec) -> None:
    source, kind = request.scan.source, request.table.columns.get(spec.physical)
    if kind is None:
        raise Fault(report(data.COLUMN_ABSENT, spec.span or source.span, column=spec.physical, source=source.id,
                           path=place_of(source)))
    if not readable(spec, kind):
        raise Fault(report(data.COLUMN_TYPE, spec.span, column=spec.name, expected=spec.type, found=kind))


def _bindings(request: Request, *, everything: bool) -> dict[str, ColumnSpec]:
    """The column that makes each dimension asked for; without one, the dimension is missing.

    `everything`: also those of the files that make any other.  One that is not declared is read as text.
    """
    asked = {dimension for cube in request.scan.cubes for dimension in cube.dimensions}
    source, known, found = request.scan.source, request.table.columns, dict[str, ColumnSpec]()
    for binding in source.bindings:
        if binding.dimension not in asked and not everything:
            continue
        spec = source.column_of(binding)
        if spec is not None and (spec.own or binding.dimension in asked):
            found[binding.dimension] = spec
        elif spec is not None:
            continue
        elif binding.column in known:
            found[binding.dimension] = ColumnSpec(binding.column, "text", UNKNOWN, binding.column)
        elif binding.declared and binding.dimension in asked:
            raise Fault(report(data.COLUMN_ABSENT, binding.span or source.span, column=binding.column,
                               source=source.id, path=place_of(source)))
    return found


def _specs(request: Request, bindings: Mapping[str, ColumnSpec]) -> dict[str, ColumnSpec]:
    """The declared columns, and those that are only used: as what they are used for."""
    source = request.scan.source
    specs = dict(source.columns)
    used = [*expressions(request.scan.cubes), *asked_of_all(source),
            *(spec.formula for spec in source.columns.values())]
    for column in (column for expr in used for column in columns_in(expr)):
        specs.setdefault(column.name, ColumnSpec(column.name, column.type, column.unit, column.name))
    for name in source.unique.by if source.unique else ():
        kind = _natural(request.table.columns.get(name, "text"))
        specs.setdefault(name, ColumnSpec(name, kind, UNKNOWN, name))
    for moment in (source.time, source.received):
        if isinstance(moment, str):
            specs.setdefault(moment, ColumnSpec(moment, "time", UNKNOWN, moment))
    asked_of = (lookup.on for lookup in source.lookups if lookup.on is not None)
    for spec in (*bindings.values(), *(ColumnSpec(on, "text", UNKNOWN, on) for on in asked_of)):
        specs.setdefault(spec.name, spec)
    return specs


def _natural(kind: Physical) -> ColumnType:
    match kind:
        case "instant":
            return "time"
        case "other":
            return "text"
        case _:
            return kind


def _needed(request: Request, specs: Mapping[str, ColumnSpec], bindings: Mapping[str, ColumnSpec]) -> set[str]:
    """The names of the columns that can be bad, of those that something uses, and of all that these are made of."""
    source, stands_on = request.scan.source, {lookup.id: lookup.on for lookup in request.scan.source.lookups}
    waiting = [name for name, spec in specs.items() if _judged(request, spec)]
    waiting += [spec.name for spec in bindings.values()]
    waiting += [column for column in (source.time, source.received) if isinstance(column, str)]
    waiting += source.unique.by if source.unique else ()
    waiting += [source.weight] if source.weight is not None else []
    used = [*expressions(request.scan.cubes), *asked_of_all(source)]
    waiting += [column.name for expr in used for column in columns_in(expr)]
    seen = set[str]()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += [column.name for column in columns_in(specs[name].formula)]
            on = stands_on.get(specs[name].lookup or "")
            waiting += [on] if on is not None else []
    return seen


def _judged(request: Request, spec: ColumnSpec) -> bool:
    """Whether a value of the column may be bad, so that rows have to be asked for it."""
    if spec.formula is not None:
        return has_contract(spec)
    table = _table_of(request, spec)
    kind = table.columns.get(spec.physical)
    return kind is not None and can_be_bad(spec, kind, wide=spec.physical in table.wider)


def kind_of(request: Request, spec: ColumnSpec) -> Physical | None:
    """What the table that a column is read from, or looked up in, holds in it; None where there is no such column."""
    return _table_of(request, spec).columns.get(spec.physical)


def _table_of(request: Request, spec: ColumnSpec) -> Table:
    if spec.lookup is None:
        return request.table
    lookup = next(one for one in request.scan.source.lookups if one.id == spec.lookup)
    return request.lookups[place_of(lookup)]


def _in_order(source: Origin, specs: list[ColumnSpec], there: set[str]) -> tuple[ColumnSpec | LookedUp, ...]:
    """Derived columns and lookups, each after what it looks at."""
    waiting: list[tuple[ColumnSpec | LookedUp, set[str], set[str]]] = [
        (spec, {column.name for column in columns_in(spec.formula)}, {spec.name}) for spec in specs if spec.formula]
    for lookup in source.lookups:
        given = tuple(spec for spec in specs if spec.lookup == lookup.id)
        if given:
            on = set() if lookup.on is None else {lookup.on}
            waiting.append((LookedUp(lookup, given), on, {spec.name for spec in given}))
    order: list[ColumnSpec | LookedUp] = []
    while ready := [one for one in waiting if one[1] <= there]:
        order += [made for made, _, _ in ready]
        there = there.union(*(gives for _, _, gives in ready))
        waiting = [one for one in waiting if one not in ready]
    return tuple(order)


def _reasons(request: Request, judged: Iterable[ColumnSpec]) -> Iterator[tuple[str, str]]:
    source: Origin = request.scan.source
    for spec in judged:
        rejects = source.on_bad != "null" or spec.name == source.time
        if rejects and _judged(request, spec):
            yield from ((spec.name, reason) for reason in REASONS.values())
    yield from ((name, "key") for name in (source.unique.by if source.unique else ()))
    if source.weight is not None:
        yield source.weight, "weight"
    if isinstance(source.time, str):
        yield source.time, "range"
        yield source.time, "missing"
    yield from ((column, reason) for column, reason, _ in arrivals(source))


def arrivals(source: Origin) -> Iterator[tuple[str, str, Expr]]:
    """The column, the reason and the condition of each limit to the arrival of rows; a missing time passes."""
    if not isinstance(source.time, str) or source.received is None:
        return
    time, received = (Column(source.id, name, source.columns[name].type, TIME)
                      for name in (source.time, source.received))
    for column, reason, limit, earlier, later in (
            (source.received, "late", source.arrival.late, time, received),
            (source.time, "skew", source.arrival.skew, received, time)):
        if limit is not None:
            yield column, reason, Apply(">", (Apply("-", (later, earlier)), Constant(limit, duration("s"))))


def has_contract(spec: ColumnSpec) -> bool:
    """Whether a column promises more than its type."""
    return spec.low is not None or spec.high is not None or spec.values is not None


# --- derived columns -------------------------------------------------------------------------------------------


def derivation(formula: Expr) -> Expr:
    """The formula of a derived column, missing where a column it reads is.

    But not for those it asks `is missing`, nor in `coalesce`: that takes the first argument whose columns are there.
    """
    columns = tuple(dict.fromkeys(_required(formula)))
    inner = _in_coalesce(formula)
    return Apply("given", (inner, *columns)) if columns else inner


def _required(expr: Expr) -> Iterator[Column]:
    if isinstance(expr, Column):
        yield expr
    elif isinstance(expr, Apply) and expr.function not in PRESENCE and expr.function != "coalesce":
        for arg in expr.args:
            yield from _required(arg)


def _in_coalesce(expr: Expr) -> Expr:
    if not isinstance(expr, Apply):
        return expr
    each = derivation if expr.function == "coalesce" else _in_coalesce
    return replace(expr, args=tuple(arg if isinstance(arg, Column) else each(arg) for arg in expr.args))


def edges_of(edges: Expr, labels: Expr) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """The edges of bands, and the labels of the stretches between them."""
    numbers, texts = (one.value if isinstance(one, Constant) and isinstance(one.value, tuple) else ()
                      for one in (edges, labels))
    return (tuple(value for value in numbers if isinstance(value, int | float)),
            tuple(text for text in texts if isinstance(text, str)))
