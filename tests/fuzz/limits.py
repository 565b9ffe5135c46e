"""What one input may cost: time of the processor, and memory beyond what the process has."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

SECONDS = 60  # generous: what is refused is refused at once, and a busy machine is not a fault of the code
MEMORY = 1_500_000_000
_PAGES = Path("/proc/self/statm")


class TooLong(Exception):  # noqa: N818
    """An input that did not come to an end."""


@contextmanager
def limited_memory() -> Iterator[None]:
    """No more than so many bytes on top of what there is; no limit where the system does not tell that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    if _PAGES.exists():
        there = int(_PAGES.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (there + MEMORY, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@contextmanager
def limited_time() -> Iterator[None]:
    """No more than so many seconds of the processor."""
    before = signal.signal(signal.SIGPROF, _too_long)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _too_long(_: int, __: FrameType | None) -> None:
    raise TooLong
