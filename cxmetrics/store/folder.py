"""The folder of a store: what stands in it, and whether it can be written and read."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from cxmetrics.backends.readers import opened_folders, outside, within
from cxmetrics.codes import stores
from cxmetrics.diagnostics import Fault, report
from cxmetrics.store.buckets import damaged, orphans, settle, unreadable, unwritable
from cxmetrics.store.ledger import Ledger

LEDGER = "ledger.sqlite"
DATA = "data"


def store_in(root: Path, written: str) -> Path:
    """The folder of a project's store, by what is written in the project of this folder.

    Links in it, and those that lead to it, stay in the project, or in a folder that whoever runs it has opened: they
    may come with the definitions, and what they lead to would be written over.  Raises `Fault` CX015, CX808.
    """
    folder = root / written
    allowed = tuple(each.resolve() for each in (root, *opened_folders()))
    try:
        links = [Path(entry) for entry in os.scandir(folder) if entry.is_symlink()] if folder.is_dir() else []
        for path in (folder, *links):
            if not within(path.resolve(), allowed):
                raise outside(path.relative_to(root).as_posix(), None)
    except RuntimeError as error:  # links in a circle
        raise outside(written, None) from error
    except OSError as error:
        raise unreadable(folder, error) from error
    return folder


def require_ledger(folder: Path) -> None:
    """Raise `Fault` CX803 where data files have lost their ledger: what it knew is not to be forgotten in silence.

    CX808 where that cannot be seen.
    """
    path = folder / LEDGER
    try:
        there = path.exists()
        if not (there and path.stat().st_size) and orphans(folder / DATA, ()):
            raise damaged(path, "it is empty" if there else "it is missing")
    except OSError as error:
        raise unreadable(path, error) from error


def no_run(path: Path) -> Fault:
    """CX804 for a store."""
    return Fault(report(stores.NO_RUN_YET, None, path=path))


def prepared(folder: Path) -> Ledger:
    """The ledger of a store that can be written, made if need be.  Raises `Fault` CX801."""
    fresh = not (folder / LEDGER).exists()
    try:
        (folder / DATA).mkdir(parents=True, exist_ok=True)
        for path in (folder, folder / DATA, *([] if fresh else [folder / LEDGER])):
            if not os.access(path, os.W_OK):
                raise _forbidden(path)
        ledger = Ledger(folder / LEDGER, writable=True)
        for path in (folder, folder.parent) if fresh else ():
            settle(path)
    except OSError as error:
        raise unwritable(folder, error) from error
    return ledger


def _forbidden(path: Path) -> OSError:
    """Why nothing can be written there."""
    fixed = hasattr(os, "statvfs") and os.statvfs(path).f_flag & os.ST_RDONLY
    why = errno.EROFS if fixed else errno.EACCES
    return OSError(why, os.strerror(why))
