"""Small files that would take the machine: each is refused, or read in the memory that it may take."""

import gzip
import json
import resource
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from cxmetrics.diagnostics import Fault
from cxmetrics.query import query
from cxmetrics.run import RunOptions, run

ROOT = Path(__file__).resolve().parents[1]
PROJECT = """
project: bomb
grains: [day]
sources:
  v: {read: "data/v*", time: day, columns: {note: text}}
indicators:
  visited: {formula: count(v)}
  noted: {formula: distinct(v.note)}
"""
MEGABYTE = 1 << 20


@pytest.fixture
def root(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "cxmetrics.yaml").write_text(PROJECT)
    return tmp_path


def refused(root, **options):
    with pytest.raises(Fault) as raised:
        run(root, RunOptions(**options))
    (found,) = raised.value.diagnostics
    return found.code.id, found.facts.get("problem")


def test_a_hundred_thousand_columns(root):
    names = [f"c{i}" for i in range(100_000)]
    (root / "data/v.csv").write_text(f"day,note,{','.join(names)}\n2026-03-01,x{',' * len(names)}\n")
    assert refused(root) == ("CX702", "it has more than 10,000 columns")


def test_more_columns_in_parquet(root):
    pl.DataFrame({"day": ["2026-03-01"], "note": ["x"]} | {f"c{i}": [1] for i in range(10_000)}).write_parquet(
        root / "data/v.parquet")
    assert refused(root) == ("CX702", "it has more than 10,000 columns")


@pytest.mark.parametrize("lines", [1, 500])
def test_other_keys_on_every_line(root, lines):
    rows = [{"day": "2026-03-01", "note": "x"} | {f"c{line}_{i}": 1 for i in range(20_000 // lines)}
            for line in range(lines)]
    (root / "data/v.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert refused(root) == ("CX702", "it has more than 10,000 columns")


def test_many_keys_on_many_lines_are_taken_a_few_lines_at_a_time(root):
    rows = [{"day": "2026-03-01", "note": f"{line}"} | {f"c{line}_{i}": 1 for i in range(1_900)} for line in range(5)]
    rows += [{"day": "2026-03-01", "note": "x"}] * 20_000
    (root / "data/v.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (source,) = run(root, RunOptions()).sources
    assert source.kept == 20_005


def test_long_lines_packed_tight_are_held_a_few_at_a_time(root):
    """2 GB of lines of 8 MB each in a small file; 3 GB for everything, of which engines take one to begin with."""
    line = json.dumps({"day": "2026-03-01", "note": "x" * (8 * MEGABYTE)}).encode() + b"\n"
    with gzip.open(root / "data/v.jsonl.gz", "wb", compresslevel=1) as file:
        for _ in range(250):
            file.write(line)
    code = "import sys; from cxmetrics.cli.command import status_of; sys.exit(status_of(['run', sys.argv[1]]))"
    ended = subprocess.run([sys.executable, "-c", code, str(root)], capture_output=True, text=True, timeout=300,
                           check=False, env={"PYTHONPATH": str(ROOT), "PATH": "", "CXMETRICS_CACHE": ""},
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30)))
    assert ended.returncode in {0, 1}, ended.stderr
    assert ended.returncode == 0 or "CX726" in ended.stderr, ended.stderr


def test_what_does_not_fit_is_said(root):
    value = "".join(chr(97 + i * i % 23) for i in range(MEGABYTE))
    one = pl.DataFrame({"day": ["2026-03-01"], "note": [value]})
    one.select(pl.all().gather(pl.zeros(500, pl.UInt32, eager=True))).write_parquet(root / "data/v.parquet",
                                                                                   row_group_size=500)
    assert refused(root, memory="100MB") == ("CX726", None)


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_a_dimension_that_is_a_key(root, engine, monkeypatch):
    monkeypatch.setattr("cxmetrics.run.slices.MOST", 100)
    (root / "cxmetrics.yaml").write_text(PROJECT.replace("grains: [day]", "grains: [day]\ncuts: [[note]]\n"
                                                         "dimensions: {note: {}}"))
    days, notes = ["2026-03-01", "2026-03-02"] * 100, [f"n{i // 2}" for i in range(200)]
    pl.DataFrame({"day": days, "note": notes}).write_parquet(root / "data/v.parquet")
    assert run(root, RunOptions(engine=engine)).committed
    pl.DataFrame({"day": ["2026-03-03"], "note": ["another"]}).write_parquet(root / "data/v2.parquet")
    assert run(root, RunOptions(engine=engine)).committed
    assert refused(root, engine=engine, full=True)[0] == "CX727"
    with pytest.raises(Fault) as raised:
        query(root, ["noted"], by=["note"], where="note != 'zzz'", engine=engine, grain="day")
    assert [found.code.id for found in raised.value.diagnostics] == ["CX727"]
