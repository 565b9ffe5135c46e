"""Indicators by the thousand, each under its own filter: as formulas for cxmetrics and as SQL written by hand.

Indicator number i looks at one of 20 touchpoints, one of 10 events, and its own set of results; kinds alternate.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

Kind = Literal["count", "mean", "amount", "share", "p95", "nps", "distinct"]
Mix = Literal["uniform", "mixed"]

TOUCHPOINTS = tuple(f"touchpoint_{i:02d}" for i in range(20))
EVENTS = tuple(f"event_{i}" for i in range(10))
RESULTS = ("success", "refused", "failed", "timeout", "abandoned")
CHANNELS = ("app", "web", "branch", "phone")
SEGMENTS = ("mass", "silver", "gold", "private", "business", "staff")
BRANCHES = 1500

KINDS: dict[Mix, tuple[Kind, ...]] = {
    "uniform": ("count", "mean", "share"),
    "mixed": ("count", "mean", "amount", "share", "p95", "nps", "distinct"),
}
# Sets of results that indicators tell apart; a mixed set has single results, so that one GROUP BY can give its p95.
_SETS = tuple(chosen for size in (1, 2, 3) for chosen in combinations(RESULTS, size))[:15]
_SETS_OF: dict[Mix, tuple[tuple[str, ...], ...]] = {"uniform": _SETS, "mixed": tuple((one,) for one in RESULTS)}

_FORMULAS: dict[Kind, str] = {
    "count": "count(events where {})",
    "mean": "mean(events.latency_ms where {})",
    "amount": "mean(events.amount where {})",
    "share": "share(events.score >= 9 where {})",
    "p95": "p95(events.latency_ms where {})",
    "nps": "nps(events.score where {})",
    "distinct": "distinct(events.customer where {})",
}
SQL: dict[Kind, str] = {
    "count": "count(*)",
    "mean": "avg(latency_ms)",
    "amount": "avg(amount)",
    "share": "count(*) FILTER (WHERE score >= 9) / count(score)",
    "p95": "quantile_cont(latency_ms, 0.95)",
    "nps": "100.0 * (count(*) FILTER (WHERE score >= 9) - count(*) FILTER (WHERE score <= 6)) / count(score)",
    "distinct": "count(DISTINCT customer)",
}
COLUMNS: dict[Mix, tuple[str, ...]] = {  # what the formulas look at, and the time
    "uniform": ("event_time", "touchpoint", "event", "result", "latency_ms", "score"),
    "mixed": ("event_time", "touchpoint", "event", "result", "latency_ms", "amount", "score", "customer"),
}


@dataclass(frozen=True, slots=True)
class Indicator:
    """An aggregate under its own filter; `channel`: None for all."""

    id: str
    kind: Kind
    touchpoint: str
    event: str
    results: tuple[str, ...]
    channel: str | None = None

    @property
    def formula(self) -> str:
        """In the language of cxmetrics."""
        some = ", ".join(f"'{result}'" for result in self.results)
        tests = [f"events.touchpoint = '{self.touchpoint}'", f"events.event = '{self.event}'",
                 f"events.result in [{some}]", *([f"events.channel = '{self.channel}'"] if self.channel else [])]
        return _FORMULAS[self.kind].format(" and ".join(tests))

    @property
    def where(self) -> str:
        """The filter in SQL."""
        some = ", ".join(f"'{result}'" for result in self.results)
        last = f" AND channel = '{self.channel}'" if self.channel else ""
        return f"touchpoint = '{self.touchpoint}' AND event = '{self.event}' AND result IN ({some}){last}"


def indicators(count: int, mix: Mix) -> tuple[Indicator, ...]:
    """The first `count` indicators of a mix; no two have the same filter (past 3,000, by channel).

    Past 15,000 the channels are none of the data: such projects are compiled only.
    """
    kinds, sets = KINDS[mix], _SETS_OF[mix]
    cells = len(TOUCHPOINTS) * len(EVENTS) * len(sets)
    made = []
    for i in range(count):
        channel = None if i < cells else _channel(i // cells - 1)
        place = i % cells
        made.append(Indicator(
            f"i{i:05d}", kinds[(i * 11 + i // 20) % len(kinds)], TOUCHPOINTS[place % 20], EVENTS[place // 20 % 10],
            sets[place // 200], channel))
    return tuple(made)


def _channel(number: int) -> str:
    return CHANNELS[number] if number < len(CHANNELS) else f"channel_{number}"


def sampled(count: int, mix: Mix, size: int) -> tuple[Indicator, ...]:
    """Evenly chosen ones out of them, or all; the step shares no factor with the number of kinds."""
    every = indicators(count, mix)
    if size >= count:
        return every
    return tuple(every[int(i * count / size + i) % count] for i in range(size))
