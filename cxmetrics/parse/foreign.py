"""Words and signs of SQL, spreadsheets and programming languages in a formula, and how they are said here."""

from __future__ import annotations

import re
from typing import Final

from cxmetrics.diagnostics import Phrase

_IF = Phrase("a choice is a function: `if(condition, a, b)`", "条件取值是函数：`if(condition, a, b)`")
_WHERE = Phrase("rows are chosen inside the brackets: `count(txn where txn.latency > 3 s)`",
                "在括号内筛选行：`count(txn where txn.latency > 3 s)`")
_SELECT = Phrase("a formula is no query but one number: `count(txn where txn.result = 'success')`",
                 "公式不是查询，而是一个数：`count(txn where txn.result = 'success')`")
_LIKE = Phrase("text is searched by `starts_with 'A'`, `contains 'A'` or `matches '^A'`",
               "查找文本用 `starts_with 'A'`、`contains 'A'` 或 `matches '^A'`")
_CUTS = Phrase("slices are the project's `cuts`, and a query's `--by`", "切片由项目的 `cuts` 和查询的 `--by` 决定")
_PER = Phrase("per is a division: `count(txn) / 1000`", "“每”用除法：`count(txn) / 1000`")
_CALLED = Phrase("the arguments of a function stand in brackets: `{name}(…)`", "函数的参数写在括号里：`{name}(…)`")
TIMES = Phrase("write `*` between the two", "请在两者之间写 `*`")
_COMMENT = Phrase("a comment needs a blank before `#`", "注释的 `#` 前面要有空格")
_PARAMETER = Phrase("a formula is no template text; parameters of a template are written `$name`",
                    "公式不是模板文本；模板的参数写作 `$name`")

WORDS: Final[dict[str, Phrase]] = {
    **dict.fromkeys(("case", "when", "then", "else", "iif"), _IF), **dict.fromkeys(("filter", "having"), _WHERE),
    **dict.fromkeys(("select", "from", "join"), _SELECT), **dict.fromkeys(("like", "ilike", "regexp", "rlike"), _LIKE),
    **dict.fromkeys(("group", "partition"), _CUTS), "per": _PER}
SIGNS: Final[dict[str, Phrase]] = {"#": _COMMENT, "?": _IF, "{": _PARAMETER, "}": _PARAMETER}
_NEAR = 100  # characters before a place in which a word can matter
_LAST_WORD = re.compile(r"([^\W\d]\w*)\s*\Z")
_COUNTED = re.compile(r"(?<![\w.])[0-9.]+\s+([^\W\d]\w*)\s*\Z")


def said_here(before: str, found: str, functions: frozenset[str]) -> tuple[Phrase, str] | None:
    """How it is said what stands between `before` and `found`, and the name it is about; None where nobody knows."""
    word = _LAST_WORD.search(before[-_NEAR:])
    last = word[1] if word else ""
    help_ = WORDS.get(found.lower()) or WORDS.get(last.lower())
    if help_ is not None:
        return help_, last
    return (_CALLED, last) if last in functions and found[:1].isidentifier() else None


def counted(before: str, functions: frozenset[str]) -> tuple[int, int] | None:
    """Where in `100 count` the function stands that was read as a unit."""
    start = max(0, len(before) - _NEAR)
    match = _COUNTED.search(before, start)
    return match.span(1) if match and match[1] in functions else None

