"""Conditions that have little in common: `python -m benchmarks.conjunctions 300x3x2 300x8x3 …`.

Each size is indicators × texts × amounts: every indicator has a condition of its own on so many of eight columns of 20
texts each and on so many of three amounts.  Tells what both engines take of the processor beside a query by hand with a
CASE an indicator, and that all count the same.  `ROWS` in the environment: 1,000,000 unless told.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from benchmarks.measure import MIB, job, section
from benchmarks.workloads import ENGINES
from cxmetrics.store import Store

TEXTS, AMOUNTS = tuple(f"c{i}" for i in range(8)), tuple(f"x{i}" for i in range(3))
WORDS, DAYS = 20, 3
AT_ONCE = 50  # indicators in a query by hand
_HEAD = """project: conjunctions
grains: [year]
replicates: 0
sources:
  e:
    read: data/*.parquet
    time: day
    columns:
"""


@dataclass(frozen=True, slots=True)
class Condition:
    """Texts that columns may have, and from where on an amount counts."""

    texts: tuple[tuple[str, tuple[str, ...]], ...]
    amounts: tuple[tuple[str, float], ...]

    @property
    def formula(self) -> str:
        """A count, in the language of cxmetrics."""
        tests = [f"e.{name} in [{_listed(words)}]" for name, words in self.texts]
        tests += [f"e.{name} >= {end}" for name, end in self.amounts]
        return f"count(e where {' and '.join(tests)})"

    @property
    def sql(self) -> str:
        """The same count by hand."""
        tests = [f"{name} IN ({_listed(words)})" for name, words in self.texts]
        tests += [f"{name} >= {end}" for name, end in self.amounts]
        return f"count(CASE WHEN {' AND '.join(tests)} THEN 1 END)"


def conditions(count: int, texts: int, amounts: int) -> tuple[Condition, ...]:
    """So many conditions; of more than three columns some may have half of the texts, so that rows are left."""
    draw = np.random.default_rng((count, texts, amounts))
    made = []
    for _ in range(count):
        own = sorted(draw.choice(len(TEXTS), texts, replace=False).tolist())
        few = [WORDS // 2 if texts > 3 and draw.random() < 0.7 else 1 for _ in own]
        made.append(Condition(
            tuple((TEXTS[i], tuple(f"{TEXTS[i]} {word:02d}"
                                   for word in sorted(draw.choice(WORDS, size, replace=False).tolist())))
                  for i, size in zip(own, few, strict=True)),
            tuple((AMOUNTS[i], round(draw.uniform(100, 700), 1))
                  for i in sorted(draw.choice(len(AMOUNTS), amounts, replace=False).tolist()))))
    return tuple(made)


def generate(folder: Path, rows: int) -> None:
    """Rows of all columns, a file a day."""
    folder.mkdir(parents=True)
    for day in range(DAYS):
        draw, count = np.random.default_rng((20260101, day)), rows // DAYS
        texts = {name: pl.Series([f"{name} {word:02d}" for word in range(WORDS)]).gather(
            draw.integers(0, WORDS, count)) for name in TEXTS}
        amounts = {name: np.round(draw.gamma(2, 180, count), 2) for name in AMOUNTS}
        pl.DataFrame({**texts, **amounts}).with_columns(day=pl.date(2026, 1, day + 1)).write_parquet(
            folder / f"{day}.parquet", row_group_size=122_880)


def by_hand(folder: Path, asked: Sequence[Condition]) -> list[int]:
    """What each condition counts."""
    found: list[int] = []
    with duckdb.connect() as connection:
        for at in range(0, len(asked), AT_ONCE):
            items = ", ".join(one.sql for one in asked[at:at + AT_ONCE])
            row = connection.execute(f"SELECT {items} FROM read_parquet('{folder}/*.parquet')").fetchone()
            found += row or ()
    return found


def measured(folder: Path, project: Path, engine: str, asked: Sequence[Condition]) -> list[int] | None:
    """What a run of the same counts, or None where it failed; prints what it took."""
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir(parents=True)
    columns = [f"      {name}: {kind}\n" for names, kind in ((TEXTS, "text"), (AMOUNTS, "number")) for name in names]
    lines = [f'  i{place:05d}: {{formula: "{one.formula}"}}\n' for place, one in enumerate(asked)]
    (project / "cxmetrics.yaml").write_text("".join([_HEAD, *columns, "indicators:\n", *lines]), "utf-8")
    took = job("cxmetrics", {"events": str(folder), "days": DAYS, "project": str(project), "engine": engine})
    if took.failed:
        print(f"{project.name:26} {took.failed}", flush=True)
        return None
    print(f"{project.name:26} cpu {took.cpu:8.1f} s   peak {took.peak / MIB:8,.0f} MiB", flush=True)
    with Store.open(project / "store") as store:
        known = dict(store.values().select("indicator", "value").iter_rows())
    return [int(known.get(f"i{place:05d}") or 0) for place in range(len(asked))]


def main(sizes: list[str]) -> int:
    """Measure each size by hand and on both engines; 1 where one fails, or they differ."""
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="conjunctions-") as scratch:
        folder = Path(scratch) / "rows"
        generate(folder, int(os.environ.get("ROWS", "1000000")))
        for size in sizes:
            count, texts, amounts = map(int, size.split("x"))
            asked = conditions(count, texts, amounts)
            with section() as took:
                wanted = by_hand(folder, asked)
            print(f"{size + ', by hand':26} cpu {took.cpu:8.1f} s", flush=True)
            wrong += sum(measured(folder, Path(scratch) / f"{size}-{engine}", engine, asked) != wanted
                         for engine in ENGINES)
    return int(wrong > 0)


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
