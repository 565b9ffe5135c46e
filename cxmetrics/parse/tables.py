"""The tables Lark makes of a grammar, walked by a loop of our own: about three times as fast as Lark's.

Lark's loop keeps lines and columns that nobody asks for, and takes every step from a single value up through the
levels of precedence, one call each.  Here those steps are taken at once, and remembered.  Only texts that can be read
are read here; where the loop finds no way on it says so, and Lark itself reads the text again to tell why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

_END = "$END"
_Lark = Any  # things of Lark's, which carry no types that could be told here


class Token(Protocol):
    """A piece of a text: its terminal, its characters, and where they stand.  Lark's own tokens are such too."""

    type: str
    value: str
    start_pos: int
    end_pos: int


class Piece:
    """A token of this loop."""

    __slots__ = ("end_pos", "start_pos", "type", "value")

    def __init__(self, kind: str, value: str, start_pos: int, end_pos: int) -> None:
        self.type, self.value, self.start_pos, self.end_pos = kind, value, start_pos, end_pos


class _Reduction(NamedTuple):
    """A rule has been read: what it makes of its parts, None where it just hands on a single one."""

    make: Callable[[list[Any]], Any] | None
    size: int
    origin: str


class Tables:
    """The states of an LALR parser: what may follow in each, and where that leads."""

    def __init__(self, table: _Lark, lexers: Mapping[int, _Lark], callbacks: Mapping[Any, Any]) -> None:
        """Take over from Lark: its parse table, its lexer for each state, and what to call for rules and terminals."""
        (self._start,), (self._end,) = table.start_states.values(), table.end_states.values()
        self._shifts: dict[int, dict[str, int]] = {}
        self._reductions: dict[int, dict[str, _Reduction]] = {}
        for state, actions in table.states.items():
            self._shifts[state] = {on: to for on, (_, to) in actions.items() if isinstance(to, int)}
            self._reductions[state] = {
                on: _reduction(rule, callbacks) for on, (_, rule) in actions.items() if not isinstance(rule, int)}
        self._values = {on: make for on, make in callbacks.items() if isinstance(on, str)}
        self._reserved = {terminal.pattern.value: terminal.name for lexer in lexers.values()
                          for terminal in lexer.terminals if _is_word(terminal)}
        patterns = {state: self._pattern(lexer) for state, lexer in lexers.items()}
        self._scan = {state: re.compile(pattern).match for state, pattern in patterns.items()}
        self._climbs: dict[tuple[int, int, str], int] = {}

    def read(self, text: str) -> tuple[Any] | None:
        """What the callbacks make of `text`, in a tuple of one; None where it cannot be read."""
        state, kind, at = self._start, "", 0
        states, values = [state], list[Any]()
        while kind != _END:
            found = self._scan[state](text, at)
            if found is None:
                return None
            kind, at = found.lastgroup or _END, found.end()
            start = found.start(kind) if found.lastgroup else at
            value = text[start:at]
            kind = self._reserved.get(value, kind)
            while kind not in self._shifts[state]:
                reduction = self._reductions[state].get(kind)
                if reduction is None:
                    return None
                state = self._reduce(reduction, states, values, kind)
                if state == self._end:
                    return (values[0],)
            state = self._shifts[state][kind]
            states.append(state)
            piece = Piece(kind, value, start, at)
            values.append(self._values[kind](piece) if kind in self._values else piece)
        return None

    def _reduce(self, reduction: _Reduction, states: list[int], values: list[Any], kind: str) -> int:
        """Put what a rule makes in the place of its parts; the state this leads to."""
        make, size, origin = reduction
        if make is None:
            below, state = states[-2:]
            states[-1] = reached = self._climbs.get((below, state, kind)) or self._climb(below, state, kind)
            return reached
        parts = values[-size:]
        del states[-size:], values[-size:]
        values.append(make(parts))
        state = self._shifts[states[-1]][origin]
        states.append(state)
        return state

    def _climb(self, below: int, state: int, kind: str) -> int:
        """The state after all steps that only hand a value on, from `state` over `below` with `kind` ahead."""
        reached = state
        while (step := self._reductions[reached].get(kind)) is not None and step.make is None and reached != self._end:
            reached = self._shifts[below][step.origin]
        self._climbs[below, state, kind] = reached
        return reached

    @staticmethod
    def _pattern(lexer: _Lark) -> str:
        """What may stand in the states of `lexer`, after blanks; reserved words are told from names afterwards."""
        blank = "|".join(t.pattern.to_regexp() for t in lexer.terminals if t.name in lexer.ignore_types)
        pieces = [f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in lexer.terminals
                  if t.name not in lexer.ignore_types and not _is_word(t)]
        return rf"(?:{blank})?(?:{'|'.join(pieces)}|\Z)"


def _is_word(terminal: _Lark) -> bool:
    return bool(terminal.pattern.type == "str" and terminal.pattern.value.isidentifier())


def _reduction(rule: _Lark, callbacks: Mapping[Any, Any]) -> _Reduction:
    size = len(rule.expansion)
    hands_on = size == 1 and rule.options.expand1 and not rule.alias
    return _Reduction(None if hands_on else callbacks[rule], size, rule.origin.name)
