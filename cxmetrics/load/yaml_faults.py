"""Why a file is no YAML, told in the words of its author: the parser knows where it stopped, not what was meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from cxmetrics.codes import yaml_files as codes
from cxmetrics.diagnostics import Diagnostic, Fix, Label, Phrase, report
from cxmetrics.source import Located, Source, Span

_QUOTE = Phrase('put the whole text between quotes: `"…"`', '请给整个文本加引号：`"…"`')
_ALIGN = Phrase("let keys of one map begin in one column, and those below a key two blanks further in",
                "同一映射的键从同一列开始，下一层再缩进两格")
_BLANKS = Phrase("indent with blanks, two a level", "请用空格缩进，每层两格")
_CLOSE = Phrase("close it with `{closing}`, and part what is in it by commas; a text in it that holds `[`, `{{`, `,` "
                "or `: ` goes between quotes", "请用 `{closing}` 闭合，并用逗号分隔其中各项；其中含有 `[`、`{{`、`,` 或 `: ` 的文本须加引号")
_OTHERS = Phrase("end the text with its quote, or put the whole between the other kind of quotes: `\"a = 'b'\"`",
                 "请在文本末尾补上引号，或用另一种引号括住整个文本：`\"a = 'b'\"`")
_COLON = Phrase("write `:` and a blank", "请写半角 `:` 并加一个空格")
_KEY = Phrase("write `key: value`, with a blank behind the colon", "请写成 `key: value`，冒号后加空格")
_ANCHOR = Phrase("put the text between quotes; for what several indicators have in common there are `templates`",
                 "请给文本加引号；多个指标共有的内容请用 `templates`")
_SINGLE = Phrase("put the text between single quotes, in which `\\` is a sign like others", "请改用单引号，其中 `\\` 只是普通字符")
_LIST = Phrase("begin the list on a line of its own, or write it in one line: `[a, b]`", "请把列表另起一行，或写成一行：`[a, b]`")
_UNSEEN = Phrase("take it out: such characters come along when text is copied", "请删去：复制文本时会带入这样的字符")
OPENED = Phrase("opened here", "在这里打开")
_NEAR = 100  # lines above a place in which the one before it is looked for
_CLOSING = {"{": "}", "[": "]"}
_PLAIN_COLON = re.compile(r"\s*(?:- +)?[^\s#'\"\[{][^:#]*: +[^'\"\[{|>&*!].*")

Known = tuple[str, Phrase]  # what is wrong, as `codes.terms` knows it, and the way out


def fault(source: Source, problem: str, at: int, context_at: int | None) -> Diagnostic:
    """The finding for a file at whose character `at` the parser stopped; what it read then began at `context_at`."""
    for told, explain in _CAUSES:
        if told in problem and (known := explain(source, at)) is not None:
            what, help_ = known
            place = _wide_colon(source, at) if help_ is _COLON else at
            return report(codes.NOT_YAML, _place(source, place), help=help_, problem=what)
    opening = source.text[context_at:context_at + 1] if context_at is not None else ""
    if context_at is not None and opening in _CLOSING and opening:
        related = (Label(_place(source, context_at), OPENED),)
        return report(codes.NOT_YAML, _place(source, at), related=related, help=_CLOSE,
                      problem="these brackets are not closed, or what is in them is not parted by commas",
                      closing=_CLOSING[opening])
    if "unexpected end of stream" in problem and context_at is not None and opening in ("'", '"'):
        return report(codes.NOT_YAML, _place(source, context_at), help=_OTHERS, problem="a quote is never closed")
    return report(codes.NOT_YAML, _place(source, at), problem=problem)


def _place(source: Source, at: int) -> Span:
    return Span(source, at, min(at + 1, len(source.text)))


def _line_of(source: Source, at: int) -> tuple[str, str, int]:
    """The line of a character, the line above that holds something, and the character's number in its line."""
    line, column = source.position(at)
    nearest = (source.line(number) for number in range(line - 1, max(0, line - _NEAR), -1))
    above = next((text for text in nearest if text.strip()), "")
    return source.line(line), above, column - 1


def _colon(source: Source, at: int) -> Known | None:
    """`: ` where no key can end: a second one in a line, or a line that is indented below a value."""
    line, above, column = _line_of(source, at)
    if _PLAIN_COLON.fullmatch(line[:column]):
        return "a text without quotes holds a colon and a blank", _QUOTE
    if _is_wide(above):
        return "this colon is full-width", _COLON
    if ":" not in above:
        return "the line above has no colon", _KEY
    return "this key stands below one that has a value already", _ALIGN


def _is_wide(line: str) -> bool:
    return "：" in line and ":" not in line


def _wide_colon(source: Source, at: int) -> int:
    """The full-width colon of the line of a character, or of the line above."""
    line, above, column = _line_of(source, at)
    begun = at - column
    if _is_wide(line):
        return begun + line.index("：")
    return source.text.rindex(above, 0, begun) + above.index("：")


def _sign(source: Source, at: int) -> Known | None:
    """A character that begins nothing."""
    match source.text[at:at + 1]:
        case "\t":
            return "a tab stands where blanks indent", _BLANKS
        case "%" | "@" | "`":
            return "a text cannot begin with this sign", _QUOTE
        case _:
            return None


def _no_key(source: Source, at: int) -> Known | None:
    """Something else where the next key of a map, or its end, belongs."""
    line, _, column = _line_of(source, at)
    before = line[:column].rstrip()
    if before.endswith(("'", '"')):
        return "something follows the quote that ends a text", _OTHERS
    if not before.strip():
        return "this line is indented unlike those above", _ALIGN
    return None


def _tab(_: Source, __: int) -> Known:
    return "a tab stands where blanks indent", _BLANKS


def _anchor(_: Source, __: int) -> Known:
    return "a text cannot begin with this sign", _ANCHOR


def _escape(_: Source, __: int) -> Known:
    return "`\\` means something else between double quotes", _SINGLE


def _no_colon(source: Source, at: int) -> Known:
    line, above, _ = _line_of(source, at)
    if _is_wide(line) or _is_wide(above):
        return "this colon is full-width", _COLON
    return "the line above has no colon", _KEY


def _entry(_: Source, __: int) -> Known:
    return "a list begins behind a key", _LIST


def _control(_: Source, __: int) -> Known:
    return "a control character, which is not to be seen", _UNSEEN


_CAUSES: tuple[tuple[str, Callable[[Source, int], Known | None]], ...] = (
    ("mapping values are not allowed", _colon), ("cannot start any token", _sign), ("tab character", _tab),
    ("did not find expected key", _no_key), ("did not find expected alphabetic", _anchor),
    ("unknown escape character", _escape), ("could not find expected ':'", _no_colon),
    ("block sequence entries are not allowed", _entry), ("control characters are not allowed", _control))

ALIAS_UNKNOWN = Phrase("name an anchor (`&{name}`) that stands above, or use `templates`",
                       "请引用上文已有的锚点（`&{name}`），或改用 `templates`")


def misshapen(node: object, span: Span, expected: str, found: str, path: Sequence[object]) -> Diagnostic:
    """Something of another shape than its key takes; `path`: the keys that lead to it."""
    fix, help_ = None, None
    if expected == "map" and isinstance(node, Located) and not node.style:
        fix = _colon_without_blank(node, span)
        help_ = codes.BLANK_BEHIND_COLON if fix else _below(path)
        if not fix and "：" in node.value:
            help_ = _COLON
    elif expected == "map" and found == "list" and path:
        help_ = codes.NAMES_ARE_KEYS
    elif expected == "list" and isinstance(node, Located) and node.value and not node.style:
        fix, help_ = Fix(span, f"[{node.value}]"), codes.IN_BRACKETS_HERE
    return report(codes.WRONG_SHAPE, span, help=help_, fix=fix, expected=expected, found=found,
                  key=path[-1] if path else "")


def _below(path: Sequence[object]) -> Phrase | None:
    """How what belongs below a key of an indicator is written."""
    if path[:1] != ["indicators"]:
        return None
    return codes.CHILDREN_BELOW if path[-1] == "children" else codes.KEYS_BELOW


def _colon_without_blank(node: Located, span: Span) -> Fix | None:
    """`formula:count(txn)`, which is one text: the blank that makes a key of it."""
    key, colon, value = node.value.partition(":")
    if not colon or not key.isidentifier() or value.startswith(("/", " ")) or "\n" in node.value:
        return None
    return Fix(span, f"{key}: {value}") if node.source.text[span.start:span.end] == node.value else None
