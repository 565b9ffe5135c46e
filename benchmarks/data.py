"""Made-up events, the same on every machine: 12 columns, a Parquet file a day, kept for the next run."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.definitions import BRANCHES, CHANNELS, EVENTS, RESULTS, SEGMENTS, TOUCHPOINTS

SEED = 20260101
FIRST = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - the clock of the project's zone
CUSTOMERS = 400_000
READY = "ready"


def generate(folder: Path, rows: int, days: int) -> None:
    """Write `rows` events over `days` days into `folder`, unless they are there; each day has a seed of its own."""
    if (folder / READY).exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for day in range(days):
        count = rows // days + (day < rows % days)
        start = FIRST + dt.timedelta(days=day)
        _day(day, count, start).write_parquet(folder / f"{start:%Y-%m-%d}.parquet", row_group_size=122_880)
    (folder / READY).touch()


def _day(day: int, count: int, start: dt.datetime) -> pl.DataFrame:
    rng = np.random.default_rng((SEED, day))
    seconds = np.sort(rng.integers(0, 86_400_000_000, count))
    latency = np.minimum(np.exp(rng.normal(5.8, 0.9, count)), 60_000).astype(np.int64)
    score = rng.choice(11, count, p=[.01, .01, .02, .02, .03, .06, .08, .15, .22, .2, .2])
    customers = rng.integers(0, CUSTOMERS, count)
    return pl.DataFrame({
        "event_id": np.arange(count, dtype=np.int64) + day * 10_000_000,
        "event_time": pl.Series(seconds + int(np.datetime64(start, "us").astype(np.int64))).cast(pl.Datetime("us")),
        "customer": customers,
        "branch": _text([f"B{i:04d}" for i in range(BRANCHES)], customers % BRANCHES),
        "segment": _text(SEGMENTS, customers % 97 % len(SEGMENTS)),
        "channel": _text(CHANNELS, rng.choice(4, count, p=[.6, .2, .12, .08])),
        "touchpoint": _text(TOUCHPOINTS, rng.integers(0, len(TOUCHPOINTS), count)),
        "event": _text(EVENTS, rng.choice(10, count, p=[.3, .2, .1, .1, .08, .07, .05, .04, .03, .03])),
        "result": _text(RESULTS, rng.choice(5, count, p=[.7, .1, .08, .05, .07])),
        "latency_ms": _holed(pl.Series(latency, dtype=pl.Int64), rng.random(count) < .05),
        "amount": _holed(pl.Series(np.round(rng.gamma(2, 180, count), 2)), rng.random(count) < .4),
        "score": _holed(pl.Series(score, dtype=pl.Int32), rng.random(count) < .5),
    })


def _text(words: tuple[str, ...] | list[str], codes: NDArray[Any]) -> pl.Series:
    return pl.Series(words, dtype=pl.String).gather(pl.Series(codes, dtype=pl.UInt32))


def _holed(values: pl.Series, holes: NDArray[np.bool_]) -> pl.Series:
    return values.set(pl.Series(holes), None)
