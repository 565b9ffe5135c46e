"""The recipes of aggregates made of sums and products of values, and of all aggregates of rows with weights."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from cxmetrics.ir import Aggregate, Apply, Constant, Expr
from cxmetrics.lower.conditions import all_of
from cxmetrics.lower.partials import States, per_value, product
from cxmetrics.plan import Leaf, Total
from cxmetrics.units import NUMBER

HUNDRED = Constant(100, NUMBER)


def mean_like(expr: Aggregate, states: States) -> Leaf:
    """A mean or a standard deviation."""
    kind = "stdev" if expr.function == "stdev" else "mean"
    return _moments(kind, expr.source, expr.args[0], expr.where, states)


def counted(kind: str, source: str, base: Expr | None, boxes: Sequence[Expr | None], states: States) -> Leaf:
    """How many of the rows of `base` are in each of some boxes, or how much they weigh."""
    if source not in states.weights:
        return Leaf(kind, source, (states.count(source, base), *(states.count(source, box) for box in boxes)))
    base = states.weighing(source, base)
    boxes = [states.weighing(source, box) for box in boxes]
    sums = [states.moment(source, box) for box in boxes]
    squares = [] if kind == "share" else [states.moment(source, box, power=2) for box in boxes]
    return Leaf(f"weighted_{kind}", source, (*states.sizes(source, base), *sums, *squares))


def csi(expr: Aggregate, states: States) -> Leaf:
    """100 times what was perceived in parts of what was expected, of rows that have both."""
    source, (perceived, expected) = expr.source, expr.args
    rule = next((value.value for name, value in expr.options if name == "of" and isinstance(value, Constant)), "means")
    if rule == "ratios":
        ratio = Apply("/", (product(perceived, HUNDRED), expected))
        return _moments("mean", source, ratio, expr.where, states)
    base = _complete(expr, states)
    sums = [states.moment(source, base, arg) for arg in expr.args]
    return Leaf("csi", source, (*states.sizes(source, base), *sums, *_products(expr, base, 2, states)))


def correlation(expr: Aggregate, states: States) -> Leaf:
    """Two columns and how they go together, of rows that have both."""
    base = _complete(expr, states)
    sums = [states.moment(expr.source, base, arg) for arg in expr.args]
    sizes = states.sizes(expr.source, base)
    return Leaf("correlation", expr.source, (*sizes, *sums, *_products(expr, base, 1, states)))


def alpha(expr: Aggregate, states: States) -> Leaf:
    """The items of a scale and the sums of their rows, of rows that have all of them."""
    source, added = expr.source, reduce(lambda left, right: Apply("+", (left, right)), expr.args)
    base = states.weighing(source, all_of(expr.where, Apply("is not missing", (added,))))
    pairs = [(states.moment(source, base, arg), states.moment(source, base, arg, arg)) for arg in (added, *expr.args)]
    return Leaf("alpha", source, (*states.sizes(source, base), *(total for pair in pairs for total in pair)))


def quantile(expr: Aggregate, value: Expr, options: tuple[tuple[str, float | str], ...], states: States) -> Leaf:
    """A quantile of rows with weights, which are kept by `value`: the argument, or what is near it."""
    source = expr.source
    base = states.weighing(source, all_of(expr.where, Apply("is not missing", (expr.args[0],))))
    n, weight, squares = states.sizes(source, base)
    apart = per_value(weight, value, states), per_value(squares, value, states)
    return Leaf("weighted_quantile", source, (n, weight, squares, *apart), options)


def _moments(kind: str, source: str, arg: Expr, where: Expr | None, states: States) -> Leaf:
    if source not in states.weights:
        return Leaf(kind, source, (states.count(source, where, arg), states.total(source, arg, where),
                                   states.total(source, arg, where, squares=True)))
    base = states.weighing(source, all_of(where, Apply("is not missing", (arg,))))
    power = 1 if kind == "stdev" else 2
    squares = states.moment(source, base, arg, power=power), states.moment(source, base, arg, arg, power=power)
    return Leaf(f"weighted_{kind}", source, (*states.sizes(source, base), states.moment(source, base, arg), *squares))


def _complete(expr: Aggregate, states: States) -> Expr | None:
    return states.weighing(expr.source, all_of(expr.where, *(Apply("is not missing", (arg,)) for arg in expr.args)))


def _products(expr: Aggregate, base: Expr | None, power: int, states: States) -> list[Total]:
    """Σx², Σy², Σxy of two arguments, with that power of the weights."""
    x, y = expr.args
    return [states.moment(expr.source, base, *pair, power=power) for pair in ((x, x), (y, y), (x, y))]
