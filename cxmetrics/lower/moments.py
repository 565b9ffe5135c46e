"""The recipes of aggregates made of sums and products of values: means, deviations, indices, association."""

from __future__ import annotations

from functools import reduce

from cxmetrics.ir import Aggregate, Apply, Constant, Expr
from cxmetrics.lower.conditions import all_of
from cxmetrics.lower.partials import States, product
from cxmetrics.plan import Leaf, Total
from cxmetrics.units import NUMBER

HUNDRED = Constant(100, NUMBER)


def mean_like(expr: Aggregate, states: States) -> Leaf:
    """A mean or a standard deviation."""
    kind = "stdev" if expr.function == "stdev" else "mean"
    return _moments(kind, expr.source, expr.args[0], expr.where, states)


def csi(expr: Aggregate, states: States) -> Leaf:
    """100 times what was perceived in parts of what was expected, of rows that have both."""
    perceived, expected = expr.args
    rule = next((value.value for name, value in expr.options if name == "of" and isinstance(value, Constant)), "means")
    if rule == "ratios":
        ratio = Apply("/", (product(perceived, HUNDRED), expected))
        return _moments("mean", expr.source, ratio, expr.where, states)
    base = _complete(expr)
    n = states.count(expr.source, base)
    sums = [states.total(expr.source, arg, base) for arg in expr.args]
    return Leaf("csi", expr.source, (n, *sums, *_products(expr, states, base)))


def correlation(expr: Aggregate, states: States) -> Leaf:
    """Two columns and how they go together, of rows that have both."""
    base = _complete(expr)
    n = states.count(expr.source, base)
    sums = [states.total(expr.source, arg, base) for arg in expr.args]
    return Leaf("correlation", expr.source, (n, *sums, *_products(expr, states, base)))


def alpha(expr: Aggregate, states: States) -> Leaf:
    """The items of a scale and the sums of their rows, of rows that have all of them."""
    added = reduce(lambda left, right: Apply("+", (left, right)), expr.args)
    base = all_of(expr.where, Apply("is not missing", (added,)))
    pairs = [(states.total(expr.source, arg, base), states.total(expr.source, arg, base, squares=True))
             for arg in (added, *expr.args)]
    return Leaf("alpha", expr.source, (states.count(expr.source, base), *(total for pair in pairs for total in pair)))


def _moments(kind: str, source: str, arg: Expr, where: Expr | None, states: States) -> Leaf:
    return Leaf(kind, source, (states.count(source, where, arg), states.total(source, arg, where),
                               states.total(source, arg, where, squares=True)))


def _complete(expr: Aggregate) -> Expr | None:
    return all_of(expr.where, *(Apply("is not missing", (arg,)) for arg in expr.args))


def _products(expr: Aggregate, states: States, base: Expr | None) -> list[Total]:
    """Σx², Σy², Σxy of two arguments."""
    x, y = expr.args
    squares = [states.total(expr.source, arg, base, squares=True) for arg in (x, y)]
    return [*squares, states.total(expr.source, product(x, y), base)]
