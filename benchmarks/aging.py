"""The sample bank as it grows by a day: its files, the days before the last, and the bare scan of the last."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from pathlib import Path

import duckdb
import polars as pl

from benchmarks.measure import ROOT, Section, section
from cxmetrics.run import RunOptions, run
from cxmetrics.sample.bank import write_bank
from cxmetrics.store import Store

LAST = dt.date(2026, 9, 30)
DAYS = 92  # that end with the last
READY = "ready"


def make(folder: Path, rows: int) -> None:
    """Write the bank into `folder`, in a file a day, unless it is there."""
    if (folder / READY).exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "definitions" / "retail_bank", folder)
    write_bank(folder, rows=rows, days=DAYS, by_day=True)
    (folder / READY).touch()


def before(bank: Path, project: Path, age: int, engine: str) -> Section:
    """A project with a store of the `age` days before the last."""
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(bank, project, ignore=shutil.ignore_patterns("data", READY))
    _deliver(bank, project, LAST - dt.timedelta(age), LAST - dt.timedelta(1))
    return _run(project, engine)[0]


def after(bank: Path, project: Path, known: Path, engine: str) -> tuple[Section, dict[str, object]]:
    """The same project, as it was `known`, when the files of the last day have come."""
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(known, project, copy_function=_link)
    _deliver(bank, project, LAST, LAST)
    return _run(project, engine)


def scan(bank: Path) -> Section:
    """Every column of the last day's files read, decoded and hardly looked at."""
    folders: dict[Path, list[str]] = {}
    for path in sorted((bank / "data").rglob(f"{LAST}.parquet")):
        folders.setdefault(path.parent, []).append(f"'{path}'")
    with duckdb.connect() as connection, section() as took:
        for paths in folders.values():
            query = f"SELECT bit_xor(hash(COLUMNS(*))) FROM read_parquet([{', '.join(paths)}])"
            connection.execute(query).fetchall()
    return took


def values(project: Path) -> pl.DataFrame:
    """What a project's store says, without the run."""
    with Store.open(project / "store") as store:
        found = store.values().drop("run")
    return found.sort(found.columns[:found.columns.index("value")])


def _run(project: Path, engine: str) -> tuple[Section, dict[str, object]]:
    chosen = "polars" if engine == "polars" else "duckdb"
    with section() as took:
        report = run(project, RunOptions(engine=chosen))
    took.parts.update(report.stages)
    days = max((one.days for one in report.sources), default=0)
    return took, {"scans": report.scans, "states": report.states, "values": report.values, "days": days}


def _deliver(bank: Path, project: Path, first: dt.date, last: dt.date) -> None:
    """Files of the days from `first` to `last`, and those without a day, as links."""
    wanted = {str(first + dt.timedelta(i)) for i in range((last - first).days + 1)}
    for path in (bank / "data").rglob("*.*"):
        target = project / path.relative_to(bank)
        lasting = path.suffix == ".csv" or path.parent.name == "registers"
        if (path.stem in wanted or lasting) and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, target)


def _link(source: str, target: str) -> None:
    """Data are the same file with the same time; what a run may write to is copied."""
    if "/data/" in source and "/store/" not in source:
        os.link(source, target)
    else:
        shutil.copy2(source, target)
