"""Files: text, places in it, and where each character of a YAML scalar was written.

A formula is parsed after YAML has unfolded, unquoted and unescaped it, so a place in the
formula is not a place in the file.  `Located` computes, when somebody asks, the offset each
character of a scalar's value came from, and checks its own answer: when the characters do
not line up it points at the whole scalar instead of guessing.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import NamedTuple

from cxmetrics.addresses import masked
from cxmetrics.quick import quick

BLANK = " \t\r\n\x85\u2028\u2029"
_QUOTED_UNIT = {
    "'": re.compile(r"''|[^']", re.S),
    '"': re.compile(r"\\(?:x..|u.{4}|U.{8}|\r?\n[ \t]*|.)|[^\\\"]", re.S),
}
_ESCAPES = {"0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r",
            "e": "\x1b", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029"}


class Position(NamedTuple):
    """A line and a column, both counted from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True, eq=False)
class Source:
    """One text file of a project; `path` is relative to the project folder, with `/`.

    A `shipped` file is of a library that comes with cxmetrics: it does not lie in the project folder.
    """

    path: str
    text: str = field(repr=False)
    shipped: bool = False

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(m.end() for m in re.finditer("\n", self.text))]

    @cached_property
    def _lines(self) -> dict[int, str]:
        return {}

    def position(self, offset: int) -> Position:
        """The line and column of the character at `offset`."""
        line = bisect_right(self._line_starts, offset)
        return Position(line, offset - self._line_starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """The text of line `number` (from 1), to be shown: without its line break, passwords of addresses starred."""
        known = self._lines.get(number)
        if known is None:  # kept: a line of millions of characters may be asked for as often as it has faults
            start = self._line_starts[number - 1]
            end = self._line_starts[number] if number < len(self._line_starts) else len(self.text)
            known = self._lines[number] = masked(self.text[start:end].rstrip("\r\n"))
        return known

    @property
    def whole(self) -> Span:
        """The place that is the entire file."""
        return Span(self, 0, len(self.text))


@quick
@dataclass(frozen=True, eq=False, slots=True)
class Located:
    """A YAML scalar: its value, and where in the file it was written."""

    value: str
    source: Source
    start: int
    end: int
    style: str | None = None  # None plain, ' or " quoted, | or > block

    def __str__(self) -> str:
        return self.value

    @property
    def span(self) -> Span:
        """The whole scalar as a place in the file."""
        written = self.source.text[self.start:self.end].rstrip()
        return Span(self.source, self.start, self.start + len(written))

    def part(self, start: int, end: int) -> Span:
        """The place of `value[start:end]`, counted in characters of the value."""
        return Span(self, start, end)

    def in_file(self, start: int, end: int) -> Span:
        """The place in the file of `value[start:end]`, shrunk to its non-blank ends."""
        while start < end and self.value[start] in BLANK:
            start += 1
        while start < end and self.value[end - 1] in BLANK:
            end -= 1
        places = _places(self)
        if not places:
            return self.span
        if start >= len(places):
            return Span(self.source, places[-1][1], places[-1][1])
        first, last = places[start], places[max(start, end - 1)]
        return Span(self.source, first[0], last[1] if start < end else first[0])

    def written(self) -> Iterator[tuple[tuple[int, int], str]]:
        """The characters the scalar was written with, undoing quotes and escapes but not folding."""
        text, start, end, style = self.source.text, self.start, self.end, self.style
        if style in ("'", '"'):
            units = _QUOTED_UNIT[style].finditer(text, start + 1, end - 1)
            yield from ((unit.span(), _unescape(unit.group(), style)) for unit in units)
            return
        if style in ("|", ">"):
            start = text.index("\n", start)  # past the header: |2-  # comment
        yield from (((i, i + 1), text[i]) for i in range(start, end))


class Key(str):
    """A key of a YAML map, and where it was written: as a scalar, or as what one is made of when it is asked for."""

    __slots__ = ("written",)
    written: Located | tuple[Source, int, int, str | None]

    @property
    def located(self) -> Located:
        """The key as a scalar."""
        if isinstance(self.written, tuple):
            self.written = Located(str(self), *self.written)
        return self.written

    @property
    def span(self) -> Span:
        """The place of the key."""
        return self.located.span


class Span(NamedTuple):
    """A place: characters `start` to `end` of a file, or of a scalar's value.

    A tuple, because it is made in half the time of a frozen dataclass, and each piece of each formula has one.
    """

    text: Source | Located
    start: int
    end: int

    def in_file(self) -> Span:
        """The same place, counted in characters of its file."""
        match self.text:
            case Source():
                return self
            case Located():
                return self.text.in_file(self.start, self.end)

    @property
    def source(self) -> Source:
        """The file the place is in."""
        return self.text if isinstance(self.text, Source) else self.text.source


@lru_cache(maxsize=64)  # one scalar may have thousands of places to be told, and few have any
def _places(scalar: Located) -> list[tuple[int, int]]:
    """For each character of the value where it was written; empty where they cannot be paired."""
    written = [unit for unit in scalar.written() if unit[1] not in BLANK]
    wanted = [i for i, char in enumerate(scalar.value) if char not in BLANK]
    if [scalar.value[i] for i in wanted] != [char for _, char in written]:
        return []
    found = dict(zip(wanted, (place for place, _ in written), strict=True))
    places, last = [], (scalar.start, scalar.start)
    for i in range(len(scalar.value)):
        last = found.get(i, last)
        places.append(last)
    return places


def _unescape(unit: str, style: str) -> str:
    if len(unit) == 1:
        return unit
    if style == "'":
        return "'"
    kind = unit[1]
    if kind in "\r\n":
        return "\n"  # an escaped line break: blank either way
    if kind in "xuU":
        return chr(int(unit[2:], 16))
    return _ESCAPES.get(kind, kind)
