"""Parts of the sample bank: what is asked for, the world that comes of it, and a part made and written."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
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
from cxmetrics.sample.rhythm import Calendar, Part, parts
from cxmetrics.sample.service import CALLS, CHATS, TICKETS, VISITS
from cxmetrics.sample.surveys import SURVEYS
from cxmetrics.sample.systems import API, ATM, PROBES
from cxmetrics.sample.world import Theme, World

_THEMES = (
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
THEMES: dict[str, Theme] = {theme.name: theme for theme in _THEMES}
MONTHLY_UP_TO = 6_000_000  # rows in all; bigger banks are written in a file a day
MOST_BEGINNINGS = 50_000  # in one file, of which ten times as many rows may come: what is made at a time bounds memory
MOST_CUSTOMERS = 1_000_000  # of the panel, which is in memory whole; bigger banks hear of each of them more often
ROWS_A_CUSTOMER = 40


@dataclass(frozen=True, slots=True)
class Order:
    """What bank is asked for, and the folder of its data.  `by_day`: in a file a day, or a month."""

    rows: int
    seed: int
    first_day: dt.date
    days: int
    by_day: bool
    data: Path


@dataclass(frozen=True, slots=True)
class Job:
    """One part of one theme, to be made and written; `beginnings` are those of the theme, by day."""

    order: Order
    theme: str
    part: Part
    beginnings: Ints


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a job: rows by table, and dirt by the folder the rows lie in."""

    theme: str
    rows: dict[str, int]
    dirt: dict[str, dict[str, int]]


def jobs(order: Order) -> Iterator[Job]:
    """All there is to do for a bank.  Jobs share nothing but the world: each may be done anywhere, at any time."""
    world = found(order)
    for theme in THEMES.values():
        beginnings = world.calendar.spread(round(world.rows * theme.share), theme.rhythm)
        for part in parts(world.calendar, beginnings, by_day=order.by_day, most=MOST_BEGINNINGS):
            yield Job(order, theme.name, part, beginnings)


def carry_out(job: Job) -> Done:
    """Make the rows of a part, spoil them, write them."""
    theme, part, data = THEMES[job.theme], job.part, job.order.data
    world = found(job.order).on(part.first)
    rng, end = _random(job.order.seed, theme.name, part.number), world.calendar.midnight(part.last)
    slots = world.calendar.slots(job.beginnings, theme.rhythm, part, rng)
    done = Done(theme.name, {}, {})
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


@lru_cache(1)
def found(order: Order) -> World:
    """The bank before any row is drawn.  The last one is kept, for the parts that follow."""
    rng = _random(order.seed, "people", 0)
    noise = np.exp(0.04 * rng.standard_normal(order.days))
    customers = min(MOST_CUSTOMERS, max(300, order.rows // ROWS_A_CUSTOMER))
    people = settle(order.seed, customers, rng)
    return World(order.rows, max(order.rows, 1_000), Calendar(order.first_day, order.days, noise), people,
                 people.reorganised(), plan(order.days))


def _random(seed: int, name: str, part: int) -> Random:
    """A generator of its own for each theme and part, so that no part depends on another."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode()), part])))


def _until(frame: pl.DataFrame, time: str, end: int) -> pl.DataFrame:
    """What began before the end of a part is booked on its last day, so that a file holds its own days only."""
    last = pl.lit(end - 1_000, dtype=pl.Int64).cast(MOMENT)
    return frame.with_columns(pl.min_horizontal(pl.col(time), last).alias(time))


def _write(folder: Path, label: str, frame: pl.DataFrame, by: str | None) -> None:
    """One file, or one in each folder named by the values of the column `by`."""
    names = [""] if by is None else sorted(frame[by].unique())
    for name in names:
        write_parquet(folder / name / f"{label}.parquet", frame if by is None else frame.filter(pl.col(by) == name))
