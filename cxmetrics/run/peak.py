"""Whether a run held more memory than was asked for: what its states and groups take is told by no one beforehand."""

from __future__ import annotations

import re
from pathlib import Path

from cxmetrics.codes import data as codes
from cxmetrics.diagnostics import Diagnostic, report

FLOOR = 400_000_000  # bytes beside those asked for: the program and its libraries, and what is at work at any time
_HELD = re.compile(r"^VmHWM:\s*(\d+) kB$", re.MULTILINE)


def peak() -> int | None:
    """The most bytes of memory that this process has held so far; None where the system does not tell, as on macOS."""
    try:
        found = _HELD.search(Path("/proc/self/status").read_text(encoding="ascii", errors="replace"))
    except OSError:
        return None
    return None if found is None else int(found[1]) * 1024


def beyond(asked: int | None, before: int | None, after: int | None) -> tuple[Diagnostic, ...]:
    """CX735 where a run took more than `asked` and `FLOOR`; `before` and `after` it: see `peak`.

    Nothing is known of a run that held less than its process had held before.
    """
    if asked is None or before is None or after is None or after <= max(before, asked + FLOOR):
        return ()
    return (report(codes.BEYOND_MEMORY, None, held=_size(after), asked=_size(asked), floor=_size(FLOOR)),)


def _size(size: int) -> str:
    return f"{size / 10**9:.1f} GB" if size >= 10**9 else f"{size / 10**6:.0f} MB"
