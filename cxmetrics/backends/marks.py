"""Conditions that only other rows can tell (`functions.MARKS`), found in cubes: the same for all engines.

An engine makes a column for each of them, from the rows that count, and groups by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from cxmetrics.functions import MARKS
from cxmetrics.ir import Apply, Column
from cxmetrics.plan import Classifier, Cube
from cxmetrics.units import BOOLEAN


def is_mark(key: Classifier) -> bool:
    """Whether a key is a condition that looks at other rows."""
    return isinstance(key.expr, Apply) and key.expr.function in MARKS


def marks_in(cubes: Iterable[Cube]) -> tuple[Apply, ...]:
    """The conditions of the cubes' keys that look at other rows, each once."""
    keys = (key.expr for cube in cubes for key in cube.keys if is_mark(key))
    return tuple(dict.fromkeys(expr for expr in keys if isinstance(expr, Apply)))


def column_of(number: int) -> Column:
    """The column that tells of the mark of that number."""
    return Column("", f"mark {number}", "boolean", BOOLEAN)


def settled(cube: Cube, columns: Mapping[Apply, Column]) -> Cube:
    """The cube with its marks as columns of rows."""
    keys = (replace(key, expr=columns[key.expr]) if isinstance(key.expr, Apply) and key.expr in columns else key
            for key in cube.keys)
    return replace(cube, keys=tuple(keys))
