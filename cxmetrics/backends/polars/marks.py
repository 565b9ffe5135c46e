"""What is told of a row by looking at others: marks, and the texts that have states of their own."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from cxmetrics.backends.marks import column_of, marks_in, settled
from cxmetrics.backends.polars.expressions import Term, term
from cxmetrics.backends.polars.rows import Pipeline, moment, source_moment
from cxmetrics.backends.polars.values import text_of
from cxmetrics.functions import WHOSE
from cxmetrics.ir import Apply, Column, Constant, Expr
from cxmetrics.plan import Cube


def marked(pipeline: Pipeline, rows: pl.LazyFrame) -> tuple[Pipeline, tuple[Cube, ...], pl.LazyFrame]:
    """The rows that count with a column for each mark, and the pipeline and cubes that look at these."""
    cubes = pipeline.request.scan.cubes
    found: dict[Apply, Column] = {mark: column_of(number) for number, mark in enumerate(marks_in(cubes))}
    if not found:
        return pipeline, cubes, rows
    told = rows.with_columns(source_moment(pipeline).alias("at"))
    told = told.with_columns(_at_end(pipeline, mark.args[0]).alias(column.name) for mark, column in found.items())
    terms = {column.name: Term(pl.col(column.name), "boolean", 1) for column in found.values()}
    known = replace(pipeline, columns={**pipeline.columns, **terms})
    return known, tuple(settled(cube, found) for cube in cubes), told


def _at_end(pipeline: Pipeline, by: Expr) -> pl.Expr:
    """Whether no row of the day with the same text is later."""
    apart = [pl.col("day"), *([] if _is_constant(by) else [text_by(pipeline, by)])]
    return pl.col("at") == pl.col("at").max().over(apart)


def _is_constant(by: Expr) -> bool:
    return isinstance(by, Constant) or (isinstance(by, Apply) and all(map(_is_constant, by.args)))


def text_by(pipeline: Pipeline, by: Expr) -> pl.Expr:
    """What tells values apart; a time by its instant, to the microsecond."""
    if isinstance(by, Apply) and by.function == WHOSE:
        return text_by(pipeline, by.args[0]).fill_null("")
    x = term(by, pipeline.columns)
    if x.type == "time":
        return moment(x, pipeline.zone).dt.epoch("us").cast(pl.String)
    return text_of(x.expr, x.type, pipeline.zone)
