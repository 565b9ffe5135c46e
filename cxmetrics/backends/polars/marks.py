"""What is told of a row by looking at others: marks, and the texts that have states of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import polars as pl

from cxmetrics.backends.marks import BETWEEN, SPREAD, column_of, key_and_groups, marks_in, settled
from cxmetrics.backends.polars.expressions import Term, term
from cxmetrics.backends.polars.rows import Pipeline, moment, source_moment
from cxmetrics.backends.polars.values import text_of
from cxmetrics.functions import AT_END, COMPLETES, DRAWN, REPLICATE, UNIT, WHOSE
from cxmetrics.ir import Apply, Column, Constant, Expr
from cxmetrics.plan import NO_LIMIT, Cube
from cxmetrics.pseudonyms import PRIME, STRATUM, group_of, hashed, label, multiplier
from cxmetrics.sketches import SAMPLED

_NEVER = 2**63 - 1


def marked(pipeline: Pipeline, rows: pl.LazyFrame) -> tuple[Pipeline, tuple[Cube, ...], pl.LazyFrame]:
    """The rows that count with a column for each mark, and the pipeline and cubes that look at these."""
    cubes = pipeline.request.scan.cubes
    found: dict[Apply, Column] = {mark: column_of(number) for number, mark in enumerate(marks_in(cubes))}
    if not found:
        return pipeline, cubes, rows
    told = rows.with_columns(source_moment(pipeline).alias("at"))
    for mark, column in found.items():
        told = _completes(pipeline, mark, told, column.name) if mark.function == COMPLETES else told.with_columns(
            _at_one_moment(pipeline, mark).alias(column.name))
    terms = {column.name: Term(pl.col(column.name), "boolean", 1) for column in found.values()}
    known = replace(pipeline, columns={**pipeline.columns, **terms})
    return known, tuple(settled(cube, found) for cube in cubes), told


def _at_one_moment(pipeline: Pipeline, mark: Apply) -> pl.Expr:
    """Whether no row of the day with the same text is later, or earlier."""
    by = mark.args[0]
    apart = [pl.col("day"), *([] if _is_constant(by) else [text_by(pipeline, by)])]
    moment = pl.col("at").max() if mark.function == AT_END else pl.col("at").min()
    return pl.col("at") == moment.over(apart)


def _completes(pipeline: Pipeline, mark: Apply, rows: pl.LazyFrame, name: str) -> pl.LazyFrame:
    """The rows with a column that says whether rows of the same text go on, step by step, within the time.

    From the last step back: when at the earliest the steps from this one on can be done, from each row on.
    """
    by, limit, among, *steps = mark.args
    rows = rows.with_columns(text_by(pipeline, by).alias("whose")).sort("at")
    end = pl.col("at")
    for step in reversed(steps):
        holds = term(among, pipeline.columns).expr & term(step, pipeline.columns).expr & pl.col("whose").is_not_null()
        rows = rows.with_columns(pl.when(holds).then(end).otherwise(_NEVER).alias("ends"))
        rows = rows.with_columns(pl.col("ends").cum_min(reverse=True).over("whose"))
        rows = rows.with_columns(pl.col("ends").min().over("whose", "at"))  # rows of one time are in no order
        end = pl.col("ends")
    assert isinstance(limit, Constant)
    assert isinstance(limit.value, int)
    in_time = True if limit.value == NO_LIMIT else end - pl.col("at") <= limit.value
    return rows.with_columns((pl.col("whose").is_not_null() & (end < _NEVER) & in_time).alias(name))


def _is_constant(by: Expr) -> bool:
    return isinstance(by, Constant) or (isinstance(by, Apply) and all(map(_is_constant, by.args)))


def text_by(pipeline: Pipeline, by: Expr) -> pl.Expr:
    """What tells values apart; a time by its instant, to the microsecond."""
    if isinstance(by, Apply) and by.function == SAMPLED:
        return text_by(pipeline, by.args[0])
    if isinstance(by, Apply) and by.function in _OF_ROWS:
        return _OF_ROWS[by.function](pipeline, *by.args)
    x = term(by, pipeline.columns)
    if x.type == "time":
        return moment(x, pipeline.zone).dt.epoch("us").cast(pl.String)
    return text_of(x.expr, x.type, pipeline.zone)


def _whose(pipeline: Pipeline, who: Expr) -> pl.Expr:
    return text_by(pipeline, who).fill_null("")


def _unit(pipeline: Pipeline, stratum: Expr, *who: Expr) -> pl.Expr:
    """Whom a row is about, or else when it was, and the stratum."""
    text = _who(pipeline, who).fill_null(pl.format("@{}", source_moment(pipeline)))
    return text if _is_constant(stratum) else pl.format(f"{{}}{STRATUM}{{}}", text, _whose(pipeline, stratum))


def _drawn(pipeline: Pipeline, stratum: Expr, population: Expr) -> pl.Expr:
    """The stratum, and how many units it has."""
    return pl.concat_str([_whose(pipeline, stratum), _whose(pipeline, population)], separator=BETWEEN)


def _who(pipeline: Pipeline, who: Sequence[Expr]) -> pl.Expr:
    """Of one column its text, which may be missing; of several all."""
    if len(who) == 1:
        return text_by(pipeline, who[0])
    texts = [_whose(pipeline, each) for each in who]
    return pl.concat_str(texts, separator=BETWEEN) if texts else pl.lit(None, pl.String)


def _replicate(pipeline: Pipeline, unit: Expr, key: Expr, groups: Expr) -> pl.Expr:
    """The group of a row's unit, by a hash; of a row that is about nobody, by its moment."""
    assert isinstance(unit, Apply)
    salt, count = key_and_groups(key, groups)
    moments = ((source_moment(pipeline) % PRIME + PRIME) % PRIME * multiplier(salt) % PRIME) // SPREAD % count
    by_moment = moments.cast(pl.String).str.zfill(2)
    if not unit.args[1:]:
        return by_moment

    def labels(texts: pl.Series) -> pl.Series:
        known = texts.unique().drop_nulls()
        given = pl.Series([label(group_of(hashed(text, salt), count)) for text in known], dtype=pl.String)
        return texts.replace_strict(known, given, default=None, return_dtype=pl.String)

    by_hash = _who(pipeline, unit.args[1:]).map_batches(labels, return_dtype=pl.String, is_elementwise=True)
    return by_hash.fill_null(by_moment)


_OF_ROWS: Mapping[str, Callable[..., pl.Expr]] = {WHOSE: _whose, UNIT: _unit, DRAWN: _drawn,
                                               REPLICATE: _replicate}
