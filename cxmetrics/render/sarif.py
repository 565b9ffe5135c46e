"""Findings as SARIF 2.1.0 (OASIS standard), for code scanners and editors."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from cxmetrics import __version__
from cxmetrics.codes import page
from cxmetrics.diagnostics import Code, Diagnostic, Fix
from cxmetrics.render.ci import fingerprints
from cxmetrics.render.machine import json_text
from cxmetrics.render.places import PROJECT_FILE, place
from cxmetrics.render.wording import Language, outline, say, words
from cxmetrics.source import Span

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_APPLY = {"en": "write it as suggested", "zh": "按建议改写"}


def as_sarif(diagnostics: Sequence[Diagnostic], language: Language) -> str:
    """One run with a rule for each code found; columns count characters, addresses are relative to the project."""
    codes = {d.code.id: d.code for d in diagnostics}
    ranks = {code: rank for rank, code in enumerate(codes)}
    found = zip(diagnostics, fingerprints(diagnostics), strict=True)
    driver = {"name": "cxmetrics", "version": __version__, "rules": [_rule(code, language) for code in codes.values()]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(d, ranks[d.code.id], print_, language) for d, print_ in found],
    }
    return json_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(code: Code, language: Language) -> dict[str, object]:
    told = [outline(phrase, language) for phrase in (code.headline, code.note, code.help) if phrase]
    text = "\n".join([*told, f"cxmetrics explain {code.id}"])
    whole = page(code.id)
    return {
        "id": code.id,
        "name": code.name,
        "shortDescription": {"text": told[0]},
        "help": {"text": text, "markdown": whole} if whole else {"text": text},
        "defaultConfiguration": {"level": code.severity},
    }


def _result(diagnostic: Diagnostic, rank: int, fingerprint: str, language: Language) -> dict[str, object]:
    said = words(diagnostic, language)
    result: dict[str, object] = {
        "ruleId": diagnostic.code.id,
        "ruleIndex": rank,
        "level": diagnostic.code.severity,
        "message": {"text": "\n".join(text for text in (said.message, said.note, said.help) if text)},
        "locations": [_location(diagnostic.span, said.label)],
        "partialFingerprints": {"cxmetrics/v1": fingerprint},
    }
    if diagnostic.related:
        pairs = enumerate(zip(diagnostic.related, said.related, strict=True))
        result["relatedLocations"] = [{"id": i, **_location(label.span, text)} for i, (label, text) in pairs]
    if diagnostic.fix:
        phrase = diagnostic.help or diagnostic.code.help
        title = say(phrase, diagnostic.facts, language) if phrase else _APPLY[language]
        result["fixes"] = [_fix(diagnostic.fix, title)]
    return result


def _location(span: Span | None, text: str) -> dict[str, object]:
    """A place; one without a file stands at the project's first line, as scanners demand a line."""
    physical = {"artifactLocation": _artifact(span.source.path if span else PROJECT_FILE),
                "region": _region(span) if span else {"startLine": 1}}
    return {"physicalLocation": physical, **({"message": {"text": text}} if text else {})}


def _artifact(path: str) -> dict[str, object]:
    return {"uri": quote(path.encode(errors="surrogateescape"), safe="/"), "uriBaseId": "%SRCROOT%"}


def _region(span: Span) -> dict[str, object]:
    at = place(span)
    return {"startLine": at.start.line, "startColumn": at.start.column,
            "endLine": at.end.line, "endColumn": at.end.column}


def _fix(fix: Fix, title: str) -> dict[str, object]:
    replacement = {"deletedRegion": _region(fix.span), "insertedContent": {"text": fix.replacement}}
    change = {"artifactLocation": _artifact(fix.span.source.path), "replacements": [replacement]}
    return {"description": {"text": title}, "artifactChanges": [change]}
