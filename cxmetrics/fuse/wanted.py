"""Which combinations of classes some member of a cube looks at, known before any row is read.

Sets of combinations are the bits of an integer, so that a condition takes as many operations as it has parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from math import prod
from operator import and_, or_
from typing import assert_never

from cxmetrics.ir import Apply, Expr, Origin
from cxmetrics.plan import Cell, Classifier, Condition, Logic, Member, Plan, steps
from cxmetrics.walks import asked_of_all

COMBINATIONS = 4_000_000  # that are told apart: a condition takes a tenth of a millisecond for a million
MOST = 200_000  # of them that are looked at: an engine is told each


def wanted(keys: Sequence[Classifier], members: Sequence[Member]) -> tuple[int, ...] | None:
    """The combinations of classes that make some member's condition true, as `Cube.wanted`; None where all may."""
    combinations = prod(key.classes for key in keys)
    wheres = {member.where for member in members}
    if not keys or None in wheres or combinations > COMBINATIONS:
        return None
    planes = _Planes(keys)
    found = reduce(or_, (planes.truth(where)[0] for where in wheres if where is not None), 0)
    return None if found == planes.every or found.bit_count() > MOST else tuple(_places(found))


def _places(bits: int) -> Iterator[int]:
    """Which bits are set; each found in the text of all, as to shift so long a number takes as long as it is."""
    text = f"{bits:b}"[::-1]
    place = text.find("1")
    while place >= 0:
        yield place
        place = text.find("1", place + 1)


def left_over(keys: Sequence[Classifier], found: Sequence[int]) -> tuple[int, ...]:
    """The classes of the first combination that is not wanted; there is one."""
    place = next(number for number, known in enumerate((*found, -1)) if number != known)
    classes = list[int]()
    for key in keys:
        place, code = divmod(place, key.classes)
        classes.append(code)
    return tuple(classes)


def asks_for_days(plan: Plan, origin: Origin) -> bool:
    """Whether rows of a source are asked whether people worked on their day."""
    asked: list[Expr | None] = [expr for partial in plan.partials if partial.source == origin.id
                                for expr in partial.exprs]
    asked += [*(spec.formula for spec in origin.columns.values()), *asked_of_all(origin)]
    return any(map(_asks, asked))


def _asks(expr: Expr | None) -> bool:
    return isinstance(expr, Apply) and (expr.function == "on_days" or any(map(_asks, expr.args)))


class _Planes:
    """The combinations of classes, numbered with the first key the fastest: bit by bit, where a condition holds."""

    __slots__ = ("_known", "_sizes", "_steps", "every")

    def __init__(self, keys: Sequence[Classifier]) -> None:
        self._sizes, self._steps = [key.classes for key in keys], steps(keys)
        self.every = (1 << prod(self._sizes)) - 1
        self._known: dict[tuple[int, frozenset[int]], int] = {}

    def truth(self, where: Condition) -> tuple[int, int]:
        """Where a condition is true, and where it is false; elsewhere it is missing."""
        match where:
            case Cell(key, true, missing):
                holds = self._plane(key, true)
                return holds, self.every & ~holds & ~self._plane(key, missing)
            case Logic("not", (arg,)):
                true_, false_ = self.truth(arg)
                return false_, true_
            case Logic("and", args):
                both = [self.truth(arg) for arg in args]
                return reduce(and_, (true_ for true_, _ in both)), reduce(or_, (false_ for _, false_ in both))
            case Logic("or", args):
                each = [self.truth(arg) for arg in args]
                return reduce(or_, (true_ for true_, _ in each)), reduce(and_, (false_ for _, false_ in each))
            case Logic():
                raise AssertionError(where)
            case _:
                assert_never(where)

    def _plane(self, key: int, classes: frozenset[int]) -> int:
        """The combinations with one of some classes of a key."""
        if (key, classes) not in self._known:
            step, length = self._steps[key], self._steps[key] * self._sizes[key]
            run = (1 << step) - 1
            plane = reduce(or_, (run << code * step for code in classes if code < self._sizes[key]), 0)
            while length < self.every.bit_length():  # doubled until all are there: to multiply is quadratic
                plane |= plane << length
                length *= 2
            self._known[key, classes] = plane & self.every
        return self._known[key, classes]
