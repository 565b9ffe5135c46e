"""The sample bank's door: `write_bank` writes every table in parts, the dimension table and the truth."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from cxmetrics.sample.cases import APPLICATIONS, COMPLAINTS, CONTACTS, REMARKS, REQUESTED
from cxmetrics.sample.digital import DIGITAL
from cxmetrics.sample.dirt import spoil
from cxmetrics.sample.drawing import MOMENT, Random
from cxmetrics.sample.incidents import plan
from cxmetrics.sample.ledgers import CUSTOMER_DAYS, CUSTOMER_MONTHS
from cxmetrics.sample.people import branch_table, settle
from cxmetrics.sample.rhythm import Calendar, parts
from cxmetrics.sample.service import CALLS, CHATS, TICKETS, VISITS
from cxmetrics.sample.surveys import SURVEYS
from cxmetrics.sample.systems import API, ATM, PROBES
from cxmetrics.sample.truth import planted, write_truth
from cxmetrics.sample.world import World

THEMES = (
    SURVEYS,
    DIGITAL,
    API,
    PROBES,
    ATM,
    CALLS,
    CHATS,
    TICKETS,
    VISITS,
    APPLICATIONS,
    REQUESTED,
    CONTACTS,
    COMPLAINTS,
    REMARKS,
    CUSTOMER_DAYS,
    CUSTOMER_MONTHS,
)
FIRST_DAY = dt.date(2026, 7, 1)
ROW_GROUP = 100_000
MONTHLY_UP_TO = 6_000_000  # rows in all; bigger banks are written in a file a day, to bound memory
ROWS_A_CUSTOMER = 40
Progress = Callable[[str, int, int], None]


def write_bank(
    folder: Path,
    *,
    rows: int = 1_000_000,
    seed: int = 20260101,
    first_day: dt.date = FIRST_DAY,
    days: int = 92,
    by_day: bool | None = None,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Write about `rows` rows under `folder/data/` and `folder/data/truth.yaml`; return the rows of each table.

    The same arguments give the same bytes.  `by_day`: in a file a day, or a month; by default whichever is fit for so
    many rows.  `progress` hears the theme, files done and files in all.
    `ValueError` when `rows` is under 1,000 or `days` is not in 1..3660.
    """
    if rows < 1_000 or not 1 <= days <= 3_660:
        raise ValueError("a bank needs at least 1000 rows and 1 to 3660 days")
    world = _found(rows, seed, first_day, days)
    pieces = parts(world.calendar, by_day=rows > MONTHLY_UP_TO if by_day is None else by_day)
    counts: dict[str, int] = {}
    dirt: dict[str, dict[str, int]] = {}
    total, done = len(THEMES) * len(pieces), 0
    for theme in THEMES:
        beginnings = world.calendar.spread(round(rows * theme.share), theme.rhythm)
        for number, (label, first, last) in enumerate(pieces):
            rng, end = _random(seed, theme.name, number), world.calendar.midnight(last)
            slots = world.calendar.slots(beginnings, theme.rhythm, (number, first, last), rng)
            for table, made in theme.make(world, slots, rng).items():
                frame, spoiled = spoil(_until(made, theme.times[table], end), theme.spoils.get(table, ()), rng)
                _add(counts, {table: len(frame)})
                _add(dirt.setdefault(table, {}), spoiled)
                _write(folder / "data" / table, label, frame.sort(theme.times[table], maintain_order=True),
                       theme.folders.get(table))
            done += 1
            if progress:
                progress(theme.name, done, total)
    counts["branches"] = _write_branches(folder / "data")
    write_truth(folder / "data" / "truth.yaml", planted(world, seed, counts, dirt))
    return counts


def _random(seed: int, name: str, part: int) -> Random:
    """A generator of its own for each theme and part, so that no part depends on another."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode()), part])))


def _found(rows: int, seed: int, first_day: dt.date, days: int) -> World:
    rng = _random(seed, "people", 0)
    noise = np.exp(0.04 * rng.standard_normal(days))
    customers = max(300, rows // ROWS_A_CUSTOMER)
    return World(rows, max(rows, 1_000), Calendar(first_day, days, noise), settle(seed, customers, rng), plan(days))


def _until(frame: pl.DataFrame, time: str, end: int) -> pl.DataFrame:
    """What began before the end of a part is booked on its last day, so that a file holds its own days only."""
    last = pl.lit(end - 1_000, dtype=pl.Int64).cast(MOMENT)
    return frame.with_columns(pl.min_horizontal(pl.col(time), last).alias(time))


def _add(totals: dict[str, int], more: dict[str, int]) -> None:
    for name, number in more.items():
        totals[name] = totals.get(name, 0) + number


def _write(folder: Path, label: str, frame: pl.DataFrame, by: str | None) -> None:
    """One file, or one in each folder named by the values of the column `by`."""
    names = [""] if by is None else frame[by].unique().sort().to_list()
    for name in names:
        path = folder / name / f"{label}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = frame if by is None else frame.filter(pl.col(by) == name)
        rows.write_parquet(path, row_group_size=ROW_GROUP, statistics=True)


def _write_branches(data: Path) -> int:
    frame = branch_table()
    frame.write_csv(data / "branches.csv")
    return len(frame)
