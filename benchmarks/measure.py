"""Children that are timed: wall and CPU seconds of the section that counts, peak memory of the whole process.

Every figure comes from a fresh process, so that no cache, pool or import of one contender helps another.  The parent
imports nothing large: on Linux a child's peak begins at what its parent held when it was started.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cxmetrics.cli import ALLOCATION

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT = 900.0  # seconds a child may take
MIB = 1024 * 1024
_PEAK_UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes


@dataclass(frozen=True, slots=True)
class Measure:
    """One run of one contender: seconds, bytes at the peak, seconds a stage; `failed` says why there are none."""

    wall: float
    cpu: float
    peak: int
    parts: Mapping[str, float] = field(default_factory=dict)
    said: Mapping[str, object] = field(default_factory=dict)
    failed: str = ""


@dataclass(slots=True)
class Section:
    """The part of a child that counts, filled in when it ends."""

    wall: float = 0.0
    cpu: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)


@contextmanager
def section() -> Iterator[Section]:
    """Time what stands inside; CPU seconds are those of all threads, and of processes that have come and gone."""
    took = Section()
    began, used = time.perf_counter(), _cpu()
    yield took
    took.wall, took.cpu = time.perf_counter() - began, _cpu() - used


def _cpu() -> float:
    usages = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def job(name: str, args: Mapping[str, object], timeout: float = TIMEOUT) -> Measure:
    """A job of `benchmarks.contenders` in a child of its own; what it printed last are its section and its answer.

    Memory is given back to the system as by the command line.
    """
    words = [sys.executable, "-m", "benchmarks.contenders", name, json.dumps(args)]
    whole = command(words, timeout, {ALLOCATION[0]: ALLOCATION[1]})
    if whole.failed:
        return whole
    said = json.loads(str(whole.said["out"]).strip().splitlines()[-1])
    return Measure(said.pop("wall"), said.pop("cpu"), whole.peak, said.pop("parts"), said)


def command(words: Sequence[str], timeout: float = TIMEOUT, variables: Mapping[str, str] | None = None) -> Measure:
    """A whole process, from its start to its end; `variables` are set in its environment."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment |= variables or {}
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as noise, subprocess.Popen(
            list(words), cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=noise) as process:
        guard = threading.Timer(timeout, process.kill)
        guard.start()
        try:
            out = process.stdout.read() if process.stdout else ""
            _, status, usage = os.wait4(process.pid, 0)
        finally:
            guard.cancel()
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        noise.seek(0)
        noted = noise.read()
    peak, cpu = usage.ru_maxrss * _PEAK_UNIT, usage.ru_utime + usage.ru_stime
    if process.returncode == 0:
        return Measure(wall, cpu, peak, said={"out": out, "noted": noted})
    why = f"over {timeout:.0f} s" if wall >= timeout else f"exit {process.returncode}: {_last_line(noted)}"
    return Measure(wall, cpu, peak, failed=why)


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "nothing said"
