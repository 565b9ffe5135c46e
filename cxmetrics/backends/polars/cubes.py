"""Cubes as groupings: what is summed for each slot, and how the sums become cells.

A slot's sum is exact in 128 bits modulo 2^128; a sum of |x| in floating point beside it tells whether that
could have wrapped round.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal, assert_never

import polars as pl

from cxmetrics.backends.conditions import Terms, conditions_of, told
from cxmetrics.backends.polars.classes import classes
from cxmetrics.backends.polars.expressions import Term, term, unsigned_zero
from cxmetrics.backends.polars.marks import text_by
from cxmetrics.backends.polars.rows import Pipeline, source_moment
from cxmetrics.codes import data
from cxmetrics.diagnostics import Fault, report
from cxmetrics.ir import Expr, columns_in
from cxmetrics.plan import ADDITIVE, BY_TIME, FRACTION, Condition, Cube, Slot, steps

LARGEST = 10**38 - 1  # of Decimal(38, 0)
WRAPS = 1.5e38  # a sum of |x| below it, in floating point, did not pass 2^127
_SMALL = 2.0**31  # sums of fewer than 2^32 integers up to it fit in 64 bits
_NO_GUARD = 2.0**63  # neither do sums of fewer than 2^63 integers up to it pass 2^126
_FRAME = pl.Decimal(38, 0)


def grouped(pipeline: Pipeline, cube: Cube, rows: pl.LazyFrame) -> pl.LazyFrame:
    """The cube over rows that count, as sums that `finished` has to look at."""
    columns = pipeline.columns
    keys = [pl.col("day"), *(pl.col(f"d:{name}").alias(f"d{i}") for i, name in enumerate(cube.dimensions)),
            *(classes(key, columns).alias(f"k{i}") for i, key in enumerate(cube.keys))]
    counted = [] if cube.value is None else [term(cube.value, columns).expr.cast(pl.Float64)]
    value = [unsigned_zero(expr).alias("value") for expr in counted]
    texts = [] if cube.by is None else [text_by(pipeline, cube.by).alias("text")]
    args = {slot.arg: None for slot in cube.slots if slot.arg is not None}
    terms = {arg: term(arg, columns) for arg in args}
    names = {arg: f"a{i}" for i, arg in enumerate(args)}
    at = [source_moment(pipeline).alias("at")] if any(slot.op in BY_TIME for slot in cube.slots) else []
    keys += [classes(key, columns).alias(f"q{i}") for i, key in enumerate(cube.asked)]
    held = rows.select(*keys, *texts, *value, *at, *(terms[arg].expr.alias(name) for arg, name in names.items()))
    held = held.filter(pl.col(name).is_not_null() for name in _apart(cube)) if texts or value else held
    if cube.others is not None:
        held = _others_together(cube, cube.others, held, list(names.values()))
    elif cube.wanted is not None:
        held = held.filter(_combination(cube).is_in(cube.wanted))
    met = {where: f"w{i}" for i, where in enumerate(conditions_of(cube))}
    held = held.with_columns(_met(cube, where).alias(name) for where, name in met.items())
    sums = [expr for i, slot in enumerate(cube.slots) for expr in _slot(
        i, slot, None if slot.arg is None else replace(terms[slot.arg], expr=pl.col(names[slot.arg])),
        None if slot.where is None else pl.col(met[slot.where]))]
    return held.group_by(key_names(cube)).agg(sums)


def _met(cube: Cube, where: Condition) -> pl.Expr:
    """Whether a row meets the condition of some slots."""

    def between(key: int, first: int, last: int) -> pl.Expr:
        code, low, high = pl.col(f"q{key}"), pl.lit(first, pl.Int32), pl.lit(last, pl.Int32)
        return code == low if first == last else code >= low if last == cube.asked[key].classes - 1 else \
            code.is_between(low, high)

    def among(key: int, codes: Sequence[int]) -> pl.Expr:
        return pl.col(f"q{key}").is_in(list(codes))

    def some(parts: Sequence[pl.Expr]) -> pl.Expr:
        return pl.any_horizontal(parts) if parts else pl.lit(value=False)

    return told(where, cube.asked, Terms(between, among, pl.all_horizontal, some))


def _others_together(cube: Cube, others: tuple[int, ...], held: pl.LazyFrame, args: list[str]) -> pl.LazyFrame:
    """The rows, where those that no condition looks at have the same classes and nothing to sum."""
    assert cube.wanted is not None
    looked_at = pl.when(pl.col("wanted"))
    return held.with_columns(wanted=_combination(cube).is_in(cube.wanted)).with_columns(
        *(looked_at.then(pl.col(f"k{i}")).otherwise(pl.lit(code, pl.Int32)).alias(f"k{i}")
          for i, code in enumerate(others)), *(looked_at.then(pl.col(name)).alias(name) for name in args))


def _combination(cube: Cube) -> pl.Expr:
    """The number of the combination of classes of a row, as in `Cube.wanted`."""
    return pl.sum_horizontal(pl.col(f"k{i}") * pl.lit(step, pl.Int32) for i, step in enumerate(steps(cube.keys)))


def key_names(cube: Cube) -> list[str]:
    """The key columns of a cube's frame, in order."""
    return ["day", *(f"d{i}" for i in range(len(cube.dimensions))), *(f"k{i}" for i in range(len(cube.keys))),
            *_apart(cube)]


def _apart(cube: Cube) -> list[str]:
    """The keys beside day, dimensions and classes; rows without one of them are left out."""
    return [*(() if cube.by is None else ("text",)), *(() if cube.value is None else ("value",))]


def _slot(number: int, slot: Slot, x: Term | None, met: pl.Expr | None) -> Iterator[pl.Expr]:
    """`s<number>`, and `g<number>` where the sum may wrap; of the rows that meet a condition, if there is one."""
    if x is None:
        yield (pl.len() if met is None else met.sum()).alias(f"s{number}")
        return
    x = x if met is None else replace(x, expr=pl.when(met).then(x.expr))
    float_of = x.expr.cast(pl.Float64)
    match slot.op:
        case "count":
            yield x.expr.count().alias(f"s{number}")
        case "min":
            yield unsigned_zero(float_of).min().alias(f"s{number}")
        case "max":
            yield unsigned_zero(float_of).max().alias(f"s{number}")
        case "first" | "last":
            yield from _by_time(number, slot.op, unsigned_zero(float_of), pl.col("at"))
        case "sum":
            yield from _integers(number, x)
        case "squares":
            yield from _integers(number, _square(x))
        case "whole":
            yield from _floats(number, float_of.floor())
        case "squares_whole":
            yield from _floats(number, (float_of * float_of).floor())
        case "fraction":
            yield _fraction(float_of).alias(f"s{number}")
        case "squares_fraction":
            yield _fraction(float_of * float_of).alias(f"s{number}")
        case _:
            assert_never(slot.op)


def _by_time(number: int, op: Literal["first", "last"], x: pl.Expr, moment: pl.Expr) -> Iterator[pl.Expr]:
    """The value of the first or the last row that has one; of rows of one time the least or the greatest."""
    at = pl.when(x.is_not_null()).then(moment)
    end = at.min() if op == "first" else at.max()
    there = x.filter(at == end)
    yield (there.min() if op == "first" else there.max()).alias(f"s{number}")
    yield end.alias(f"s{number} at")


def _square(x: Term) -> Term:
    if x.type not in ("integer", "boolean"):
        floor = x.expr.cast(pl.Float64).floor()
        return Term(floor * floor, "number")
    wide = x.expr.cast(pl.Int128)
    return Term(wide * wide, "integer", x.bound * x.bound)


def _integers(number: int, x: Term) -> Iterator[pl.Expr]:
    if x.type not in ("integer", "boolean"):
        yield from _floats(number, x.expr.cast(pl.Float64).floor())
        return
    yield x.expr.cast(pl.Int64 if x.bound <= _SMALL else pl.Int128).sum().alias(f"s{number}")
    if x.bound > _NO_GUARD:
        yield x.expr.cast(pl.Float64).abs().sum().alias(f"g{number}")


def _floats(number: int, whole: pl.Expr) -> Iterator[pl.Expr]:
    """Floats without a fraction; those beyond 128 bits are left out here and told by the guard."""
    yield whole.cast(pl.Int128, strict=False).sum().alias(f"s{number}")
    yield whole.abs().sum().alias(f"g{number}")


def _fraction(x: pl.Expr) -> pl.Expr:
    return ((x - x.floor()) * FRACTION).floor().cast(pl.Int128, strict=False).sum()


def together(cube: Cube, parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The sums over some rows and over others as those over all of them."""
    every = pl.concat(parts, how="vertical_relaxed")  # numbers of rows are wider once they were added
    if len(parts) == 1 or _days_apart(parts):
        return every
    merged: list[pl.Expr] = []
    for i, slot in enumerate(cube.slots):
        column = pl.col(f"s{i}")
        match slot.op:
            case "first" | "last" as op:
                merged += _by_time(i, op, column, pl.col(f"s{i} at"))
            case "min":
                merged.append(column.min())
            case "max":
                merged.append(column.max())
            case _:
                wide = every.schema[f"s{i}"] == pl.Int128
                merged.append((column if wide else column.cast(pl.Int64)).sum())
                merged += [pl.col(f"g{i}").sum()] if f"g{i}" in every.columns else []
    return every.lazy().group_by(key_names(cube)).agg(merged).select(every.columns).collect(engine="streaming")


def _days_apart(parts: Sequence[pl.DataFrame]) -> bool:
    """Whether no day is in two parts."""
    days = pl.concat([part.select(pl.col("day").unique()) for part in parts])["day"]
    return days.n_unique() == len(days)


def finished(cube: Cube, sums: pl.DataFrame) -> pl.DataFrame:
    """The cells.  Raises `Fault` CX714 where a sum has no exact place in 38 digits."""
    slots = []
    for i, slot in enumerate(cube.slots):
        name = f"s{i}"
        if slot.op not in ADDITIVE:
            slots += [pl.col(name), *([pl.col(f"{name} at")] if slot.op in BY_TIME else [])]
            continue
        if not _fits(sums, i):
            raise overflow(slot.arg)
        slots.append(pl.col(name).cast(pl.Int128).cast(_FRAME))
    keys = [pl.col(f"k{i}").cast(pl.Int32) for i in range(len(cube.keys))]
    return sums.with_columns(keys).select(*key_names(cube), *slots)


def _fits(sums: pl.DataFrame, number: int) -> bool:
    if sums.is_empty():
        return True
    total = sums[f"s{number}"].cast(pl.Int128)
    low, high = total.min(), total.max()
    assert isinstance(low, int)
    assert isinstance(high, int)
    if max(-low, high) > LARGEST:
        return False
    if f"g{number}" not in sums.columns:
        return True
    largest = sums[f"g{number}"].max()
    return isinstance(largest, float) and largest < WRAPS


def overflow(arg: Expr | None) -> Fault:
    """CX714 for the first column of a slot's argument."""
    column = next(columns_in(arg), None)
    return Fault(report(data.SUM_OVERFLOW, None if column is None else column.span,
                        column="" if column is None else column.name))
