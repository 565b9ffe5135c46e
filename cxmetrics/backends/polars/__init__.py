"""The Polars engine: a scan as lazy frames over Parquet, all cubes and the census in one streaming pass.

What cubes share is held for each of them, so that of many rows some are counted after others.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl
import polars.selectors as cs

from cxmetrics.backends.cells import Cells, CellsOnDisk, Census, Request
from cxmetrics.backends.fates import DROPPED, DUPLICATE, FINE, FIRST_REASON, NOT_FINITE, REASONS, TYPE, VALUES, tallies
from cxmetrics.backends.marks import is_mark, reach
from cxmetrics.backends.polars.cubes import finished, grouped, overflow, together
from cxmetrics.backends.polars.expressions import term
from cxmetrics.backends.polars.files import unreadable
from cxmetrics.backends.polars.marks import marked
from cxmetrics.backends.polars.rows import Pipeline, Source, in_days, scanned, with_dimensions
from cxmetrics.backends.waiting import Waiting, laid, stretches, within
from cxmetrics.codes import data
from cxmetrics.diagnostics import Fault, report
from cxmetrics.ir import Apply, Expr
from cxmetrics.plan import Cube
from cxmetrics.tables import place_of

CELLS_AT_ONCE = 1_000_000  # from which on cells of some rows and of others are put together before there are more
ERRORS = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


class Polars:
    """Computes cells with Polars' streaming engine."""

    name = "polars"

    def __init__(self, scratch: Path | None = None) -> None:
        self._scratch = scratch

    def expect(self, files: Iterable[Path]) -> None:
        """Nothing to do: a file costs nothing before it is scanned."""

    def rest(self) -> None:
        """Nothing to do: nothing is held."""

    def cells(self, request: Request) -> Cells:
        """The cells of every cube, and what became of the rows.

        Raises `Fault`: CX702 unreadable file, CX703/CX704 columns, CX711 lookup, CX714 overflow, CX715 bad row.
        """
        try:
            source = _source(request)
            census, *sums = _collected(source, request)
        except ERRORS as error:
            raise fault_of(request, error) from error
        counted = _census(source.pipeline, census)
        cubes = request.scan.cubes
        return Cells(tuple(finished(cube, frame) for cube, frame in zip(cubes, sums, strict=True)), counted)

    def cells_on_disk(self, request: Request) -> CellsOnDisk:
        """The same in the scratch folder, which there has to be, those of some rows after those of others.

        Raises as `cells`."""
        assert self._scratch is not None
        try:
            source = _source(request)
            census, sums = _laid(source, request, self._scratch)
        except ERRORS as error:
            raise fault_of(request, error) from error
        counted = _census(source.pipeline, census)
        cubes = zip(request.scan.cubes, sums, strict=True)
        return CellsOnDisk(tuple(_merged(cube, parts, self._scratch) for cube, parts in cubes), counted)

    def source_text(self, request: Request) -> str:
        """The optimised plan of the census and the cubes."""
        try:
            return pl.explain_all(_frames(_source(request), request))
        except ERRORS as error:
            raise fault_of(request, error) from error


def outcomes(request: Request, dimension: str) -> pl.DataFrame:
    """What became of the rows that do not count, told apart by a dimension that some cube asks for.

    The columns are `row` (the dimension's text), `column` and `reason` of what was rejected; both are null for rows
    that `keep` dropped, and `reason` alone is there for a duplicate.  Raises `Fault` as `Polars.cells`.
    """
    try:
        source = scanned(request)
        pipeline = source.pipeline
        found = with_dimensions(pipeline, source.rows.filter(pl.col("fate") != FINE)).select(
            row=f"d:{dimension}", fate="fate").collect(engine="streaming")
    except ERRORS as error:
        raise fault_of(request, error) from error
    reasons = pipeline.needs.reasons
    told = {DROPPED: (None, None), DUPLICATE: (None, "duplicate"), **dict(enumerate(reasons, FIRST_REASON))}
    known = pl.DataFrame([(fate, *both) for fate, both in told.items()], orient="row",
                         schema={"fate": pl.UInt16, "column": pl.String, "reason": pl.String})
    return found.join(known, on="fate", how="left", maintain_order="left").select("row", "column", "reason")


def _source(request: Request) -> Source:
    return scanned(replace(request, days=reach(request)))


def _collected(source: Source, request: Request) -> list[pl.DataFrame]:
    """The census and the sums of the cubes, of some files after others where a row does not ask for others."""
    asked = [None, *request.scan.cubes]
    held: list[list[pl.DataFrame]] = [[] for _ in asked]
    for found in _of_parts(source, request):
        for own, cube, more in zip(held, asked, found, strict=True):
            own.append(more)
            if sum(frame.height for frame in own[1:]) > max(own[0].height, CELLS_AT_ONCE):
                own[:] = [_together(cube, own)]
    return [_together(cube, own) for cube, own in zip(asked, held, strict=True)]


def _of_parts(source: Source, request: Request) -> Iterator[list[pl.DataFrame]]:
    """The census and the sums of the cubes, of some rows after others."""
    alone = any(is_mark(key) for cube in request.scan.cubes for key in cube.keys)
    for part in (source,) if alone else source.parts:
        yield pl.collect_all(_frames(part, request), engine="streaming")


def _laid(source: Source, request: Request, scratch: Path) -> tuple[pl.DataFrame, list[list[Waiting]]]:
    """The census, and of each cube the sums over some rows after others, on the disk."""
    known, sums = list[pl.DataFrame](), list[list[Waiting]]([] for _ in request.scan.cubes)
    for census, *found in _of_parts(source, request):
        known.append(census)
        for own, frame in zip(sums, found, strict=True):
            own.append(laid([frame], frame, scratch))
    return _together(None, known), sums


def _merged(cube: Cube, parts: Sequence[Waiting], scratch: Path) -> Waiting:
    """The cells of a cube, of some days after others, from the sums over some rows and others."""
    shape = finished(cube, together(cube, [part.shape for part in parts]))
    found = laid((finished(cube, together(cube, [within(part, days) for part in parts]))
                  for days in stretches(parts, CELLS_AT_ONCE)), shape, scratch)
    for part in parts:
        part.drop()
    return found


def _together(cube: Cube | None, parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """What was counted of some rows and of others, of all of them; None: for the census."""
    if cube is not None:
        return together(cube, parts)
    known = cs.starts_with("any:")
    every = pl.concat(parts, how="vertical_relaxed")
    return every.group_by("fate", "day").agg(
        known.any(), (cs.exclude("fate", "day") - known).cast(pl.Int64).sum()).select(every.columns)


def _frames(source: Source, request: Request) -> list[pl.LazyFrame]:
    """The census, then the cubes, over one shared scan."""
    pipeline, shared = source.pipeline, source.rows.cache()
    wanted = in_days(request)
    counted = shared if wanted is None else shared.filter(wanted | pl.col("day").is_null())
    counting = with_dimensions(pipeline, shared.filter(pl.col("fate") == 0))
    known, cubes, counting = marked(pipeline, counting)
    counting = counting if wanted is None else counting.filter(wanted)
    if len(cubes) > 1:
        counting = counting.cache()
    return [_counted(pipeline, counted), *(grouped(known, cube, counting) for cube in cubes)]


# --- census ----------------------------------------------------------------------------------------------------


def _counted(pipeline: Pipeline, rows: pl.LazyFrame) -> pl.LazyFrame:
    """By fate and day: how many rows, how many values were nulled, and whether a column has any."""
    sums, nulling = [pl.len().alias("rows")], _nulling(pipeline)
    for name, has_status in pipeline.judged:
        if has_status:
            sums += [(pl.col(f"b:{name}") == code).sum().alias(f"{code}:{name}") for code in nulling]
    for one in pipeline.readings:
        present = pl.col(f"c:{one.name}").is_not_null()
        if one.judged:
            present = present | pl.col(f"b:{one.name}").is_between(TYPE, VALUES)
        sums.append(present.any().alias(f"any:{one.name}"))
    # A flag may hold for all rows without looking at them: of a literal, a group has one and not one a row.
    flags = {f"flag:{name}": term(asked, pipeline.columns).expr for name, asked in pipeline.source.flags}
    return rows.with_columns(**flags).group_by("fate", "day").agg(*sums, *(pl.col(name).sum() for name in flags))


def _census(pipeline: Pipeline, counted: pl.DataFrame) -> Census:
    """The census of counts by fate and day.  Raises `Fault` CX715 where a bad row is a failure."""
    fates = {int(fate): int(rows) for fate, rows in counted.group_by("fate").agg(pl.col("rows").sum()).iter_rows()}
    rejected = {reason: fates[number] for number, reason in enumerate(pipeline.needs.reasons, FIRST_REASON)
                if number in fates}
    source = pipeline.source
    if source.on_bad == "fail" and rejected:
        column, reason = next(iter(rejected))
        spec = source.columns.get(column)
        raise Fault(report(data.FAIL_ON_BAD, source.span if spec is None else spec.span, source=source.id,
                           column=column, reason=reason))
    own = counted.filter(pl.col("fate") != DROPPED)
    empty = [one.name for one in pipeline.readings
             if one.name in source.columns and len(own) and not own[f"any:{one.name}"].any()]
    nulled = _nulled_in(pipeline)
    return Census(read=sum(fates.values()), kept=fates.get(FINE, 0), dropped=fates.get(DROPPED, 0),
                  duplicates=fates.get(DUPLICATE, 0), rejected=rejected, by_day=tallies(counted, nulled.values()),
                  nulled={of: int(hits) for of, column in nulled.items() if (hits := own[column].sum())},
                  flagged={name: hits for name, _ in source.flags if (hits := int(counted[f"flag:{name}"].sum()))},
                  empty=tuple(empty), first=_date(counted["day"].min()), last=_date(counted["day"].max()))


def _nulling(pipeline: Pipeline) -> Mapping[int, str]:
    """The statuses that make a value null and keep its row, and their names."""
    bad = REASONS if pipeline.source.on_bad == "null" else {}
    return {**bad, NOT_FINITE: "not finite"}


def _nulled_in(pipeline: Pipeline) -> dict[tuple[str, str], str]:
    """Where values are counted that become null, by column and reason; what rejects the row is counted there."""
    return {(name, reason): f"{status}:{name}" for name, has_status in pipeline.judged if has_status
            for status, reason in _nulling(pipeline).items() if (name, reason) not in pipeline.needs.reasons}


def _date(day: object) -> dt.date | None:
    return day if isinstance(day, dt.date) else None


# --- faults ----------------------------------------------------------------------------------------------------


def fault_of(request: Request, error: BaseException) -> Fault:
    """What the library could not do, as a finding: an overflow in an expression, or files it cannot read."""
    if isinstance(error, pl.exceptions.InvalidOperationError) and "to `i64` failed" in str(error):
        slots = [slot.arg for cube in request.scan.cubes for slot in cube.slots]
        return overflow(next(filter(_multiplies, slots), None))
    files = request.table.files
    return unreadable(files[0] if len(files) == 1 else place_of(request.scan.source), error, request.scan.source.span)


def _multiplies(expr: Expr | None) -> bool:
    return isinstance(expr, Apply) and (expr.function == "*" or any(map(_multiplies, expr.args)))
