"""Scores: how a value becomes points, by itself or among the slices it is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Anchors:
    """Points at values of the indicator (its unit), piecewise linear, flat outside; sorted by value."""

    points: tuple[tuple[float, float], ...]  # (value, points)


@dataclass(frozen=True, slots=True)
class MinMax:
    """Place between the least and the greatest of a pool of slices."""

    across: str
    low: float = 0.0
    high: float = 100.0


@dataclass(frozen=True, slots=True)
class ZScore:
    """Distance from the mean of a pool of slices, in standard deviations (n - 1)."""

    across: str


@dataclass(frozen=True, slots=True)
class Percentile:
    """Place in the order of a pool of slices: `low` for the worst, `high` for the best, equal values alike."""

    across: str
    low: float = 0.0
    high: float = 100.0


@dataclass(frozen=True, slots=True)
class Lognormal:
    """Less is better: 50 at `median`, 90 at `p10`, along a log-normal curve from 100 down towards 0."""

    median: float
    p10: float


@dataclass(frozen=True, slots=True)
class Goalposts:
    """Place between two fixed values, on logarithms if `log`; outside them clipped to them, unless not `clip`."""

    worst: float
    best: float
    low: float = 0.0
    high: float = 100.0
    log: bool = False
    clip: bool = True


@dataclass(frozen=True, slots=True)
class Bands:
    """Points by steps: `points` has one more than `edges`, both in the order of rising values.

    A value on an edge earns the better points of both sides.
    """

    edges: tuple[float, ...]
    points: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class AmongPeers:
    """Place in the order of the comparable peers and ourselves: `low` for the worst, `high` for the best."""

    low: float = 0.0
    high: float = 100.0


Pooled = MinMax | ZScore | Percentile  # these compare slices with each other
ScoreRule = Anchors | Pooled | Lognormal | Goalposts | Bands | AmongPeers
Direction = Literal["up", "down"]
