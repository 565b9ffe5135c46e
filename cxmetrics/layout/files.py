"""The one way to lay out a file: two blanks a step, short maps and lists in one line where the analyst had them so.

The order of keys and the choice between `{…}` and lines below one another are the analyst's, as long as a line holds
what is in braces.  Comments stay before what they stood before, or behind what they stood behind.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace
from typing import assert_never

from cxmetrics.layout import formulas
from cxmetrics.layout.texts import block, ends_in_blank_lines, filled, in_quotes, plain, quoted_lines, unfolded, width
from cxmetrics.load.written import Alias, Comment, Listing, Mapping, Scalar, Written, read_written
from cxmetrics.parse import words_of
from cxmetrics.source import Source

WIDTH = 120  # columns of a line, where what stands in it can be broken
_STEP = 2
_SIMPLE = 1_000  # characters: YAML takes a key without `?` up to 1,024
_ENDLESS = 1_000_000  # columns of a line that is not to be broken
_ALLOWS = "cx: allow"  # in a comment: a warning on this line, or on the next, has been looked at

Path = tuple[str, ...]


def is_formula(path: Path) -> bool:
    """Whether what stands under these keys, from the first section on, is a formula."""
    if path[:1] == ("tests",):
        return False
    cut = len(path) == 4 and path[0] == "sources" and path[2] in ("dimensions", "flags")
    return cut or path[-1:] in (("formula",), ("keep",))


def written_anew(source: Source) -> tuple[str, tuple[Comment, ...]]:
    """The text of a file that can be read, laid out; and the comments that it had."""
    root, comments = read_written(source)
    writer = _Writer(source, comments)
    lines = [] if root is None else writer.document(root)
    lines += writer.leading(len(source.text), first=not lines)
    return "".join(f"{line}\n" for line in lines), comments


class _Writer:
    """Writes nodes in the order of the file, and each comment where its turn comes."""

    def __init__(self, source: Source, comments: tuple[Comment, ...]) -> None:
        self.source = source
        self.comments = comments
        self.starts = [comment.start for comment in comments]
        self.told = 0  # how many comments have been written
        self.pinned = False  # whether the comment above allows a warning on the line that is written

    def document(self, root: Written) -> list[str]:
        match root:
            case Mapping(entries=(_, *_)):
                return [*self.leading(root.start, first=True), *self.entries(root, 0, ())]
            case Listing(items=(_, *_)):
                return [*self.leading(root.start, first=True), *self.items(root, 0, ())]
            case _:
                return [*self.leading(root.start, first=True), *self.value("", root, 0, ())]

    def entries(self, node: Mapping, indent: int, path: Path) -> list[str]:
        """The lines of a map's entries, and of the comments that end it."""
        lines: list[str] = []
        tall = False  # whether the entry before took several lines
        for key, value in node.entries:
            above = list(self.leading(key.start, first=not lines))
            name = key.value if isinstance(key, Scalar) else f"*{key.name} "
            head = f"{self.key(key, flow=False)}:"
            asked, head = ([f"? {head[:-1]}"], ":") if len(head) > _SIMPLE else ([], head)
            inner = () if self.is_block(value) else tuple(self.leading(value.start, first=True))
            self.pinned = any(_ALLOWS in line for line in (*above[-1:], *inner[-1:]))
            below = self.value(head, value, indent, (*path, name))
            apart = not path and (tall or len(below) > 1) and above[:1] != [""]
            lines += [*([""] if lines and apart else []), *above, *inner, *asked, *below]
            tall = len(below) > 1
        return [*lines, *self.trailing_block(node)]

    def items(self, node: Listing, indent: int, path: Path) -> list[str]:
        """The lines of a list's items, and of the comments that end it."""
        lines: list[str] = []
        for item in node.items:
            above = list(self.leading(self.begins(item), first=not lines))
            self.pinned = any(_ALLOWS in line for line in above[-1:])
            lines += [*above, *self.value("-", item, indent, path)]
        return [*lines, *self.trailing_block(node)]

    def value(self, head: str, node: Written, indent: int, path: Path) -> list[str]:
        """What stands after a key or a dash, in lines as far in as these are; the first begins with `head`."""
        mark = f"{head} &{node.anchor}".lstrip() if not isinstance(node, Alias) and node.anchor else head
        if self.is_block(node):
            return self.nested(head, mark, node, indent, path)
        lead = f"{mark} " if mark else ""
        most = _ENDLESS if self.is_pinned(node) else WIDTH
        match node:
            case Scalar():
                found = self.scalar(node, indent + width(lead), indent, path, most)
            case Alias():
                found = [f"*{node.name}"]
            case Mapping() | Listing():
                found = [self.flow(replace(node, anchor=None), path)]  # the mark has it
                long = indent + width(lead + found[0]) > most
                if long and isinstance(node, Mapping) and node.entries:
                    return self.unfolded(head, mark, node, indent, path)
                if long and isinstance(node, Listing) and node.items:
                    found = self.wrapped(node, indent + width(lead), path)
            case _:
                assert_never(node)
        continued = [line and " " * self.further(node, lead) + line for line in found[1:]]
        if isinstance(node, Scalar) and node.style in ("|", ">") and found[0][0] in "|>":
            return [f"{lead}{found[0]}{self.behind(node.start)}", *continued]
        lines = [f"{lead}{found[0]}".rstrip(), *continued]
        lines[-1] += self.behind(node.end)
        return lines

    def nested(self, head: str, mark: str, node: Written, indent: int, path: Path) -> list[str]:
        """Entries or items below their key; those of an item begin behind its dash."""
        assert isinstance(node, Mapping | Listing)
        behind = "" if head == "-" else self.behind(max(self.source.text.rfind("\n", 0, node.start), 0))
        inner = self.entries(node, indent + _STEP, path) if isinstance(node, Mapping) \
            else self.items(node, indent + _STEP, path)
        shifted = [line and " " * _STEP + line for line in inner]
        return [f"- {inner[0]}", *shifted[1:]] if mark == "-" else [f"{mark}{behind}", *shifted]

    def begins(self, node: Written) -> int:
        """The place of the first thing that will stand behind the dash of an item."""
        match node:
            case Mapping(entries=((key, value), *_)) if self.is_block(node) and not node.anchor:
                return key.start if self.is_block(value) else value.start
            case Listing(items=(first, *_)) if self.is_block(node) and not node.anchor:
                return self.begins(first)
            case _:
                return node.start

    def unfolded(self, head: str, mark: str, node: Mapping, indent: int, path: Path) -> list[str]:
        """A map that stood in braces and that one line does not hold."""
        behind = self.behind(node.end)
        first, *others = self.nested(head, mark, node, indent, path)
        return [f"{first}{behind}", *others]

    def is_block(self, node: Written) -> bool:
        """Whether a map or a list is written in lines below one another."""
        if not isinstance(node, Mapping | Listing):
            return False
        if not node.flow:
            return True
        commented = bisect_left(self.starts, node.start) < bisect_left(self.starts, node.end)
        return commented and bool(node.entries if isinstance(node, Mapping) else node.items)

    def is_pinned(self, node: Written) -> bool:
        """Whether a comment allows a warning on the line of a node: if that were broken, it would be on another."""
        text = self.source.text
        comment = self.comments[self.told] if self.told < len(self.comments) else None
        behind = comment is not None and not comment.alone and _ALLOWS in comment.text \
            and "\n" not in text[node.start:comment.start]
        return "\n" not in text[node.start:node.end].rstrip() and (self.pinned or behind)

    def scalar(self, node: Scalar, first: int, indent: int, path: Path, most: int = WIDTH) -> list[str]:
        """A text in lines of so many columns at most; a block's header is the first."""
        room, value = most - indent - _STEP, node.value
        if is_formula(path) and (words := words_of(value)) is not None:
            lines = formulas.lines(words, most - first, room)
            whole = formulas.one_line(words)
            return lines if plain(whole, flow=False, quoted=node.style is not None) else quoted_lines(lines)
        if node.style in ("|", ">") and not ends_in_blank_lines(value):
            written = self.source.text[node.start:node.end]
            return block(value, unfolded(written) if node.style == ">" else None)
        if not value and node.style is None:
            return [""]
        if "\n" in value or "  " in value:
            return [self.text(node, flow=False)]
        if plain(value, flow=False, quoted=node.style is not None):
            return filled(value, most - first, room)
        return quoted_lines(filled(value, WIDTH - first - 1, room))

    @staticmethod
    def text(node: Scalar, *, flow: bool) -> str:
        """A text on one line."""
        if not node.value and node.style is None:
            return ""
        return node.value if plain(node.value, flow=flow, quoted=node.style is not None) else in_quotes(node.value)

    def key(self, key: Scalar | Alias, *, flow: bool) -> str:
        if isinstance(key, Alias):
            return f"*{key.name} "
        text = self.text(key, flow=flow)
        if key.anchor:  # who points to a key left empty points to nothing, and not to an empty text
            return f"&{key.anchor} {text}"
        return text or '""'

    def flow_key(self, key: Scalar | Alias) -> str:
        text = self.key(key, flow=True)
        return f"? {text} " if len(text) >= _SIMPLE else text

    def flow(self, node: Written, path: Path) -> str:
        """A node on one line."""
        match node:
            case Scalar():
                words = words_of(node.value) if is_formula(path) else None
                whole = node if words is None else Scalar(formulas.one_line(words), node.style, 0, 0)
                text = self.text(whole, flow=True)
            case Alias():
                return f"*{node.name}"
            case Mapping():
                text = "{" + ", ".join(f"{self.flow_key(key)}: {self.flow(value, (*path, _name(key)))}"
                                       for key, value in node.entries) + "}"
            case Listing():
                text = "[" + ", ".join(self.flow(item, path) for item in node.items) + "]"
            case _:
                assert_never(node)
        return f"&{node.anchor} {text}" if node.anchor else text

    def wrapped(self, node: Listing, first: int, path: Path) -> list[str]:
        """A list in brackets that one line does not hold, in lines that begin behind its bracket."""
        *parts, last = (self.flow(item, path) for item in node.items)
        lines = ["["]
        for number, text in enumerate((*(f"{part}," for part in parts), f"{last}]")):
            if number and first + width(f"{lines[-1]} {text}") > WIDTH:
                lines.append(f" {text}")
            else:
                lines[-1] += f" {text}" if number else text
        return lines

    @staticmethod
    def further(node: Written, lead: str) -> int:
        """How far in the lines after the first are: behind the bracket, or one step."""
        return width(lead) if isinstance(node, Listing) else _STEP

    def leading(self, until: int, *, first: bool) -> Iterator[str]:
        """The comments before a place, each on a line, with an empty line where there was one; and before the place."""
        empty = not first
        while self.told < len(self.comments) and self.comments[self.told].start < until:
            comment = self.comments[self.told]
            self.told += 1
            if empty and self.after_blank(comment.start):
                yield ""
            yield comment.text
            empty = True
        if empty and until < len(self.source.text) and self.after_blank(until):
            yield ""

    def trailing_block(self, node: Mapping | Listing) -> list[str]:
        """The comments after the last entry that are as far in as the entries: they belong to them."""
        lines: list[str] = []
        column = self.source.position(node.start).column - 1
        while self.told < len(self.comments) and not node.flow and column:
            comment = self.comments[self.told]
            if not comment.alone or comment.column < column or comment.start > node.end:
                break
            lines += [*([""] if self.after_blank(comment.start) else []), comment.text]
            self.told += 1
        return lines

    def behind(self, place: int) -> str:
        """The comment that stands on the line of a place, behind it, with the blanks before it."""
        if self.told == len(self.comments):
            return ""
        comment = self.comments[self.told]
        between = self.source.text[min(place, comment.start):comment.start]
        if comment.alone or "\n" in between:
            return ""
        self.told += 1
        return f"  {comment.text}"

    def after_blank(self, place: int) -> bool:
        """Whether the line above that of a place is empty."""
        text = self.source.text
        line = text.rfind("\n", 0, place)
        return line > 0 and not text[text.rfind("\n", 0, line) + 1:line].strip()


def _name(key: Scalar | Alias) -> str:
    return key.value if isinstance(key, Scalar) else key.name
