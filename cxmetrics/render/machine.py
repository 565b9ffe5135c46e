"""Findings one a line, and as JSON.  Positions are lines and columns from 1, counted in characters."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from cxmetrics.diagnostics import Diagnostic, Fix
from cxmetrics.render.places import place
from cxmetrics.render.wording import Language, visible, words
from cxmetrics.source import Span

# Halves of pairs cannot be written as UTF-8; the others steer terminals or the direction of reading.
_ESCAPED = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def as_concise(diagnostics: Sequence[Diagnostic], language: Language) -> str:
    """`path:line:column: error[CX201] message`, one finding a line."""
    return "\n".join(_one_line(diagnostic, language) for diagnostic in diagnostics)


def as_json(diagnostics: Sequence[Diagnostic], language: Language) -> str:
    """A JSON array of findings."""
    return json_text([_finding(diagnostic, language) for diagnostic in diagnostics])


def json_text(value: object) -> str:
    """JSON with all scripts as they are, and only what cannot or should not be printed as escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return _ESCAPED.sub(lambda char: f"\\u{ord(char[0]):04x}", text)


def _one_line(diagnostic: Diagnostic, language: Language) -> str:
    message = f"{diagnostic.code.severity}[{diagnostic.code.id}] {words(diagnostic, language).message}"
    if diagnostic.span is None:
        return message
    at = place(diagnostic.span)
    return f"{visible(at.path)}:{at.start.line}:{at.start.column}: {message}"


def _finding(diagnostic: Diagnostic, language: Language) -> dict[str, object]:
    said, code = words(diagnostic, language), diagnostic.code
    related = zip(diagnostic.related, said.related, strict=True)
    return {
        "code": code.id,
        "name": code.name,
        "severity": code.severity,
        "message": said.message,
        "primary": _place(diagnostic.span, said.label) if diagnostic.span else None,
        "related": [_place(label.span, text) for label, text in related],
        "note": said.note or None,
        "help": said.help or None,
        "fix": _fix(diagnostic.fix) if diagnostic.fix else None,
        "facts": dict(diagnostic.facts),
    }


def _place(span: Span, label: str) -> dict[str, object]:
    at = place(span)
    return {"path": at.path, "start": at.start._asdict(), "end": at.end._asdict(), "label": label or None}


def _fix(fix: Fix) -> dict[str, object]:
    at = place(fix.span)
    return {"path": at.path, "start": at.start._asdict(), "end": at.end._asdict(), "replacement": fix.replacement}
