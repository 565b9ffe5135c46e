"""The one way to lay out definitions, from the text of a file to its text: meaning and comments stay what they were."""

from __future__ import annotations

from collections.abc import Iterable

from cxmetrics.codes import yaml_files as codes
from cxmetrics.diagnostics import Diagnostic, report
from cxmetrics.layout.files import Path, is_formula, written_anew
from cxmetrics.load.written import Comment, comments_of
from cxmetrics.load.yaml_nodes import Items, Map, Node, read_nodes
from cxmetrics.parse import read
from cxmetrics.source import Located, Source


def laid_out(source: Source) -> tuple[str | None, tuple[Diagnostic, ...]]:
    """The text of a file, laid out; None, and why, for a file that cannot be read.

    What was written is read again and held against the file; a file that would say something else is left alone.
    """
    before, problems = read_nodes(source)
    if problems:
        return None, problems
    text, comments = written_anew(source)
    anew = Source(source.path, text)
    after, spoiled = read_nodes(anew)
    if spoiled or not _same(before, after, ()) or _told(comments) != _told(comments_of(anew)):
        return None, (report(codes.NOT_LAID_OUT, source.whole, path=source.path),)
    return text, ()


def _told(comments: Iterable[Comment]) -> list[str]:
    return sorted(comment.text for comment in comments)


def _same(before: Node | None, after: Node | None, path: Path) -> bool:
    """Whether two nodes say the same: formulas by their trees, all else letter by letter."""
    match before, after:
        case Map(), Map():
            return list(before) == list(after) and all(_same(before[key], after[key], (*path, key)) for key in before)
        case Items(), Items():
            return len(before) == len(after) and all(
                _same(one, other, path) for one, other in zip(before, after, strict=True))
        case Located(), Located() if is_formula(path) and before.value != after.value:
            return not read(after)[1] and read(before)[0] == read(after)[0]
        case Located(), Located():
            return before.value == after.value and _given(before) == _given(after)
        case _:
            return before is None and after is None


def _given(scalar: Located) -> bool:
    """Whether there is a text at all, be it an empty one in quotes."""
    return bool(scalar.value or scalar.style)
