"""Classifiers of the language as Polars expressions."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from cxmetrics.backends.polars.expressions import Columns, Term, comparable, term
from cxmetrics.plan import Classifier

LITERALS_BY_HAND = 12  # up to so many literals comparing is quicker than looking up


def classes(classifier: Classifier, columns: Columns) -> pl.Expr:
    """The class of each row, Int32, 0 where the expression is missing."""
    x = term(classifier.expr, columns)
    if classifier.literals is not None:
        return _by_literals(x.expr, classifier.texts, classifier.classes - 1)
    if classifier.breaks is not None and classifier.codes is not None:
        return _by_breaks(x, classifier.breaks, classifier.codes)
    return pl.when(x.expr.is_null()).then(_code(0)).when(x.expr).then(_code(2)).otherwise(_code(1))


def _code(number: int) -> pl.Expr:
    return pl.lit(number, pl.Int32)


def _by_literals(text: pl.Expr, codes: Mapping[str, int], other: int) -> pl.Expr:
    if len(codes) > LITERALS_BY_HAND:
        code = text.replace_strict(list(codes), list(codes.values()), default=other, return_dtype=pl.Int32)
    else:
        code = _code(other)
        for literal, number in codes.items():
            code = pl.when(text == pl.lit(literal)).then(_code(number)).otherwise(code)
    return pl.when(text.is_not_null()).then(code).otherwise(_code(0))


def _by_breaks(x: Term, breaks: tuple[float, ...], codes: tuple[int, ...]) -> pl.Expr:
    """The first code, and at each break passed the step to the next."""
    code = _code(codes[0])
    for place, point in enumerate(breaks):
        value, at = comparable(x, point)
        for step, passed in ((codes[2 * place + 1] - codes[2 * place], value >= at),
                             (codes[2 * place + 2] - codes[2 * place + 1], value > at)):
            code = code + passed.cast(pl.Int32) * _code(step) if step else code
    return pl.when(x.expr.is_not_null()).then(code).otherwise(_code(0))
