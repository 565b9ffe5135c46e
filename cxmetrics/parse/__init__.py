"""From the text of a formula to its tree; the grammar is `grammar/formula.lark`.

Trees are built while the text is read, so there is no second pass; what goes wrong is told by `misread`.
"""

from __future__ import annotations

import datetime as dt
import re
import threading
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache, partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, assert_never, cast

from cxmetrics.assets import grammar
from cxmetrics.codes.syntax import (
    AT_WHAT,
    DATE_NOT_PADDED,
    EMPTY_LIST,
    FIRST_CLAUSE,
    NO_OPERATOR,
    NO_SUCH_DATE,
    NUMBER_OUT_OF_RANGE,
    ONE_NUMBER_OR_TWO,
    REPEATED_CLAUSE,
    TOO_DEEP,
    TOO_LONG,
    UNEXPECTED,
    WINDOW_WITHOUT_UNIT,
)
from cxmetrics.diagnostics import Diagnostic, Fix, Label, report
from cxmetrics.parse.arguments import Bound, fill, moved
from cxmetrics.parse.misread import GROUPED, Mishap, explain, joined, shortened
from cxmetrics.parse.tables import Drawing, Tables, Token
from cxmetrics.source import Located, Source, Span
from cxmetrics.syntax import Broken, Call, Date, Items, Name, Node, Number, Range, Text, Truth
from cxmetrics.windows import Moment

if TYPE_CHECKING:
    from cxmetrics.parse.lark_grammar import LarkGrammar

MAX_LENGTH = 20_000
MAX_DEPTH = 100
_MAX_EXPONENT = 300  # engines compute in floats, which end at 1e308
_BRACKET = re.compile(r"'(?:[^']|'')*'|[(\[]|[)\]]")
RESERVED = ("OR", "AND", "NOT", "IN", "BETWEEN", "IS", "MISSING", "CONTAINS", "STARTS_WITH", "MATCHES",
             "WHERE", "OVER", "AT", "END", "TRUE", "FALSE")
_GROUPED = re.compile(r"[1-9][0-9]{0,2},[0-9]{3}(?![0-9])")
_PLAIN = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)(?: ?(%|[A-Za-z]{1,9}))?\Z")  # most scores, targets and weights
_WORDS = frozenset(word.lower() for word in RESERVED)
_placed = partial(tuple.__new__, Span)  # past the constructor, which takes twice the time: each piece has a place


def parse(formula: Located) -> tuple[Node, tuple[Diagnostic, ...]]:
    """The tree of a formula, the parameters of its template put in, and what is wrong with it; never raises."""
    if not isinstance(formula, Bound):
        return read(formula)
    tree = _of_template(formula.value, formula.source, formula.start, formula.end, formula.style)
    tree, problems = read(formula) if tree is None else (moved(tree, formula), ())
    found = list(problems)
    return fill(tree, formula.arguments, found), tuple(found)


@lru_cache(maxsize=1000)
def _of_template(value: str, source: Source, start: int, end: int, style: str | None) -> Node | None:
    """The tree of a scalar of a template, read once for all its uses; None where something is wrong with it."""
    tree, problems = read(Located(value, source, start, end, style))
    return None if problems else tree


def read(formula: Located) -> tuple[Node, tuple[Diagnostic, ...]]:
    """The tree of a formula as it is written, and what is wrong with it; never raises.

    A formula that cannot be read gives `Broken` and one diagnostic at the smallest place.
    """
    plain = _PLAIN.match(formula.value)
    if plain is not None and plain[2] not in _WORDS:
        return Number(Decimal(plain[1]), "", plain[2] or "", formula.part(0, len(formula.value))), ()
    fault = _too_large(formula)
    if fault is not None:
        return _broken(formula), (fault,)
    _trees.begin(formula)
    read = _tables().read(formula.value) or _lark().read(formula.value)
    if isinstance(read, Mishap):
        return _broken(formula), (explain(formula, read),)
    tree = cast("Node", read.made)
    deepest = _too_deep(tree) if read.tokens > MAX_DEPTH else None
    if deepest is not None:
        return _broken(formula), (report(TOO_DEEP, deepest.span, limit=MAX_DEPTH),)
    return tree, tuple(_trees.found)


class Word(NamedTuple):
    """A piece of a formula: the terminal of the grammar it is, and its characters."""

    kind: str
    text: str


def words_of(formula: str) -> tuple[Word, ...] | None:
    """The pieces of a formula in order, without the blanks between them; None where it cannot be read."""
    tree, problems = read(Located(formula, Source("", formula), 0, len(formula)))
    if problems or isinstance(tree, Broken):
        return None
    return tuple(Word(kind, value) for kind, value in _tables().words(formula))


class _Clause(NamedTuple):
    """A clause of a call while the call is read: its word, what follows the word, where the word stands."""

    word: str
    node: Node | None
    span: Span
    moment: Moment | None = None


class _Trees(threading.local):
    """What the grammar's rules make of their parts: a method a rule, called by Lark with the rule's parts.

    Lark learns whom to call when it is built, once; so the formula being read is kept here, apart for each thread.
    """

    formula: Located
    found: list[Diagnostic]

    def begin(self, formula: Located) -> None:
        self.formula = formula
        self.found = []

    def _span(self, start: int, end: int) -> Span:
        return _placed((self.formula, start, end))

    def _refuse(self, diagnostic: Diagnostic, span: Span) -> Broken:
        self.found.append(diagnostic)
        return Broken(span)

    # Single values

    def NAME(self, token: Token) -> Name:  # noqa: N802 - terminals are called as in the grammar
        return Name(token.value, _placed((self.formula, token.start_pos, token.end_pos)))

    def TEXT(self, token: Token) -> Text:  # noqa: N802
        place = _placed((self.formula, token.start_pos, token.end_pos))
        return Text(token.value[1:-1].replace("''", "'"), place)

    def TRUE(self, token: Token) -> Truth:  # noqa: N802
        return Truth(value=True, span=self._span(token.start_pos, token.end_pos))

    def FALSE(self, token: Token) -> Truth:  # noqa: N802
        return Truth(value=False, span=self._span(token.start_pos, token.end_pos))

    def DATE(self, token: Token) -> Date | Broken:  # noqa: N802
        span = self._span(token.start_pos, token.end_pos)
        try:
            day = dt.date(*map(int, token.value.split("-")))
        except (ValueError, OverflowError):
            return self._refuse(report(NO_SUCH_DATE, span, found=shortened(token.value)), span)
        if day.isoformat() != token.value:
            fix = Fix(span, day.isoformat())
            return self._refuse(report(DATE_NOT_PADDED, span, found=token.value, date=day, fix=fix), span)
        return Date(day, span)

    def number(self, parts: list[Any]) -> Number | Broken:
        digits, last = parts[0], parts[-1]  # `10 万` is one token: alone, 万 is the beginning of a name
        end = last.span.end if isinstance(last, Name) else last.end_pos
        multiplier = digits.value[-1] if digits.type == "MULTIPLIED" else ""
        written = digits.value.removesuffix(multiplier).rstrip()
        span, value = self._span(digits.start_pos, end), _decimal(written)
        if value is None:
            return self._refuse(report(NUMBER_OUT_OF_RANGE, span, found=shortened(written)), span)
        if last is not digits and not isinstance(last, Name):
            return Number(value, "", "%", span)
        unit = last.value if isinstance(last, Name) else ""
        if unit[:1] == "_" and (grouped := GROUPED.match(self.formula.value, digits.start_pos)):
            return self._refuse(joined(self.formula, grouped), span)
        if "." in unit or "$" in unit:
            return self._refuse(report(NO_OPERATOR, last.span, found=unit), span)
        return Number(value, multiplier, unit, span)

    # Operators

    def binary(self, parts: tuple[Node, Token, Node]) -> Call:
        left, sign, right = parts
        formula = self.formula
        return Call(sign.value, (left, right), _placed((formula, left.span.start, right.span.end)),
                    _placed((formula, sign.start_pos, sign.end_pos)))

    def binary_not(self, parts: tuple[Node, Token, Token, Node]) -> Call:
        left, negation, sign, right = parts
        return self._negated(negation, self.binary((left, sign, right)))

    def prefix(self, parts: tuple[Token, Node]) -> Call:
        sign, operand = parts
        span = self._span(sign.start_pos, operand.span.end)
        function = "not" if sign.type == "NOT" else "negate"
        return Call(function, (operand,), span, self._span(sign.start_pos, sign.end_pos))

    def between(self, parts: tuple[Node, Token, Node, Token, Node]) -> Call:
        tested, word, low, _, high = parts
        span = self._span(tested.span.start, high.span.end)
        return Call("between", (tested, low, high), span, self._span(word.start_pos, word.end_pos))

    def between_not(self, parts: tuple[Node, Token, Token, Node, Token, Node]) -> Call:
        tested, negation, word, low, also, high = parts
        return self._negated(negation, self.between((tested, word, low, also, high)))

    def missing(self, parts: list[Any]) -> Call:
        tested, word, last = parts[0], parts[1], parts[-1]
        span = self._span(tested.span.start, last.end_pos)
        function = "is missing" if len(parts) == 3 else "is not missing"
        return Call(function, (tested,), span, self._span(word.start_pos, last.end_pos))

    def _negated(self, sign: Token, positive: Call) -> Call:
        return Call("not", (positive,), positive.span, self._span(sign.start_pos, sign.end_pos))

    # Brackets and lists

    def bracketed(self, parts: tuple[Token, Node, Token]) -> Node:
        opening, inner, closing = parts
        if isinstance(inner, Call | Range):  # a leaf keeps its place, so that a fix of a name replaces just the name
            return replace(inner, span=self._span(opening.start_pos, closing.end_pos))
        return inner

    def from_to(self, parts: tuple[Node, Token, Node]) -> Range:
        low, _, high = parts
        return Range(low, high, self._span(low.span.start, high.span.end))

    def items(self, parts: tuple[Token, list[Node], Token]) -> Items:
        opening, items, closing = parts
        return Items(tuple(items), self._span(opening.start_pos, closing.end_pos))

    def no_items(self, parts: tuple[Token, Token]) -> Broken:
        span = self._span(parts[0].start_pos, parts[1].end_pos)
        return self._refuse(report(EMPTY_LIST, span), span)

    @staticmethod
    def first(parts: list[Any]) -> list[Any]:
        return parts

    @staticmethod
    def one_more(parts: list[Any]) -> list[Any]:
        several: list[Any] = parts[0]
        several.append(parts[-1])
        return several

    # Functions

    def call(self, parts: list[Any]) -> Call:
        name, closing = parts[0], parts[-1]
        args = tuple(parts[2]) if len(parts) == 4 else ()  # name ( values )
        for before, last in pairwise(args):
            if isinstance(before, Number) and isinstance(last, Number):
                self._one_or_two(before, last)
        return Call(name.value, args, self._span(name.span.start, closing.end_pos), name.span)

    def _one_or_two(self, before: Number, last: Number) -> None:
        """Report `min(1,200, x)`: it would be read as three numbers where two may be meant."""
        start, end = before.span.start, last.span.end
        grouped = _GROUPED.match(self.formula.value[start:end])
        if grouped is not None and before.span.end + 1 == last.span.start:
            self.found.append(report(ONE_NUMBER_OR_TWO, self._span(start, start + grouped.end()), found=grouped[0],
                                     one=grouped[0].replace(",", ""), two=grouped[0].replace(",", ", ")))

    def call_with_clauses(self, parts: list[Any]) -> Call:
        clauses: dict[str, _Clause] = {}
        for clause in parts[-2]:
            first = clauses.setdefault(clause.word, clause)
            if first is not clause:
                related = [Label(first.span, FIRST_CLAUSE)]
                self.found.append(report(REPEATED_CLAUSE, clause.span, related=related, clause=clause.word))
        where, over = clauses.get("where"), clauses.get("over")
        bare = self.call([*parts[:-2], parts[-1]])
        return Call(bare.function, bare.args, bare.span, bare.name_span, where and where.node, over and over.node,
                    at=clauses["at"].moment if "at" in clauses else None)

    def where(self, parts: tuple[Token, Node]) -> _Clause:
        word, condition = parts
        return _Clause("where", condition, self._span(word.start_pos, word.end_pos))

    def over(self, parts: tuple[Token, Node]) -> _Clause:
        word, window = parts
        if isinstance(window, Number):
            told = window.unit not in ("", "%")
        else:
            told = not isinstance(window, Name) or window.value.rpartition(".")[2].startswith("$")
        if not told:
            window = self._refuse(report(WINDOW_WITHOUT_UNIT, window.span), window.span)
        return _Clause("over", window, self._span(word.start_pos, word.end_pos))

    def at(self, parts: tuple[Token, Token | Name]) -> _Clause:
        """`at end`, or `at start`; `start` is a name anywhere else."""
        word, moment = parts
        if isinstance(moment, Name) and moment.value != "start":
            self.found.append(report(UNEXPECTED, moment.span, help=AT_WHAT, found=moment.value))
        end = moment.span.end if isinstance(moment, Name) else moment.end_pos
        return _Clause("at", None, self._span(word.start_pos, end), "start" if isinstance(moment, Name) else "end")


_trees = _Trees()


@cache
def _tables() -> Tables:
    """The tables that were kept; drawn anew where the grammar is another by now."""
    kept = Drawing.of_json(grammar("formula.tables.json"))
    same = kept.digest == Drawing.digest_of(grammar("formula.lark"))
    return Tables(kept if same else drawn_anew(), _trees)


def drawn_anew() -> Drawing:
    """The tables as Lark draws them of the grammar."""
    return _lark().drawing()


@cache
def _lark() -> LarkGrammar:
    from cxmetrics.parse.lark_grammar import LarkGrammar  # takes as long as 300 formulas, and few projects need it

    return LarkGrammar(_trees, RESERVED)


def _decimal(written: str) -> Decimal | None:
    try:
        value = Decimal(written)
    except InvalidOperation:
        return None
    return value if abs(value.adjusted()) <= _MAX_EXPONENT else None


def _broken(formula: Located) -> Broken:
    return Broken(formula.part(0, len(formula.value)))


def _too_large(formula: Located) -> Diagnostic | None:
    text = formula.value
    if len(text) > MAX_LENGTH:
        return report(TOO_LONG, formula.part(0, len(text)), length=len(text), limit=MAX_LENGTH)
    if text.count("(") + text.count("[") <= MAX_DEPTH:
        return None
    depth = 0
    for bracket in _BRACKET.finditer(text):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(bracket.group(), 0)
        if depth > MAX_DEPTH:
            return report(TOO_DEEP, formula.part(*bracket.span()), limit=MAX_DEPTH)
    return None


def _too_deep(tree: Node) -> Node | None:
    """The first node that lies more than MAX_DEPTH operations deep."""
    level = [tree]
    for _ in range(MAX_DEPTH + 1):
        level = [inner for node in level for inner in _inner(node)]
        if not level:
            return None
    return level[0]


def _inner(node: Node) -> tuple[Node, ...]:
    match node:
        case Call():
            return (*node.args, *(clause for clause in (node.where, node.over) if clause is not None))
        case Items():
            return node.items
        case Range():
            return node.low, node.high
        case Number() | Text() | Truth() | Date() | Name() | Broken():
            return ()
        case _:
            assert_never(node)
