"""What a look at all files of a store has found."""

from __future__ import annotations

from dataclasses import dataclass

from cxmetrics.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class Verified:
    """What `Store.verify` found: files looked at, their bytes, what is damaged, and files that no ledger names."""

    files: int
    size: int
    damaged: tuple[Diagnostic, ...]
    orphans: tuple[str, ...]  # harmless: the next writer removes them
