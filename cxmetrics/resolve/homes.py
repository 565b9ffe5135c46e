"""The folder of the store is its own: what a run writes there is nobody's input."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from cxmetrics.codes import yaml_files as codes
from cxmetrics.diagnostics import report
from cxmetrics.ir import Origin
from cxmetrics.load.scalars import Found

_WRITTEN = (("data", "values.0.2026-03.1-1.parquet"), ("ledger.sqlite",))  # such files stand in a store


def keep_apart(store: str, sources: Iterable[Origin], found: Found) -> None:
    """Report CX034 for each source that reads from the folder of the store, or would read what a run writes there."""
    home = PurePosixPath(store).parts
    for origin in sources:
        parts = PurePosixPath(origin.read).parts
        if home and (_within(parts, home) or any(_matches(parts, (*home, *name)) for name in _WRITTEN)):
            found.append(report(codes.READS_STORE, origin.read_span or origin.span, read=origin.read, store=store))


def _within(pattern: Sequence[str], home: Sequence[str]) -> bool:
    """Whether a pattern names a folder first, and that is the store or in it."""
    return len(pattern) > len(home) and tuple(pattern[:len(home)]) == tuple(home)


def _matches(pattern: Sequence[str], path: Sequence[str]) -> bool:
    """Whether a pattern stands for a path; `**` for any folders, and at the end for all that is in them."""
    if not pattern:
        return not path
    if pattern[0] == "**":
        rest = pattern[1:] or ("*",)
        return any(_matches(rest, path[skip:]) for skip in range(len(path)))
    return bool(path) and fnmatchcase(path[0], pattern[0]) and _matches(pattern[1:], path[1:])
