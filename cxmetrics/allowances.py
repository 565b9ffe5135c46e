"""Warnings that the analyst has looked at and allows: `# cx: allow CX415 because it is only shown`.

Behind a line, or alone on the line before it, such a comment takes warnings of one code away from that line; under
`allow` in the project file a code and a reason take them away from all files.  Errors cannot be allowed, a reason has
to be given, and what allows nothing is told.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cxmetrics.codes import yaml_files as codes
from cxmetrics.diagnostics import Diagnostic, report
from cxmetrics.load.written import comments_of
from cxmetrics.source import Key, Located, Source, Span

_SIGN = "cx: allow"
_COMMENT = re.compile(r"#\s*cx:\s*allow\b(?:\s+(?P<code>CX[0-9]{3})\b(?:\s+because\s+(?P<why>\S.*))?)?")
_REASON = re.compile(r"[\s:：,，—–-]*(?:因为|原因|reason|since)?[\s:：,，—–-]*(?P<why>\S.*)")  # written in another way
_NO_LINE = re.compile(r"\s*(?:#.*)?")


@dataclass(frozen=True, slots=True)
class _Allowance:
    code: str
    line: int
    span: Span


def settled(found: Sequence[Diagnostic], sources: Sequence[Source], throughout: Mapping[Key, Located],
            unseen: Collection[str] = ()) -> tuple[Diagnostic, ...]:
    """The findings that are not allowed, and what is wrong with what should allow them.

    `throughout`: reasons for the whole project, by code.  `unseen`: codes that were not looked for yet, so that
    nothing is known of what allows them.
    """
    given = {source: list(_given(source)) for source in sources if _SIGN in source.text}
    if not given and not throughout:
        return tuple(found)
    told = [one for allowances in given.values() for one in allowances if isinstance(one, Diagnostic)]
    idle: dict[object, _Allowance] = {
        (source, one.line, one.code): one for source, allowances in given.items()
        for one in allowances if isinstance(one, _Allowance)}
    for code, why in throughout.items():
        if why.value.strip():
            idle[str(code)] = _Allowance(str(code), 0, code.span)
        else:
            told.append(report(codes.ALLOWED_WITHOUT_REASON, code.span, help=codes.REASON_BEHIND, id=code))
    used: set[object] = set()
    left: list[Diagnostic] = []
    for finding in found:
        by = {_place(finding), finding.code.id} & idle.keys() if finding.code.severity == "warning" else set()
        used |= by
        left += [] if by else [finding]
    told += [report(codes.ALLOWS_NOTHING, one.span, id=one.code) for key, one in idle.items()
             if key not in used and one.code not in unseen]
    return (*left, *told)


def _place(finding: Diagnostic) -> tuple[Source, int, str] | None:
    if finding.span is None:
        return None
    place = finding.span.in_file()
    return place.source, place.source.position(place.start).line, finding.code.id


def _given(source: Source) -> Iterator[_Allowance | Diagnostic]:
    """What the comments of a file allow; a finding for one that says too little."""
    for comment in comments_of(source):
        said = _COMMENT.match(comment.text)
        if said is None:
            continue
        span = Span(source, comment.start, comment.start + len(comment.text))
        if said["why"] is None:
            rest = _REASON.match(comment.text[said.end():])
            why = rest["why"] if rest and said["code"] else "…"
            yield report(codes.ALLOWED_WITHOUT_REASON, span, id=said["code"] or "CX415", why=why)
        else:
            line = source.position(comment.start).line
            yield _Allowance(said["code"], _line_below(source, line) if comment.alone else line, span)


def _line_below(source: Source, line: int) -> int:
    """The first line below that holds more than a comment."""
    last = source.position(len(source.text)).line
    return next((number for number in range(line + 1, last + 1) if not _NO_LINE.fullmatch(source.line(number))), line)
