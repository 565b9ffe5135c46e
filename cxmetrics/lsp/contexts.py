"""Where the cursor is in a text that may not be YAML yet: under which keys, and in a key or in a value.

Told by the lines and their indentation alone, because whoever asks what may be written has not written it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_KEY = re.compile(r"""(?P<dash>(?:-\ +)*)
                      (?P<key>"[^"]*"|'[^']*'|[^\W\d][\w.]*\ *\([^()]*\)
                        |[^\s\#'"\[{,:-][^\#'"\[{,]*?|-?[^\s\#'"\[{,:-]+)\s*:(?:\s+|$)""", re.X)
_DASHES = re.compile(r"(?:-(?: +|$))*")
_BLOCK = re.compile(r"[|>][-+0-9]*\s*(?:#.*)?$")
_FAR = 5_000  # lines looked at upwards
_LONGEST = 2_000  # characters of a line, and of a key
_MOST = 20_000  # characters of a value: of longer formulas nothing is offered


@dataclass(frozen=True, slots=True)
class Context:
    """`path`: the keys above; `value`: what stands before the cursor behind the last of them, None in a key.

    `word`: the beginning of what is being written; `item`: whether it is an item of a list.
    """

    path: tuple[str, ...]
    value: str | None
    word: str
    item: bool = False


@dataclass(frozen=True, slots=True)
class _Above:
    """A line that is less indented: its key, and what follows it on the line."""

    key: str
    rest: str
    indent: int


def context_at(text: str, offset: int) -> Context:
    """Where an offset of a text is."""
    start = text.rfind("\n", 0, offset) + 1
    line = text[start:offset]
    if len(line) > _LONGEST:  # nobody writes by hand what would take so long to go through
        return Context((), "", "")
    indent = len(line) - len(line.lstrip(" "))
    above = list(_above(text[:start], indent))
    path = tuple(one.key for one in reversed(above))
    if above and (_BLOCK.match(above[0].rest) or above[0].rest and above[0].rest[0] not in "{[#&"):
        begun = text.rfind("\n", 0, start - 1) + 1
        while begun > max(0, offset - _MOST) and (here := text[begun:text.index("\n", begun)]).strip() \
                and _indent(here) > above[0].indent:
            begun = text.rfind("\n", 0, begun - 1) + 1
        folded = above[0].rest if not _BLOCK.match(above[0].rest) else ""
        lines = text[begun:offset].split("\n")[1:]
        return _in_value(path, " ".join([folded, *lines]).lstrip())
    return _on_line(path, line[indent:], bool(above) and not above[0].rest)


def _on_line(path: tuple[str, ...], written: str, continued: bool) -> Context:
    """Where the end of a line is, under the keys above it."""
    found = _KEY.match(written)
    if found is None:
        dashes = _DASHES.match(written)
        item = bool(dashes and dashes.group())
        rest = written[dashes.end() if dashes else 0:]
        if item or rest[:1] in ("[", "{") or continued and _is_formula(rest):
            return _in_flow(path, rest, item=item)
        return Context(path, None, rest)
    key = found["key"].strip("\"'").strip()
    return _in_flow((*path, key), written[found.end():], item=bool(found["dash"]))


def _is_formula(text: str) -> bool:
    """Whether a line without a key looks like the continuation of a value."""
    return any(sign in text for sign in "()+*/='") or " " in text


def _in_flow(path: tuple[str, ...], value: str, *, item: bool) -> Context:
    """Where the end of a value is that may be a map in braces, or a list."""
    begin, brackets = 0, list[str]()
    names = list(path)
    depths: list[int] = []
    quote = ""
    for index, char in enumerate(value):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'" and not value[begin:index].strip():
            quote = char
        elif char in "{[" and (brackets or not value[:index].strip()) and not _in_formula(value[begin:index]):
            brackets.append(char)
            key = _KEY.match(value[begin:index].lstrip())
            names += [key["key"].strip("\"'")] if key and len(brackets) > 1 else []
            depths.append(len(names))
            begin = index + 1
        elif char in "}]" and brackets and not (char == "]" and brackets[-1] == "{"):
            brackets.pop()
            depths.pop()
            names = names[:depths[-1]] if depths else list(path)
            begin = index + 1
        elif char == "," and brackets and _is_even(value[begin:index]):
            begin = index + 1
    if not brackets:
        return _in_value(path, value, item=item)
    rest = value[begin:].lstrip()
    key = _KEY.match(rest)
    if brackets[-1] == "{":
        return Context(tuple(names), None, rest) if key is None else _in_value(
            (*names, key["key"].strip("\"'")), rest[key.end():])
    return _in_value(tuple(names), rest, item=True)


def _in_formula(text: str) -> bool:
    """Whether a bracket is one of a formula, as in `{formula: share(a.b in [`."""
    found = _KEY.match(text.lstrip())
    return bool(found and text.lstrip()[found.end():].strip())


def _is_even(text: str) -> bool:
    """Whether as many brackets are closed as are opened: a comma between them parts arguments."""
    return text.count("(") <= text.count(")") and text.count("[") <= text.count("]")


def _in_value(path: tuple[str, ...], value: str, *, item: bool = False) -> Context:
    return Context(path, value, re.split(r"[\s,\[]", value)[-1] if value else "", item)


def _above(text: str, indent: int) -> Iterator[_Above]:
    """The keys above a line, from the nearest: each of a line that is less indented than the one before."""
    end, wanted = len(text) - 1, indent
    for _ in range(_FAR):
        if end < 0:
            return
        start = text.rfind("\n", 0, end) + 1
        line = text[start:min(end, start + _LONGEST)]
        end = start - 1
        stripped = line.lstrip(" ")
        if not stripped or stripped.startswith("#"):
            continue
        depth = len(line) - len(stripped)
        found = _KEY.match(stripped)
        inner = depth + (len(found["dash"]) if found else 0)
        if found and inner < wanted:
            yield _Above(found["key"].strip("\"'").strip(), stripped[found.end():].strip(), inner)
            wanted = inner
            if found["dash"]:
                wanted = depth + 1
        elif found and found["dash"] and depth < wanted or not found and depth < wanted and stripped.startswith("- "):
            wanted = depth + 1
        if wanted <= 0:
            return


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def siblings(text: str, offset: int) -> frozenset[str]:
    """The keys that stand beside the one at an offset, in lines of the same indentation."""
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    indent = _indent(text[start:start + _LONGEST])
    before = text[:max(0, start - 1)].split("\n")[::-1][:_FAR] if start else []
    after = text[end + 1:].split("\n")[:_FAR] if end >= 0 else []
    return frozenset((*_beside(before, indent), *_beside(after, indent)))


def _beside(lines: list[str], indent: int) -> Iterator[str]:
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        depth = _indent(line)
        if depth < indent:
            return
        found = _KEY.match(line[indent:indent + _LONGEST]) if depth == indent else None
        if found:
            yield found["key"].strip("\"'").strip()
