"""Why a formula could not be read, told in the words of its author.

`parse` knows what stood where and what could have stood there; this module looks for the likely
cause: another language's spelling, a full-width sign, a bracket left open, a clause out of place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from cxmetrics.codes.syntax import (
    CHAINED_COMPARISON,
    CLAUSE_AFTER_COMMA,
    CLAUSE_OUTSIDE,
    COMMA_ENDS_IT,
    EMPTY_FORMULA,
    ENDS_EARLY,
    GROUPED_DIGITS,
    IN_BRACKETS,
    NO_MEANING,
    NO_OPERATOR,
    OPENED_HERE,
    OTHER_QUOTES,
    OTHER_SPELLING,
    RESERVED_WORD,
    ROUND_LIST,
    UNCLOSED_BRACKET,
    UNCLOSED_TEXT,
    UNEXPECTED,
    UNOPENED_BRACKET,
    WIDE_SIGN,
    WRONG_BRACKET,
)
from cxmetrics.diagnostics import Diagnostic, Fix, Label, Phrase, report
from cxmetrics.functions import all_names
from cxmetrics.parse.foreign import SIGNS, TIMES, counted, said_here
from cxmetrics.source import Located

END = "$END"
_FUNCTIONS = frozenset(all_names())
MAX_QUOTED = 40
_TEXT = r"'(?:[^']|'')*'"
_WIDE = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F) if chr(code - 0xFEE0) in "()[],=+-*/<>%!.$^_&|"
         or chr(code - 0xFEE0).isdigit()} | {"、": ",", "。": ".", "【": "[", "】": "]", "〔": "(", "〕": ")"}
_SPELLING = {"==": "=", "===": "=", "!==": "!=", "<>": "!=", "=<": "<=", "=>": ">=", "≠": "!=", "≤": "<=", "≥": ">=",
             "&": "and", "&&": "and", "|": "or", "||": "or", "!": "not", "**": "^", "×": "*", "÷": "/",
             "−": "-", "–": "-", "—": "-"}
_SLIP = re.compile(rf"""
    (?P<text>{_TEXT})
  | (?P<quoted>["“”＂][^"“”＂]*["“”＂] | [‘’＇][^‘’＇]*[‘’＇])
  | (?P<wide>[{re.escape("".join(_WIDE))}]+)
  | (?P<spelled>!== | ={{2,3}} | <> | =[<>] | &&? | \|\|? | \*\* | !(?!=) | [≠≤≥×÷−–—] | `[^`]*` | (?<![\w.])\.[0-9]+)
""", re.X)
GROUPED = re.compile(r"""(?<![\w.])[0-9]{1,3}(?:
    (?P<mark>[ ,_'’，\u00a0\u2009\u202f])[0-9]{3}(?:(?P=mark)[0-9]{3})*(?:[.][0-9]+)?  # 1,200.50
  | (?:[.][0-9]{3})*,[0-9]+  # 1.200,50
)(?![0-9])""", re.X)
_BRACKET = re.compile(rf"{_TEXT}|(?P<open>[(\[])|(?P<close>[)\]])")
_IN = re.compile(r"(?<![\w.$])in\s*\Z")
_OPTION = re.compile(r"[(,]\s*(?:failed|by|within)\s*=\s*[^\s,()=]+\s*\Z")
_OPENS = re.compile(r"[(,]\s*at\Z")
_CLOSING = {"(": ")", "[": "]"}
_CLAUSES = {"WHERE": "where", "OVER": "over", "AT": "at end"}
_COMPARISONS = frozenset({"EQUAL", "COMPARISON", "IN", "NOT", "BETWEEN", "IS", "CONTAINS", "STARTS_WITH", "MATCHES"})
_VALUES = frozenset({"NAME", "TEXT", "NUMBER", "MULTIPLIED", "DATE", "TRUE", "FALSE", "LPAR", "LSQB"})
_WORDS = frozenset({"OR", "AND", "NOT", "IN", "BETWEEN", "IS", "MISSING", "CONTAINS", "STARTS_WITH", "MATCHES",
                    "WHERE", "OVER", "AT", "END"})
_NOTHING = frozenset({"null", "none", "na", "nil", "empty"})
_AFTER_VALUE = {
    "CONTAINS": Phrase("it stands between two values: `answers.comment contains 'card'`",
                       "它位于两个值之间：`answers.comment contains 'card'`"),
    "STARTS_WITH": Phrase("it stands between two values: `answers.comment starts_with 'card'`",
                          "它位于两个值之间：`answers.comment starts_with 'card'`"),
    "MATCHES": Phrase("it stands between two values: `answers.comment matches '^card'`",
                      "它位于两个值之间：`answers.comment matches '^card'`"),
    "IN": Phrase("it stands between a value and a list: `answers.channel in ['app', 'web']`",
                 "它位于值与列表之间：`answers.channel in ['app', 'web']`"),
    "AND": Phrase("it stands between two conditions: `a = 1 and b = 2`", "它位于两个条件之间：`a = 1 and b = 2`"),
    "OR": Phrase("it stands between two conditions: `a = 1 or b = 2`", "它位于两个条件之间：`a = 1 or b = 2`"),
    "MISSING": Phrase("ask for it with `is`: `answers.score is missing`", "用 `is` 询问：`answers.score is missing`"),
    "NOT": Phrase("it stands before a whole condition; inside a calculation, put that into brackets",
                  "它位于整个条件之前；在算式中请加括号"),
}
_EXPECTED = {
    "NAME": Phrase("a value", "值"),
    "NUMBER": Phrase("a number", "数字"),
    "PLUS": Phrase("an operator", "运算符"),
    "MISSING": Phrase("`missing`", "`missing`"),
    "END": Phrase("`end`", "`end`"),
    "IN": Phrase("`in`", "`in`"),
    "BETWEEN": Phrase("`between`", "`between`"),
    "CONTAINS": Phrase("`contains`", "`contains`"),
    "STARTS_WITH": Phrase("`starts_with`", "`starts_with`"),
    "MATCHES": Phrase("`matches`", "`matches`"),
    "AND": Phrase("`and`", "`and`"),
    "OR": Phrase("`or`", "`or`"),
    "COMMA": Phrase("`,`", "`,`"),
    "WHERE": Phrase("a clause (`where`, `over`, `at end`)", "子句（`where`、`over`、`at end`）"),
    "RPAR": Phrase("`)`", "`)`"),
    "RSQB": Phrase("`]`", "`]`"),
    END: Phrase("the end of the formula", "公式结尾"),
}
# naming the first is naming the others
_IMPLIED = {"NAME": {"NUMBER"}, "PLUS": {"AND", "OR", "IN", "BETWEEN", "CONTAINS", "STARTS_WITH", "MATCHES"}}
_DOUBLED = Phrase("a quote inside text is doubled: `'can''t'`", "文本中的单引号写两个：`'can''t'`")


class Mishap(NamedTuple):
    """Where reading stopped: the kind of token there (`$END`; empty: none), and what would have been read on."""

    at: int
    end: int
    kind: str
    accepts: frozenset[str]


def explain(formula: Located, mishap: Mishap) -> Diagnostic:
    """The one diagnostic of a formula that could not be read: the most telling cause that fits."""
    for cause in _CAUSES:
        found = cause(formula, mishap)
        if found is not None:
            return found
    here = formula.part(mishap.at, mishap.end)
    return report(UNEXPECTED, here, help=expected(mishap.accepts), found=_found(formula, mishap))


def expected(accepts: frozenset[str]) -> Phrase | None:
    """What could stand at a place, in plain words."""
    implied = {token for first, others in _IMPLIED.items() if first in accepts for token in others}
    shown = [phrase for token, phrase in _EXPECTED.items() if token in accepts - implied]
    if not shown:
        return None
    en, zh = _join([phrase.en for phrase in shown], ", ", " or "), _join([phrase.zh for phrase in shown], "、", "或")
    return Phrase(f"expected {en}", f"此处应为{zh}")


def _join(parts: list[str], comma: str, last: str) -> str:
    return last.join([comma.join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _found(formula: Located, mishap: Mishap) -> str:
    return shortened(formula.value[mishap.at:mishap.end])


def shortened(text: str) -> str:
    """`text` as a message can quote it."""
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}…"


# Causes, the most telling first: each a diagnostic, or None where it does not fit


def _empty(formula: Located, _: Mishap) -> Diagnostic | None:
    return None if formula.value.strip() else report(EMPTY_FORMULA, formula.part(0, len(formula.value)))


def _slip(formula: Located, mishap: Mishap) -> Diagnostic | None:
    """A sign of another language or of the full-width keyboard.  The fix mends all of them, up to the last."""
    text = formula.value
    slips = [m for m in _SLIP.finditer(text) if m.lastgroup != "text" and m.end() > mishap.at]
    if not slips or slips[0].start() > mishap.at:
        return None
    here, ends = slips[0], [slip.end() for slip in slips]
    between = [text[end:after.start()] for end, after in zip(ends, slips[1:], strict=False)]
    mended = "".join(_mended(slip) + kept for slip, kept in zip(slips, [*between, ""], strict=True))
    fix = Fix(formula.part(here.start(), ends[-1]), mended)
    code = {"quoted": OTHER_QUOTES, "wide": WIDE_SIGN}.get(str(here.lastgroup), OTHER_SPELLING)
    instead = shortened(_mended(here).strip())
    return report(code, formula.part(*here.span()), fix=fix, found=shortened(here.group()), instead=instead)


def _mended(slip: re.Match[str]) -> str:
    written = slip.group()
    match slip.lastgroup:
        case "quoted":
            return "'" + written[1:-1].replace("'", "''") + "'"
        case "wide":
            narrow = "".join(_WIDE[char] for char in written)
            return _apart(slip, _SPELLING.get(narrow, narrow))
        case _ if written.startswith("."):
            return f"0{written}"
        case _ if written.startswith("`"):
            return written[1:-1]
        case _:
            return _apart(slip, _SPELLING[written])


def _apart(slip: re.Match[str], word: str) -> str:
    """A word with a blank on each side that has none: `a&&b` is `a and b`; a sign as it is."""
    if not word.isalpha():
        return word
    before, after = slip.string[:slip.start()][-1:], slip.string[slip.end():][:1]
    return f"{' ' if before.strip() else ''}{word}{'' if after.isspace() else ' '}"


def _grouped(formula: Located, mishap: Mishap) -> Diagnostic | None:
    """`1,200`, `1 200`, `1_200`, `99,5`: digits in groups, or a comma before decimals."""
    upto = len(formula.value[:mishap.at].rstrip())  # `1_200` is read on, as a number with a unit
    grouped = next((m for m in GROUPED.finditer(formula.value) if m.start() < mishap.at and upto <= m.end()), None)
    return None if grouped is None else joined(formula, grouped)


def joined(formula: Located, grouped: re.Match[str]) -> Diagnostic:
    """The finding that digits stand in groups, and how they are written."""
    here, mark = formula.part(*grouped.span()), grouped["mark"]
    instead = grouped[0].replace(mark, "") if mark else grouped[0].replace(".", "").replace(",", ".")
    return report(GROUPED_DIGITS, here, fix=Fix(here, instead), found=shortened(grouped[0]), instead=shortened(instead))


def _open_text(formula: Located, mishap: Mishap) -> Diagnostic | None:
    if mishap.kind or formula.value[mishap.at] not in "'\"“”‘’":
        return None
    return report(UNCLOSED_TEXT, formula.part(mishap.at, mishap.at + 1))


def _inner_quote(formula: Located, mishap: Mishap) -> Diagnostic | None:
    """`'can't'`: the text ends at the inner quote."""
    if mishap.kind != "NAME" or formula.value[mishap.at - 1:mishap.at] != "'" or "OR" not in mishap.accepts:
        return None
    return report(NO_OPERATOR, formula.part(mishap.at, mishap.end), help=_DOUBLED, found=_found(formula, mishap))


def _round_list(formula: Located, mishap: Mishap) -> Diagnostic | None:
    """`x in ('a', 'b')`: a list in round brackets.  The fix is to be had where the list is closed."""
    opened = _open_brackets(formula, mishap.at)
    if mishap.kind != "COMMA" or not opened or not _IN.search(formula.value, 0, opened[-1]):
        return None
    start = opened[-1]
    end = next((m.start() for m in _BRACKET.finditer(formula.value, start + 1) if not m[0].startswith("'")), start)
    closed = formula.value[end:end + 1] == ")"
    fix = Fix(formula.part(start, end + 1), f"[{formula.value[start + 1:end]}]") if closed else None
    return report(ROUND_LIST, formula.part(start, start + 1), fix=fix)


def _open_brackets(formula: Located, upto: int) -> list[int]:
    opened: list[int] = []
    for bracket in _BRACKET.finditer(formula.value, 0, upto):
        if bracket["open"]:
            opened.append(bracket.start())
        elif bracket["close"] and opened:
            opened.pop()
    return opened


def _early_end(formula: Located, mishap: Mishap) -> Diagnostic | None:
    if mishap.kind != END:
        return None
    at, opened = formula.part(mishap.at, mishap.at), _open_brackets(formula, mishap.at)
    if opened and mishap.accepts & {"RPAR", "RSQB"}:
        opening = formula.value[opened[-1]]
        related = [Label(formula.part(opened[-1], opened[-1] + 1), OPENED_HERE)]
        cut = not formula.style and formula.source.text[formula.end:formula.end + 200].lstrip().startswith(",")
        fix = None if cut else Fix(at, "".join(_CLOSING[formula.value[i]] for i in reversed(opened)))
        return report(UNCLOSED_BRACKET, at, related=related, fix=fix, help=COMMA_ENDS_IT if cut else None,
                      bracket=opening, closing=_CLOSING[opening])
    return report(ENDS_EARLY, at, help=expected(mishap.accepts))


def _bracket(formula: Located, mishap: Mishap) -> Diagnostic | None:
    if mishap.kind not in ("RPAR", "RSQB"):
        return None
    found, here = _found(formula, mishap), formula.part(mishap.at, mishap.end)
    opened = _open_brackets(formula, mishap.at)
    if not opened:
        return report(UNOPENED_BRACKET, here, bracket=found, fix=Fix(here, ""))
    opening = formula.value[opened[-1]]
    if _CLOSING[opening] == found:
        return None
    related = [Label(formula.part(opened[-1], opened[-1] + 1), OPENED_HERE)]
    return report(WRONG_BRACKET, here, related=related, bracket=found, opening=opening, closing=_CLOSING[opening])


def _clause(formula: Located, mishap: Mishap) -> Diagnostic | None:
    """`where`, `over` or `at end` after a comma, or outside the brackets of a function."""
    clause = _CLAUSES.get(mishap.kind)
    if clause is None:
        return None
    here, before = formula.part(mishap.at, mishap.end), formula.value[:mishap.at].rstrip()
    if before.endswith(","):
        fix = Fix(formula.part(len(before) - 1, len(before)), "")
        return report(CLAUSE_AFTER_COMMA, here, clause=clause, fix=fix)
    return report(CLAUSE_OUTSIDE, here, clause=clause) if "OR" in mishap.accepts else None


def _other_word(formula: Located, mishap: Mishap) -> Diagnostic | None:
    """`AND` for `and`, `null` for `missing`."""
    if mishap.kind != "NAME":
        return None
    found = _found(formula, mishap)
    meant = "MISSING" if found.lower() in _NOTHING else found.upper()
    if meant not in _WORDS & mishap.accepts:
        return None
    here = formula.part(mishap.at, mishap.end)
    return report(OTHER_SPELLING, here, fix=Fix(here, meant.lower()), found=found, instead=meant.lower())


def _chain(formula: Located, mishap: Mishap) -> Diagnostic | None:
    if mishap.kind not in _COMPARISONS or "OR" not in mishap.accepts:
        return None
    return report(CHAINED_COMPARISON, formula.part(mishap.at, mishap.end))


def _reserved(formula: Located, mishap: Mishap) -> Diagnostic | None:
    if mishap.kind not in _WORDS or "NAME" not in mishap.accepts:
        return None
    here, word = formula.part(mishap.at, mishap.end), _found(formula, mishap)
    return report(RESERVED_WORD, here, help=_AFTER_VALUE.get(mishap.kind), word=word)


def _column_at(formula: Located, mishap: Mishap) -> Diagnostic | None:
    """`hour(at)`: a column called like the first word of `at end`."""
    before = formula.value[:mishap.at].rstrip()
    if mishap.accepts != {"END", "NAME"} or not _OPENS.search(before):
        return None
    return report(RESERVED_WORD, formula.part(len(before) - 2, len(before)), word="at")


def _option_compared(formula: Located, mishap: Mishap) -> Diagnostic | None:
    """`failed = txn.result = 'timeout'`: a condition that an option takes stands in brackets."""
    if mishap.kind not in _COMPARISONS or "OR" not in mishap.accepts or not _OPTION.search(formula.value, 0, mishap.at):
        return None
    return report(CHAINED_COMPARISON, formula.part(mishap.at, mishap.end), help=IN_BRACKETS)


def _two_values(formula: Located, mishap: Mishap) -> Diagnostic | None:
    if mishap.kind not in _VALUES or "OR" not in mishap.accepts:
        return None
    here, found, before = formula.part(mishap.at, mishap.end), _found(formula, mishap), formula.value[:mishap.at]
    if found == "(" and (called := counted(before, _FUNCTIONS)) is not None:  # `100 count(…)`
        return report(NO_OPERATOR, formula.part(*called), help=TIMES, found=before[slice(*called)])
    foreign = said_here(before, found, _FUNCTIONS)
    help_, name = foreign or (expected(mishap.accepts), "")
    return report(NO_OPERATOR, here, help=help_, found=found, name=name)


def _no_meaning(formula: Located, mishap: Mishap) -> Diagnostic | None:
    if mishap.kind:
        return None
    here = formula.part(mishap.at, mishap.end)
    found = _found(formula, mishap)
    return report(NO_MEANING, here, help=SIGNS.get(found) or expected(mishap.accepts), found=found)


_CAUSES: tuple[Callable[[Located, Mishap], Diagnostic | None], ...] = (
    _empty, _grouped, _slip, _open_text, _inner_quote, _round_list, _early_end, _bracket, _column_at, _clause,
    _other_word, _option_compared, _chain, _reserved, _two_values, _no_meaning)
