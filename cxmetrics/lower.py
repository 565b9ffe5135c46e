"""From meaning to work: each aggregate becomes the partial states it is finished from.

Counting is most of it.  A share, an NPS, a top box and an Apdex are counts under conditions, so the
conditions of all of them can share one grouping of the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from typing import assert_never

from cxmetrics.functions import PRESENCE, quantile_of
from cxmetrics.ir import (
    Aggregate,
    Apply,
    Column,
    Constant,
    Expr,
    Indicator,
    Invalid,
    Pyramid,
    Ref,
)
from cxmetrics.plan import (
    FRACTION,
    Leaf,
    LeafValue,
    Node,
    Op,
    Operation,
    Partial,
    Plan,
    Total,
    Value,
    leaves_of,
    references_of,
)
from cxmetrics.units import NUMBER

_EXACT = "sum", "squares"


def lower(pyramid: Pyramid) -> Plan:
    """The plan of a pyramid without faults."""
    work = _Work()
    formulas = {name: None if indicator.formula is None else work.value(indicator.formula)
                for name, indicator in pyramid.indicators.items()}
    for source in {partial.source: None for partial in work.partials}:
        work.count(source, None)  # its rows tell which slices there are, whatever else is asked of them
    partials = tuple(work.partials)
    meanings = {name: _digest(replace(origin, span=None)) for name, origin in pyramid.sources.items()}
    fingerprints = tuple(_digest((partial, meanings[partial.source], pyramid.project.time_zone))
                         for partial in partials)
    leaves = tuple(work.leaves)
    nodes: dict[str, Node] = {}
    for name, indicator in pyramid.indicators.items():
        formula = formulas[name]
        below = sorted(set(leaves_of(formula)))
        own = {leaves[index].source for index in below}
        inner = [nodes[child] for child in (*(edge.child for edge in indicator.children), *references_of(formula))
                 if child in nodes]
        sources = frozenset(own.union(*(node.sources for node in inner)))
        parts = [fingerprints[index] for leaf in below for total in leaves[leaf].inputs for index, _ in total.parts]
        meaning = (_rules_of(indicator), _shape(formula, leaves), parts, [node.fingerprint for node in inner])
        nodes[name] = Node(indicator, formula, sources, _digest(meaning))
    within = {dimension.id: dimension.within for dimension in pyramid.dimensions.values() if dimension.within}
    return Plan(pyramid.project, pyramid.sources, partials, fingerprints, leaves, nodes, within)


def _digest(meaning: object) -> str:
    """A short hash of what something means: places take no part, as `repr` leaves them out."""
    return sha256(repr(meaning).encode()).hexdigest()[:16]


def _rules_of(indicator: Indicator) -> tuple[object, ...]:
    rules = (indicator.unit, indicator.direction, [edge.weight for edge in indicator.children], indicator.combine,
             indicator.missing, indicator.score, indicator.rounding)
    required = [place for place, edge in enumerate(indicator.children) if edge.child in indicator.require]
    return (*rules, required) if required else rules


def _shape(value: Value | None, leaves: tuple[Leaf, ...]) -> object:
    """A formula with leaves by what they are, not by their number in this plan."""
    match value:
        case LeafValue():
            leaf = leaves[value.leaf]
            return (leaf.function, leaf.source, leaf.options, [[factor for _, factor in t.parts] for t in leaf.inputs])
        case Operation():
            return (value.function, [_shape(arg, leaves) for arg in value.args])
        case _:
            return value


class _Work:
    """Partials and leaves in the order they are first asked for; equal ones are one."""

    def __init__(self) -> None:
        self.partials: dict[Partial, int] = {}
        self.leaves: dict[Leaf, int] = {}

    def value(self, expr: Expr) -> Value:
        match expr:
            case Constant() | Ref():
                return expr
            case Apply():
                return Operation(expr.function, tuple(self.value(arg) for arg in expr.args))
            case Aggregate():
                leaf = self.leaf(expr)
                return LeafValue(self.leaves.setdefault(leaf, len(self.leaves)))
            case Column() | Invalid():
                message = f"{type(expr).__name__} in a formula that was proved"
                raise AssertionError(message)
            case _:
                assert_never(expr)

    def partial(self, source: str, op: Op, arg: Expr | None, where: Expr | None) -> int:
        partial = Partial(source, op, arg, where)
        return self.partials.setdefault(partial, len(self.partials))

    def count(self, source: str, where: Expr | None, arg: Expr | None = None) -> Total:
        return Total(((self.partial(source, "count", arg, where), 1.0),))

    def total(self, source: str, arg: Expr, where: Expr | None, *, squares: bool = False) -> Total:
        """Σ arg or Σ arg², exactly: one integer state, or the whole parts and the fractions."""
        if _integral(arg):
            return Total(((self.partial(source, "squares" if squares else "sum", arg, where), 1.0),))
        whole: Op = "squares_whole" if squares else "whole"
        fraction: Op = "squares_fraction" if squares else "fraction"
        return Total(((self.partial(source, whole, arg, where), 1.0),
                      (self.partial(source, fraction, arg, where), 1.0 / FRACTION)))

    def leaf(self, expr: Aggregate) -> Leaf:
        name, source, where = expr.function, expr.source, expr.where
        if not expr.args:
            return Leaf("count", source, (self.count(source, where),))
        arg = expr.args[0]
        if name == "share":
            base = all_of(where, *present(arg))
            return Leaf("share", source, (self.count(source, base), self.count(source, all_of(base, arg))))
        if name == "apdex":
            return self.apdex(expr, arg)
        base = all_of(where, Apply("is not missing", (arg,)))
        if name in ("top_box", "csat", "nps"):
            boxes = [self.count(source, all_of(base, box)) for box in _boxes(expr, arg)]
            return Leaf("nps" if name == "nps" else "share", source, (self.count(source, base), *boxes))
        rows = self.count(source, where, arg)
        part = quantile_of(name) if name != "quantile" else _number(expr.args[1])
        if part is not None:
            rule = next((value.value for option, value in expr.options
                         if option == "rule" and isinstance(value, Constant)), "hf7")
            values = Total(((self.partial(source, "values", arg, where), 1.0),))
            return Leaf("quantile", source, (rows, values), (("q", part), ("rule", str(rule))))
        match name:
            case "count":
                return Leaf("count", source, (rows,))
            case "min" | "max":
                return Leaf(name, source, (rows, Total(((self.partial(source, name, arg, where), 1.0),))))
            case "sum":
                return Leaf("sum", source, (rows, self.total(source, arg, where)))
            case _:
                squares = self.total(source, arg, where, squares=True)
                kind = "stdev" if name == "stdev" else "mean"
                return Leaf(kind, source, (rows, self.total(source, arg, where), squares))

    def apdex(self, expr: Aggregate, arg: Expr) -> Leaf:
        limit = _number(expr.args[1])
        failed = next((value for name, value in expr.options if name == "failed"), None)
        base = all_of(expr.where, Apply("is not missing", (arg,)), *(present(failed) if failed else ()))
        good = all_of(base, None if failed is None else Apply("not", (failed,)))
        unit = arg.unit if isinstance(arg, Column) else NUMBER
        satisfied = Apply("<=", (arg, Constant(limit, unit)))
        slower = Apply(">", (arg, Constant(limit, unit)))
        tolerated = Apply("<=", (arg, Constant(4 * limit, unit)))
        counts = [self.count(expr.source, where) for where in
                  (base, all_of(good, satisfied), all_of(good, slower, tolerated))]
        return Leaf("apdex", expr.source, tuple(counts))


def all_of(*conditions: Expr | None) -> Expr | None:
    """The conditions joined by `and`, each once and in a fixed order of writing; None where there is none."""
    parts: dict[Expr, None] = {}
    for condition in conditions:
        if isinstance(condition, Apply) and condition.function == "and":
            parts |= dict.fromkeys(_conjuncts(condition))
        elif condition is not None:
            parts[condition] = None
    ordered = sorted(parts, key=_written)
    return Apply("and", tuple(ordered)) if len(ordered) > 1 else ordered[0] if ordered else None


@lru_cache(maxsize=50_000)
def _written(condition: Expr) -> str:
    return repr(condition)


def _conjuncts(condition: Expr) -> Iterable[Expr]:
    if isinstance(condition, Apply) and condition.function == "and":
        for arg in condition.args:
            yield from _conjuncts(arg)
    else:
        yield condition


def present(condition: Expr) -> list[Expr]:
    """That every column a condition looks at has a value; but those it asks for being missing."""
    columns: dict[Expr, None] = {}

    def visit(expr: Expr) -> None:
        if isinstance(expr, Column):
            columns[replace(expr, span=None)] = None
        elif isinstance(expr, Apply) and expr.function not in PRESENCE:
            for arg in expr.args:
                visit(arg)

    visit(condition)
    return [Apply("is not missing", (column,)) for column in columns]


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


def _integral(expr: Expr) -> bool:
    """Whether the values of a row expression are whole numbers for sure."""
    match expr:
        case Column():
            return expr.type in ("integer", "boolean")
        case Constant():
            return isinstance(expr.value, int)
        case Apply():
            return expr.function in ("+", "-", "*", "negate", "abs") and all(_integral(arg) for arg in expr.args) \
                and not any(isinstance(arg, Column) and arg.type in ("time", "date") for arg in expr.args)
        case _:
            return False
