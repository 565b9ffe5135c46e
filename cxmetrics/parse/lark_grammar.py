"""The grammar of formulas as Lark reads it: draws up the tables, tells why a text cannot be read.  Lark's only door.

Both are seldom wanted: the tables are kept (`grammar/formula.tables.json`), and most formulas can be read.  So this
module is imported when it is asked for, which saves a twentieth of the time of a check.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from lark import Lark, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from cxmetrics.assets import grammar
from cxmetrics.parse.misread import END, Mishap
from cxmetrics.parse.tables import Drawing, Reading, Rule, Terminal

_Lark = Any  # things of Lark's, which carry no types that could be told here


class _Reserved:
    """Tells Lark to look for words as wholes: `end` is never a name, and `android` never begins with `and`."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self.always_accept = (*words, "NAME")

    @staticmethod
    def process(tokens: Iterator[Any]) -> Iterator[Any]:
        return tokens


class LarkGrammar:
    """The grammar, with what makes trees of its rules: a method a rule, called by Lark with the rule's parts."""

    def __init__(self, trees: object, reserved: tuple[str, ...]) -> None:
        self._lark = Lark(grammar("formula.lark"), parser="lalr", lexer="contextual", start="formula",
                          keep_all_tokens=True, maybe_placeholders=False, transformer=cast("Any", trees),
                          postlex=_Reserved(reserved))

    def parse(self, text: str) -> object:
        """What the rules make of a text.  Raises what Lark raises."""
        return self._lark.parse(text)

    def read(self, text: str) -> Reading | Mishap:
        """What the rules make of a text, or where and why it cannot be read."""
        try:
            return Reading(self.parse(text), len(text))
        except UnexpectedCharacters as error:
            at = cast("int", error.pos_in_stream)
            return Mishap(at, at + 1, "", self._accepts(text[:at]))
        except UnexpectedToken as error:
            if error.token.type == END:
                return Mishap(len(text), len(text), END, self._accepts(text))
            at = cast("int", error.token.start_pos)
            return Mishap(at, at + len(error.token), error.token.type, self._accepts(text[:at]))

    def _accepts(self, text: str) -> frozenset[str]:
        """The terminals that can follow `text`: read again, as the token in error has already moved the parser on."""
        reading = self._lark.parse_interactive(text)
        try:
            reading.exhaust_lexer()
        except UnexpectedInput:  # what follows `text` had a say in how it was read
            return frozenset()
        return frozenset(reading.accepts())  # type: ignore[no-untyped-call]

    def drawing(self) -> Drawing:
        """The tables, the same at each call: Lark numbers states as they come, here it is by how they are reached."""
        frontend = cast("Any", self._lark.parser)  # Lark's insides: for reading only, and tests compare the outcome
        table, lexer = frontend.parser._parse_table, frontend.lexer.lexer.root_lexer  # noqa: SLF001
        (start,), (end,) = table.start_states.values(), table.end_states.values()
        order = _by_reach(table.states, start)
        number = {state: place for place, state in enumerate(order)}
        rules = sorted({_rule(rule) for actions in table.states.values() for _, rule in actions.values()
                        if not isinstance(rule, int)})
        shifts = tuple({on: number[to] for on, (_, to) in sorted(table.states[state].items()) if isinstance(to, int)}
                       for state in order)
        reductions = tuple({on: rules.index(_rule(rule)) for on, (_, rule) in sorted(table.states[state].items())
                            if not isinstance(rule, int)} for state in order)
        return Drawing(Drawing.digest_of(grammar("formula.lark")), number[end], shifts, reductions, tuple(rules),
                       tuple(_terminal(each, lexer) for each in lexer.terminals))


def _by_reach(states: _Lark, start: int) -> list[int]:
    """All states in the order in which they are come to from the first."""
    order = [start]
    for state in order:
        order += dict.fromkeys(to for _, (_, to) in sorted(states[state].items())
                               if isinstance(to, int) and to not in order)
    return order


def _rule(rule: _Lark) -> Rule:
    size = len(rule.expansion)
    hands_on = size == 1 and rule.options.expand1 and not rule.alias
    return Rule(str(rule.origin.name), size, "" if hands_on else str(rule.alias or rule.origin.name))


def _terminal(terminal: _Lark, lexer: _Lark) -> Terminal:
    word = terminal.pattern.type == "str" and terminal.pattern.value.isidentifier()
    return Terminal(terminal.name, terminal.pattern.to_regexp(), terminal.pattern.value if word else "",
                    terminal.name in lexer.ignore_types)
