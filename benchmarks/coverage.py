"""How often intervals hold the truth: many small worlds with a known one, each a slice of one run.

    python -m benchmarks.coverage --worlds 2000 --customers 300

Every world draws its customers anew.  A customer has a mood, which all that is asked of him and all that he meets
depend on: answers and events share respondents, and some customers answer and act more than once.  Three levels stand
over the factors.  Two kinds of events are rare: of the 600 that a world has in a month some two and three.  A panel is
drawn from two strata, of one of which few are asked, and each answers once or more: its weights say how many a customer
stands for.  What is true is the number that a world of endless size would give, found by integration.
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import gammainc

from cxmetrics.run import RunOptions, run
from cxmetrics.store import Store

Array = NDArray[np.float64]
PROJECT = """\
project: worlds
grains: [month]
cuts: [[world]]
dimensions: {world: {}}
sources:
  answers:
    read: data/answers-*.parquet
    time: day
    entity: who
    columns: {score: {type: integer, scale: 0..10}}
  events:
    read: data/events-*.parquet
    time: day
    entity: who
    columns: {ok: boolean, kept: boolean, right: boolean, wait: {type: number, unit: s}}
  panel:
    read: data/panel-*.parquet
    time: day
    entity: who
    weight: w
    strata: stratum
    columns: {wait: {type: number, unit: s}}
indicators:
  nps: {formula: nps(answers.score), score: {0: -100, 100: 100}}
  satisfied: {formula: share(answers.score >= 8), score: {0: 0%, 100: 100%}}
  success: {formula: share(events.ok), score: {0: 0%, 100: 100%}}
  wait: {formula: mean(events.wait), score: {0: 20 s, 100: 0 s}}
  usual: {formula: median(events.wait), score: {0: 20 s, 100: 0 s}}
  slow: {formula: p90(events.wait), score: {0: 40 s, 100: 0 s}}
  tail: {formula: slow - usual}
  times: {children: {usual: 50%, slow: 50%}}
  voice: {children: {nps: 60%, satisfied: 40%}}
  machine: {children: {success: 1, wait: 1}, combine: geometric}
  journey: {children: {voice: 50%, machine: 50%}}
  north: {children: {journey: 70%, satisfied: 30%}, combine: harmonic}
  kept: {formula: share(events.kept), score: {0: 97%, 100: 100%}}
  right: {formula: share(events.right), score: {0: 97%, 100: 100%}}
  safety: {children: {kept: 50%, right: 50%}}
  care: {children: {safety: 50%, voice: 50%}}
  asked: {formula: mean(panel.wait)}
  asked_usual: {formula: median(panel.wait)}
  asked_slow: {formula: p90(panel.wait)}
"""
NAMES = ("nps", "satisfied", "success", "wait", "usual", "slow", "tail", "times", "voice", "machine", "journey",
         "north", "kept", "right", "safety", "care", "asked", "asked_usual", "asked_slow")
# The part of customers, that of them who are asked, and how much longer they wait.
STRATA = ((1 / 3, 0.9, 1.0), (2 / 3, 0.3, 1.5))
RARE = {"kept": -6.0, "right": -5.5}  # the logarithm of how often an event is none, for a customer of middling mood
MONTHS = (dt.date(2026, 2, 1), dt.date(2026, 3, 1))


def score_of(mood: Array, noise: Array) -> Array:
    """An answer on 0..10."""
    return np.clip(np.round(7.6 + 1.6 * mood + 1.2 * noise), 0, 10)


def chance_of(mood: Array) -> Array:
    """How likely an event is to go well."""
    return 1 / (1 + np.exp(-(1.5 + 0.8 * mood)))


def chance_of_rare(mood: Array, name: str) -> Array:
    """How likely an event is to be of a rare kind: e^−5.875 = 0.28% and e^−5.375 = 0.46% over all moods."""
    return np.minimum(np.exp(RARE[name] - 0.5 * mood), 1)


def truth() -> dict[str, float]:
    """What the indicators are of an endless world: integrals over moods and noises."""
    points, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    grid = np.linspace(-8, 8, 40_001)
    dense = np.exp(-grid**2 / 2)
    dense /= dense.sum()
    scores = score_of(grid[None, :] * 0 + points[:, None], grid[None, :])
    promoters, detractors, high = (weights @ ((test) @ dense) for test in (scores >= 9, scores <= 6, scores >= 8))
    nps, success, wait = 100 * (promoters - detractors), weights @ chance_of(points), 5.0
    voice = 0.6 * (nps + 100) / 2 + 0.4 * 100 * high
    machine = np.sqrt(100 * success * (100 - 5 * wait))
    journey = (voice + machine) / 2
    kept, right = (1 - float(weights @ chance_of_rare(points, name)) for name in RARE)
    safety = 50 * ((kept - 0.97) + (right - 0.97)) / 0.03
    north = 1 / (0.7 / journey + 0.3 / (100 * high))
    usual, slow = (waiting(points, weights, part) for part in (0.5, 0.9))
    return dict(zip(NAMES, (nps, high, success, wait, usual, slow, slow - usual, 100 - 1.25 * slow - 2.5 * usual,
                            voice, machine, journey, north, kept, right, safety, (safety + voice) / 2,
                            sum(5 * part * longer for part, _, longer in STRATA),
                            *(waiting(points, weights, part, STRATA) for part in (0.5, 0.9))), strict=True))


def waiting(points: Array, weights: Array, part: float,
            strata: tuple[tuple[float, float, float], ...] = ((1.0, 1.0, 1.0),)) -> float:
    """The quantile of waits: where the share of shorter ones, over all moods and strata, is that part."""
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        below = sum(of * (weights @ gammainc(2.5, middle / longer / 2 / np.exp(0.3 * points - 0.045)))
                    for of, _, longer in strata)
        low, high = (middle, high) if below < part else (low, middle)
    return high


def draw(folder: Path, worlds: int, customers: int, seed: int) -> None:
    """Write the rows of all worlds."""
    rng = np.random.default_rng(seed)
    mood = rng.normal(size=worlds * customers)
    who = np.arange(len(mood))
    (folder / "data").mkdir()
    for month in MONTHS:
        _draw_month(folder, month, mood, who, customers, rng)
    (folder / "cxmetrics.yaml").write_text(PROJECT, "utf-8")


def _draw_month(folder: Path, month: dt.date, mood: Array, who: NDArray[np.int64], customers: int,
                rng: np.random.Generator) -> None:
    """Write the rows of a month: some customers come again in the next."""
    times = (1 + rng.poisson(0.5, len(mood)) * (rng.random(len(mood)) < 0.6)) * (rng.random(len(mood)) < 0.8)
    of = np.repeat(who, times)
    answers = pl.DataFrame({"score": score_of(mood[of], rng.normal(size=len(of))).astype(np.int64), "of": of})
    of = np.repeat(who, rng.poisson(2, len(mood)))
    wait = rng.gamma(2.5, 2.0, len(of)) * np.exp(0.3 * mood[of] - 0.045)  # a mean of 5, longer for some than for others
    events = pl.DataFrame({"ok": rng.random(len(of)) < chance_of(mood[of]), "wait": wait, "of": of, **{
        name: rng.random(len(of)) >= chance_of_rare(mood[of], name) for name in RARE}})
    for name, frame in (("answers", answers), ("events", events), ("panel", _panel(mood, customers, rng))):
        placed = frame.with_columns(
            pl.lit(month).alias("day"), pl.format("w{}", pl.col("of") // customers).alias("world"),
            pl.format("c{}", "of").alias("who")).drop("of")
        placed.write_parquet(folder / f"data/{name}-{month.month}.parquet")


def _panel(mood: Array, customers: int, rng: np.random.Generator) -> pl.DataFrame:
    """The waits of those who are asked, and how many customers each of them stands for."""
    place = np.arange(len(mood)) % customers
    part, asked, longer = (np.array(each) for each in zip(*STRATA, strict=True))
    stratum = np.where(place < part[0] * customers, 0, 1)
    of = np.repeat(np.arange(len(mood)), (rng.random(len(mood)) < asked[stratum]) * (1 + rng.poisson(0.5, len(mood))))
    wait = rng.gamma(2.5, 2.0, len(of)) * np.exp(0.3 * mood[of] - 0.045) * longer[stratum[of]]
    return pl.DataFrame({"wait": wait, "w": 1 / asked[stratum[of]], "stratum": stratum[of], "of": of})


def report(values: pl.DataFrame, true: dict[str, float]) -> list[str]:
    """A line an indicator: how many worlds had an interval, and what part of these held the truth."""
    lines = ["| indicator | truth | worlds | held the truth | mean half-width | changes | held 0 |",
             "|---|---|---|---|---|---|---|"]
    values = values.filter(pl.col("world").is_not_null(), period=MONTHS[-1])
    for name in NAMES:
        mine = values.filter(pl.col("low").is_not_null(), indicator=name)
        held = mine.filter(pl.col("low") <= true[name], pl.col("high") >= true[name]).height / max(mine.height, 1)
        half = (mine["high"] - mine["low"]).mean()
        moves = values.filter(pl.col("change_low").is_not_null(), indicator=name)
        still = moves.filter(pl.col("change_low") <= 0, pl.col("change_high") >= 0).height / max(moves.height, 1)
        lines.append(f"| {name} | {true[name]:.4g} | {mine.height} | {held:.1%} | {half / 2:.3g} | {moves.height} | "
                     f"{still:.1%} |")
    return lines


def main() -> None:
    """Draw the worlds, run them, and print what came of it."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--worlds", type=int, default=2000)
    asked.add_argument("--customers", type=int, default=300)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--engine", default="duckdb")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw(folder, given.worlds, given.customers, given.seed)
        begun = time.monotonic()
        run(folder, RunOptions(engine=given.engine))
        with Store.open(folder / "store", writable=False) as store:
            lines = report(store.values(), truth())
    print(*lines, f"\n{given.worlds} worlds of {given.customers} customers, {time.monotonic() - begun:.0f} s", sep="\n")


if __name__ == "__main__":
    main()
