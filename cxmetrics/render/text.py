"""Findings for people: the headline, windows of the files with the places underlined, why, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from cxmetrics.diagnostics import Diagnostic, Fix
from cxmetrics.render.lines import Mark, Stroke, draw
from cxmetrics.render.places import place
from cxmetrics.render.wording import Language, Words, visible, words
from cxmetrics.source import Source, Span

_ANSI = {"error": "1;31", "warning": "1;33", "frame": "1;34", "strong": "1", "cut": "31", "add": "32"}
_TERMS = {
    "en": {"error": "error", "warning": "warning", "note": "note", "help": "help", "more": "more",
           "others": "... and {:,} more"},
    "zh": {"error": "错误", "warning": "警告", "note": "原因", "help": "建议", "more": "详见",
           "others": "……另有 {:,} 个"},
}
_MOST = 1000  # findings that are drawn; other formats have them all
_TALLEST = 6  # lines of one place that are all shown


@dataclass(frozen=True, slots=True)
class _Pen:
    """How one finding is drawn: its colours, the width of its line numbers, its language."""

    colour: bool
    width: int
    severity: str
    language: Language

    def ink(self, text: str, style: str) -> str:
        return f"\x1b[{_ANSI[style]}m{text}\x1b[0m" if self.colour and text else text

    def frame(self, left: str = "", mark: str = "|") -> str:
        return self.ink(f"{left:>{self.width}} {mark}", "frame")

    def term(self, word: str) -> str:
        return _TERMS[self.language][word]


@dataclass(frozen=True, slots=True)
class _Pointer:
    """A place to underline, and what is said of it."""

    span: Span
    primary: bool
    text: str

    @property
    def lines(self) -> tuple[int, int]:
        source = self.span.source
        last = max(self.span.start, self.span.end - 1)
        return source.position(self.span.start).line, source.position(last).line


def as_text(diagnostics: Sequence[Diagnostic], language: Language, *, colour: bool) -> str:
    """Findings with a blank line between; `= more` stands at the first of each code.  Nobody reads thousands."""
    told: set[str] = set()
    blocks = []
    for diagnostic in diagnostics[:_MOST]:
        blocks.append("\n".join(_block(diagnostic, language, colour, diagnostic.code.id not in told)))
        told.add(diagnostic.code.id)
    if len(diagnostics) > _MOST:
        blocks.append(_TERMS[language]["others"].format(len(diagnostics) - _MOST))
    return "\n\n".join(blocks)


def _block(diagnostic: Diagnostic, language: Language, colour: bool, first: bool) -> Iterator[str]:
    said, code = words(diagnostic, language), diagnostic.code
    pointers = _pointers(diagnostic, said)
    pen = _Pen(colour, _gutter(pointers, diagnostic.fix), code.severity, language)
    yield pen.ink(f"{pen.term(code.severity)}[{code.id}]", code.severity) + pen.ink(f": {said.message}", "strong")
    for number, (_, group) in enumerate(groupby(pointers, key=lambda p: p.span.source.path)):
        yield from _window(list(group), pen, "-->" if number == 0 else ":::")
    if pointers and (said.note or said.help or diagnostic.fix or first):
        yield pen.frame()
    if said.note:
        yield from _aside(pen, "note", said.note)
    if said.help:
        yield from _aside(pen, "help", said.help)
    if diagnostic.fix:
        yield from _patch(diagnostic.fix, diagnostic.span, pen, framed=bool(said.note or said.help))
        if first:
            yield pen.frame()
    if first:
        yield from _aside(pen, "more", f"cxmetrics explain {code.id}")


def _pointers(diagnostic: Diagnostic, said: Words) -> list[_Pointer]:
    """The primary place, then the related ones, those of one file together."""
    spans = [(label.span.in_file(), False, text) for label, text in zip(diagnostic.related, said.related, strict=True)]
    if diagnostic.span is not None:
        spans.insert(0, (diagnostic.span.in_file(), True, said.label))
    order = {path: i for i, path in enumerate(dict.fromkeys(span.source.path for span, _, _ in spans))}
    return sorted((_Pointer(*parts) for parts in spans), key=lambda p: order[p.span.source.path])


def _gutter(pointers: Sequence[_Pointer], fix: Fix | None) -> int:
    numbers = [pointer.lines[1] for pointer in pointers]
    if fix:
        numbers.append(place(fix.span).end.line + fix.replacement.count("\n"))
    return max((len(str(number)) for number in numbers), default=1)


def _window(pointers: Sequence[_Pointer], pen: _Pen, arrow: str) -> Iterator[str]:
    source = pointers[0].span.source
    yield _address(pointers[0].span, pen, arrow)
    yield pen.frame()
    rows: dict[int, list[Mark]] = {}
    for pointer in pointers:
        for number, mark in _marks(pointer):
            rows.setdefault(number, []).extend(mark)
    before = 0
    for number in sorted(rows):
        if before and number > before + 1:
            yield pen.ink("...", "frame")
        yield from _row(source, number, rows[number], pen)
        before = number


def _address(span: Span, pen: _Pen, arrow: str) -> str:
    at = place(span)
    return f"{' ' * pen.width}{pen.ink(arrow, 'frame')} {visible(at.path)}:{at.start.line}:{at.start.column}"


def _marks(pointer: _Pointer) -> Iterator[tuple[int, list[Mark]]]:
    """For each line to show of a place: its number, and its underline unless it is blank."""
    span, source = pointer.span, pointer.span.source
    first, last = pointer.lines
    tall = last - first >= _TALLEST
    for number in (first, first + 1, last) if tall else range(first, last + 1):
        text = source.line(number)
        start = source.position(span.start).column - 1 if number == first else len(text) - len(text.lstrip())
        end = source.position(span.end - 1).column if number == last and span.end > span.start else len(text)
        end = start if span.end <= span.start else min(end, len(text))
        bare = number not in (first, last) and start >= end
        said = pointer.text if number == last else ""
        yield number, [] if bare else [Mark(min(start, len(text)), end, pointer.primary, said)]


def _row(source: Source, number: int, marks: Sequence[Mark], pen: _Pen) -> Iterator[str]:
    text, strokes = draw(source.line(number), marks)
    yield f"{pen.frame(str(number))} {text}".rstrip()
    for row in _underlines(strokes, pen):
        yield f"{pen.frame()} {row}".rstrip()


def _underlines(strokes: Sequence[Stroke], pen: _Pen) -> Iterator[str]:
    """A row of underlines; the rightmost says its text beside it, the others hang theirs below."""
    if not strokes:
        return
    ranked = sorted(strokes, key=lambda s: (s.at, s.length))
    lines = [(s.at, ("^" if s.primary else "-") * s.length, s) for s in ranked]
    lines.sort(key=lambda line: line[2].primary)  # a primary underline is drawn over the others
    *others, beside = ranked
    yield _paint(lines, pen) + _said(beside, pen, " ")
    hanging = [s for s in others if s.text]
    if hanging:
        yield _paint([(s.at, "|", s) for s in hanging], pen)
    while hanging:
        *hanging, last = hanging
        pipes = [(s.at, "|", s) for s in hanging if s.at < last.at]
        left = _paint(pipes, pen)
        reached = max((s.at + 1 for s in hanging if s.at < last.at), default=0)
        yield left + " " * (last.at - reached) + _said(last, pen, "")


def _said(stroke: Stroke, pen: _Pen, before: str) -> str:
    return before + pen.ink(stroke.text, pen.severity if stroke.primary else "frame") if stroke.text else ""


def _paint(strokes: Sequence[tuple[int, str, Stroke]], pen: _Pen) -> str:
    """Texts of one cell a character laid over one row, the later over the earlier."""
    row = [(" ", "")] * max(at + len(text) for at, text, _ in strokes) if strokes else []
    for at, text, stroke in strokes:
        style = pen.severity if stroke.primary else "frame"
        row[at:at + len(text)] = [(char, style) for char in text]
    runs = groupby(row, key=lambda cell: cell[1])
    texts = ((style, "".join(char for char, _ in cells)) for style, cells in runs)
    return "".join(pen.ink(text, style) if style else text for style, text in texts)


def _patch(fix: Fix, primary: Span | None, pen: _Pen, *, framed: bool) -> Iterator[str]:
    """The lines a fix changes, before and after."""
    span = fix.span.in_file()
    source, at = span.source, place(span)
    if primary is None or primary.source is not source:
        yield _address(span, pen, ":::")
    if framed or primary is None or primary.source is not source:
        yield pen.frame()
    old = [source.line(number) for number in range(at.start.line, at.end.line + 1)]
    new = old[0][:at.start.column - 1] + fix.replacement + old[-1][at.end.column - 1:]
    kept = new.split("\n") if new.strip() else []
    for number, text in enumerate(old, at.start.line):
        yield pen.frame(str(number), "-") + pen.ink(f" {_clipped(text, at.start.column)}".rstrip(), "cut")
    for number, text in enumerate(kept, at.start.line):
        yield pen.frame(str(number), "+") + pen.ink(f" {_clipped(text, at.start.column)}".rstrip(), "add")


def _clipped(text: str, column: int) -> str:
    start = min(column - 1, len(text))
    return draw(text, [Mark(start, start, True, "")])[0]


def _aside(pen: _Pen, kind: str, text: str) -> Iterator[str]:
    term = pen.term(kind)
    head, *rest = text.split("\n")
    yield f"{pen.frame(mark='=')} {pen.ink(term, 'strong')}: {head}"
    cells = len(term) * (2 if pen.language == "zh" else 1)
    yield from (" " * (pen.width + 5 + cells) + line for line in rest)
