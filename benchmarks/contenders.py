"""What is timed, each in a process of its own: `python -m benchmarks.contenders JOB ARGUMENTS`.

A job prints one line of JSON: the seconds of its section and what else there is to tell.  Answers go to files, to be
compared by `benchmarks.agreement` when the clock has stopped.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from benchmarks import agreement, data, definitions
from benchmarks.definitions import COLUMNS, SQL, Mix
from benchmarks.measure import Section, section
from cxmetrics.compile import compile_project
from cxmetrics.run import RunOptions, run

Args = Mapping[str, Any]
Said = dict[str, object]
_FILTERS = ("touchpoint", "event", "result")


def generate(args: Args) -> tuple[Section, Said]:
    """Make the events."""
    with section() as took:
        data.generate(Path(args["folder"]), args["rows"], args["days"])
    return took, {}


def compiling(args: Args) -> tuple[Section, Said]:
    """From paths to a plan."""
    with section() as took:
        compiled = compile_project(Path(args["project"]))
    return took, {"indicators": len(compiled.pyramid.indicators), "failed": compiled.failed}


def cxmetrics(args: Args) -> tuple[Section, Said]:
    """A run of a project, from YAML to what is committed in its store.

    `from`: the project as it was before, with its store, and `data` one file richer by now.
    """
    project, events = Path(args["project"]), sorted(Path(args["events"]).glob("*.parquet"))[:args["days"]]
    if "from" in args:
        shutil.rmtree(project, ignore_errors=True)
        shutil.copytree(args["from"], project, copy_function=_link)
    else:
        shutil.rmtree(project / "store", ignore_errors=True)
    (project / "data").mkdir(exist_ok=True)
    for path in events:
        if not (project / "data" / path.name).exists():
            os.link(path, project / "data" / path.name)
    with section() as took:
        report = run(project, RunOptions(engine=args["engine"]))
    took.parts.update(report.stages)
    return took, {"scans": report.scans, "states": report.states, "values": report.values}


def _link(source: str, target: str) -> None:
    """Data are the same file with the same time; what a run may write to is copied."""
    if source.endswith(".parquet"):
        os.link(source, target)
    else:
        shutil.copy2(source, target)


# --- by hand -----------------------------------------------------------------------------------------------------


def scan(args: Args) -> tuple[Section, Said]:
    """The columns read, decoded and hardly looked at; none can be answered from the statistics of the files."""
    cheap = {"event_time": "bit_xor(epoch_us(event_time))", "latency_ms": "sum(latency_ms)", "amount": "sum(amount)",
             "score": "sum(score)"}
    wanted = [*COLUMNS[args["mix"]], *args["dimensions"]]
    chosen = ", ".join(cheap.get(column, f"sum(strlen({column}))") for column in wanted)
    query = f"SELECT {chosen} FROM {_files(args)}"
    with duckdb.connect() as connection, section() as took:
        connection.execute(query).fetchall()
    return took, {}


def hand(args: Args) -> tuple[Section, Said]:
    """One GROUP BY that every indicator can be read off, as a person would write it."""
    query = _hand(args)
    with duckdb.connect() as connection, section() as took:
        cells = pl.DataFrame(connection.sql(query))
    cells.write_parquet(args["answer"])
    return took, {"cells": cells.height}


def _hand(args: Args) -> str:
    mix: Mix = args["mix"]
    keys = ", ".join(_FILTERS)
    sets = [f"(day, {keys})", *(f"(day, {keys}, {dimension})" for dimension in args["dimensions"])]
    wanted = ["count(*) AS n", "count(latency_ms) AS n_latency", "sum(latency_ms)::DOUBLE AS latency",
              "count(score) AS n_score", "count(CASE WHEN score >= 9 THEN 1 END) AS high"]
    if mix == "mixed":
        sets.append(f"({keys})")
        wanted += ["count(amount) AS n_amount", "sum(amount) AS amount", f"{SQL['p95']} AS p95",
                   "count(CASE WHEN score <= 6 THEN 1 END) AS low"]
    group = f"GROUPING SETS ({', '.join(sets)})" if len(sets) > 1 else f"day, {keys}"
    chosen = ", ".join([keys, *args["dimensions"], *wanted])
    return f"SELECT event_time::DATE AS day, {chosen} FROM {_files(args)} GROUP BY {group}"


def each(args: Args) -> tuple[Section, Said]:
    """One query an indicator, for a sample of them."""
    chosen = definitions.sampled(args["indicators"], args["mix"], args["sample"])
    sets = ["(day)", "()", *(part for dimension in args["dimensions"] for part in (f"(day, {dimension})",
                                                                                  f"({dimension})"))]
    dimensions = "".join(f", {dimension}" for dimension in args["dimensions"])
    answers = []
    with duckdb.connect() as connection, section() as took:
        for one in chosen:
            query = (f"SELECT '{one.id}' AS indicator, event_time::DATE AS day{dimensions}, ({SQL[one.kind]})::DOUBLE "
                     f"AS value FROM {_files(args)} WHERE {one.where} GROUP BY GROUPING SETS ({', '.join(sets)})")
            answers.append(pl.DataFrame(connection.sql(query)))
    pl.concat(answers).write_parquet(args["answer"])
    return took, {}


def _files(args: Args) -> str:
    paths = sorted(Path(args["events"]).glob("*.parquet"))[args.get("skip", 0):args["days"]]
    listed = ", ".join(f"'{path}'" for path in paths)
    return f"read_parquet([{listed}])"


def agree(args: Args) -> tuple[Section, Said]:
    """Whether the answers of all contenders of a case are the same."""
    with section() as took:
        said = agreement.compare(args)
    return took, said


JOBS: Mapping[str, Callable[[Args], tuple[Section, Said]]] = {
    "generate": generate, "compile": compiling, "cxmetrics": cxmetrics, "scan": scan, "hand": hand, "each": each,
    "agree": agree}


def main(words: Sequence[str]) -> None:
    """Do the job named first with the arguments that follow as JSON."""
    name, args = words
    took, said = JOBS[name](json.loads(args))
    print(json.dumps({"wall": took.wall, "cpu": took.cpu, "parts": took.parts} | said))


if __name__ == "__main__":
    main(sys.argv[1:])
