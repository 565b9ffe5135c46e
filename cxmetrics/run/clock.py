"""What a run takes: seconds a stage, and seconds a scan."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Began when it was made; `stages`, `processor` and `scans` are filled in as things end.

    `stages`: seconds by stage.  `processor`: those that the process used meanwhile, of all its threads together.
    `scans`: seconds by source, which are part of the stage `scan`.
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
        start, used = time.perf_counter(), time.process_time()
        yield
        self.stages[name] = self.stages.get(name, 0.0) + time.perf_counter() - start
        self.processor[name] = self.processor.get(name, 0.0) + time.process_time() - used

    @contextmanager
    def scan(self, source: str) -> Iterator[None]:
        """Time the scan of a source."""
        start = time.perf_counter()
        yield
        self.scans[source] = time.perf_counter() - start

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.perf_counter() - self.began
