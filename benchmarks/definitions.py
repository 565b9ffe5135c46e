"""Indicators by the thousand, each under its own filter: as formulas for cxmetrics and as SQL written by hand.

Indicator number i looks at one of 20 touchpoints, one of 10 events, and its own set of results; kinds alternate.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Literal

Kind = Literal["count", "mean", "amount", "share", "p95", "nps"]
Mix = Literal["uniform", "mixed"]

TOUCHPOINTS = tuple(f"touchpoint_{i:02d}" for i in range(20))
EVENTS = tuple(f"event_{i}" for i in range(10))
RESULTS = ("success", "refused", "failed", "timeout", "abandoned")
CHANNELS = ("app", "web", "branch", "phone")
SEGMENTS = ("mass", "silver", "gold", "private", "business", "staff")
BRANCHES = 1500

KINDS: dict[Mix, tuple[Kind, ...]] = {
    "uniform": ("count", "mean", "share"),
    "mixed": ("count", "mean", "amount", "share", "p95", "nps"),
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
}
SQL: dict[Kind, str] = {
    "count": "count(*)",
    "mean": "avg(latency_ms)",
    "amount": "avg(amount)",
    "share": "count(*) FILTER (WHERE score >= 9) / count(score)",
    "p95": "quantile_cont(latency_ms, 0.95)",
    "nps": "100.0 * (count(*) FILTER (WHERE score >= 9) - count(*) FILTER (WHERE score <= 6)) / count(score)",
}
COLUMNS: dict[Mix, tuple[str, ...]] = {  # what the formulas look at, and the time
    "uniform": ("event_time", "touchpoint", "event", "result", "latency_ms", "score"),
    "mixed": ("event_time", "touchpoint", "event", "result", "latency_ms", "amount", "score"),
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
            f"i{i:05d}", kinds[(i * 7 + i // 20) % len(kinds)], TOUCHPOINTS[place % 20], EVENTS[place // 20 % 10],
            sets[place // 200], channel))
    return tuple(made)


def _channel(number: int) -> str:
    return CHANNELS[number] if number < len(CHANNELS) else f"channel_{number}"


def sampled(count: int, mix: Mix, size: int) -> tuple[Indicator, ...]:
    """Evenly chosen ones out of them; the step shares no factor with the number of kinds."""
    every = indicators(count, mix)
    return tuple(every[int(i * count / size + i) % count] for i in range(size))


# --- projects ----------------------------------------------------------------------------------------------------

_SOURCE = """sources:
  events:
    read: data/*.parquet
    time: event_time
    entity: customer
    columns:
      touchpoint: text
      event: text
      result: text
      channel: text
      latency_ms: integer
      amount: number
      score: {type: integer, scale: 0..10}
"""


def write_project(folder: Path, chosen: Sequence[Indicator], *, cuts: Iterable[Sequence[str]] = (), files: int = 1,
                  pyramid: bool = False) -> None:
    """A project over `data/*.parquet`, its indicators in so many files; as a pyramid, each file is a journey."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "data").mkdir(parents=True)
    listed = ", ".join(f"[{', '.join(cut)}]" for cut in cuts)
    head = f"project: benchmark\ntime_zone: Asia/Shanghai\ngrains: [day, year]\ncuts: [{listed}]\n"
    dimensions = "".join(f"  {name}: {{}}\n" for name in ("segment", "branch"))
    (folder / "cxmetrics.yaml").write_text(f"{head}dimensions:\n{dimensions}{_SOURCE}", encoding="utf-8")
    each = -(-len(chosen) // files)
    for number in range(files):
        own = chosen[number * each:(number + 1) * each]
        text = _journey(number, own) if pyramid else "indicators:\n" + "".join(
            f'  {one.id}: {{formula: "{one.formula}"}}\n' for one in own)
        (folder / f"part_{number:03d}.yaml").write_text(text, encoding="utf-8")
    if pyramid:
        children = "".join(f"      journey_{number:03d}: 1\n" for number in range(files))
        top = f"indicators:\n  index:\n    level: north_star\n    children:\n{children}"
        (folder / "north_star.yaml").write_text(top, encoding="utf-8")


_SCORES: dict[Kind, str] = {  # `at` is another for each indicator, as goals are
    "count": "{{0: 0, 100: {at}}}", "mean": "{{0: {at}, 60: 1000, 100: 200}}", "amount": "{{0: 0, 100: {at}}}",
    "share": "{{0: 0%, 60: 0.{at}, 100: 100%}}", "p95": "{{0: {at}, 100: 500}}", "nps": "{{0: -100, 100: 100}}"}


def _journey(number: int, own: Sequence[Indicator]) -> str:
    first = 10_000 + number * len(own)
    children = "".join(
        f"      {one.id}:\n        title: {{zh: 指标 {one.id}, en: Indicator {one.id}}}\n        weight: {i % 5 + 1}\n"
        f"        formula: {one.formula}\n        score: {_SCORES[one.kind].format(at=first + i)}\n"
        for i, one in enumerate(own))
    return f"indicators:\n  journey_{number:03d}:\n    level: journey\n    children:\n{children}"
