"""How fast sample banks are written, and in how much memory: `python -m benchmarks.bank [20m 200m …]`.

A process of its own each, from its start to its end; the bank is deleted after it.  Told are rows that happened,
without registers, by second of the clock and of the processors: of two processors that nobody else uses the first is at
most twice the second.  Large banks are written by a process for each processor, at most four; the peak is that of the
largest of them.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import MIB, ROOT, command

HOURS = 4


def main() -> int:
    """Write banks of the sizes that are asked for, one after another, and tell of each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bank", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scales", nargs="*", default=["20m"], help="sizes, as `demo --scale` takes them (20m)")
    parser.add_argument("--folder", type=Path, default=ROOT / "benchmarks", help="where there is room")
    options = parser.parse_args()
    print(f"{'scale':>6} {'rows':>13} {'wall s':>8} {'cpu s':>8} {'rows/s':>10} {'rows/cpu s':>10} {'peak MiB':>9} "
          f"{'bytes/row':>9}")
    for scale in options.scales:
        with tempfile.TemporaryDirectory(prefix="bank-", dir=options.folder) as scratch:
            print(measured(scale, Path(scratch) / "bank"), flush=True)
    return 0


def measured(scale: str, bank: Path) -> str:
    """One bank written: a line of the table, or why there is none."""
    found = command([sys.executable, "-m", "cxmetrics", "demo", str(bank), "--scale", scale, "--data-only"],
                    timeout=HOURS * 3_600)
    if found.failed:
        return f"{scale:>6} {found.failed}"
    rows = happened(bank / "data")
    size = sum(path.stat().st_size for path in bank.rglob("*.parquet"))
    shutil.rmtree(bank)
    return (f"{scale:>6} {rows:13,} {found.wall:8.1f} {found.cpu:8.1f} {rows / found.wall:10,.0f} "
            f"{rows / found.cpu:10,.0f} {found.peak / MIB:9,.0f} {size / rows:9.1f}")


def happened(data: Path) -> int:
    """The rows of a bank, as its truth tells them, without those of registers."""
    lines = (data / "truth.yaml").read_text(encoding="utf-8").splitlines()
    start = lines.index("rows:") + 1
    rows = 0
    for line in lines[start:]:
        if not line.startswith("  "):
            break
        name, _, number = line.strip().partition(": ")
        rows += 0 if name.startswith("registers/") else json.loads(number)
    return rows


if __name__ == "__main__":
    sys.exit(main())
