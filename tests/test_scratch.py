"""Folders for what is needed while a process lasts: gone with it, and swept away by the next where it was killed."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from cxmetrics.scratch import LOCK, scratch_folder

HOLDING = """
import time
from cxmetrics.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "spilled").write_bytes(b"x" * 1000)
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """The folder for temporary files."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


@pytest.fixture
def other():
    """Another process that holds a folder."""
    with subprocess.Popen([sys.executable, "-c", HOLDING], stdout=subprocess.PIPE, text=True) as process:
        process.folder = Path(process.stdout.readline().strip())
        age(process.folder)
        yield process
        process.kill()


def age(folder):
    os.utime(folder / LOCK, (0, 0))


def test_a_folder_lasts_as_long_as_what_needs_it(place):
    with scratch_folder() as folder:
        assert folder.parent == place
        (folder / "spilled").write_text("x")
    assert not list(place.iterdir())


def test_what_a_killed_process_left_is_swept_away(other):
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert other.folder.exists()
    with scratch_folder():
        assert not other.folder.exists()


def test_what_another_process_holds_is_left_alone(other):
    with scratch_folder():
        pass
    assert (other.folder / "spilled").exists()


def test_no_link_is_followed_out(place, tmp_path_factory):
    kept = tmp_path_factory.mktemp("kept")
    (kept / LOCK).touch()
    age(kept)
    (place / "cxmetrics-led").symlink_to(kept)
    (place / "cxmetrics-also").mkdir()
    (place / "cxmetrics-also" / LOCK).symlink_to(kept / LOCK)
    with scratch_folder():
        pass
    assert (kept / LOCK).exists()
    assert (place / "cxmetrics-also").exists()
