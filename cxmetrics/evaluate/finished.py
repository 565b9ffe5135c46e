"""Leaves finished: their values at points, and the evidence for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxmetrics.statistics.arrays import Array, Flags, Ints, crossing


@dataclass(frozen=True, slots=True)
class Finished:
    """Leaves at points: all arrays [leaves, points], NaN where missing.

    `n`: rows behind the value; 0 where there are none or the source has not delivered.  `effective`: as many rows
    without weights would tell as much.  `low`, `high`: the interval, where one was asked for and there is one; `error`
    then the standard error of means, NPS, Apdex and counts, and of all whose rows are clustered; `df` its degrees of
    freedom, infinite for a normal one.
    `short`: the window goes beyond what has been delivered.
    """

    value: Array
    n: Array
    low: Array
    high: Array
    error: Array
    df: Array
    effective: Array
    short: Flags

    @staticmethod
    def missing(leaves: int, points: int) -> Finished:
        """So many leaves at so many points, all missing."""
        value, low, high, error = np.full((4, leaves, points), np.nan)
        n, effective = np.zeros((2, leaves, points))
        df = np.full((leaves, points), np.inf)
        return Finished(value, n, low, high, error, df, effective, np.zeros((leaves, points), np.bool_))

    @staticmethod
    def together(parts: Sequence[tuple[Sequence[int], Finished]], leaves: int, points: int) -> Finished:
        """So many leaves out of parts that have some rows of them each; what is in none is missing."""
        if len(parts) == 1 and len(parts[0][0]) == leaves:  # as nearly always: no window
            return parts[0][1]
        every = Finished.missing(leaves, points)
        for rows, part in parts:
            every.put(rows, part)
        return every

    def put(self, rows: Sequence[int], others: Finished) -> None:
        """Take over leaves at the same points into some rows."""
        for own, other in zip(self.arrays, others.arrays, strict=True):
            own[rows] = other

    def at(self, rows: Sequence[int], points: Ints) -> Finished:
        """Some leaves at some points, as arrays of their own."""
        place = crossing(rows, points)
        return Finished(self.value[place], self.n[place], self.low[place], self.high[place], self.error[place],
                        self.df[place], self.effective[place], self.short[place])

    def put_at(self, rows: Sequence[int], points: Ints, others: Finished) -> None:
        """Take over leaves at some points into some rows."""
        for own, other in zip(self.arrays, others.arrays, strict=True):
            own[crossing(rows, points)] = other

    @property
    def arrays(self) -> tuple[Array | Flags, ...]:
        """All of them, in a fixed order."""
        return (self.value, self.n, self.low, self.high, self.error, self.df, self.effective, self.short)
