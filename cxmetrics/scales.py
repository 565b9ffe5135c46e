"""Answer scales that changed: what was asked until when, beside the scale of today."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Version:
    """A scale that was in use up to and with the day `until`; `first` above `last` where it was flipped."""

    until: dt.date
    first: float  # what became the low end of the scale of today
    last: float


@dataclass(frozen=True, slots=True)
class Scales:
    """The scales of a column before that of today, by their last days; `whole`: answers are integers as written."""

    whole: bool
    versions: tuple[Version, ...]
