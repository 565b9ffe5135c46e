"""Indicators seen through windows: copies of a node, and of all below it, that look at other days.

So the prior value of a composite is composed of the prior values of its children, by its own rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cxmetrics.ir import Aggregate, Apply, Expr, Indicator, Ref, Windowed
from cxmetrics.windows import Window, tag


def through(indicator: Indicator, window: Window) -> Indicator:
    """The indicator as it is seen through a window, with an id of its own."""
    if not window:
        return indicator
    mark = tag(window)
    children = tuple(replace(edge, child=edge.child + mark) for edge in indicator.children)
    over = tuple(replace(edge, child=edge.child + mark) for edge in indicator.over)
    required = replace(indicator.require, names=tuple(name + mark for name in indicator.require.names))
    return replace(indicator, id=indicator.id + mark, children=children, over=over, require=required)


def direct(formula: Expr, indicators: Mapping[str, Indicator]) -> Expr:
    """A formula that is a window around a factor, written around the aggregate that the factor is.

    So what is said of one aggregate is said of it seen through a window too: its interval, and that counts are
    shown however small they are.
    """
    steps: list[Windowed] = []
    while isinstance(formula, Windowed):
        steps.append(formula)
        formula = formula.arg
    if isinstance(formula, Apply) and formula.function == "convert" and not steps:
        return replace(formula, args=(direct(formula.args[0], indicators), *formula.args[1:]))
    inner = indicators.get(formula.indicator) if steps and isinstance(formula, Ref) else None
    plain = inner is not None and inner.rounding is None and not inner.versions and inner.valid == (None, None)
    if inner is not None and plain and inner.formula is not None and _is_aggregate(inner.formula):
        formula = inner.formula
    for step in reversed(steps):
        formula = replace(step, arg=formula)
    return formula


def _is_aggregate(expr: Expr) -> bool:
    """Whether it is one aggregate, perhaps in another unit or through a window."""
    while not isinstance(expr, Aggregate):
        match expr:
            case Windowed(_, arg) | Apply("convert", (arg, _)):
                expr = arg
            case _:
                return False
    return True
