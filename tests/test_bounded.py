"""A run that may hold next to nothing in memory leaves the same files, to the byte, as one that holds everything."""

import datetime as dt
import hashlib
import random
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from shop import freeze

from cxmetrics.codes import data as codes
from cxmetrics.diagnostics import Fault, report
from cxmetrics.run import RunOptions, run, scanning
from cxmetrics.run.peak import FLOOR, beyond, peak
from cxmetrics.run.spill import Room
from cxmetrics.store import Store

PROJECT = """
project: bounded
grains: [day, week, month]
cuts: [[branch], [segment], [branch, segment]]
privacy: {min_n: 4}
dimensions: {branch: {}, segment: {}}
sources:
  answers:
    read: data/answers*.csv
    time: day
    columns: {score: {type: integer, scale: 0..10}, customer: text}
    entity: customer
  calls:
    read: data/calls*.csv
    time: day
    columns: {minutes: number}
indicators:
  average: {formula: mean(answers.score), score: {0: 0, 10: 100}}
  counted: {formula: count(answers)}
  length: {formula: mean(calls.minutes), score: {30: 0, 0: 100}}
  lately: {formula: "rolling(average, 5 d)"}
  index: {children: {average: 1, length: 1}, missing: carry(3 d)}
  top: {children: {index: 2, average: 1}}
"""
FIRST = dt.date(2026, 2, 20)


def deliver(folder, draw, number):
    day = FIRST + dt.timedelta(number)
    answers = [f"{day},{draw.choice('abc')},{draw.choice('xy')},{draw.randrange(11)},c{draw.randrange(40)}"
               for _ in range(25)]
    calls = [f"{day},{draw.choice('abc')},{draw.choice('xy')},{draw.randrange(30)}" for _ in range(9)]
    for name, head, rows in (("answers", "score,customer", answers), ("calls", "minutes", calls)):
        text = "\n".join([f"day,branch,segment,{head}", *rows])
        (folder / "data" / f"{name}-{number:02}.csv").write_text(text + "\n", "utf-8")


def begin(folder, draw, days):
    (folder / "data").mkdir(parents=True)
    (folder / "cxmetrics.yaml").write_text(PROJECT, "utf-8")
    for number in range(days):
        deliver(folder, draw, number)


def carried_out(folder, engine, memory=None):
    """What is live after a run of most days, one of all, one of a corrected day, and one beside what is frozen."""
    draw = random.Random(7)

    def go():
        run(folder, RunOptions(engine=engine, memory=memory))

    begin(folder, draw, 12)
    go()
    deliver(folder, draw, 12)
    go()
    deliver(folder, draw, 3)
    go()
    freeze(folder, FIRST + dt.timedelta(5))
    deliver(folder, draw, 4)
    go()
    with Store.open(folder / "store") as store:
        assert {"low_n", "withheld"} <= set(store.values()["status"])
        assert store.restatements().height
        named = [file for kind in ("values", "withheld") for file in store._ledger.live(kind)]
        told = store.restatements().drop("run", "old_run")
    return {file.bucket: hashlib.sha256((folder / "store/data" / file.name).read_bytes()).hexdigest()
            for file in named}, told


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return carried_out(tmp_path_factory.mktemp("whole") / "bank", "duckdb")


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_memory_makes_no_difference(engine, whole, tmp_path, monkeypatch):
    for stage in ("states.spreading", "evaluate.daily", "store.packing"):
        monkeypatch.setattr(f"cxmetrics.{stage}.ROWS_AT_ONCE", 30)
    monkeypatch.setattr("cxmetrics.states.spreading.CELLS_AT_ONCE", 20)
    monkeypatch.setattr("cxmetrics.run.revalue.Room", lambda folder, _size: Room(folder, 0))
    monkeypatch.setattr("cxmetrics.evaluate.CELLS_AT_ONCE", 20_000)
    monkeypatch.setattr("cxmetrics.store.in_parts.ROWS_AT_ONCE", 30)
    monkeypatch.setattr("cxmetrics.store.rewrite.ROWS_AT_ONCE", 30)
    monkeypatch.setattr("cxmetrics.budgets._STATE", 10**6)
    monkeypatch.setattr("cxmetrics.store.parts.ROWS_AT_ONCE", 150)
    bounded, told = carried_out(tmp_path / "bounded", engine, "100MB")
    assert bounded == whole[0]
    assert told.equals(whole[1])


def test_processes_that_share_the_cuts_make_no_difference(whole, tmp_path, monkeypatch):
    monkeypatch.setattr("cxmetrics.evaluate.shared.FROM", 0)
    monkeypatch.setattr("cxmetrics.evaluate.shared.hands", lambda: 2)
    monkeypatch.setattr("cxmetrics.evaluate.shared.evaluate_cut", None)  # here nobody does
    shared, told = carried_out(tmp_path / "shared", "duckdb")
    assert shared == whole[0]
    assert told.equals(whole[1])


@pytest.mark.parametrize(("hands", "rows", "free", "unused"), [
    (1, 0, 10**12, None), (2, 10**9, 10**12, None), (2, 0, 0, None), (2, 0, 10**12, 10**3)])
def test_cuts_are_evaluated_by_one_where_it_is_better(hands, rows, free, unused, tmp_path, monkeypatch):
    monkeypatch.setattr("cxmetrics.evaluate.shared.unused_memory", lambda: unused)
    monkeypatch.setattr("cxmetrics.evaluate.shared.FROM", rows)
    monkeypatch.setattr("cxmetrics.evaluate.shared.hands", lambda: hands)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    monkeypatch.setattr("cxmetrics.evaluate.shared.crew", None)
    begin(tmp_path / "bank", random.Random(7), 2)
    assert run(tmp_path / "bank", RunOptions()).values


def test_processes_end_with_the_run_and_leave_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("cxmetrics.evaluate.shared.FROM", 0)
    monkeypatch.setattr("cxmetrics.evaluate.shared.hands", lambda: 2)
    begun, folders = list[subprocess.Popen](), list[Path]()

    def recorded(*args, **named):
        begun.append(subprocess.Popen(*args, **named))
        return begun[-1]

    def broken(path):
        folders.append(path.parent)
        raise KeyboardInterrupt

    monkeypatch.setattr("cxmetrics.crews.subprocess", SimpleNamespace(Popen=recorded, PIPE=subprocess.PIPE))
    monkeypatch.setattr("cxmetrics.evaluate.shared.pl.read_ipc", broken)
    begin(tmp_path / "bank", random.Random(7), 2)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "bank", RunOptions())
    assert len(begun) == 2
    assert all(process.poll() is not None for process in begun)
    assert not any(folder.exists() for folder in folders)


@pytest.mark.parametrize(("memory", "name"), [(None, "spread_all"), ("1GB", "spread_on_disk")])
def test_sources_that_cannot_be_spread_leave_the_others(memory, name, tmp_path, monkeypatch):
    begin(tmp_path / "bank", random.Random(7), 2)
    spread = getattr(scanning, name)

    def overflown(cubes, *others):
        if any("score" in repr(slot.arg) for cube in cubes for slot in cube.slots):
            raise Fault(report(codes.SUM_OVERFLOW, None, column="score"))
        return spread(cubes, *others)

    monkeypatch.setattr(f"cxmetrics.run.scanning.{name}", overflown)
    monkeypatch.setattr("cxmetrics.run.gather.hands", lambda: 2)
    done = run(tmp_path / "bank", RunOptions(memory=memory))
    assert [(one.id, one.status) for one in done.sources] == [("answers", "failed"), ("calls", "ok")]
    assert [one.code.id for one in done.troubles] == ["CX714"]
    with pytest.raises(Fault, match="CX714"):
        run(tmp_path / "bank", RunOptions(memory=memory, strict=True))


@pytest.mark.parametrize(("memory", "size"), [(None, None), ("4GB", 4_000_000_000), ("1.5 GB", 1_500_000_000),
                                              ("500MB", 500_000_000)])
def test_sizes_of_memory(memory, size):
    assert RunOptions(memory=memory).room == size


@pytest.mark.parametrize(("asked", "before", "after", "told"), [
    (10**9, 0, 10**9 + FLOOR, False), (10**9, 0, 10**9 + FLOOR + 1, True), (10**9, 10**10, 10**10, False),
    (None, 0, 10**12, False), (10**9, None, None, False)])
def test_what_is_held_beyond_memory(asked, before, after, told):
    assert [one.code.id for one in beyond(asked, before, after)] == ["CX735"] * told


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells")
def test_the_peak_is_in_bytes():
    assert 10**7 < peak() < 10**12
