"""Findings with their files named as seen from where one stands, so that editors and CI find them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from cxmetrics.diagnostics import Diagnostic
from cxmetrics.source import Located, Source, Span


def seen_from(here: Path, project: Path, found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Findings whose paths count from the folder `here` instead of the project's, where the project lies below it."""
    folder = folder_from(here, project)
    return tuple(found) if folder == "." else tuple(_moved(each, folder, {}) for each in found)


def folder_from(here: Path, project: Path) -> str:
    """A project's folder as seen from the folder `here`; `.` where it does not lie below."""
    try:
        return (here / project).resolve().relative_to(here.resolve()).as_posix()
    except ValueError:
        return "."


def _moved(found: Diagnostic, folder: str, known: dict[Source, Source]) -> Diagnostic:
    related = tuple(replace(label, span=_span(label.span, folder, known)) for label in found.related)
    fix = replace(found.fix, span=_span(found.fix.span, folder, known)) if found.fix else None
    return replace(found, span=found.span and _span(found.span, folder, known), related=related, fix=fix)


def _span(span: Span, folder: str, known: dict[Source, Source]) -> Span:
    text = span.text
    if isinstance(text, Located):
        return span._replace(text=replace(text, source=_source(text.source, folder, known)))
    return span._replace(text=_source(text, folder, known))


def _source(source: Source, folder: str, known: dict[Source, Source]) -> Source:
    if source.path.startswith("-"):  # what was written as an option stands in no file
        return source
    if source.shipped:
        return source
    return known.setdefault(source, Source(f"{folder}/{source.path}", source.text))
