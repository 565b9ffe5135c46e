"""Banks of any size: bytes that do not hang on how many are made at a time, memory that does not grow, wrong sizes."""

import datetime as dt
import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import cxmetrics.sample.bank as door
from cxmetrics.cli import sample_bank
from cxmetrics.cli.command import status_of
from cxmetrics.sample import making
from cxmetrics.sample.bank import write_bank
from cxmetrics.sample.files import write_parquet
from cxmetrics.sample.making import MOST_BEGINNINGS, MOST_CUSTOMERS
from cxmetrics.sample.registers import branch_table
from cxmetrics.sample.rhythm import Calendar, parts

ROOT = Path(__file__).resolve().parents[2]
BY_TWO = """
import signal
import cxmetrics.sample.bank as door
from cxmetrics.cli import main
door.AT_A_TIME = 2
signal.signal(signal.SIGINT, signal.default_int_handler)  # as it is before a screen
main()
"""


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(("size", "by_processes"), [(1, 0), (4, 5_001), (2, 5_000), (3, 0)])
def test_bytes_do_not_hang_on_who_writes_them(tmp_path, monkeypatch, size, by_processes):
    monkeypatch.setattr(door, "AT_A_TIME", 2)
    write_bank(tmp_path / "by two", rows=5_000, days=40)
    monkeypatch.setattr(door, "AT_A_TIME", size)
    monkeypatch.setattr(door, "BY_PROCESSES", by_processes)
    write_bank(tmp_path / "other", rows=5_000, days=40)
    assert contents(tmp_path / "other") == contents(tmp_path / "by two")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_bank_of_many_rows_that_is_told_to_stop_stops_cleanly(tmp_path, number, status):
    process = subprocess.Popen([sys.executable, "-c", BY_TWO, "demo", "bank", "--scale", "20m", "--data-only"],
                               cwd=tmp_path, text=True, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
                               env=os.environ | {"PYTHONPATH": str(ROOT)})
    until = time.monotonic() + 60
    while not list(tmp_path.rglob("*.parquet")) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)  # which also waits for those who write
    assert (process.returncode, "Traceback" in said) == (status, False)
    assert '"finished": false' in (tmp_path / "bank" / "data" / "made.json").read_text()


@pytest.mark.parametrize("total", [100_000, 1_000_000_000])
def test_a_part_is_no_larger_in_a_larger_bank(total):
    calendar = Calendar(dt.date(2026, 7, 1), 92, np.ones(92))
    counts = calendar.spread(total // 20, "digital")
    made = list(parts(calendar, counts, by_day=True, most=MOST_BEGINNINGS))
    assert max(int(part.taken(counts).sum()) for part in made) <= MOST_BEGINNINGS
    taken = np.zeros(92, dtype=np.int64)
    for part in made:
        taken[part.first : part.last] += part.taken(counts)
    assert (taken == counts).all()
    assert [part.number for part in made] == list(range(len(made)))
    assert len({part.label for part in made}) == len(made)


def test_the_panel_is_no_larger_in_a_larger_bank(tmp_path):
    world = making.found(making.Order(1_000_000_000, 1, dt.date(2026, 7, 1), 2, by_day=True, data=tmp_path))
    assert len(world.people) == MOST_CUSTOMERS


def test_days_of_many_rows_are_several_files(tmp_path, monkeypatch):
    monkeypatch.setattr(making, "MOST_BEGINNINGS", 100)
    counts = write_bank(tmp_path, rows=20_000, days=3, by_day=True)
    days = {path.name for path in (tmp_path / "data" / "branch_ticket").iterdir()}
    assert {"2026-07-01.parquet", "2026-07-01_1.parquet", "2026-07-01_2.parquet"} <= days
    assert counts["event"] > 3_000


def test_a_full_disk_is_told_as_one():
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full")
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)) as told:
        write_parquet(full, branch_table())
    assert (told.value.errno, told.value.filename) == (errno.ENOSPC, str(full))


def test_a_bank_that_does_not_fit_is_not_begun(tmp_path, monkeypatch, capsys):
    usage = shutil.disk_usage(tmp_path)._replace(free=1_500_000_000)
    monkeypatch.setattr(sample_bank.shutil, "disk_usage", lambda _: usage)
    assert status_of(["demo", str(tmp_path / "bank"), "--scale", "1b"]) == 2
    assert "has 1.5 GB free, and so many rows need about 40.0 GB" in capsys.readouterr().err
    assert not (tmp_path / "bank").exists()


def test_a_small_bank_is_told_in_what_it_needs(tmp_path, monkeypatch, capsys):
    """50,000 rows of 40 bytes are 2 MB, which would be 0.0 GB."""
    usage = shutil.disk_usage(tmp_path)._replace(free=1_048_576)
    monkeypatch.setattr(sample_bank.shutil, "disk_usage", lambda _: usage)
    assert status_of(["demo", str(tmp_path / "bank"), "--scale", "50k"]) == 2
    assert "has 1.0 MB free, and so many rows need about 2.0 MB" in capsys.readouterr().err


def test_a_bank_is_kept_where_a_larger_one_does_not_fit(tmp_path, monkeypatch, capsys):
    bank = tmp_path / "bank"
    assert status_of(["demo", str(bank), "--scale", "2k", "--data-only"]) == 0
    before = contents(bank)
    usage = shutil.disk_usage(tmp_path)._replace(free=1_000_000)
    monkeypatch.setattr(sample_bank.shutil, "disk_usage", lambda _: usage)
    assert status_of(["demo", str(bank), "--scale", "1m", "--lang", "zh"]) == 2
    assert "剩余空间" in capsys.readouterr().err
    assert contents(bank) == before


@pytest.mark.parametrize("text", ["2k", "2_000", "2000", " 2K"])
def test_a_scale_is_written_in_many_ways(tmp_path, capsys, text):
    assert status_of(["demo", str(tmp_path / "bank"), "--scale", text, "--data-only"]) == 0
    assert "truth.yaml" in capsys.readouterr().err
    assert '"rows": 2000' in (tmp_path / "bank" / "data" / "made.json").read_text()
    assert not (tmp_path / "bank" / "store").exists()
