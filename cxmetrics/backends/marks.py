"""Conditions that only other rows can tell (`functions.MARKS`), found in cubes: the same for all engines.

An engine makes a column for each of them, from the rows that count, and groups by it.  Here is also what engines have
to agree on where rows are divided into groups of units.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace

from cxmetrics.backends.cells import Request
from cxmetrics.functions import MARKS
from cxmetrics.ir import DAYS, Apply, Column, Constant, Expr
from cxmetrics.plan import Classifier, Cube, Days, days_ahead
from cxmetrics.units import BOOLEAN

BETWEEN = "\x1e"  # between the columns that tell units apart
SPREAD = 65_536  # what moments are divided by before they are dealt out to groups: the last digits are less random


def is_mark(key: Classifier) -> bool:
    """Whether a key is a condition that looks at other rows."""
    return isinstance(key.expr, Apply) and key.expr.function in MARKS


def marks_in(cubes: Iterable[Cube]) -> tuple[Apply, ...]:
    """The conditions of the cubes' keys that look at other rows, each once."""
    keys = (key.expr for cube in cubes for key in cube.keys if is_mark(key))
    return tuple(dict.fromkeys(expr for expr in keys if isinstance(expr, Apply)))


def reach(request: Request) -> tuple[Days, ...] | None:
    """The days whose rows have to be read, for those after may tell of a row of the days asked for."""
    ahead = max((days_ahead(mark) for mark in marks_in(request.scan.cubes)), default=0)
    if request.days is None or not ahead:
        return request.days
    final = dt.date.fromordinal(DAYS[1].toordinal() + 1)
    return tuple((start, dt.date.fromordinal(int(min(end.toordinal() + ahead, final.toordinal()))))
                 for start, end in request.days)


def column_of(number: int) -> Column:
    """The column that tells of the mark of that number."""
    return Column("", f"mark {number}", "boolean", BOOLEAN)


def settled(cube: Cube, columns: Mapping[Apply, Column]) -> Cube:
    """The cube with its marks as columns of rows."""
    keys = (replace(key, expr=columns[key.expr]) if isinstance(key.expr, Apply) and key.expr in columns else key
            for key in cube.keys)
    return replace(cube, keys=tuple(keys))


def key_and_groups(key: Expr, groups: Expr) -> tuple[str, int]:
    """What units are hashed with, and how many groups there are, out of the arguments of a `REPLICATE`."""
    assert isinstance(key, Constant)
    assert isinstance(key.value, str)
    assert isinstance(groups, Constant)
    assert isinstance(groups.value, int)
    return key.value, groups.value
