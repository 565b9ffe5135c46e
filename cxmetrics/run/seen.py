"""What a file looks like from outside: its size, and the time of its last change."""

from __future__ import annotations

from typing import NamedTuple

from cxmetrics.store.commits import InputFile


class Seen(NamedTuple):
    """What a file looks like from outside, and what is in it where that was looked at."""

    size: int
    mtime_ns: int
    digest: str = ""

    def looks_like(self, other: Seen | InputFile) -> bool:
        """Whether they are the same from outside."""
        return (self.size, self.mtime_ns) == (other.size, other.mtime_ns)
