"""Findings for continuous integration: GitHub annotations, GitLab code quality, JUnit.

Formats: GitHub, "Workflow commands for GitHub Actions"; GitLab, "Code Quality report format";
JUnit, the schema of Apache Ant's junit task, which all readers share.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import groupby
from xml.etree import ElementTree as ET

from cxmetrics.diagnostics import Diagnostic
from cxmetrics.render.machine import as_concise, json_text
from cxmetrics.render.places import PROJECT_FILE, place
from cxmetrics.render.wording import Language, visible, words


def as_github(diagnostics: Sequence[Diagnostic], language: Language) -> str:
    """`::error file=…,line=…::message`, one finding a line."""
    return "\n".join(_annotation(diagnostic, language) for diagnostic in diagnostics)


def as_gitlab(diagnostics: Sequence[Diagnostic], language: Language) -> str:
    """A JSON array of code quality findings."""
    found = zip(diagnostics, fingerprints(diagnostics), strict=True)
    return json_text([_quality(diagnostic, print_, language) for diagnostic, print_ in found])


def as_junit(diagnostics: Sequence[Diagnostic], language: Language) -> str:
    """A test suite with a case for each file that has findings; warnings alone do not fail it."""
    groups = [(path, list(group)) for path, group in groupby(diagnostics, key=_path)]
    cases = groups or [("project", [])]
    failed = [path for path, group in cases if _errors(group)]
    counts = {"tests": str(len(cases)), "failures": str(len(failed)), "errors": "0"}
    suites = ET.Element("testsuites", counts)
    suite = ET.SubElement(suites, "testsuite", {"name": "cxmetrics check", **counts, "skipped": "0"})
    for path, group in cases:
        _case(suite, path, group, language)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suites, encoding="unicode")


def fingerprints(diagnostics: Sequence[Diagnostic]) -> Iterator[str]:
    """For each finding a text that stays when lines move, and that no other finding has."""
    seen: dict[str, int] = {}
    for diagnostic in diagnostics:
        facts = sorted(diagnostic.facts.items())
        meaning = repr((diagnostic.code.id, _path(diagnostic), facts))
        seen[meaning] = seen.get(meaning, 0) + 1
        yield hashlib.sha256(f"{meaning}{seen[meaning]}".encode(errors="backslashreplace")).hexdigest()[:32]


def _path(diagnostic: Diagnostic) -> str:
    return diagnostic.span.source.path if diagnostic.span else "project"


def _errors(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    return [d for d in diagnostics if d.code.severity == "error"]


def _annotation(diagnostic: Diagnostic, language: Language) -> str:
    said = words(diagnostic, language)
    facts = {"title": f"{diagnostic.code.id} {diagnostic.code.name}"}
    if diagnostic.span:
        at = place(diagnostic.span)
        facts = {"file": at.path, "line": str(at.start.line), "endLine": str(at.end.line),
                 "col": str(at.start.column), "endColumn": str(at.end.column), **facts}
        if at.start.line != at.end.line:  # columns are refused across lines
            del facts["col"], facts["endColumn"]
    listed = ",".join(f"{name}={_property(fact)}" for name, fact in facts.items())
    message = "\n".join(text for text in (said.message, said.label, said.note, said.help) if text)
    return f"::{diagnostic.code.severity} {listed}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _quality(diagnostic: Diagnostic, fingerprint: str, language: Language) -> dict[str, object]:
    at = place(diagnostic.span) if diagnostic.span else None
    return {
        "description": words(diagnostic, language).message,
        "check_name": diagnostic.code.id,
        "fingerprint": fingerprint,
        "severity": "major" if diagnostic.code.severity == "error" else "minor",
        "location": {
            "path": at.path if at else PROJECT_FILE,
            "lines": {"begin": at.start.line if at else 1, "end": at.end.line if at else 1},
        },
    }


def _case(suite: ET.Element, path: str, found: Sequence[Diagnostic], language: Language) -> None:
    case = ET.SubElement(suite, "testcase", {"name": visible(path), "classname": "cxmetrics.check"})
    errors = _errors(found)
    if errors:
        head = words(errors[0], language).message
        failure = ET.SubElement(case, "failure", {"message": head, "type": errors[0].code.id})
        failure.text = as_concise(errors, language)
    warnings = [d for d in found if d.code.severity == "warning"]
    if warnings:
        ET.SubElement(case, "system-out").text = as_concise(warnings, language)
