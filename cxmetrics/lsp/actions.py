"""What mends a file: the fixes that findings carry, a warning allowed with a reason, and the layout of `fmt`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cxmetrics.diagnostics import Diagnostic
from cxmetrics.layout import laid_out
from cxmetrics.lsp.asked import NOT_DONE, Asked, Here, Refused
from cxmetrics.lsp.findings import fix_of, told
from cxmetrics.lsp.places import offset_of, range_of, whole_range
from cxmetrics.lsp.wire import Json
from cxmetrics.render.wording import words


def formatted(asked: Asked) -> list[Json] | None:
    """The edits that lay a file out; none for one that is laid out.  Raises `Refused` for what cannot be read."""
    here = asked.here
    if here is None:
        return None
    text, problems = laid_out(here.source)
    if text is None:
        raise Refused(NOT_DONE, words(problems[0], asked.language).message if problems else here.path)
    return [] if text == here.source.text else [{"range": whole_range(here.source), "newText": text}]


def actions(asked: Asked) -> list[Json] | None:
    """What can be done about the findings at a range, and about all of a file at once."""
    here = asked.here
    if here is None:
        return None
    only = asked.params.get("context", {}).get("only")
    result = [action for action in (*_quick(asked, here), *_all_at_once(asked, here)) if _is_wanted(action, only)]
    return result or None


def _is_wanted(action: Json, only: Any) -> bool:  # noqa: ANN401 - as it came
    kinds = [only] if isinstance(only, str) else only
    return not kinds or any(action["kind"] == kind or action["kind"].startswith(f"{kind}.") for kind in kinds)


def _found(here: Here) -> Iterator[Diagnostic]:
    """The findings of the text as it is now."""
    for finding in here.project.found.get(here.path, ()):
        if finding.span is not None and finding.span.source is here.source:
            yield finding


def _quick(asked: Asked, here: Here) -> Iterator[Json]:
    text, place = here.source.text, asked.params["range"]
    start, end = offset_of(text, place["start"]), offset_of(text, place["end"])
    for finding in _found(here):
        assert finding.span is not None
        span = finding.span.in_file()
        if span.start > end or span.end < start:
            continue
        shown = told(finding, asked.language, here.project.uri)
        if finding.fix is not None:
            fix = fix_of(finding.fix, here.project.uri)
            written = finding.fix.replacement
            yield {"title": asked.said(f"Write `{written}`", f"改为 `{written}`"), "kind": "quickfix",
                   "isPreferred": True, "diagnostics": [shown],
                   "edit": {"changes": {fix["uri"]: [{"range": fix["range"], "newText": fix["newText"]}]}}}
        if finding.code.severity == "warning":
            yield _allowed(asked, here, finding.code.id, span.start) | {"diagnostics": [shown]}


def _allowed(asked: Asked, here: Here, code: str, offset: int) -> Json:
    """A comment above a line that allows a warning, for the reason to be written in."""
    text = here.source.text
    start = text.rfind("\n", 0, offset) + 1
    line = text[start:]
    indent = line[:len(line) - len(line.lstrip(" "))]
    reason = asked.said("REASON", "理由")
    comment = f"{indent}# cx: allow {code} because {reason}\n"
    return {"title": asked.said(f"Allow {code} here", f"在此允许 {code}"), "kind": "quickfix",
            "edit": {"changes": {here.project.uri(here.source): [
                {"range": range_of(text, start, start), "newText": comment}]}}}


def _all_at_once(asked: Asked, here: Here) -> Iterator[Json]:
    """All fixes of a file that do not get into one another's way."""
    edits: list[tuple[int, int, str]] = []
    for finding in _found(here):
        if finding.fix is not None and finding.fix.span.source is here.source:
            span = finding.fix.span.in_file()
            if all(span.end < start or span.start > end for start, end, _ in edits):
                edits.append((span.start, span.end, finding.fix.replacement))
    if edits:
        text = here.source.text
        changes = [{"range": range_of(text, start, end), "newText": new} for start, end, new in edits]
        yield {"title": asked.said("Mend all that can be mended", "应用全部可用的修复"), "kind": "source.fixAll",
               "edit": {"changes": {here.project.uri(here.source): changes}}}
