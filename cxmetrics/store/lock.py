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


@contextmanager
def locked(folder: Path) -> Iterator[str | None]:
    """Hold the lock of a store.  A lock whose owner died is free, and the owner is told.

    Raises `Fault` CX802 (with the owner), CX801.
    """
    with alone(folder / LOCK) as free:
        if not free:
            raise Fault(report(stores.STORE_LOCKED, None, owner=owner(folder)))
        dead = owner(folder) if (folder / OWNER).exists() else None
        try:
            _sign(folder / OWNER)
        except OSError as error:
            raise unwritable(folder, error) from error
        try:
            yield dead
        finally:
            with suppress(OSError):
                (folder / OWNER).unlink()


def _sign(path: Path) -> None:
    since = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    path.write_text(json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since}), encoding="utf-8")


def owner(folder: Path) -> str:
    """Who holds the lock, as far as it is written down."""
    try:
        found = json.loads((folder / OWNER).read_text(encoding="utf-8"))
        return f"pid {found['pid']} on {found['host']} since {found['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "pid ?"
