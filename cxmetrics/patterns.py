r"""Which patterns `matches` takes: those that RE2 and Rust's regex read alike and search for in linear time.

Letters, `.`, `^`, `$`, classes, `\d \w \s \b` and their opposites (of ASCII), groups, `|`, and repetitions, greedy or
not.  What only one engine knows, or each reads in its own way, is refused here, before any row is read.
"""

from __future__ import annotations

import re

MOST = 1000  # characters and repeated parts, repetitions written out: RE2 takes no count above it
DEPTH = 20  # of groups
_SETS = "dDwWsS"
_CONTROLS = "tnrf"
_COUNT = re.compile(r"\{([0-9]{1,4})(?:(,)([0-9]{0,4}))?\}", re.ASCII)
_MARKS = frozenset("!\"#$%&'()*+,-./:;=?@[\\]^_`{|}~")


class _RefusedError(Exception):
    """Why a pattern is refused."""


def flaw_of(pattern: str) -> str | None:
    """Why the pattern cannot be used, as a term of `codes.terms`; None if it can."""
    try:
        size, end = _branches(pattern, 0, 0)
        if end < len(pattern):
            return "a closing bracket too many"
        if size > MOST or len(pattern) > MOST:
            return "a pattern this large"
    except _RefusedError as flaw:
        return str(flaw)
    return None


def _branches(text: str, at: int, depth: int) -> tuple[int, int]:
    """The size of everything up to the end or a closing bracket, and where that is."""
    if depth > DEPTH:
        raise _RefusedError("a pattern this large")
    total = 0
    while at < len(text) and text[at] != ")":
        if text[at] == "|":
            at += 1
            continue
        size, at = _piece(text, at, depth)
        times, at = _times(text, at) if size else (1, at)
        total += size * times
    return total, at


def _piece(text: str, at: int, depth: int) -> tuple[int, int]:
    """The size of one part and where it ends; 0 for what has no width, and so is not repeated."""
    match text[at]:
        case "(":
            return _group(text, at, depth)
        case "[":
            return _class(text, at + 1)
        case "\\":
            escaped = _escaped(text, at)
            return (0 if escaped in "bB" else 1), at + 2
        case "^" | "$":
            return 0, at + 1
        case "*" | "+" | "?" | "{":
            raise _RefusedError("a repetition of nothing")
        case "\0":
            raise _RefusedError("a NUL character")
        case _:
            return 1, at + 1


def _group(text: str, at: int, depth: int) -> tuple[int, int]:
    start = at + (3 if text.startswith("(?:", at) else 1)
    if text.startswith("?", start):
        raise _RefusedError("look-around, flags or named groups")
    size, end = _branches(text, start, depth + 1)
    if end == len(text):
        raise _RefusedError("a bracket that is not closed")
    return size + 1, end + 1


def _escaped(text: str, at: int) -> str:
    """The character after a backslash."""
    found = text[at + 1:at + 2]
    if not found:
        raise _RefusedError("a backslash at the end")
    if found in "123456789":
        raise _RefusedError("back-references")
    if found not in _MARKS and found not in _SETS + _CONTROLS + "bB":
        raise _RefusedError("an escape that not both engines know")
    return found


def _times(text: str, at: int) -> tuple[int, int]:
    """How often the part before is written out, and where what says so ends."""
    times, char = 1, text[at:at + 1]
    if char == "{":
        found = _COUNT.match(text, at)
        if found is None:
            raise _RefusedError("a repetition other than {2}, {2,} or {2,5}")
        least, most = int(found[1]), int(found[3] or found[1])
        if most < least:
            raise _RefusedError("a repetition other than {2}, {2,} or {2,5}")
        times, at = max(most, 1), found.end()
    elif char and char in "*+?":
        at += 1
    else:
        return 1, at
    return times, at + text.startswith("?", at)


def _class(text: str, at: int) -> tuple[int, int]:
    """A class, from behind its opening bracket."""
    at += text.startswith("^", at)
    first = at
    while not text.startswith("]", at):
        low, at = _member(text, at, edge=at == first)
        if text.startswith("-", at) and not text.startswith("-]", at):
            high, at = _member(text, at + 1, edge=False)
            if low is None or high is None or low > high:
                raise _RefusedError("a class with a range that is none")
    if at == first:
        raise _RefusedError("an empty class")
    return 1, at + 1


def _member(text: str, at: int, *, edge: bool) -> tuple[str | None, int]:
    """A character of a class (None: a set of them), and where it ends."""
    char = text[at:at + 1]
    if not char:
        raise _RefusedError("a bracket that is not closed")
    if char == "\\":
        escaped = _escaped(text, at)
        if escaped in "bB":
            raise _RefusedError("an escape that not both engines know")
        return (None if escaped in _SETS else _character(escaped)), at + 2
    if char in "[\0" or text[at:at + 2] in ("&&", "--", "~~"):
        raise _RefusedError("operations in a class")
    if char == "-" and not edge and not text.startswith("-]", at):
        raise _RefusedError("a class with a range that is none")
    return char, at + 1


def _character(escaped: str) -> str:
    return {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}.get(escaped, escaped)
