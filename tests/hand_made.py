"""Plans and states made by hand, for tests whose numbers come from arithmetic."""

import datetime as dt

import polars as pl

from cxmetrics.evaluate import evaluate
from cxmetrics.ir import Constant, Edge, Expr, Indicator, Origin, Project
from cxmetrics.plan import Leaf, LeafValue, Node, Operation, Partial, Plan, Total
from cxmetrics.states import schema
from cxmetrics.units import NUMBER

JAN, FEB, MAR = dt.date(2026, 1, 1), dt.date(2026, 2, 1), dt.date(2026, 3, 1)
DELIVERED = {"answers": (JAN, dt.date(2026, 2, 28))}


def total(part: int, factor: float = 1.0) -> Total:
    return Total(((part, factor),))


def leaf(function: str, *parts: int, source: str = "answers", **options) -> Leaf:
    return Leaf(function, source, tuple(total(part) for part in parts), tuple(options.items()))


def factor(name: str, formula, sources=("answers",), **more) -> Node:
    indicator = Indicator(name, "factor", {}, NUMBER, more.pop("direction", "up"), **more)
    return Node(indicator, formula, frozenset(sources), f"fp-{name}")


def composite(name: str, children: dict[str, float], **more) -> Node:
    edges = tuple(Edge(child, weight) for child, weight in children.items())
    indicator = Indicator(name, "index", {}, NUMBER, "up", children=edges, **more)
    return Node(indicator, None, frozenset(["answers"]), f"fp-{name}")


def partial(source: str, op: str, arg: Expr | None = None) -> Partial:
    """`values`: how many rows have each value."""
    return Partial(source, "count", None, None, per=arg or Constant(1, NUMBER)) if op == "values" else \
        Partial(source, op, arg, None)


def plan(leaves, nodes, ops, cuts=(), grains=("month",), within=None, **project) -> Plan:
    partials = tuple(partial(op.partition("@")[2] or "answers", op.partition("@")[0]) for op in ops)
    origins = {name: Origin(name, "", {}, (), "day") for name in ("answers", "calls")}
    return Plan(Project("p", {}, cuts=cuts, grains=grains, **project), origins, partials, ("",) * len(ops),
                tuple(leaves), {node.indicator.id: node for node in nodes}, within or {})


def states(rows, dims: int = 0) -> pl.DataFrame:
    """States of rows without a text."""
    given = {name: kind for name, kind in schema(dims).items() if name != "text"}
    return pl.DataFrame(rows, schema=given, orient="row").with_columns(text=pl.lit(None, pl.String))


def sums(day, *values, cell=()):
    return [(part, day, *cell, None, value) for part, value in enumerate(values)]


def run(p: Plan, rows, family=(), delivered=DELIVERED, between=None) -> pl.DataFrame:
    return evaluate(p, {"answers": {family: states(rows, len(family))}}, delivered, between)


def one(table: pl.DataFrame, name: str, **where) -> dict:
    where = {"period": JAN, **where}
    chosen = table.filter(pl.col("indicator") == name, *(pl.col(key).eq_missing(pl.lit(v)) for key, v in where.items()))
    assert chosen.height == 1, chosen
    return chosen.row(0, named=True)


def values(rows, *nodes, leaves=(), ops=("count",), **more) -> pl.DataFrame:
    return run(plan(leaves, nodes, ops, **more), rows)


def const(value: float) -> Constant:
    return Constant(value, NUMBER)


def op(function: str, *args) -> Operation:
    return Operation(function, tuple(const(arg) if isinstance(arg, int | float) else arg for arg in args))


A, B, GONE = LeafValue(0), LeafValue(1), LeafValue(2)
