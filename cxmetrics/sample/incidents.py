"""What goes wrong, when, where and by how much: four planted incidents, the same share of any window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxmetrics.sample.drawing import Bools, Floats, Ints
from cxmetrics.sample.people import BRANCHES

RELEASES = ("8.1.0", "8.2.0", "8.2.1")
BAD_RELEASE = 1
STORM_CODE = "E5031"
QUEUEING = BRANCHES.index("B017")


@dataclass(frozen=True, slots=True)
class Incident:
    """One planted fault on days `first`..`last` (both in it); `effects` are what it does, in words for the truth."""

    name: str
    first: int
    last: int
    where: dict[str, str]
    effects: dict[str, float]
    journeys: dict[str, float]  # how far it lowers opinions of a journey, in standard deviations

    def strikes(self, day: Ints) -> Bools:
        """Which rows fall on its days."""
        return (day >= self.first) & (day <= self.last)


def plan(days: int) -> dict[str, Incident]:
    """The incidents of a window of `days` days, by name."""

    def span(start: float, length: float) -> tuple[int, int]:
        first = int(start * days)
        return first, min(days - 1, first + max(1, round(length * days)) - 1)

    found = (
        Incident(
            "bad_release",
            *span(0.20, 0.08),
            {"os": "android", "app_version": RELEASES[BAD_RELEASE]},
            {"crash_rate": 0.06, "cold_start_times": 2.2, "login_tech_fail_rate": 0.05},
            {"mobile_login": 0.8},
        ),
        Incident(
            "slow_api",
            *span(0.45, 0.05),
            {"biz_code": "transfer"},
            {"latency_times": 4.0, "timeout_rate": 0.06},
            {"transfers": 0.7},
        ),
        Incident(
            "queueing_branch",
            *span(0.55, 0.25),
            {"branch": BRANCHES[QUEUEING]},
            {"wait_times": 3.0, "abandon_rate": 0.30},
            {"branch_visit": 1.2},
        ),
        Incident(
            "error_storm",
            *span(0.75, 0.02),
            {"biz_code": "qr_pay", "error_code": STORM_CODE},
            {"tech_fail_rate": 0.25},
            {"transfers": 0.4},
        ),
    )
    return {incident.name: incident for incident in found}


def spread_of_bad_release(day: Ints, bad: Incident) -> Floats:
    """The part of sessions on the bad release, by day: it spreads to 60 % in three days, until it is withdrawn."""
    grown: Floats = np.clip((day - bad.first + 1) / 3, 0, 1) * 0.6
    return np.where(bad.strikes(day), grown, 0.0)


def releases(day: Ints, bad: Incident, luck: np.random.Generator) -> Ints:
    """The app release of each session: the bad one is replaced, to 90 %, as fast as it has spread."""
    u = luck.random(len(day))
    has_bad = u < spread_of_bad_release(day, bad)
    has_mend = (day > bad.last) & (u < np.clip((day - bad.last) / 3, 0, 1) * 0.9)
    return np.where(has_mend, 2, np.where(has_bad, BAD_RELEASE, 0)).astype(np.int64)
