"""A folder for what is needed only while a process lasts: tables spread out, what an engine spills.

A process that is killed leaves its folder.  Each is held by a lock that the system lets go of when its owner dies,
however it dies; whoever needs a folder next sweeps away those that nobody holds.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cxmetrics.diagnostics import Fault
from cxmetrics.store.ledger.connection import alone

PREFIX = "cxmetrics-"
LOCK = "held.sqlite"
_SETTLED = 60  # seconds: between a folder and the lock upon it there is a moment


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty folder but for its lock, gone afterwards.  Raises `Fault` CX801 where none can be made."""
    _sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name, alone(Path(name) / LOCK):
        yield Path(name)


def _sweep(around: Path) -> None:
    """Remove the folders of processes that died."""
    for lock in around.glob(f"{PREFIX}*/{LOCK}"):
        with suppress(OSError, Fault):
            led_elsewhere = lock.is_symlink() or lock.parent.is_symlink()
            if led_elsewhere or time.time() - lock.stat().st_mtime < _SETTLED:
                continue
            with alone(lock) as free:
                if free:
                    shutil.rmtree(lock.parent, ignore_errors=True)
