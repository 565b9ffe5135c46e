"""How a text is written in YAML: plain where it can be, in quotes where it must be, in lines that are not too long."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_FIRST = frozenset("-?:,[]{}#&*!|>'\"%@`")
_FLOW = frozenset(",[]{}")
_ENDS_PLAIN = re.compile(r":(?=\s|\Z)|(?<=\s)#")
# What other readers of YAML take for a number, a truth, a date or nothing: quotes around such a text are kept.
_TAKEN = re.compile(r"~|null|true|false|yes|no|on|off|y|n|<<|=|[-+.]?[0-9][-+0-9_.,:eExXoOa-fA-FTZ ]*"
                    r"|[-+]?\.(?:inf|nan)", re.I)
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def width(text: str) -> int:
    """The columns a text takes, wide characters two."""
    return len(text) if text.isascii() else sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def plain(value: str, *, flow: bool, quoted: bool) -> bool:
    """Whether a text may stand without quotes; `flow`: in braces or brackets; `quoted`: where it had some."""
    if not value or value != value.strip() or not all(map(_shown, value)):
        return False
    if value[0] in _FIRST and (value[0] != "-" or value[1:2] in ("", " ", *_FLOW)):
        return False
    if value.startswith(("---", "...")) or _ENDS_PLAIN.search(value) or (flow and _FLOW & set(value)):
        return False
    return not (quoted and _TAKEN.fullmatch(value))


def in_quotes(value: str) -> str:
    """A text between double quotes; between single ones where it holds double ones and nothing to be escaped."""
    if ('"' in value or "\\" in value) and "'" not in value and all(map(_shown, value)):
        return f"'{value}'"
    return f'"{_escaped(value)}"'


def quoted_lines(lines: Sequence[str]) -> list[str]:
    """Lines that YAML joins by blanks, as one text between double quotes."""
    found = [_escaped(line) for line in lines]
    found[0] = f'"{found[0]}'
    found[-1] += '"'
    return found


def filled(value: str, first: int, room: int) -> list[str]:
    """A text in lines, broken at single blanks; YAML makes one blank of each break."""
    found, space = [""], first
    for word in re.split(r"(?<=\S) (?=[^\s#])", value):
        if found[-1] and width(found[-1]) + 1 + width(word) > space:
            found.append(word)
            space = room
        else:
            found[-1] += f" {word}" if found[-1] else word
    return found


def ends_in_blank_lines(value: str) -> bool:
    """Whether a block would have to keep what follows it: empty lines there are none of anybody's otherwise."""
    return value.endswith("\n\n") or value == "\n"


def block(value: str, folded: Sequence[str] | None = None) -> list[str]:
    """A text of several lines after `|`, or after `>` where it is given as it was `folded`; the header first."""
    body = value.removesuffix("\n")
    chomp = "-" if body == value else ""
    if folded is not None:
        return [f">{chomp}", *folded]
    lines = body.split("\n")
    further_in = next((line for line in lines if line), "").startswith(" ")
    return [f"|{'2' if further_in else ''}{chomp}", *lines]


def unfolded(written: str) -> list[str] | None:
    """The lines of a block as it was written, its header left out; None where the header says how far it is in."""
    header, _, rest = written.partition("\n")
    if any(char.isdigit() for char in header.partition("#")[0]):
        return None
    lines = [line.rstrip("\r") for line in rest.rstrip().split("\n")]
    inner = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
    first = next((line for line in lines if line.strip()), "")
    return None if first[inner:inner + 1] == " " else [line[inner:] for line in lines]


def _shown(char: str) -> bool:
    """Whether a character can stand for itself, outside quotes too."""
    return char.isprintable() or (unicodedata.category(char) in ("Zs", "Cf") and char != "\ufeff")


def _escaped(value: str) -> str:
    return "".join(_ESCAPES.get(char) or (char if _shown(char) else _code(ord(char))) for char in value)


def _code(point: int) -> str:
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
