"""Estimates of leaves, and how two of them from different rows compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxmetrics.statistics.arrays import Array
from cxmetrics.statistics.comparisons import Comparison, independent, shares, welch


@dataclass(frozen=True, slots=True)
class Estimate:
    """Leaves at points, [points] or [leaves, points]: value, standard error and n, in the unit of the formula."""

    value: Array
    error: Array
    n: Array

    def of(self, place: int | Sequence[int]) -> Estimate:
        """One leaf of several, or some of them."""
        return Estimate(self.value[place], self.error[place], self.n[place])


def compared(kind: str, a: Estimate, b: Estimate, confidence: float) -> Comparison:
    """Two estimates from different rows; `kind`: the function of both leaves.  NaN where there is no closed form."""
    match kind:
        case "share":
            return shares(a.value, a.n, b.value, b.n, confidence)
        case "mean":
            return welch(a.value, b.value, stdev_a=a.error * np.sqrt(a.n), stdev_b=b.error * np.sqrt(b.n), n_a=a.n,
                         n_b=b.n, confidence=confidence)
        case _:  # errors are NaN but for NPS, Apdex, counts and clustered rows
            return independent(a.value, a.error, b.value, b.error, confidence)
