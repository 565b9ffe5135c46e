"""Every workload of the benchmarks at a reduced size: one scan for all tells what one query each does, to the last bit.

What is expected comes from SQL written by hand, one query an indicator, and from plain arithmetic over the tree.  And
a gate: what the plan of many indicators holds is counted, so that work which grows where it must not is found without
a clock.
"""

import json
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from benchmarks import accuracy, agreement, bank, conjunctions, contenders, crossed, data, peers
from benchmarks.definitions import indicators
from benchmarks.drawing import drawn
from benchmarks.measure import Measure
from benchmarks.outcomes import read, troubles
from benchmarks.projects import write_project
from benchmarks.report import markdown
from cxmetrics.compile import compile_project
from cxmetrics.fuse import fuse
from cxmetrics.run import RunOptions, run
from cxmetrics.store import Store

ROWS, DAYS = 30_000, 3
ENGINES = ("duckdb", "polars")
FLAT = {"uniform": (240, "uniform", []), "mixed": (140, "mixed", []), "one cut": (40, "uniform", ["segment"]),
        "two cuts": (24, "uniform", ["branch", "segment"]), "mixed by segment": (21, "mixed", ["segment"])}


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    folder = tmp_path_factory.mktemp("events")
    data.generate(folder, ROWS, DAYS)
    return folder


def asked(events, folder, count, mix, dimensions):
    return {"events": str(events), "days": DAYS, "mix": mix, "dimensions": dimensions, "indicators": count,
            "hand": str(folder / "hand.parquet"), "each": str(folder / "each.parquet")}


def carried_out(args, folder, engine, **shape):
    """The project of a workload, run."""
    project = folder / engine
    write_project(project, indicators(args["indicators"], args["mix"]), cuts=[[name] for name in args["dimensions"]],
                  **shape)
    _, said = contenders.cxmetrics(args | {"project": str(project), "engine": engine})
    assert said["scans"] == 1
    return project


def values(project):
    with Store.open(project / "store") as store:
        found = store.values().drop("run")
    return found.sort(found.columns[:found.columns.index("value")])


def compared(args, projects):
    contenders.hand(args | {"answer": args["hand"]})
    contenders.each(args | {"answer": args["each"], "sample": args["indicators"]})
    found = agreement.compare(args | {"stores": {name: str(project) for name, project in projects.items()}})
    assert not any(found["differs"].values()), found
    return found["compared"]


@pytest.mark.parametrize("name", FLAT)
def test_one_scan_tells_what_one_query_each_tells(name, events, tmp_path):
    args = asked(events, tmp_path, *FLAT[name])
    projects = {engine: carried_out(args, tmp_path, engine) for engine in ENGINES}
    count = compared(args, projects)
    assert set(count) == {*ENGINES, "each"}
    assert count["duckdb"] == count["polars"] >= count["each"]  # ours tell of slices without such rows, too: 0
    assert_frame_equal(*map(values, projects.values()), check_exact=True)


@pytest.mark.parametrize("evidence", [False, True])
def test_a_tree_comes_to_what_plain_arithmetic_does(events, tmp_path, evidence):
    args = asked(events, tmp_path, 100, "uniform", []) | {"shape": "tree"}
    projects = {engine: carried_out(args, tmp_path, engine, shape="tree", evidence=evidence) for engine in ENGINES}
    compared(args, projects)
    assert values(projects["duckdb"])["indicator"].n_unique() == 111
    assert_frame_equal(*map(values, projects.values()), check_exact=True)


def test_a_peer_that_cannot_be_had_is_told_of(events, tmp_path, monkeypatch):
    """And what another system answers is held against the query by hand, as our own numbers are."""
    monkeypatch.setattr(peers, "PATIENCE", 60)
    absent = peers.Peer("Nobody", ("./no-such-package",), "ask_nobody.py")
    found = peers.ask(absent, tmp_path / "peers", tmp_path / "task.json")
    assert found.failed.startswith("cannot be installed: ")
    args = asked(events, tmp_path, 10, "uniform", [])
    contenders.hand(args | {"answer": args["hand"]})
    contenders.each(args | {"answer": args["each"], "sample": 10})
    told = pl.read_parquet(args["each"]).filter(pl.col("day").is_null()).select("indicator", "value").rows()
    for name, wrong in (("right", 0), ("wrong", 1)):
        (tmp_path / name).write_text(json.dumps({key: value + wrong for key, value in told}))
    answers = {name: str(tmp_path / name) for name in ("right", "wrong", "absent")}
    found = agreement.compare(args | {"stores": {}, "each": "", "peers": answers})
    assert found["compared"] == {"right": 10, "wrong": 10}
    assert [bool(found["differs"][name]) for name in ("right", "wrong")] == [False, True]


@pytest.mark.parametrize("engine", ENGINES)
def test_together_they_are_what_each_is_alone(events, tmp_path, engine):
    args = asked(events, tmp_path, 140, "mixed", ["segment"])
    fused = values(carried_out(args, tmp_path, engine))
    for one in indicators(140, "mixed")[::20]:
        alone = tmp_path / one.id
        write_project(alone, [one], cuts=[["segment"]])
        for path in Path(args["events"]).glob("*.parquet"):
            (alone / "data" / path.name).hardlink_to(path)
        run(alone, RunOptions(engine=engine))
        assert_frame_equal(values(alone), fused.filter(indicator=one.id), check_exact=True)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_day_added_is_as_if_it_had_been_there(events, tmp_path, engine):
    args = asked(events, tmp_path, 60, "mixed", ["segment"])
    whole = carried_out(args, tmp_path, engine)
    write_project(tmp_path / "before", indicators(60, "mixed"), cuts=[["segment"]])
    contenders.cxmetrics(args | {"project": str(tmp_path / "before"), "engine": engine, "days": DAYS - 1})
    contenders.cxmetrics(args | {"project": str(tmp_path / "grown"), "from": str(tmp_path / "before"),
                                 "engine": engine})
    assert_frame_equal(values(tmp_path / "grown"), values(whole), check_exact=True)


@pytest.mark.parametrize("name", accuracy.FORMULAS)
def test_what_has_an_accuracy_keeps_to_it_and_has_no_more_states(name, events, tmp_path):
    stores, states = {}, {}
    for kind in (accuracy.EXACT, accuracy.NEAR):
        accuracy.write(tmp_path / kind, name, kind)
        _, said = contenders.cxmetrics({"events": str(events), "days": DAYS, "project": str(tmp_path / kind),
                                        "engine": "duckdb"})
        stores[kind], states[kind] = str(tmp_path / kind), said["states"]
    found = accuracy.compare(stores, name, accuracy.EXACT)
    assert found["compared"] == dict.fromkeys(stores, (DAYS + 1) * 7)  # days and the year, in total and six segments
    assert not any(found["differs"].values())
    assert states[accuracy.NEAR] <= states[accuracy.EXACT]


def test_the_report_tells_of_failures_and_of_other_numbers():
    good = Measure(2.0, 2.0, 2**20, {"compile": 0.5})
    measures = {"bare scan": [good], "one GROUP BY by hand": [good], "cxmetrics duckdb": [good, good],
                "cxmetrics polars": [Measure(1.0, 1.0, 1, failed="exit 1: <out of memory>")]}
    checked = Measure(0, 0, 0, said={"compared": {"cxmetrics duckdb": 7}, "differs": {"cxmetrics duckdb": "1 of 7"}})
    outcome = read("uniform", "100 & more", {}, measures, dict.fromkeys(measures, 1.0), checked)
    assert len(troubles([outcome])) == 2
    told = markdown({}, [outcome])
    assert all(text in told for text in ("differs: 1 of 7", "failed: exit 1", "× bare scan", "no: 1 of 7"))
    drawing = ET.fromstring(drawn([outcome]))
    texts = [one.text for one in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert {"uniform: 100 & more", "cxmetrics duckdb", "failed: exit 1: <out of memory>"} <= set(texts)


# --- the gate ----------------------------------------------------------------------------------------------------


def planned(folder, count, mix="uniform", cuts=()):
    """A project compiled and fused."""
    write_project(folder, indicators(count, mix), cuts=cuts)
    plan = compile_project(folder).plan
    return plan, fuse(plan, {"events": frozenset(("segment", "branch"))})


def calls(action):
    """How many functions of Python are called: it stands for the instructions, and is the same on every machine."""
    count = 0

    def counting(_frame, event, _arg):
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(counting)
    try:
        action()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("count", [100, 300, 1_000, 3_000])
def test_however_many_indicators_share_one_scan_and_one_grouping(tmp_path, count):
    _, fused = planned(tmp_path, count)
    (scan,) = fused.scans
    (cube,) = scan.cubes
    assert len(cube.slots) == 4  # rows; latencies, their sum and that of their squares; the rest are classes
    assert len(cube.keys) <= 5  # touchpoint, event, result, score, and from 3,000 on channel
    assert len(cube.members) >= count


@pytest.mark.parametrize(("cuts", "groupings"), [
    ([], 1), ([["segment"]], 1), ([["segment"], ["branch"]], 2), ([["segment", "branch"]], 1),
    ([["segment"], ["segment", "branch"]], 1)])
def test_what_no_cut_crosses_is_not_crossed(tmp_path, cuts, groupings):
    _, fused = planned(tmp_path, 60, cuts=cuts)
    assert len(fused.scans[0].cubes) == groupings


def test_what_must_be_told_apart_has_a_grouping_of_its_own(tmp_path):
    _, fused = planned(tmp_path, 1_000, "mixed")
    kinds = sorted((cube.value is not None, cube.by is not None) for cube in fused.scans[0].cubes)
    assert kinds == [(False, False), (False, True), (True, False)]  # sums, customers, latencies counted by value


def test_only_rows_that_somebody_looks_at_are_told_apart_by_value_or_text(tmp_path):
    _, fused = planned(tmp_path, 1_000, "mixed")
    for cube in fused.scans[0].cubes:
        if cube.value is None and cube.by is None:
            assert cube.wanted is None
        else:  # each indicator looks at one cell of its own: of 1,000 these are every seventh
            assert len(cube.wanted) in (142, 143)


def test_compiling_grows_with_the_indicators_and_not_faster(tmp_path):
    few, many = (calls(lambda count=count: planned(tmp_path, count)) for count in (500, 2_000))
    assert many / few <= 4.4


def test_evaluation_asks_no_more_of_python_for_more_rows(events, tmp_path):
    """Cells are worked on as columns: ten times the rows of as many cells are no more steps."""
    more = tmp_path / "more"
    data.generate(more, ROWS * 10, DAYS)
    found = []
    for folder in (events, more):
        project = tmp_path / f"over {folder.name}"
        write_project(project, indicators(60, "uniform"))
        for path in folder.glob("*.parquet"):
            (project / "data" / path.name).hardlink_to(path)
        found.append(calls(lambda project=project: run(project, RunOptions())))
    assert found[1] / found[0] <= 1.1


def test_what_writing_a_bank_takes_is_told_and_the_bank_is_gone(tmp_path):
    scale, rows, *figures = bank.measured("2k", tmp_path / "bank").split()
    assert (scale, int(rows.replace(",", "")) > 1_500, len(figures)) == ("2k", True, 6)
    assert not list(tmp_path.iterdir())
    assert bank.measured("1", tmp_path / "bank").startswith("     1 exit 2: ")


def test_engines_agree_on_a_pyramid_by_branch_and_segment(capsys):
    assert crossed.main(["12x4x2"]) == 0
    duckdb, polars = (line.split() for line in capsys.readouterr().out.splitlines())
    assert (duckdb[0], polars[0]) == ("12x4x2-duckdb", "12x4x2-polars")
    assert duckdb[-1] == polars[-1]  # what stands for the bytes of the values


def test_conditions_with_little_in_common_count_what_a_query_by_hand_counts(capsys, monkeypatch):
    monkeypatch.setenv("ROWS", "30000")
    assert conjunctions.main(["40x3x2", "20x8x1"]) == 0
    told = [line.partition(" cpu")[0].strip() for line in capsys.readouterr().out.splitlines()]
    assert told == [f"{size}{how}" for size in ("40x3x2", "20x8x1") for how in (", by hand", "-duckdb", "-polars")]
