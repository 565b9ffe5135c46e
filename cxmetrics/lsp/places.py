"""Places as editors count them: lines and columns from 0, columns in code units of UTF-16, in which 😀 is two."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache
from os.path import commonpath
from typing import Any

from cxmetrics.lsp.wire import Json
from cxmetrics.source import Source, Span

_BREAK = re.compile("\r\n|\r|\n")
_BEYOND = 0x10000  # characters from here on are two units


@lru_cache(maxsize=256)
def _starts(text: str) -> list[int]:
    return [0, *(found.end() for found in _BREAK.finditer(text))]


def position_of(text: str, offset: int) -> Json:
    """The position of the character at an offset."""
    starts = _starts(text)
    line = bisect_right(starts, offset) - 1
    return {"line": line, "character": _units(text[starts[line]:offset])}


def offset_of(text: str, position: Any) -> int:  # noqa: ANN401 - as it came
    """The offset at a position; what lies beyond the end of a line, or of the text, is its end."""
    starts = _starts(text)
    line, character = int(position["line"]), int(position["character"])
    if line < 0 or line >= len(starts):
        return len(text) if line > 0 else 0
    end = starts[line + 1] if line + 1 < len(starts) else len(text)
    written = _BREAK.sub("", text[starts[line]:end])
    if written.isascii():
        return starts[line] + max(0, min(character, len(written)))
    for index, char in enumerate(written):
        if character <= 0:
            return starts[line] + index
        character -= 2 if ord(char) >= _BEYOND else 1
    return starts[line] + len(written)


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text) + sum(ord(char) >= _BEYOND for char in text)


def range_of(text: str, start: int, end: int) -> Json:
    """The range between two offsets."""
    return {"start": position_of(text, start), "end": position_of(text, max(start, end))}


def range_of_span(span: Span) -> Json:
    """The range of a place in its file."""
    place = span.in_file()
    return range_of(place.source.text, place.start, place.end)


def whole_range(source: Source) -> Json:
    """The range of a whole file."""
    return range_of(source.text, 0, len(source.text))


def changed(text: str, changes: Any) -> str:  # noqa: ANN401 - as they came
    """A text with the changes of an editor, one after another."""
    for change in changes:
        place = change.get("range")
        if place is None:
            text = str(change["text"])
        else:
            start, end = offset_of(text, place["start"]), offset_of(text, place["end"])
            text = text[:start] + str(change["text"]) + text[max(start, end):]
    return text


def moved(span: Span, source: Source) -> Span | None:
    """A place in a file as it is by now; None where something was written in it."""
    before, after = span.source.text, source.text
    same, rest = _alike(before, after)
    if span.end <= same:
        return Span(source, span.start, span.end)
    if span.start < len(before) - rest:
        return None
    further = len(after) - len(before)
    return Span(source, span.start + further, span.end + further)


@lru_cache(maxsize=4)
def _alike(before: str, after: str) -> tuple[int, int]:
    """How many characters two texts begin with alike, and with how many others they end so."""
    least = min(len(before), len(after))
    same = _same(before[:least], after[:least])
    return same, _same(before[::-1][:least - same], after[::-1][:least - same])


def _same(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return len(commonpath((one, other)))
