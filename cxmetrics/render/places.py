"""Places as lines and columns, and the order in which findings are told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cxmetrics.diagnostics import Diagnostic
from cxmetrics.source import Position, Span

PROJECT_FILE = "cxmetrics.yaml"  # where formats that demand a file put a finding without one


@dataclass(frozen=True, slots=True)
class Place:
    """Characters `start` to before `end` of a file; lines and columns count from 1."""

    path: str
    start: Position
    end: Position


def place(span: Span) -> Place:
    """Where in its file a span is."""
    here = span.in_file()
    source = here.source
    return Place(source.path, source.position(here.start), source.position(here.end))


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Findings by path, line, column and code; those without a place first."""
    return sorted(diagnostics, key=_order)


def _order(diagnostic: Diagnostic) -> tuple[str, int, int, str]:
    if diagnostic.span is None:
        return ("", 0, 0, diagnostic.code.id)
    at = place(diagnostic.span)
    return (at.path, at.start.line, at.start.column, diagnostic.code.id)
