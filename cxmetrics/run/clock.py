"""What a run takes: seconds a stage, and seconds a scan; and how it tells where it is."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str, int, int], None]  # what is done, how many steps are behind, of how many

class Clock:
    """Began when it was made; `stages`, `processor` and `scans` are filled in as things end.

    `stages`: seconds by stage.  `processor`: those that the process used meanwhile, of all its threads together, and
    processes that it had begun and that ended (on Windows these are not told).
    `scans`: seconds by source, which are part of the stage `scan`, where two sources may be at work at a time.
    """

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.started = dt.datetime.now(dt.UTC)
        self.stages: dict[str, float] = {}
        self.processor: dict[str, float] = {}
        self.scans: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage, or another part of it."""
        start, used = time.perf_counter(), _processor()
        yield
        self.stages[name] = self.stages.get(name, 0.0) + time.perf_counter() - start
        self.processor[name] = self.processor.get(name, 0.0) + _processor() - used

    @contextmanager
    def scan(self, source: str) -> Iterator[None]:
        """Time the scan of a source, or another part of it."""
        start = time.perf_counter()
        yield
        self.scans[source] = self.scans.get(source, 0.0) + time.perf_counter() - start

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.perf_counter() - self.began


def _processor() -> float:
    return sum(os.times()[:4])
