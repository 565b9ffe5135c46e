"""Findings as text: for people at a terminal, and for the machines that check their work.

`text` draws windows of the files, `machine` writes lines and JSON, `ci` annotations and test
reports, `sarif` the exchange format of code scanners.  All speak English or Chinese.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, assert_never

from cxmetrics.diagnostics import Diagnostic, Severity
from cxmetrics.render.ci import as_github, as_gitlab, as_junit
from cxmetrics.render.machine import as_concise, as_json
from cxmetrics.render.places import in_order
from cxmetrics.render.sarif import as_sarif
from cxmetrics.render.text import as_text
from cxmetrics.render.wording import Language

Format = Literal["text", "concise", "json", "sarif", "github", "gitlab", "junit"]

__all__ = ["Format", "Language", "render", "summary"]


def render(diagnostics: Iterable[Diagnostic], *, format: Format, language: Language,  # noqa: A002
           colour: bool = False) -> str:
    """The findings in order of path, line, column and code, without a line break at the end.

    `colour` adds ANSI colours to the format `text`; the others have none.
    """
    found = in_order(diagnostics)
    match format:
        case "text":
            return as_text(found, language, colour=colour)
        case "concise":
            return as_concise(found, language)
        case "json":
            return as_json(found, language)
        case "sarif":
            return as_sarif(found, language)
        case "github":
            return as_github(found, language)
        case "gitlab":
            return as_gitlab(found, language)
        case "junit":
            return as_junit(found, language)
        case _:
            assert_never(format)


def summary(diagnostics: Iterable[Diagnostic], language: Language) -> str:
    """How many findings of each severity: `2 errors, 1 warning`; `no problems` when there are none."""
    severities = [d.code.severity for d in diagnostics]
    kinds: tuple[Severity, ...] = ("error", "warning")
    parts = [_counted(severities.count(kind), kind, language) for kind in kinds if kind in severities]
    if language == "zh":
        return "，".join(parts) or "没有问题"
    return ", ".join(parts) or "no problems"


def _counted(count: int, kind: Severity, language: Language) -> str:
    if language == "zh":
        return f"{count} 个{'错误' if kind == 'error' else '警告'}"
    return f"{count} {kind}{'s' * (count != 1)}"
