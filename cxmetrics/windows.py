"""Windows: which days an expression looks at instead of those of the period itself.

A period is a half-open interval of days.  A *step* makes another interval of it, a *window* is the steps one after
another, outermost first: `prior(rolling(x, 3 month), 1 month)` goes back a month, and looks at three months there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Moment = Literal["start", "end"]  # of the days looked at, the first or the last one there are rows of
SpanUnit = Literal["d", "week", "month", "quarter", "year"]
LONGEST: Mapping[SpanUnit, int] = {"d": 3653, "week": 522, "month": 120, "quarter": 40, "year": 10}  # ten years
DEEPEST = 4  # steps of a window


@dataclass(frozen=True, slots=True)
class Earlier:
    """As many units before; of the grain, where no unit is said.

    Whole months go back to whole months, everything else to as many days, beginning on the same day of the month or
    on the last where there is none.
    """

    count: int
    unit: SpanUnit | None

    def __str__(self) -> str:
        return "prior" if self.unit is None else f"prior {self.count} {self.unit}"


@dataclass(frozen=True, slots=True)
class LastYear:
    """The same period of the year before; of a week, 52 weeks before."""

    def __str__(self) -> str:
        return "same_period_last_year"


@dataclass(frozen=True, slots=True)
class Trailing:
    """The last so many units, up to the end of the period."""

    count: int
    unit: SpanUnit

    def __str__(self) -> str:
        return f"rolling {self.count} {self.unit}"


@dataclass(frozen=True, slots=True)
class ToDate:
    """From the start of the week, month, quarter or year of the period's last day to the end of the period."""

    unit: Literal["week", "month", "quarter", "year"]

    def __str__(self) -> str:
        return f"{self.unit}_to_date"


@dataclass(frozen=True, slots=True)
class Inception:
    """All days up to the end of the period."""

    def __str__(self) -> str:
        return "inception_to_date"


Step = Earlier | LastYear | Trailing | ToDate | Inception
Window = tuple[Step, ...]


def sets_length(step: Step) -> bool:
    """Whether a step looks at days of its own choice, however long the period is."""
    return isinstance(step, Trailing | ToDate | Inception)


def tag(window: Window) -> str:
    """A window as the end of the id of what looks through it: `~prior 1 month`."""
    return "".join(f"~{step}" for step in window)
