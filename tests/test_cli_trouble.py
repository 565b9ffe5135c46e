"""The command line when something goes wrong under it: readers that leave, full disks, faults, signals."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from shop import go, opened
from surroundings import called

from cxmetrics.cli.command import status_of
from cxmetrics.cli.faults import interrupted

ROOT = Path(__file__).resolve().parents[1]


def test_a_reader_that_leaves_is_no_fault(bank):
    command = [sys.executable, "-m", "cxmetrics", "query", str(bank), "cxi", "--grain", "day", "--format", "csv"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | {
            "PYTHONPATH": str(ROOT)}) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_a_full_disk_is_a_fault_of_the_machine(bank):
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run([sys.executable, "-m", "cxmetrics", "tree", str(bank)], stdout=full, text=True,
                              stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_fault_of_ours_is_told_without_a_traceback(bank, monkeypatch, capsys):
    def fall(*_args):
        raise KeyError("north"[:3] * 3)

    monkeypatch.setattr("cxmetrics.compile.compile_project", fall)
    assert status_of(["check", str(bank)]) == 2
    told = capsys.readouterr().err
    assert "error[CX900]" in told
    assert "Traceback" not in told
    kept = Path(told.splitlines()[-1].partition("the traceback is in ")[2])
    text = kept.read_text(encoding="utf-8")
    assert text.endswith("KeyError\n")
    assert "in fall" in text
    assert "nornornor" not in text  # what was looked for may be of a row
    kept.unlink()


def test_a_panic_of_an_engine_is_told_without_a_traceback(bank, monkeypatch, capsys):
    number = "13800138000"

    def panic(*_args):
        problem = "a row is not as it was"
        quoting = ValueError(number)
        quoting.__cause__ = pl.exceptions.PanicException(f"conversion of {number} failed")
        raise RuntimeError(problem) from quoting

    monkeypatch.setattr("cxmetrics.compile.compile_project", panic)
    assert status_of(["check", str(bank)]) == 2
    told = capsys.readouterr().err
    assert "error[CX900]" in told
    kept = Path(told.splitlines()[-1].partition("the traceback is in ")[2])
    text = kept.read_text(encoding="utf-8")
    assert number not in told + text  # engines quote what they stumble over, and that may tell of a person
    assert text.endswith("RuntimeError: a row is not as it was\n")
    kept.unlink()


def test_the_traceback_can_be_asked_for(bank, monkeypatch, capsys):
    monkeypatch.setenv("CXMETRICS_DEBUG", "1")
    monkeypatch.setattr("cxmetrics.compile.compile_project", lambda _root: 1 // 0)
    assert status_of(["check", str(bank)]) == 2
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_ctrl_c_is_quiet(bank, monkeypatch, capsys):
    def interrupt(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr("cxmetrics.compile.compile_project", interrupt)
    assert status_of(["check", str(bank)]) == 130
    assert capsys.readouterr().err.strip() == ""


def test_ctrl_c_before_anything_has_begun_is_quiet_too(tmp_path):
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt", encoding="utf-8")
    done = called("--help", env={"PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))})
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_store_that_cannot_be_written(tmp_path, capsys):
    folder = tmp_path / "bank"
    assert status_of(["init", str(folder)]) == 0
    (folder / "store").write_text("not a folder")
    capsys.readouterr()
    assert status_of(["run", str(folder)]) == 2
    assert "error[CX801]" in capsys.readouterr().err


def test_a_first_run_that_failed_leaves_questions_open(tmp_path, capsys):
    assert status_of(["init", str(tmp_path)]) == 0
    answers = tmp_path / "data" / "answers.csv"
    rows = answers.read_bytes()
    answers.write_bytes(b"")
    assert status_of(["run", str(tmp_path), "--strict"]) == 1
    answers.write_bytes(rows)
    capsys.readouterr()
    assert status_of(["tree", str(tmp_path)]) == 0
    assert "no values yet" in capsys.readouterr().err
    assert status_of(["query", str(tmp_path), "transfer_nps", "--format", "csv"]) == 0
    assert capsys.readouterr().out.count("transfer_nps,") == 2


def test_a_killed_run_says_nothing_and_leaves_the_store(bank):
    before = called("query", "cxi", "--format", "csv", cwd=bank).stdout
    process = subprocess.Popen([sys.executable, "-m", "cxmetrics", "run", "--full"], cwd=bank, stderr=subprocess.PIPE,
                               stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True)
    time.sleep(0.7)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode in (0, 130, -signal.SIGINT)  # the last: before Python had come to us
    assert "Traceback" not in told
    assert called("query", "cxi", "--format", "csv", cwd=bank).stdout.partition("\n")[0] == before.partition("\n")[0]


CELLS = {
    "files": ["dimensions = ''", "family = 'x'", "first = '2026-99-99'", "name = NULL", "rows = 'x'"],
    "runs": ["started = 'x'", "versions = '{}'", "versions = '['", "report = '['", "report = '3'",
             "id = CAST(X'ff00' AS TEXT)"],
    "coverage": ["days = 'x'", "family = '['"],
    "inputs": ["first = 'x'", "rows = 'x'", "digest = 3"],
    "periods": ["period = '2026-99-99'"],
    "definitions": ["meaning = CAST(X'ff00' AS TEXT)"],
    "texts": ["content = 'x'", "content = X'00'"],
}


@pytest.mark.parametrize("table", CELLS)
def test_a_ledger_with_spoiled_cells(tmp_path, table, capsys):
    root = opened(tmp_path)
    go(root)
    ledger = root / "store/ledger.sqlite"
    whole = ledger.read_bytes()
    for spoiled in CELLS[table]:
        ledger.write_bytes(whole)
        with closing(sqlite3.connect(ledger, isolation_level=None)) as connection:
            connection.execute(f"UPDATE OR IGNORE {table} SET {spoiled}")
        for words in (["query", str(root), "visited"], ["store", "log", str(root)], ["store", "verify", str(root)],
                      ["replay", "1", "--project", str(root)], ["run", str(root), "--dry-run"], ["run", str(root)],
                      ["store", "export", str(tmp_path / "out"), "--project", str(root), "--format", "csv"]):
            shutil.rmtree(tmp_path / "out", ignore_errors=True)
            status = status_of(words)
            said = "".join(capsys.readouterr())
            assert status in {0, 1}, (spoiled, words, said)
            assert status == 0 or "error[CX" in said or "differ" in said, (spoiled, words, said)


@pytest.mark.parametrize(("error", "is_so"), [
    (RuntimeError("Query interrupted"), True), (RuntimeError("query of something else"), False),
    (ValueError("Query interrupted"), False)])
def test_what_duckdb_says_of_ctrl_c_within_a_query_read_through_arrow(error, is_so):
    assert interrupted(error) == is_so
