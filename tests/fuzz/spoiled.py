"""Definitions that somebody spoiled, each by its number: the same number is the same input, as long as the seeds are.

The seeds are what the repository holds: case files, pages of codes, the reference, the corpus of formulas; and random
pyramids.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Literal

import yaml

from cxmetrics.parse import parse
from cxmetrics.parse.write import write
from cxmetrics.source import Located, Source
from cxmetrics.syntax import Broken, Call, Items, Name, Node, Number, Range, Text, Truth

ROOT = Path(__file__).resolve().parents[2]
LARGEST = 6_000  # characters of a seed: what is wrong with large ones is wrong with small ones
_BLOCK = re.compile(r"^```yaml (\S+)(?: later)?\n(.*?)^```$", re.M | re.S)
_FORMULA = re.compile(r"^ *formula: (.+)$", re.M)
_PIECE = re.compile(r"\s+|\w+|.", re.S)

Kind = Literal["formula", "file", "project"]
Files = dict[str, str]


@dataclass(frozen=True, slots=True)
class Input:
    """A formula, one file, or the files of a project, by path; `raw` where bytes are spoiled too."""

    number: int
    kind: Kind
    files: dict[str, str | bytes]

    def __str__(self) -> str:
        texts = (f"--- {path}\n{content!r}" for path, content in self.files.items())
        return "\n".join([f"input {self.number}, a {self.kind}", *texts])


# --- seeds -----------------------------------------------------------------------------------------------------------


@cache
def projects() -> tuple[Files, ...]:
    """Small projects, right and wrong."""
    pages = [*sorted((ROOT / "tests" / "cases").glob("*.md")), ROOT / "grammar" / "documents.md"]
    texts = [path.read_text("utf-8") for path in pages]
    for path in sorted((ROOT / "cxmetrics" / "codes").glob("CX*.md")):
        texts += path.read_text("utf-8").split("\n## ")
    found = [*(dict(_BLOCK.findall(text)) for text in texts), *random_pyramids()]
    return tuple(files for files in found if files and sum(map(len, files.values())) <= LARGEST)


def random_pyramids() -> list[Files]:
    """Pyramids that are right, drawn as for the oracle."""
    sys.path.append(str(ROOT / "tests" / "oracle"))
    from drawn_projects import Project

    return [{"cxmetrics.yaml": Project(seed).text} for seed in range(100)]


@cache
def formulas() -> tuple[str, ...]:
    """Formulas, most of them right."""
    corpus = [block.partition("\n===\n")[0] for path in sorted((ROOT / "tests" / "grammar").glob("*.txt"))
              for block in re.split(r"^---\n", path.read_text("utf-8"), flags=re.M)]
    written = [formula for files in projects() for text in files.values() for formula in _FORMULA.findall(text)]
    return tuple(dict.fromkeys((*corpus, *written)))


@cache
def trees() -> tuple[Node, ...]:
    """The formulas that can be read, and all their parts."""
    whole = [node for node, found in (parse(located(text)) for text in formulas()) if not found]
    return tuple(part for node in whole for part in parts(node))


@cache
def scalars() -> tuple[str, ...]:
    """What stands in the seeds as keys and values."""
    words = {word for files in projects() for text in files.values() for word in re.findall(r"[^\s:{}\[\],]+", text)}
    return (*sorted(words), *ODD)


def located(text: str) -> Located:
    """A formula that is the whole of its file."""
    return Located(text, Source("formula.yaml", text), 0, len(text))


# --- odd pieces ------------------------------------------------------------------------------------------------------

ODD = (
    "", " ", "\t", "\r", "\r\n", "\n\n", "\0", "\x07", "\x1b[31m", "\x7f", "\x85", "\u2028", "\ufeff", "\ufffe",
    "\ud800", "\udfff", "\u200b", "\u202e", "\u0301", "é", "ı", "ß", "İ", "ﬁ", "½", "²", "٣", "１２", "Ⅷ", "𝟘", "客户",
    "😀", "👨‍👩‍👧", "（", "，", "：", "“", "null", "~", "no", "yes", "on", "012", "0x1F", "1:30", "1_000", "-0", ".5",
    "5.", "+1", "1e999999", "-1e-999999", "9" * 400, "1" * 5000, "1e5e5", "nan", ".nan", "inf", ".inf", "-.inf",
    "infinity", "99.5%", "-5%", "1e400%", "10 万", "3 亿 CNY", "28 d", "0 s", "2026-02-30", "0000-00-00", "9999-12-31",
    "٢٠٢٦-٠١-٠١", "0..10", "10..0", "..", "1..", "-1..1", "'", '"', "''", '"\\ud800"', '"\\x00"', '"\\q"', "`", "\\",
    "#", " #", ": ", ":", "- ", "-", "? ", "?", ", ", "[", "]", "{", "}", "{}", "[]", "[[]]", "{a: {}}", "|", ">",
    "|2-\n", ">+\n", "&a ", "*a", "&a [*a, *a]", "<<: *a", "<<: {project: x}", "!", "!!str ", "!!int ", "!!binary ",
    "!!set ", "!!python/object:os.system ", "!x ", "%YAML 1.1\n---\n", "%TAG ! x\n", "---\n", "...\n", "$", "$x",
    "${x}", "{x}", "{{x}}", "a.b.c", ".", "a.", ".a", "where", "over 28 d", "at end", "at start",
    "not ", " and ", " or ", " in ",
    "between 1 and 2", "is missing", "^", "^^", "**", "==", "!=", "<", "(", ")", "((", "))", "()", "f(", "1 +",
    "count(", "nps(", "mean(x.y)", "weighted_mean(1, 2)", "true", "false", "each", "use: t", "for: {i: [1, 2]}",
    "for: {i: []}", "children: {}", "import: .", "import: [../..]", "project: x", "score: {0: 1, 100: 2}",
    "score: {}", "formula: ", "weight: -1", "cuts: [[]]", "values: []", "../../etc/passwd", "/", "data/**/*.csv",
    "~root", "file:///x", "C1", "C3", "cxmetrics/retail_bank", "x" * 300, "(" * 150, "[" * 60, "- " * 60, "{a: " * 60,
    "-" * 200)


# --- text ------------------------------------------------------------------------------------------------------------


def _insert(text: str, chance: Random) -> str:
    at = chance.randint(0, len(text))
    return text[:at] + chance.choice(ODD) + text[at:]


def _character(text: str, chance: Random) -> str:
    at = chance.randint(0, len(text))
    any_one = chr(chance.choice((chance.randrange(128), chance.randrange(0x3000), chance.randrange(0x110000))))
    return text[:at] + any_one + text[at + chance.randint(0, 1):]


def _span(text: str, chance: Random, most: int = 30) -> tuple[int, int]:
    at = chance.randint(0, len(text))
    return at, min(len(text), at + chance.randint(1, most))


def _delete(text: str, chance: Random) -> str:
    at, end = _span(text, chance)
    return text[:at] + text[end:]


def _repeat(text: str, chance: Random) -> str:
    at, end = _span(text, chance)
    return text[:end] + text[at:end] * chance.choice((1, 1, 1, 2, 50)) + text[end:]


def _pieces(text: str, chance: Random) -> str:
    """Swap, drop or repeat whole words and signs."""
    pieces = _PIECE.findall(text)
    if not pieces:
        return text
    one, other = chance.randrange(len(pieces)), chance.randrange(len(pieces))
    match chance.randrange(3):
        case 0:
            pieces[one], pieces[other] = pieces[other], pieces[one]
        case 1:
            del pieces[one]
        case _:
            pieces.insert(other, pieces[one])
    return "".join(pieces)


def _lines(text: str, chance: Random) -> str:
    """Drop, repeat, move or indent a line."""
    lines = text.splitlines(keepends=True) or [""]
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            del lines[one]
        case 1:
            lines.insert(other, lines[one])
        case 2:
            lines[one], lines[other] = lines[other], lines[one]
        case 3:
            lines[one] = chance.choice((" ", "  ", "\t", "    ")) + lines[one]
        case _:
            lines[one] = lines[one].lstrip()
    return "".join(lines)


def _paste(text: str, chance: Random) -> str:
    """A piece of another seed."""
    other = chance.choice(list(chance.choice(projects()).values()))
    start, end = _span(other, chance, 200)
    at = chance.randint(0, len(text))
    return text[:at] + other[start:end] + text[at:]


def _word(text: str, chance: Random) -> str:
    """A word in place of another."""
    words = list(re.finditer(r"[\w.%]+", text))
    if not words:
        return text
    old = chance.choice(words)
    return text[:old.start()] + chance.choice(scalars()) + text[old.end():]


_SPOILERS: tuple[Callable[[str, Random], str], ...] = (
    _insert, _character, _delete, _repeat, _pieces, _lines, _paste, _word, _word)


def spoil(text: str, chance: Random) -> str:
    """A text, spoiled in one to four ways."""
    for _ in range(chance.choice((1, 1, 2, 4))):
        text = chance.choice(_SPOILERS)(text, chance)
    return text[:200_000]


_ODD_BYTES = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80")


def spoil_bytes(raw: bytes, chance: Random) -> bytes:
    """Bytes, some of them others."""
    spoiled = bytearray(raw or b"x")
    for _ in range(chance.choice((1, 2, 8))):
        at = chance.randrange(len(spoiled))
        match chance.randrange(4):
            case 0:
                spoiled[at] = chance.randrange(256)
            case 1:
                spoiled[at:at] = chance.randbytes(chance.randint(1, 4))
            case 2:
                spoiled[at:at] = chance.choice(_ODD_BYTES)
            case _:
                del spoiled[at:at + chance.randint(1, 3)]
                spoiled = spoiled or bytearray(b"x")
    return bytes(spoiled)


# --- trees of formulas -----------------------------------------------------------------------------------------------


def parts(node: Node) -> list[Node]:
    """A tree and all trees in it."""
    match node:
        case Call():
            inner = [*node.args, *(clause for clause in (node.where, node.over) if clause is not None)]
        case Items():
            inner = list(node.items)
        case Range():
            inner = [node.low, node.high]
        case _:
            inner = []
    return [node, *(below for part in inner for below in parts(part))]


def grafted(node: Node, chance: Random, least: float = 0.25) -> Node:
    """A tree with one of its parts in place of another: it can be read, and most often means nothing."""
    if chance.random() < least:
        return chance.choice(trees())
    match node:
        case Call(args=args) if args:
            at = chance.randrange(len(args))
            changed = (*args[:at], grafted(args[at], chance), *args[at + 1:])
            return replace(node, args=changed)
        case Call():
            return replace(node, function=chance.choice([one.function for one in trees() if isinstance(one, Call)]))
        case Items(items=items):
            at = chance.randrange(len(items))
            return replace(node, items=(*items[:at], grafted(items[at], chance), *items[at + 1:]))
        case Range():
            return replace(node, low=grafted(node.low, chance))
        case Number():
            value = -node.value if chance.random() < 0.1 else node.value * chance.choice((0, 1, 10**9))
            return replace(node, value=value, unit=chance.choice(("", "%", "ms", "d", "CNY", "USD", "month", "parsec")))
        case Text() | Name() | Truth() | Broken() | _:
            return chance.choice(trees())


# --- trees of files --------------------------------------------------------------------------------------------------


def _places(node: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, inner in below for place in _places(inner, (*path, key)))]


@cache
def roots() -> tuple[object, ...]:
    """The seeds that YAML can read, as it reads them."""
    found = []
    for files in projects():
        with suppress(yaml.YAMLError):
            found += [yaml.load(text, yaml.CBaseLoader) for text in files.values()]
    return tuple(found)


def _at(node: object, path: tuple[object, ...]) -> object:
    for key in path:
        node = node[key]  # type: ignore[index]
    return node


def _altered(node: object, chance: Random) -> object:
    """Something else in the place of a part of a file."""
    if isinstance(node, str):
        tree, problems = parse(located(node))
        if not problems and chance.random() < 0.6:
            return write(grafted(tree, chance))
    other = chance.choice(roots())
    match chance.randrange(8):
        case 0 | 1 | 2:
            return chance.choice(scalars())
        case 3:
            return [node] * chance.choice((0, 1, 2))
        case 4:
            return {chance.choice(scalars()): node}
        case 5 if isinstance(node, dict) and node:
            return list(node.values())
        case 6:
            return deepcopy(_at(other, chance.choice(_places(other))))
        case _:
            return [] if chance.random() < 0.5 else {}


def rebuilt(text: str, chance: Random) -> str:
    """A file that YAML can read, with some of its parts altered, moved, renamed or left out."""
    try:
        root = yaml.load(text, yaml.CBaseLoader)
    except yaml.YAMLError:  # of a page that shows wrong YAML
        return spoil(text, chance)
    for _ in range(chance.choice((1, 1, 2, 3))):
        places = _places(root)[1:]
        if not places:
            break
        *path, key = chance.choice(places)
        parent = _at(root, tuple(path))
        match chance.randrange(8):
            case 0:
                del parent[key]
            case 1 if isinstance(parent, dict):
                parent[chance.choice(scalars())] = parent.pop(key)
            case _:
                parent[key] = _altered(parent[key], chance)
    if chance.random() < 0.1 and len(places := _places(root)) > 1:  # two places of one thing: an anchor, even a circle
        *path, key = chance.choice(places[1:])
        _at(root, tuple(path))[key] = _at(root, chance.choice(places))
    try:
        return yaml.dump(root, Dumper=yaml.CSafeDumper, allow_unicode=chance.random() < 0.8, sort_keys=False,
                         default_flow_style=chance.choice((None, False, True)), width=chance.choice((20, 80, 1000)))
    except (yaml.YAMLError, UnicodeError, ValueError, RecursionError):  # what cannot be written at all
        return spoil(text, chance)


# --- inputs ----------------------------------------------------------------------------------------------------------


def drawn(number: int) -> Input:
    """The input of a number: half are formulas, three of ten single files, the rest whole projects."""
    chance = Random(number)
    lot = chance.randrange(10)
    if lot < 5:
        return Input(number, "formula", {"": _formula(chance)})
    files: dict[str, str | bytes] = dict(chance.choice(projects()))
    path = chance.choice(sorted(files))
    text = str(files[path])
    if lot < 8:
        return Input(number, "file", {path: spoil(text, chance) if chance.random() < 0.8 else rebuilt(text, chance)})
    match chance.randrange(10):
        case 0:
            files[path] = spoil_bytes(text.encode(), chance)
        case 1:
            library = chance.choice(("x", "lib", "y"))
            files |= {f"{library}/{name}": body for name, body in chance.choice(projects()).items()}
            files[path] = f"import: [{chance.choice(('x', 'lib', '.', 'y', 'cxmetrics/retail_bank'))}]\n{text}"
        case 2 | 3:
            files[path] = spoil(text, chance)
        case 4:
            files |= chance.choice(projects())
        case _:
            files[path] = rebuilt(text, chance)
    return Input(number, "project", files)


def _formula(chance: Random) -> str:
    if chance.random() < 0.2:
        return write(grafted(chance.choice(trees()), chance, 0.1))
    return spoil(chance.choice(formulas()), chance)
