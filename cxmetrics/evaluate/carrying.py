"""Values carried on: what a child gave last counts where it gives nothing, for so many days.

Periods come in order and in blocks; what each slice gave last is remembered from block to block.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from cxmetrics.calendars import DAY, before, last, start
from cxmetrics.composite_rules import Carry
from cxmetrics.days import Calendar
from cxmetrics.ir import Grain
from cxmetrics.plan import Node
from cxmetrics.statistics.arrays import Array


def reach(nodes: Sequence[Node]) -> int:
    """How many days back carried values may come from, over all floors; nodes stand after all they depend on."""
    found: dict[str, int] = {}
    for node in nodes:
        own = node.indicator.missing.days if isinstance(node.indicator.missing, Carry) else 0
        found[node.indicator.id] = own + max((found[name] for name in node.below if name in found), default=0)
    return max(found.values(), default=0)


def lead(first: dt.date, days: int, grain: Grain, calendar: Calendar) -> dt.date | None:
    """The first period to evaluate for the period that begins on `first`, and for the change from the one before.

    `days`: how far back carried values may come from.
    """
    earlier = before(first, grain, calendar)
    if earlier is None or not days:
        return earlier
    final = last(earlier, grain)
    return start(final - days * DAY if final.toordinal() > days else dt.date.min, grain, calendar)


class Carrying:
    """What nodes gave last in the slices of a grid, over its blocks of periods."""

    __slots__ = ("_days", "_found", "_kept", "_slices")

    def __init__(self, slices: int) -> None:
        """Begin with nothing given."""
        self._slices = slices
        self._kept: dict[Hashable, tuple[Array, Array, NDArray[np.int64]]] = {}
        self.begin(())

    def fork(self) -> Carrying:
        """Another that remembers the same, to look ahead with."""
        other = Carrying(self._slices)
        other._kept = dict(self._kept)
        return other

    def begin(self, days: Sequence[dt.date]) -> None:
        """Begin a block of periods with these last days."""
        self._days = np.array([day.toordinal() for day in days], np.int64)
        self._found: dict[Hashable, tuple[Array, Array, NDArray[np.int64]]] = {}

    def latest(self, who: Hashable, fed: Array, n: Array) -> tuple[Array, Array, NDArray[np.int64]]:
        """What a node gave last, then or before, its n, and how many days ago; all [points].

        `fed` and `n` [points] are what it gives now.  Asked again in a block, it says the same.
        """
        if who not in self._found:
            self._found[who] = self._follow(who, fed, n)
        return self._found[who]

    def _follow(self, who: Hashable, fed: Array, n: Array) -> tuple[Array, Array, NDArray[np.int64]]:
        shape = len(self._days), self._slices
        nothing = np.full((1, self._slices), np.nan)
        before_, n_before, day_before = self._kept.get(who, (nothing, nothing, np.zeros((1, self._slices), np.int64)))
        given = np.concatenate([before_, fed.reshape(shape)])
        rows = np.concatenate([n_before, n.reshape(shape)])
        days = np.concatenate([day_before, np.repeat(self._days[:, None], self._slices, axis=1)])
        order = np.arange(len(given))[:, None]
        at = np.maximum.accumulate(np.where(np.isnan(given), 0, order), axis=0)
        latest = [np.take_along_axis(each, at, axis=0) for each in (given, rows)]
        when = np.take_along_axis(days, at, axis=0)
        self._kept[who] = latest[0][-1:], latest[1][-1:], when[-1:]
        age = (days - when)[1:]
        return latest[0][1:].ravel(), latest[1][1:].ravel(), age.ravel()
