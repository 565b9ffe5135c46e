"""Indicators seen through windows: copies of a node, and of all below it, that look at other days.

So the prior value of a composite is composed of the prior values of its children, by its own rules.
"""

from __future__ import annotations

from dataclasses import replace

from cxmetrics.ir import Indicator
from cxmetrics.windows import Window, tag


def through(indicator: Indicator, window: Window) -> Indicator:
    """The indicator as it is seen through a window, with an id of its own."""
    if not window:
        return indicator
    mark = tag(window)
    children = tuple(replace(edge, child=edge.child + mark) for edge in indicator.children)
    over = tuple(replace(edge, child=edge.child + mark) for edge in indicator.over)
    required = tuple(name + mark for name in indicator.require)
    return replace(indicator, id=indicator.id + mark, children=children, over=over, require=required)
