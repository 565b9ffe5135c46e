"""A pyramid by branch, by segment and by both, day by day: `python -m benchmarks.crossed 30x150x7 100x150x7 …`.

Each size is factors × branches × days, with 20 events a branch, segment and day.  Tells how many values there are, what
they take of the processor and of memory, and that both engines write the same bytes.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path

import polars as pl

from benchmarks import data
from benchmarks.definitions import BRANCHES, SEGMENTS, indicators
from benchmarks.measure import MIB, job
from benchmarks.projects import write_project
from benchmarks.workloads import ENGINES

EVENTS = 20  # a branch, segment and day
CUTS = (("branch",), ("segment",), ("branch", "segment"))


def main(sizes: list[str]) -> int:
    """Measure each size on both engines; 1 where one fails, or they differ."""
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="crossed-") as folder:
        for size in sizes:
            factors, branches, days = map(int, size.split("x"))
            events = _events(Path(folder) / f"events-{branches}-{days}", branches, days)
            written = {_measured(Path(folder) / f"{size}-{engine}", events, engine, factors, days)
                       for engine in ENGINES}
            wrong += len(written) != 1 or None in written
    return int(wrong > 0)


def _events(folder: Path, branches: int, days: int) -> Path:
    """The events of some branches, out of those of all, in a folder by themselves or as they are there already."""
    if folder.exists():
        return folder
    rows = EVENTS * BRANCHES * len(SEGMENTS) * days
    data.generate(folder, rows, days)
    for path in folder.glob("*.parquet"):
        some = pl.read_parquet(path).filter(pl.col("branch") < f"B{branches:04d}")
        some.write_parquet(path, row_group_size=122_880)
    return folder


def _measured(project: Path, events: Path, engine: str, factors: int, days: int) -> str | None:
    """Print what a run takes; what stands for the values that it has written, or None where it failed."""
    write_project(project, indicators(factors, "uniform"), cuts=CUTS, shape="tree")
    took = job("cxmetrics", {"events": str(events), "days": days, "project": str(project), "engine": engine})
    if took.failed:
        print(f"{project.name:26} {took.failed}", flush=True)
        return None
    told = hashlib.sha256(b"".join(path.read_bytes() for path in sorted((project / "store/data").glob("values.*"))))
    print(f"{project.name:26} {took.said['values']:>12,} values   cpu {took.cpu:8.1f} s   "
          f"peak {took.peak / MIB:8,.0f} MiB   {told.hexdigest()[:12]}", flush=True)
    return told.hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
