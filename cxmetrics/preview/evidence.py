"""The rows behind a number: which of a source count for it, a few of them, and a few that were rejected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import polars as pl

from cxmetrics.backends.cells import Backend, Request
from cxmetrics.backends.polars import outcomes
from cxmetrics.backends.polars.files import opened, rows_of
from cxmetrics.calendars import looked_at
from cxmetrics.fuse import fuse
from cxmetrics.ir import Binding, Expr, Grain, Origin, columns_in
from cxmetrics.plan import Days, Plan, Scan, leaves_of
from cxmetrics.preview.sample import ROW
from cxmetrics.query import pruned
from cxmetrics.run.bind import Bound
from cxmetrics.states import at_moments, spread_all

SHOWN = 3  # rows that count, and rows for each reason that others do not
MASK = "•••"
_COLUMNS = 8


@dataclass(frozen=True, slots=True)
class Example:
    """A row of a sample; `reason` why it was rejected, and for which `column`; none where it counts."""

    column: str | None
    reason: str | None
    cells: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows of a source count in the period, and examples of those that count and that were rejected.

    `columns`: the columns of the examples; values of columns of class C2 or C3, and of whom rows are about, are `MASK`.
    """

    counted: int
    columns: tuple[str, ...]
    examples: tuple[Example, ...]


def rows_behind(plan: Plan, indicator: str, bound: Bound, backend: Backend, days: Days | None, grain: Grain) -> Rows:
    """The rows of a source that an indicator counts in a period of some days, half-open, or in those it looks at.

    `bound`: the source with a sample that has the column `ROW`.
    """
    looks = list(_looks(plan, indicator, bound.origin.id, days, grain)) if days is not None else []
    if days is None or not looks:
        return Rows(0, (), ())
    wanted = frozenset().union(*(parts for parts, _ in looks))
    request = _marked(plan, bound, wanted)
    cells = backend.cells(request)
    counted = _counted(plan, spread_all(request.scan.cubes, cells.frames)[ROW,], looks, days[0])
    chosen: dict[int, tuple[str | None, str | None]] = dict.fromkeys(counted[-SHOWN:], (None, None))
    rejected = outcomes(request, ROW).filter(pl.col("reason").is_not_null()).with_columns(pl.col("row").cast(pl.Int64))
    for number, column, reason in rejected.sort("column", "reason", "row", nulls_last=True).group_by(
            "column", "reason", maintain_order=True).head(SHOWN).select("row", "column", "reason").iter_rows():
        chosen[number] = (column, reason)
    columns = tuple(_looked_at(plan, wanted, bound.origin, [column for column, _ in chosen.values()]))
    return Rows(len(counted), columns, tuple(_examples(bound, columns, chosen)))


def _looks(plan: Plan, indicator: str, source: str, days: Days, grain: Grain) -> Iterator[tuple[frozenset[int], Days]]:
    """Which partials count the rows of a source for the leaves of an indicator, and the days they are taken of."""
    below = pruned(plan, (indicator,), grain, ())
    for index in sorted({leaf for node in below.nodes.values() for leaf in leaves_of(node.formula)}):
        leaf = plan.leaves[index]
        parts = frozenset(plan.unions.get(part, part) for part, factor in leaf.inputs[0].parts
                          if factor and plan.partials[part].source == source)
        if parts:
            yield parts, looked_at(leaf.window, days, grain, plan.project.calendar)


def _marked(plan: Plan, bound: Bound, wanted: frozenset[int]) -> Request:
    """A scan of some partials that tells rows apart."""
    origin = replace(bound.origin, bindings=(*bound.origin.bindings, Binding(ROW, ROW)))
    alone = replace(plan, nodes={}, least={}, project=replace(plan.project, cuts=(), min_n=1))
    fused = fuse(alone, {origin.id: frozenset((ROW,))}, wanted, ((ROW,),))
    return Request(Scan(origin, fused.scans[0].cubes), bound.table, bound.lookups, plan.project.time_zone)


def _counted(plan: Plan, states: pl.DataFrame, looks: Iterable[tuple[frozenset[int], Days]], period: dt.date
             ) -> list[int]:
    """The numbers of the rows that have a state on the days that some leaf looks at, in order."""
    found = [pl.Series("d0", [], pl.String)]
    for parts, (low, high) in looks:
        own = states.filter(pl.col("partial").is_in(list(parts)), pl.col("value") != 0,
                            pl.col("day") >= low, pl.col("day") < high)
        found.append(at_moments(own.with_columns(period=pl.lit(period)), plan)["d0"])
    return sorted(int(row) for row in pl.concat(found).unique())


# --- examples ----------------------------------------------------------------------------------------------------


def _looked_at(plan: Plan, wanted: Iterable[int], origin: Origin, also: Iterable[str | None]) -> Iterator[str]:
    """The own columns that the partials, and `keep`, look at; at most `_COLUMNS`, the time first."""
    exprs = [expr for part in wanted for expr in plan.partials[part].exprs]
    names = [origin.time] if isinstance(origin.time, str) else []
    names += [*filter(None, also), *(name for expr in (*exprs, origin.keep) for name in _own(expr, origin))]
    own = [name for name in dict.fromkeys(names) if (spec := origin.columns.get(name)) is None or spec.own]
    yield from own[:_COLUMNS]


def _own(expr: Expr | None, origin: Origin) -> Iterator[str]:
    """The columns an expression looks at, with those that derived ones are made of."""
    for column in columns_in(expr):
        spec = origin.columns.get(column.name)
        yield column.name
        yield from _own(spec.formula, origin) if spec is not None and spec.formula is not None else ()


def _examples(bound: Bound, columns: tuple[str, ...],
              chosen: Mapping[int, tuple[str | None, str | None]]) -> Iterator[Example]:
    """The rows of some numbers, as they stand in the files."""
    origin = bound.origin
    physical = {name: spec.physical if (spec := origin.columns.get(name)) else name for name in columns}
    there = {name: column for name, column in physical.items() if column in bound.table.columns}
    rows = rows_of(opened(bound.table), {ROW, *there.values()}).filter(
        pl.col(f"p:{ROW}").is_in(list(chosen))).sort(f"p:{ROW}").collect()
    found = {row[f"p:{ROW}"]: row for row in rows.iter_rows(named=True)}
    for number, (column, reason) in chosen.items():
        if number not in found:
            continue
        cells = (found[number][f"p:{there[name]}"] if name in there else None for name in columns)
        yield Example(column, reason, tuple(_shown(name, cell, origin) for name, cell in zip(columns, cells,
                                                                                             strict=True)))


def _shown(name: str, cell: object, origin: Origin) -> str | None:
    """A value as text, unless it tells of a person."""
    spec = origin.columns.get(name)
    if cell is None:
        return None
    return MASK if name == origin.entity or (spec is not None and spec.personal) else str(cell)
