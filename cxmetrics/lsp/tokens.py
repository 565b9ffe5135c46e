"""The words of formulas by what they are, for their colours."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from cxmetrics.lsp.asked import Asked
from cxmetrics.lsp.mentions import formulas_in, mentions_of
from cxmetrics.lsp.places import position_of
from cxmetrics.lsp.wire import Json
from cxmetrics.parse import RESERVED, words_of
from cxmetrics.source import Located, Source

LEGEND: Final = ("function", "variable", "property", "parameter", "keyword", "string", "number", "operator",
                 "namespace", "class")
_KINDS = {"function": "function", "indicator": "variable", "source": "namespace", "column": "property",
          "parameter": "parameter", "dimension": "property", "template": "class"}
_TERMINALS = {"TEXT": "string", "DATE": "number", **dict.fromkeys(RESERVED, "keyword")}
_QUIET = frozenset("()[],.:")
Piece = tuple[int, int, str]


def tokens(asked: Asked) -> Json | None:
    """All words of the formulas of a file, as five numbers each."""
    here = asked.here
    if here is None:
        return None
    data: list[int] = []
    line = column = 0
    for start, end, kind in pieces(here.source):
        place, last = position_of(here.source.text, start), position_of(here.source.text, end)
        if place["line"] != last["line"]:
            continue
        further = place["line"] - line
        data += [further, place["character"] - (0 if further else column), last["character"] - place["character"],
                 LEGEND.index(kind), 0]
        line, column = place["line"], place["character"]
    return {"data": data}


def pieces(source: Source) -> list[Piece]:
    """The words of the formulas of a file with their places, in order, none within another."""
    named = [(one.start, one.end, _KINDS[one.kind]) for one in mentions_of(source) if one.kind in _KINDS]
    ordered = sorted({piece for formula in formulas_in(source) for piece in _pieces(formula, named)})
    result: list[Piece] = []
    for piece in ordered:
        if not result or piece[0] >= result[-1][1]:
            result.append(piece)
    return result


def _pieces(formula: Located, named: list[Piece]) -> Iterator[Piece]:
    place = formula.in_file(0, len(formula.value))
    inside = named[bisect_left(named, (place.start,)):bisect_left(named, (place.end,))]  # they are in order
    yield from inside
    taken = {start for start, _, _ in inside}
    at = 0
    for word in words_of(formula.value) or ():
        start = formula.value.find(word.text, at)
        if start < 0:
            return
        at = start + len(word.text)
        kind = _kind(word.kind, word.text)
        span = formula.in_file(start, at)
        if kind is not None and span.start not in taken and span.end > span.start:
            yield span.start, span.end, kind


def _kind(terminal: str, text: str) -> str | None:
    if terminal in _TERMINALS:
        return _TERMINALS[terminal]
    if text[:1].isdigit():
        return "number"
    return "operator" if text and not text[0].isalnum() and text not in _QUIET and text[0] not in "_$" else None
