"""The sample bank's door: `write_bank` writes every table in parts, the registers and the truth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from cxmetrics.crews import crew, hands
from cxmetrics.sample.files import write_parquet
from cxmetrics.sample.making import MONTHLY_UP_TO, Order, carry_out, found, jobs
from cxmetrics.sample.registers import branch_table, registers
from cxmetrics.sample.truth import planted, true_of, write_truth
from cxmetrics.sample.world import World

FIRST_DAY = dt.date(2026, 7, 1)
LEAST_ROWS, MOST_ROWS = 1_000, 1_000_000_000
BYTES_A_ROW = 40  # of what is written, with some to spare
BY_PROCESSES = 4_000_000  # rows, from which on it pays to start some; fewer are written by threads
AT_A_TIME = hands()  # parts
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

    The same arguments give the same bytes, and memory does not grow with `rows`.  `by_day`: in a file a day, or a
    month; by default whichever is fit for so many rows.  `progress` hears the theme, files done and files in all.
    `ValueError` when `rows` is not in 1,000..1,000,000,000 or `days` not in 1..3660; `OSError` for a full disk.
    """
    if not LEAST_ROWS <= rows <= MOST_ROWS or not 1 <= days <= 3_660:
        raise ValueError(f"a bank needs {LEAST_ROWS} to {MOST_ROWS} rows and 1 to 3660 days")
    by_day = rows > MONTHLY_UP_TO if by_day is None else by_day
    order = Order(rows, seed, first_day, days, by_day, folder / "data")
    counts: dict[str, int] = {}
    dirt: dict[str, dict[str, int]] = {}
    try:
        with crew(AT_A_TIME, of_processes=AT_A_TIME > 1 and rows >= BY_PROCESSES) as crewed:
            true = crewed.submit(true_of, order)
            todo = list(jobs(order))
            for number, done in enumerate(crewed.map(carry_out, todo), start=1):
                _add(counts, done.rows)
                for table, spoiled in done.dirt.items():
                    _add(dirt.setdefault(table, {}), spoiled)
                if progress:
                    progress(done.theme, number, len(todo))
            world = found(order)
            counts.update(_write_registers(order.data, world))
            write_truth(order.data / "truth.yaml", planted(world, seed, counts, dirt, true.result()))
    finally:
        found.cache_clear()  # the people of a large bank are not small
    return counts


def _add(totals: dict[str, int], more: dict[str, int]) -> None:
    for name, number in more.items():
        totals[name] = totals.get(name, 0) + number


def _write_registers(data: Path, world: World) -> dict[str, int]:
    """The rows of each; the branches as they are now are CSV, for people to open."""
    frames = registers(world)
    for name, frame in frames.items():
        write_parquet(data / "registers" / f"{name}.parquet", frame)
    branches = branch_table()
    branches.write_csv(data / "branches.csv")
    return {**{f"registers/{name}": len(frame) for name, frame in frames.items()}, "branches": len(branches)}
