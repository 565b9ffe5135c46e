"""Speed and memory, measured: `python -m benchmarks [--small] [--only NAME]... [--repeats N]`.

Data are made once and kept in `benchmarks/.data`; the report goes to `benchmarks/out`.  The exit status is 1 where a
contender failed or found other numbers than the query written by hand.
"""

from __future__ import annotations

import argparse
import inspect
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.drawing import drawn
from benchmarks.measure import ROOT, Measure
from benchmarks.outcomes import Outcome, machine, read, troubles
from benchmarks.peers import PEERS
from benchmarks.report import markdown
from benchmarks.workloads import WORKLOADS, Case, Setting, chosen

HERE = ROOT / "benchmarks"
ROWS, SMALL = 30_000_000, 1_000_000


def main() -> int:
    """Run the workloads that are asked for and write the report."""
    options = _options()
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    (HERE / ".data").mkdir(exist_ok=True)
    outcomes: list[Outcome] = []
    about = machine() | {"rows": SMALL if options.small else ROWS, "repeats": options.repeats}
    # Beside the data, so that a project can have them by hard links.
    with tempfile.TemporaryDirectory(prefix="run-", dir=HERE / ".data") as scratch:
        setting = Setting(HERE / ".data", Path(scratch), SMALL if options.small else ROWS)
        for name in chosen(options.only):
            for case in WORKLOADS[name](setting):
                print(f"== {case.workload}: {case.name}", flush=True)
                outcomes.append(_carried_out(case, options.repeats))
                _write(out, about, outcomes)
    print(f"report: {out / 'report.md'}")
    for trouble in troubles(outcomes):
        print(trouble)
    return int(bool(troubles(outcomes, but=[peer.name for peer in PEERS])))  # theirs are told, and are not ours


def _options() -> argparse.Namespace:
    told = "\n".join(f"  {name:10} {inspect.getdoc(workload)}" for name, workload in WORKLOADS.items())
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__, epilog=f"workloads:\n{told}",
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help=f"{SMALL:,} rows in place of {ROWS:,}")
    parser.add_argument("--only", action="append", default=[], choices=list(WORKLOADS), help="a workload; repeatable")
    parser.add_argument("--repeats", type=int, default=3, help="times each contender runs (3)")
    parser.add_argument("--out", type=Path, default=HERE / "out", help="the folder of the report")
    return parser.parse_args()


def _carried_out(case: Case, repeats: int) -> Outcome:
    """A case's contenders in turn (A B A B …), and whether they found the same."""
    for prepare in case.prepare:
        ready = prepare()
        if ready.failed:
            print(f"  preparing: {ready.failed}", flush=True)
    measures: dict[str, list[Measure]] = {contender.name: [] for contender in case.contenders}
    for _ in range(repeats):
        for contender in case.contenders:
            before = measures[contender.name]
            if before and before[-1].failed:
                continue
            found = contender.run()
            before.append(found)
            told = found.failed or f"{found.wall:8.3f} s   cpu {found.cpu:8.3f} s"
            print(f"  {contender.name:26} {told}", flush=True)
    checked = case.check()
    scales = {contender.name: contender.scale for contender in case.contenders}
    return read(case.workload, case.name, dict(case.facts), measures, scales, checked)


def _write(out: Path, about: dict[str, object], outcomes: list[Outcome]) -> None:
    plain = {"about": about, "cases": [asdict(outcome) for outcome in outcomes]}
    (out / "report.json").write_text(json.dumps(plain, indent=1, default=list) + "\n", encoding="utf-8")
    (out / "report.svg").write_text(drawn(outcomes), encoding="utf-8")
    (out / "report.md").write_text(markdown(about, outcomes), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
