"""Whom and when true values are about: the customers of a region, the days of a month and what strikes on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cxmetrics.sample.drawing import Bools, Floats, Ints
from cxmetrics.sample.incidents import spread_of_bad_release
from cxmetrics.sample.people import BRANCHES, OS, REGIONS, SEGMENTS
from cxmetrics.sample.rhythm import RHYTHMS
from cxmetrics.sample.world import World

TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Cell:
    """A month and a region (None: all of them); `who` are its customers in the panel."""

    world: World
    month: str
    days: Ints
    region: int | None
    who: Ints

    @property
    def place(self) -> str:
        """The region's name, or `total`."""
        return TOTAL if self.region is None else REGIONS[self.region]

    def weights(self, rhythm: str) -> Floats:
        """What part of the month's traffic comes on each of its days."""
        found = self.world.calendar.weights(rhythm)[self.days]
        parts: Floats = found / found.sum()
        return parts

    def during(self, incident: str, rhythm: str = "digital") -> float:
        """What part of the month's traffic comes on days of the incident."""
        return float(self.weights(rhythm) @ self.world.incidents[incident].strikes(self.days))

    def android(self) -> float:
        """The part of the customers who have an Android phone."""
        return float((self.world.people.os[self.who] == list(OS).index("android")).mean())

    def broken(self) -> float:
        """The part of sessions that run on the bad release, and on a system that it is bad for."""
        spread = spread_of_bad_release(self.days, self.world.incidents["bad_release"])
        return float(self.weights("digital") @ spread) * self.android()

    def branches(self) -> Floats:
        """The part of the customers who belong to each branch."""
        return np.bincount(self.world.people.branch[self.who], minlength=len(BRANCHES)) / len(self.who)

    def segments(self) -> Floats:
        """The part of the customers who are of each segment."""
        return np.bincount(self.world.people.segment[self.who], minlength=len(SEGMENTS)) / len(self.who)

    def begun(self, share: float, rhythm: str) -> float:
        """How many beginnings of a theme with that share of all rows fall into the cell."""
        counts = self.world.calendar.spread(round(self.world.rows * share), rhythm)[self.days]
        return float(counts.sum()) * len(self.who) / len(self.world.people)


def hours(rhythm: str, among: tuple[int, ...]) -> float:
    """What part of a day's traffic comes within these hours of the bank's clocks."""
    pull = RHYTHMS[rhythm][2]
    return sum(pull[hour] for hour in among) / sum(pull)


def cells(world: World) -> Iterator[Cell]:
    """The months of the window, and in each the whole and the regions that have customers."""
    labels = np.array([world.calendar.date(day).isoformat()[:7] for day in range(world.calendar.days)])
    everyone = np.arange(len(world.people), dtype=np.int64)
    for month in sorted(set(labels.tolist())):
        days = np.flatnonzero(labels == month).astype(np.int64)
        then = world.on(int(days[0]))
        yield Cell(then, month, days, None, everyone)
        for region in range(len(REGIONS)):
            there: Bools = then.people.region == region
            if there.any():
                yield Cell(then, month, days, region, everyone[there])
