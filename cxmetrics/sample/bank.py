"""The sample bank's door: `write_bank` writes every table in parts, the dimension table and the truth."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from cxmetrics.sample.cases import APPLICATIONS, COMPLAINTS, CONTACTS, REMARKS, REQUESTED
from cxmetrics.sample.digital import DIGITAL
from cxmetrics.sample.dirt import spoil
from cxmetrics.sample.drawing import MOMENT, Ints, Random
from cxmetrics.sample.files import write_csv, write_parquet
from cxmetrics.sample.incidents import plan
from cxmetrics.sample.ledgers import CUSTOMER_DAYS, CUSTOMER_MONTHS
from cxmetrics.sample.people import settle
from cxmetrics.sample.registers import branch_table, registers
from cxmetrics.sample.rhythm import Calendar, Part, parts
from cxmetrics.sample.service import CALLS, CHATS, TICKETS, VISITS
from cxmetrics.sample.surveys import SURVEYS
from cxmetrics.sample.systems import API, ATM, PROBES
from cxmetrics.sample.truth import planted, write_truth
from cxmetrics.sample.world import Theme, World

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
MONTHLY_UP_TO = 6_000_000  # rows in all; bigger banks are written in a file a day
MOST_BEGINNINGS = 50_000  # in one file, of which ten times as many rows may come: what is made at a time bounds memory
MOST_CUSTOMERS = 1_000_000  # of the panel, which is in memory whole; bigger banks hear of each of them more often
LEAST_ROWS, MOST_ROWS = 1_000, 1_000_000_000
BYTES_A_ROW = 40  # of what is written, with some to spare
ROWS_A_CUSTOMER = 40
AT_A_TIME = 2  # parts, each by a thread of its own
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class _Job:
    """One part of one theme, to be made and written."""

    theme: Theme
    part: Part
    beginnings: Ints


@dataclass(frozen=True, slots=True)
class _Done:
    """What came of a job: rows by table, and dirt by the folder the rows lie in."""

    theme: str
    rows: dict[str, int]
    dirt: dict[str, dict[str, int]]


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

    The same arguments give the same bytes, and memory does not grow with `rows`.  `by_day`: in a file a day, or a
    month; by default whichever is fit for so many rows.  `progress` hears the theme, files done and files in all.
    `ValueError` when `rows` is not in 1,000..1,000,000,000 or `days` not in 1..3660; `OSError` for a full disk.
    """
    if not LEAST_ROWS <= rows <= MOST_ROWS or not 1 <= days <= 3_660:
        raise ValueError(f"a bank needs {LEAST_ROWS} to {MOST_ROWS} rows and 1 to 3660 days")
    world = _found(rows, seed, first_day, days)
    jobs = list(_jobs(world, by_day=rows > MONTHLY_UP_TO if by_day is None else by_day))
    counts: dict[str, int] = {}
    dirt: dict[str, dict[str, int]] = {}
    for done, made in enumerate(_made(world, seed, folder / "data", jobs), start=1):
        _add(counts, made.rows)
        for table, spoiled in made.dirt.items():
            _add(dirt.setdefault(table, {}), spoiled)
        if progress:
            progress(made.theme, done, len(jobs))
    counts.update(_write_registers(folder / "data", world))
    write_truth(folder / "data" / "truth.yaml", planted(world, seed, counts, dirt))
    return counts


def _jobs(world: World, *, by_day: bool) -> Iterator[_Job]:
    for theme in THEMES:
        beginnings = world.calendar.spread(round(world.rows * theme.share), theme.rhythm)
        for part in parts(world.calendar, beginnings, by_day=by_day, most=MOST_BEGINNINGS):
            yield _Job(theme, part, beginnings)


def _made(world: World, seed: int, data: Path, jobs: Sequence[_Job]) -> Iterator[_Done]:
    """The jobs done, in their order; some at a time, for they share nothing but the world."""
    with ThreadPoolExecutor(AT_A_TIME) as threads:
        try:
            yield from threads.map(lambda job: _carry_out(world, seed, data, job), jobs)
        finally:
            threads.shutdown(wait=True, cancel_futures=True)


def _carry_out(world: World, seed: int, data: Path, job: _Job) -> _Done:
    theme, part = job.theme, job.part
    world = world.on(part.first)
    rng, end = _random(seed, theme.name, part.number), world.calendar.midnight(part.last)
    slots = world.calendar.slots(job.beginnings, theme.rhythm, part, rng)
    done = _Done(theme.name, {}, {})
    for table, made in theme.make(world, slots, rng).items():
        by = theme.folders.get(table)
        frame, spoiled = spoil(_until(made, theme.times[table], end), theme.spoils.get(table, ()), rng, by)
        done.dirt.update({f"{table}/{name}" if name else table: found for name, found in spoiled.items()})
        done.rows[table] = len(frame)
        frame = frame.sort(theme.times[table], maintain_order=True)
        if table in theme.exported:
            write_csv(data / table / f"{part.label}.csv", frame, theme.exported[table](world, part.first))
        else:
            _write(data / table, part.label, frame, by)
    return done


def _random(seed: int, name: str, part: int) -> Random:
    """A generator of its own for each theme and part, so that no part depends on another."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode()), part])))


def _found(rows: int, seed: int, first_day: dt.date, days: int) -> World:
    rng = _random(seed, "people", 0)
    noise = np.exp(0.04 * rng.standard_normal(days))
    customers = min(MOST_CUSTOMERS, max(300, rows // ROWS_A_CUSTOMER))
    people = settle(seed, customers, rng)
    return World(rows, max(rows, 1_000), Calendar(first_day, days, noise), people, people.reorganised(), plan(days))


def _until(frame: pl.DataFrame, time: str, end: int) -> pl.DataFrame:
    """What began before the end of a part is booked on its last day, so that a file holds its own days only."""
    last = pl.lit(end - 1_000, dtype=pl.Int64).cast(MOMENT)
    return frame.with_columns(pl.min_horizontal(pl.col(time), last).alias(time))


def _add(totals: dict[str, int], more: dict[str, int]) -> None:
    for name, number in more.items():
        totals[name] = totals.get(name, 0) + number


def _write(folder: Path, label: str, frame: pl.DataFrame, by: str | None) -> None:
    """One file, or one in each folder named by the values of the column `by`."""
    names = [""] if by is None else sorted(frame[by].unique())
    for name in names:
        write_parquet(folder / name / f"{label}.parquet", frame if by is None else frame.filter(pl.col(by) == name))


def _write_registers(data: Path, world: World) -> dict[str, int]:
    """The rows of each; the branches as they are now are CSV, for people to open."""
    frames = registers(world)
    for name, frame in frames.items():
        write_parquet(data / "registers" / f"{name}.parquet", frame)
    branches = branch_table()
    branches.write_csv(data / "branches.csv")
    return {**{f"registers/{name}": len(frame) for name, frame in frames.items()}, "branches": len(branches)}
