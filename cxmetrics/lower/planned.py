"""What nodes are made of before they are made."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from cxmetrics.ir import Expr, Indicator
from cxmetrics.plan import Series
from cxmetrics.windows import Window


@dataclass(frozen=True, slots=True)
class Planned:
    """A node to be: an indicator and the formula of its value, seen through a window.

    `peers` and `versions` as in `plan.Node`.
    """

    indicator: Indicator
    formula: Expr | Series | None
    window: Window = ()
    hidden: bool = False
    peers: tuple[tuple[str, str], ...] = ()
    versions: tuple[tuple[dt.date | None, str], ...] = ()
