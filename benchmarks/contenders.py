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

from benchmarks import accuracy, aging, agreement, data, definitions
from benchmarks.definitions import COLUMNS, SQL, Mix
from benchmarks.measure import ROOT, Section, section
from benchmarks.workloads import OPEN, SURE
from cxmetrics.compile import compile_project
from cxmetrics.run import RunOptions, run
from cxmetrics.sample.bank import write_bank
from cxmetrics.store import Store

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
    return took, {"scans": report.scans, "states": report.states, "values": report.values, "stored": _stored(project)}


def _stored(project: Path) -> int:
    """The bytes of the states that a run leaves."""
    return sum(path.stat().st_size for path in (project / "store" / "data").glob("states.*"))


def _link(source: str, target: str) -> None:
    """Data are the same file with the same time; what a run may write to is copied."""
    if source.endswith(".parquet"):
        os.link(source, target)
    else:
        shutil.copy2(source, target)


# --- the sample bank, with and without evidence ---------------------------------------------------------------


def twin(args: Args) -> tuple[Section, Said]:
    """The retail bank over so many rows, without a store: with evidence, without, or also with no cell hidden."""
    bank, project = Path(args["bank"]), Path(args["project"])
    with section() as took:
        if not (bank / "data" / "truth.yaml").exists():
            write_bank(bank, rows=args["rows"])
        shutil.copytree(ROOT / "definitions" / "retail_bank", project, dirs_exist_ok=True)
        shutil.copytree(bank / "data", project / "data", copy_function=os.link, dirs_exist_ok=True)
        definition, sources = project / "cxmetrics.yaml", project / "sources.yaml"
        if args["kind"] != SURE:
            sources.write_text("".join(line for line in sources.read_text("utf-8").splitlines(keepends=True)
                                       if not line.strip().startswith("entity:")), "utf-8")
            definition.write_text(definition.read_text("utf-8") + "replicates: 0\n", "utf-8")
        if args["kind"] == OPEN:
            definition.write_text(definition.read_text("utf-8").replace("min_n: 30", "min_n: 1"), "utf-8")
    return took, {}


def bank(args: Args) -> tuple[Section, Said]:
    """A run of such a project, and the bytes of the states that it leaves."""
    project = Path(args["project"])
    shutil.rmtree(project / "store", ignore_errors=True)
    with section() as took:
        report = run(project, RunOptions())
    took.parts.update(report.stages)
    return took, {"values": report.values, "stored": _stored(project)}


def same_bank(args: Args) -> tuple[Section, Said]:
    """Whether values that are shown with evidence and without are equal to the last bit."""
    place = ["indicator", "grain", "period", "region", "branch", "segment", "channel"]
    with section() as took:
        shown = {}
        for name, project in args["stores"].items():
            with Store.open(Path(project) / "store") as store:
                shown[name] = store.values().filter(pl.col("value").is_not_null()).select(*place, "value")
        first = shown[SURE]
        both = {name: first.join(frame, on=place, nulls_equal=True) for name, frame in shown.items()}
        wrong = {name: frame.filter(pl.col("value") != pl.col("value_right")).height for name, frame in both.items()}
    return took, {"compared": {name: frame.height for name, frame in both.items()},
                  "differs": {name: f"{count} values" if count else "" for name, count in wrong.items()}}


# --- with an accuracy and without --------------------------------------------------------------------------------


def allowed(args: Args) -> tuple[Section, Said]:
    """The project of one aggregate, exact or with an accuracy."""
    with section() as took:
        accuracy.write(Path(args["project"]), args["name"], args["kind"])
    return took, {}


def near(args: Args) -> tuple[Section, Said]:
    """How far the numbers with an accuracy are from the exact ones."""
    with section() as took:
        said = accuracy.compare(args["stores"], args["name"], args["exact"])
    return took, said


# --- by hand -----------------------------------------------------------------------------------------------------


def scan(args: Args) -> tuple[Section, Said]:
    """The columns read, decoded and hardly looked at; none can be answered from the statistics of the files."""
    cheap = {"event_time": "bit_xor(epoch_us(event_time))", "latency_ms": "sum(latency_ms)", "amount": "sum(amount)",
             "score": "sum(score)", "customer": "sum(customer)"}
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
        sets += [f"({keys})", *(f"({keys}, {dimension})" for dimension in args["dimensions"])]
        wanted += ["count(amount) AS n_amount", "sum(amount) AS amount", f"{SQL['p95']} AS p95",
                   "count(CASE WHEN score <= 6 THEN 1 END) AS low", "count(DISTINCT customer) AS customers"]
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


# --- the sample bank, a day older --------------------------------------------------------------------------------


def aged(args: Args) -> tuple[Section, Said]:
    """The bank's files."""
    with section() as took:
        aging.make(Path(args["bank"]), args["rows"])
    return took, {}


def aged_before(args: Args) -> tuple[Section, Said]:
    """The store of the days before the last."""
    return aging.before(Path(args["bank"]), Path(args["project"]), args["age"], args["engine"]), {}


def aged_day(args: Args) -> tuple[Section, Said]:
    """The run that the last day's files bring about."""
    return aging.after(Path(args["bank"]), Path(args["project"]), Path(args["from"]), args["engine"])


def aged_scan(args: Args) -> tuple[Section, Said]:
    """The last day's files, merely read."""
    return aging.scan(Path(args["bank"])), {}


def aged_agree(args: Args) -> tuple[Section, Said]:
    """Whether both engines have come to the same bits."""
    one, *others = (aging.values(Path(project)) for project in args["stores"].values())
    with section() as took:
        wrong = "" if all(one.equals(other) for other in others) else "the engines differ"
    names = list(args["stores"])
    return took, {"compared": dict.fromkeys(names, one.height), "differs": dict.fromkeys(names, wrong)}


def agree(args: Args) -> tuple[Section, Said]:
    """Whether the answers of all contenders of a case are the same."""
    with section() as took:
        said = agreement.compare(args)
    return took, said


JOBS: Mapping[str, Callable[[Args], tuple[Section, Said]]] = {
    "generate": generate, "compile": compiling, "cxmetrics": cxmetrics, "scan": scan, "hand": hand, "each": each,
    "agree": agree, "twin": twin, "bank": bank, "same bank": same_bank, "aging": aged, "aging before": aged_before,
    "aging day": aged_day, "aging scan": aged_scan, "aging agree": aged_agree,
    "allowed": allowed, "near": near}


def main(words: Sequence[str]) -> None:
    """Do the job named first with the arguments that follow as JSON."""
    name, args = words
    took, said = JOBS[name](json.loads(args))
    print(json.dumps({"wall": took.wall, "cpu": took.cpu, "parts": took.parts} | said))


if __name__ == "__main__":
    main(sys.argv[1:])
