"""Definitions watched: what is to be done is done again whenever one of their files has been written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from cxmetrics.cli.signals import CTRL_C, ended
from cxmetrics.folders import definition_files

PAUSE = 0.2  # seconds between two looks
Looks = Mapping[Path, tuple[int, int]]


def watch(root: Path, rounds: Callable[[tuple[Path, ...]], int], beside: Callable[[], Iterable[Path]]) -> int:
    """Call `rounds` with the files that changed, first with none, until Ctrl-C; the last exit status it gave.

    `beside`: files that the definitions name besides their own.  Files are looked at by size and time of change, which
    works on every disk, shared ones too; a file that is still being written is waited for.
    """
    status, seen = 0, dict[Path, tuple[int, int]]()
    try:
        seen = _looks(root, beside())
        status = rounds(())
        while True:
            time.sleep(PAUSE)
            now = _looks(root, beside())
            if now != seen:
                now = _settled(root, beside, now)
                changed = tuple(sorted(path for path in {*now, *seen} if now.get(path) != seen.get(path)))
                seen = now
                status = rounds(changed)
    except KeyboardInterrupt:
        return status if ended() == CTRL_C else ended()


def _settled(root: Path, beside: Callable[[], Iterable[Path]], now: Looks) -> dict[Path, tuple[int, int]]:
    """What the files look like once nobody writes them any more."""
    while True:
        time.sleep(PAUSE)
        later = _looks(root, beside())
        if later == now:
            return later
        now = later


def _looks(root: Path, beside: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    found: dict[Path, tuple[int, int]] = {}
    for path in (*definition_files(root), *beside):
        try:
            status = path.stat()
        except OSError:  # it went, or a link leads nowhere
            continue
        found[path] = status.st_mtime_ns, status.st_size
    return found
