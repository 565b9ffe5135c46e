"""Leaves finished: their values at points, and the evidence for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxmetrics.statistics.arrays import Array, Flags


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

    def put(self, rows: Sequence[int], others: Finished) -> None:
        """Take over leaves at the same points into some rows."""
        for own, other in zip(self.arrays, others.arrays, strict=True):
            own[rows] = other

    @property
    def arrays(self) -> tuple[Array | Flags, ...]:
        """All of them, in a fixed order."""
        return (self.value, self.n, self.low, self.high, self.error, self.df, self.effective, self.short)
