"""Lines as a terminal shows them: wide characters take two cells, very long lines are clipped.

Widths follow Unicode Standard Annex 11 (East Asian Width) and, for emoji, Technical Standard 51.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from cxmetrics.render.wording import shown

WIDTH = 110  # cells of a line that are shown
_MARGIN = 30  # cells kept before a place when its line is clipped
_FAR = 400  # characters to each side of a place that can matter
_TAB = "    "
_JOINER, _EMOJI_STYLE = "\u200d", "\ufe0f"


@dataclass(frozen=True, slots=True)
class Mark:
    """An underline in one line: characters `start` to before `end`, and what is said of it."""

    start: int
    end: int
    primary: bool
    text: str


@dataclass(frozen=True, slots=True)
class Stroke:
    """A mark as drawn: the first cell, the number of cells, and the rest as in `Mark`."""

    at: int
    length: int
    primary: bool
    text: str


def draw(line: str, marks: Sequence[Mark]) -> tuple[str, list[Stroke]]:
    """`line` as shown, clipped around its marks when it is too long, and where each mark stands under it."""
    line, marks = _near(line, marks)
    pieces = [_TAB if char == "\t" else shown(char) for char in line]
    cells = _cells(line, pieces)
    first, last = _clip(cells, marks)
    shift = cells[first] - (first > 0)  # the ellipsis takes one cell
    strokes = []
    for mark in marks:
        start, end = min(max(mark.start, first), last), max(min(mark.end, last), first)
        strokes.append(Stroke(cells[start] - shift, max(1, cells[end] - cells[start]), mark.primary, mark.text))
    text = "…" * (first > 0) + "".join(pieces[first:last]) + "…" * (last < len(line))
    return text, strokes


def _near(line: str, marks: Sequence[Mark]) -> tuple[str, Sequence[Mark]]:
    """Of a line of millions of characters those that may be shown, so that the others need not be measured."""
    at = min((mark.start for mark in marks if mark.primary), default=0)
    first, last = max(0, at - _FAR), min(len(line), at + _FAR)
    if (first, last) == (0, len(line)):
        return line, marks
    kept = [replace(mark, start=min(max(mark.start, first), last) - first, end=min(max(mark.end, first), last) - first)
            for mark in marks]
    return line[first:last], kept


def _clip(cells: Sequence[int], marks: Sequence[Mark]) -> tuple[int, int]:
    """The characters to show: all, or those around the marks, or around the primary one if they lie far apart."""
    if cells[-1] <= WIDTH:
        return 0, len(cells) - 1
    seen = list(marks)
    if seen and cells[max(m.end for m in seen)] - cells[min(m.start for m in seen)] > WIDTH - _MARGIN:
        seen = [m for m in seen if m.primary] or seen[:1]
    low = min((cells[m.start] for m in seen), default=0)
    first = bisect_left(cells, max(0, min(low - _MARGIN, cells[-1] - WIDTH)))
    return first, bisect_right(cells, cells[first] + WIDTH) - 1


def _cells(line: str, pieces: Sequence[str]) -> list[int]:
    """The cell at which each character begins, and the one after the last."""
    cells, before = [0], ""
    for char, piece in zip(line, pieces, strict=True):
        cells.append(cells[-1] + _width(char, piece, before))
        before = char
    return cells


def _width(char: str, piece: str, before: str) -> int:
    if piece != char:
        return len(piece)
    if char == _EMOJI_STYLE:
        return int(before != "" and _wide(before) == 1)  # turns a sign of one cell into an emoji of two
    if _JOINER in (before, char) or "\U0001f3fb" <= char <= "\U0001f3ff" or char == "\u200c":
        return 0
    return _wide(char)


@lru_cache(10_000)
def _wide(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
