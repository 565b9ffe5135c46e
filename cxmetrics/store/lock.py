"""One writer a store: a lock that the system lets go of when its owner dies, and a note of who that is."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cxmetrics.codes import stores
from cxmetrics.diagnostics import Fault, report
from cxmetrics.store.buckets import unwritable
from cxmetrics.store.ledger.connection import alone

LOCK = "lock.sqlite"
OWNER = "lock.json"
_UNTOLD = "pid ?"


@contextmanager
def locked(folder: Path) -> Iterator[str | None]:
    """Hold the lock of a store.  A lock whose owner died is free, and the owner is told.

    Raises `Fault` CX802 (with the owner), CX801.
    """
    with alone(folder / LOCK) as free:
        if not free:
            raise Fault(report(stores.STORE_LOCKED, None, owner=owner(folder)))
        dead = owner(folder) if (folder / OWNER).exists() else None
        try:  # from before the file is there: a signal may come between any two steps
            _signed(folder)
            yield dead
        finally:
            with suppress(OSError):
                (folder / OWNER).unlink()


def _signed(folder: Path) -> None:
    """Write down who holds the lock, in a file made anew: a pipe of that name would wait.  Raises `Fault` CX801."""
    since = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    told = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since})
    try:
        (folder / OWNER).unlink(missing_ok=True)
        with (folder / OWNER).open("x", encoding="utf-8") as file:
            file.write(told)
    except OSError as error:
        raise unwritable(folder, error) from error


def owner(folder: Path) -> str:
    """Who holds the lock, as far as it is written down."""
    if not (folder / OWNER).is_file():
        return _UNTOLD
    try:
        found = json.loads((folder / OWNER).read_text(encoding="utf-8"))
        return f"pid {found['pid']} on {found['host']} since {found['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return _UNTOLD
