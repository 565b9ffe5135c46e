"""What every theme is given: the window, the people, the incidents; and what a theme is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import polars as pl

from cxmetrics.sample.dirt import Spoil
from cxmetrics.sample.drawing import Random
from cxmetrics.sample.incidents import Incident
from cxmetrics.sample.people import People
from cxmetrics.sample.rhythm import Calendar, Slots


@dataclass(frozen=True, slots=True)
class World:
    """The bank before any row is drawn; `customers` is the size of the whole bank, of which the panel is a part.

    `people` are as on the first day, and `later` as they are from the reorganisation on.
    """

    rows: int
    customers: int
    calendar: Calendar
    people: People
    later: People
    incidents: dict[str, Incident]

    def on(self, day: int) -> World:
        """The bank as it is organised on a day."""
        return self if day < self.calendar.reorganised else replace(self, people=self.later)


Frames = dict[str, pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Theme:
    """Tables made together: `share` beginnings a bank row, when they happen, how rows come of them.

    `times` names the column each table is sorted by; `spoils` the dirt of each table; `folders` the text column, if
    any, whose values name the folders its files lie in.  `exported`: tables that are CSV, with times of the bank's
    clocks that do not say so, and in which encoding on a day.
    """

    name: str
    share: float
    rhythm: str
    make: Callable[[World, Slots, Random], Frames]
    times: dict[str, str]
    spoils: dict[str, tuple[Spoil, ...]]
    folders: dict[str, str] = field(default_factory=dict)
    exported: dict[str, Callable[[World, int], str]] = field(default_factory=dict)
