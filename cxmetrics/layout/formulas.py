"""The one way to lay out a formula: blanks where they help, and line breaks where it is too long for its line.

Brackets and numbers stay as the analyst wrote them: `write` of `parse` would leave out brackets that were put there
for those who read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from cxmetrics.layout.texts import width
from cxmetrics.parse import Word

_CLOSING = frozenset({"RPAR", "RSQB", "COMMA", "PERCENT"})
_OPENING = frozenset({"LPAR", "LSQB"})
_ENDS = frozenset({"RPAR", "RSQB", "COMMA"})
_TIGHT = frozenset({"RANGE", "POWER"})
_VALUES = frozenset({"NAME", "TEXT", "DATE", "TRUE", "FALSE", "NUMBER", "MULTIPLIED", "PERCENT", "RPAR", "RSQB",
                     "MISSING", "END"})
_CLAUSES = frozenset({"WHERE", "OVER", "AT"})
_TIES = (frozenset({"OR"}), frozenset({"AND"}), frozenset({"PLUS", "MINUS"}), frozenset({"TIMES", "DIVIDED"}))
_STEP = 2
_BLANKS = re.compile(r"[\s\u0085]+")


def one_line(words: Sequence[Word]) -> str:
    """A formula on one line: its words with the blanks that stand between them."""
    found, before = [], Word("", "")
    sign = False  # whether the word before is the sign of what follows
    for word in words:
        if before.kind and not sign and _apart(before, word):
            found.append(" ")
        found.append(f"{_BLANKS.sub('', word.text[:-1])} {word.text[-1]}" if word.kind == "MULTIPLIED" else word.text)
        sign = word.kind == "MINUS" and before.kind not in _VALUES
        before = word
    return "".join(found)


def lines(words: Sequence[Word], first: int, room: int) -> list[str]:
    """A formula in lines of at most `room` columns where it can be, the first of at most `first`."""
    whole = one_line(words)
    if width(whole) <= first:
        return [whole]
    for tie in _TIES:
        parts = _split(words, tie)
        if len(parts) > 1:
            return _chain(parts, first, room)
    parts = _arguments(words)
    return _call(parts, first, room) if parts else [whole]


def _chain(parts: Sequence[Sequence[Word]], first: int, room: int) -> list[str]:
    """Operands one below the other, each but the first after its sign; factors stay beside each other if they can."""
    found = _further_in(lines(parts[0], first, room - _STEP))
    factors = parts[1][0].kind in _TIES[-1]
    for part in parts[1:]:
        sign, whole = f"{part[0].text} ", one_line(part)
        if factors and len(found) > 1 and width(f"{found[-1]} {whole}") <= room:
            found[-1] += f" {whole}"
            continue
        inner = lines(part[1:], room - width(sign), room - _STEP)
        found += _further_in([f"{sign}{inner[0]}", *inner[1:]])
    return found


def _call(parts: Sequence[Sequence[Word]], first: int, room: int) -> list[str]:
    """A call: its name and first argument, then arguments and clauses, as many on a line as it holds."""
    found = [one_line(parts[0])]
    for number, part in enumerate(parts[1:]):
        text = one_line(part)
        glue = " " if number else ""  # the name holds to the first
        if number and width(found[-1] + glue + text) > (first if len(found) == 1 else room):
            found.append("")
            glue = ""
        found[-1] += glue
        ends = part[-1].kind in _ENDS  # a comma, or the closing bracket
        inner = lines(part[:len(part) - ends], (first if len(found) == 1 else room) - width(found[-1]) - ends,
                      room - _STEP - ends)
        inner[-1] += part[-1].text * ends
        found[-1] += inner[0]
        found += _further_in(inner)[1:]
    return found


def _further_in(found: Sequence[str]) -> list[str]:
    return [found[0], *(" " * _STEP + line for line in found[1:])]


def _split(words: Sequence[Word], signs: frozenset[str]) -> list[Sequence[Word]]:
    """The operands of the signs that stand in no bracket, each but the first with its sign before it."""
    cuts = [0]
    between = False  # its `and` joins no conditions
    for at, outside in enumerate(_outside(words)):
        kind = words[at].kind
        if not outside or (at and words[at - 1].kind not in _VALUES and kind in ("PLUS", "MINUS")):
            continue
        if kind == "AND" and between:
            between = False
        elif kind in signs and at:
            cuts.append(at)
        between = between or kind == "BETWEEN"
    return [words[start:end] for start, end in pairwise([*cuts, len(words)])]


def _outside(words: Sequence[Word]) -> Iterator[bool]:
    """Of each word, whether it stands in no bracket."""
    depth = 0
    for word in words:
        depth -= word.kind in ("RPAR", "RSQB")
        yield depth == 0
        depth += word.kind in _OPENING


def _arguments(words: Sequence[Word]) -> list[Sequence[Word]]:
    """Name and bracket of a call or a list, then its arguments, each with its comma, and its clauses; the last closes.

    Nothing where it is neither.
    """
    opening = 0 if words[0].kind in _OPENING else 1
    if len(words) < opening + 3 or words[opening].kind not in _OPENING or any(list(_outside(words))[opening + 1:-1]):
        return []
    cuts, inside = [0, opening + 1], words[opening + 1:-1]
    for at, outside in enumerate(_outside(inside), opening + 1):
        if outside and words[at].kind == "COMMA":
            cuts.append(at + 1)
        elif outside and words[at].kind in _CLAUSES and at > opening + 1:
            cuts.append(at)
    return [words[start:end] for start, end in pairwise([*cuts, len(words)])]


def _apart(before: Word, word: Word) -> bool:
    if word.kind in _CLOSING or before.kind in _OPENING or word.kind in _TIGHT or before.kind in _TIGHT:
        return False
    return not (word.kind == "LPAR" and before.kind == "NAME")
