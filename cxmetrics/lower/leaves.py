"""The recipes of aggregates: which partial states each function over rows is finished from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from cxmetrics.functions import COMPLETES, WEIGHED_RULES, quantile_of
from cxmetrics.ir import Aggregate, Apply, Column, Constant, Expr, Origin
from cxmetrics.lower import moments
from cxmetrics.lower.conditions import all_of, present
from cxmetrics.lower.partials import MomentStates, States, StatesBy
from cxmetrics.lower.types import type_of
from cxmetrics.nearness import NEAR, digits_for
from cxmetrics.plan import NO_LIMIT, Leaf, Op, Total
from cxmetrics.sketches import SAMPLED, kept_for
from cxmetrics.units import BOOLEAN, NUMBER, TEXT


def leaf_of(expr: Aggregate, states: States, origin: Origin) -> Leaf:
    """The leaf of an aggregate of rows of `origin`, with the partials it needs."""
    if expr.at is None:
        return _recipe(expr, states)
    ending = MomentStates(states, entity_of(origin), expr.at)
    return ending.with_presence(_recipe(expr, ending))


def entity_of(origin: Origin) -> Expr:
    """Whom a row of a source is about; where the source does not say, all are about the same."""
    return Constant("", TEXT) if origin.entity is None else origin.column(origin.entity)


def _recipe(expr: Aggregate, states: States) -> Leaf:
    return _RECIPES[expr.function](expr, states) if expr.function in _RECIPES else _quantile(expr, states)


def together(leaves: Sequence[Leaf]) -> Leaf:
    """One leaf of the rows of several that are alike: each of its totals has the parts of all of theirs."""
    first = leaves[0]
    inputs = tuple(Total(tuple(part for total in totals for part in total.parts))
                   for totals in zip(*(leaf.inputs for leaf in leaves), strict=True))
    others = dict.fromkeys(source for leaf in leaves for source in leaf.sources if source != first.source)
    return Leaf(first.function, first.source, inputs, first.options, tuple(others))


def _count(expr: Aggregate, states: States) -> Leaf:
    return Leaf("count", expr.source, (states.count(expr.source, expr.where, *expr.args[:1]),))


def _sum(expr: Aggregate, states: States) -> Leaf:
    source, where, arg = expr.source, expr.where, expr.args[0]
    return Leaf("sum", source, (states.count(source, where, arg), states.total(source, arg, where)))


def _extreme(expr: Aggregate, states: States) -> Leaf:
    op = _EXTREMES[expr.function]
    source, where, arg = expr.source, expr.where, expr.args[0]
    return Leaf(op, source, (states.count(source, where, arg), states.one(source, op, arg, where)))


def _distinct(expr: Aggregate, states: States) -> Leaf:
    """What is told apart: numbers by their value, all else by its text, which is exact for integers of any size.

    With an accuracy, a sample of the texts.
    """
    source, where, arg = expr.source, expr.where, expr.args[0]
    accuracy = dict(expr.options).get("accuracy")
    if accuracy is not None:
        keep = kept_for(_number(accuracy))
        sample = states.texts(source, Apply(SAMPLED, (arg, Constant(keep, NUMBER))), where)
        return Leaf("sampled_distinct", source, (states.count(source, where, arg), sample), (("keep", keep),))
    apart = states.values(source, where, arg) if type_of(arg) == "number" else states.texts(source, arg, where)
    return Leaf("distinct", source, (states.count(source, where, arg), apart))


def _share(expr: Aggregate, states: States) -> Leaf:
    source, arg = expr.source, expr.args[0]
    base = all_of(expr.where, *present(arg))
    return moments.counted("share", source, base, [all_of(base, arg)], states)


def _straight(expr: Aggregate, states: States) -> Leaf:
    """Of the rows that have all items, those in which each is the first one."""
    first, *others = expr.args
    base = all_of(expr.where, *(Apply("is not missing", (arg,)) for arg in expr.args))
    same = [Apply("=", (first, other)) for other in others]
    return moments.counted("share", expr.source, base, [all_of(base, *same)], states)


def _answers(expr: Aggregate, states: States) -> Leaf:
    """A share of answers in the top boxes, or an NPS."""
    source, arg = expr.source, expr.args[0]
    base = all_of(expr.where, Apply("is not missing", (arg,)))
    boxes = [all_of(base, box) for box in _boxes(expr, arg)]
    return moments.counted("nps" if expr.function == "nps" else "share", source, base, boxes, states)


def _quantile(expr: Aggregate, states: States) -> Leaf:
    source, where, arg = expr.source, expr.where, expr.args[0]
    part = quantile_of(expr.function)
    q = _number(expr.args[1]) if part is None else part
    options: Mapping[str, Expr] = dict(expr.options)
    named = options.get("rule")
    rule = str(named.value) if isinstance(named, Constant) else None
    told: tuple[tuple[str, float | str], ...] = (
        ("q", q), ("rule", rule or (WEIGHED_RULES[0] if source in states.weights else "hf7")))
    counted = arg
    if "accuracy" in options:
        digits = digits_for(_number(options["accuracy"]))
        counted, told = Apply(NEAR, (arg, Constant(digits, NUMBER))), (*told, ("digits", digits))
    if source in states.weights:
        return moments.quantile(expr, counted, told, states)
    return Leaf("quantile", source, (states.count(source, where, arg), states.values(source, where, counted)), told)


def _apdex(expr: Aggregate, states: States) -> Leaf:
    arg, limit = expr.args[0], _number(expr.args[1])
    failed = next((value for name, value in expr.options if name == "failed"), None)
    base = all_of(expr.where, Apply("is not missing", (arg,)), *(present(failed) if failed else ()))
    good = all_of(base, None if failed is None else Apply("not", (failed,)))
    unit = arg.unit if isinstance(arg, Column) else NUMBER
    satisfied = Apply("<=", (arg, Constant(limit, unit)))
    slower = Apply(">", (arg, Constant(limit, unit)))
    tolerated = Apply("<=", (arg, Constant(4 * limit, unit)))
    boxes = [all_of(good, satisfied), all_of(good, slower, tolerated)]
    return moments.counted("apdex", expr.source, base, boxes, states)


def _conversion(expr: Aggregate, states: States) -> Leaf:
    """Those who did the first step, and those of them who went on: by the rows of the first step."""
    options = dict(expr.options)
    by, within = options["by"], options.get("within")
    longest = Constant(NO_LIMIT if within is None else round(_number(within) * 1_000_000), NUMBER)
    rows = Constant(True, BOOLEAN) if expr.where is None else expr.where
    begun = all_of(expr.where, expr.args[0])
    done = all_of(begun, Apply(COMPLETES, (by, longest, rows, *expr.args[1:])))
    return Leaf("conversion", expr.source, (states.texts(expr.source, by, begun), states.texts(expr.source, by, done)))


def _checklist(expr: Aggregate, states: States) -> Leaf:
    """Visits: their items, what was reached and what could be, and the fatal items failed, by visit or row by row."""
    options, source, (reached, most, *fatal) = dict(expr.options), expr.source, expr.args
    cap = _number(options["cap"]) if "cap" in options else 0
    if "by" not in options:
        score: Expr = Apply("/", (reached, most))
        for failed in fatal:
            known = Apply("and", (failed, Apply("is not missing", (failed,))))
            score = Apply("if", (known, Apply("min", (score, Constant(float(cap), NUMBER))), score))
        return moments.mean_like(replace(expr, function="mean", args=(score,), options=()), states)
    by = StatesBy(states, options["by"])
    applies = all_of(expr.where, *(Apply("is not missing", (arg,)) for arg in (reached, most)))
    failures = [by.count(source, all_of(expr.where, failed)) for failed in fatal]
    totals = by.count(source, applies), by.total(source, reached, applies), by.total(source, most, applies), *failures
    return Leaf("checklist", source, totals, (("cap", float(cap)),))


_EXTREMES: Mapping[str, Op] = {"min": "min", "max": "max", "first": "first", "last": "last"}
_RECIPES: Mapping[str, Callable[[Aggregate, States], Leaf]] = {
    "count": _count, "sum": _sum, "mean": moments.mean_like, "ces": moments.mean_like, "stdev": moments.mean_like,
    **dict.fromkeys(_EXTREMES, _extreme), "share": _share, "top_box": _answers, "csat": _answers, "nps": _answers,
    "apdex": _apdex, "distinct": _distinct, "conversion": _conversion, "checklist": _checklist,
    "csi": moments.csi, "alpha": moments.alpha, "correlation": moments.correlation,
    "straight_lining": _straight,
}  # all others are quantiles


def _boxes(expr: Aggregate, arg: Expr) -> list[Expr]:
    """The conditions on an answer that are counted: the top boxes, or promoters and detractors."""
    options: Mapping[str, Expr] = dict(expr.options)
    unit = arg.unit if isinstance(arg, Column) else NUMBER
    if expr.function == "nps":
        return [_between(arg, *_ends(options["promoters"])) if "promoters" in options else _between(arg, 9, 10),
                _between(arg, *_ends(options["detractors"])) if "detractors" in options else _between(arg, 0, 6)]
    if expr.function == "top_box":
        return [_between(arg, *_ends(expr.args[1]))]
    top = _number(options["top"]) if "top" in options else 2
    high = unit.high if unit.high is not None else 0.0
    return [_between(arg, high - top + 1, high)]


def _between(arg: Expr, low: float, high: float) -> Expr:
    unit = arg.unit if isinstance(arg, Column) else NUMBER
    return Apply("between", (arg, Constant(low, unit), Constant(high, unit)))


def _ends(expr: Expr) -> tuple[float, float]:
    if not isinstance(expr, Apply):
        message = "a range that was proved"
        raise TypeError(message)
    return _number(expr.args[0]), _number(expr.args[1])


def _number(expr: Expr) -> float:
    if isinstance(expr, Constant) and isinstance(expr.value, int | float):
        return expr.value
    message = "a number that was proved"
    raise TypeError(message)
