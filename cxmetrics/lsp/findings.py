"""Findings as an editor shows them; each carries its fix, so that the editor can ask for it without a second look."""

from __future__ import annotations

from collections.abc import Callable

from cxmetrics.diagnostics import Diagnostic, Fix
from cxmetrics.lsp.places import range_of_span
from cxmetrics.lsp.wire import Json
from cxmetrics.render.wording import Language, words
from cxmetrics.source import Source, Span

UriOf = Callable[[Source], str]
_SEVERITIES = {"error": 1, "warning": 2}
_NOWHERE = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
_HELP = {"en": "help", "zh": "建议"}


def told(finding: Diagnostic, language: Language, uri_of: UriOf) -> Json:
    """A finding of the protocol; one without a place stands at the beginning of the file it is shown in."""
    said = words(finding, language)
    lines = [said.message, *(line for line in (said.label, said.note) if line)]
    lines += [f"{_HELP[language]}: {said.help}"] if said.help else []
    result: Json = {
        "range": _NOWHERE if finding.span is None else range_of_span(finding.span),
        "severity": _SEVERITIES[finding.code.severity], "code": finding.code.id, "source": "cxmetrics",
        "message": "\n".join(lines)}
    places = [label.span for label in finding.related]
    related = [{"location": {"uri": uri_of(span.source), "range": range_of_span(span)}, "message": text}
               for span, text in zip(places, said.related, strict=True)]
    if related:
        result["relatedInformation"] = related
    if finding.fix is not None:
        result["data"] = fix_of(finding.fix, uri_of)
    return result


def fix_of(fix: Fix, uri_of: UriOf) -> Json:
    """What a fix replaces, where, and by what."""
    place: Span = fix.span.in_file()
    return {"uri": uri_of(place.source), "range": range_of_span(place), "newText": fix.replacement}
