"""What a source promises about the deliveries of its rows: when they come, how many, and which are the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Arrival:
    """How long after its time a row may be received, and how far its clock may be ahead; in seconds, None: any."""

    late: float | None = None
    skew: float | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """What a delivery is held against: how old its last day may be, in seconds, and the least part of usual rows.

    It changes no number, so it is no part of what anything means.
    """

    fresh: float | None = None
    least: float = 0.5


@dataclass(frozen=True, slots=True)
class Unique:
    """Rows with equal `by` are one row: the `first` or the `latest` by received (else by time)."""

    by: tuple[str, ...]
    keep: Literal["first", "latest"]
