"""The tables Lark makes of a grammar, walked by a loop of our own: about five times as fast as Lark's.

Lark's loop keeps lines and columns that nobody asks for, and for each token goes through all the rules that end before
it, one by one.  Which these are hangs on the states the parser is in and on the kind of the token, and on nothing else:
so here they are found once and remembered with the place in the grammar where they were needed.  Formulas are much
alike, so there are few such places, and few words: a text is taken to pieces in one go, by one pattern for all places,
and what a piece is is remembered too.  (Lark looks only for what may stand in a place.  What may not, but is found
here, ends the reading.)  Only texts that can be read are read here; where the loop finds no way on it says so, and Lark
itself reads the text again to tell why.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

_END = "$END"
_START = 0  # the state to begin in
_MOST = 20_000  # places and words remembered: whoever writes definitions must not be able to fill the memory
_LONGEST = 40  # characters of a word that is remembered


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
        self.type = kind
        self.value = value
        self.start_pos = start_pos
        self.end_pos = end_pos


class Reading(NamedTuple):
    """What the callbacks made of a text, and of how many tokens it is: nothing in it lies deeper than that."""

    made: Any
    tokens: int


class Rule(NamedTuple):
    """A rule of the grammar: its name, of how many parts it is, and what makes it; none where one part is handed on."""

    origin: str
    size: int
    maker: str


class Terminal(NamedTuple):
    """A kind of token: its pattern; the word it is, if it is one; whether it only stands between others."""

    name: str
    pattern: str
    word: str
    blank: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """The tables as data, to be kept: what may follow in each state, and where that leads.

    `digest` is that of the grammar they were drawn of.  The first state is the one to begin in; rules by their number.
    """

    digest: str
    end: int
    shifts: Sequence[dict[str, int]]
    reductions: Sequence[dict[str, int]]
    rules: Sequence[Rule]
    terminals: Sequence[Terminal]

    @staticmethod
    def digest_of(grammar: str) -> str:
        """What tells one grammar from another; comments, which are the manual, do not."""
        return sha256("\n".join(line for line in grammar.splitlines() if line[:2] != "//").encode()).hexdigest()

    @classmethod
    def of_json(cls, text: str) -> Drawing:
        """The drawing that was kept as `text`."""
        kept = json.loads(text)
        rules, terminals = [Rule(*rule) for rule in kept["rules"]], [Terminal(*each) for each in kept["terminals"]]
        return cls(kept["digest"], kept["end"], kept["shifts"], kept["reductions"], rules, terminals)

    def to_json(self) -> str:
        """The drawing as text to be kept, a state or a rule a line."""
        lists = {"shifts": self.shifts, "reductions": self.reductions, "rules": self.rules, "terminals": self.terminals}
        listed = [f'  "{name}": [\n' + ",\n".join("    " + json.dumps(each) for each in every) + "\n  ]"
                  for name, every in lists.items()]
        return ",\n".join([f'{{\n  "digest": "{self.digest}"', f'  "end": {self.end}', *listed]) + "\n}\n"


class _Reduction(NamedTuple):
    """A rule has been read: what it makes of its parts, None where it just hands on a single one."""

    make: Callable[[list[Any]], Any] | None
    size: int
    origin: str


class _Place:
    """A place in the grammar: the states the parser went through to get there, each over the one before."""

    __slots__ = ("above", "below", "moves", "state")

    def __init__(self, state: int, below: _Place | None) -> None:
        self.state, self.below = state, below
        self.above: dict[int, _Place] = {}
        self.moves: dict[str, _Move] = {}


class _Move(NamedTuple):
    """What a token leads to: rules to be carried out, each on so many values, and then a place; None: the end.

    `value` makes of the token what stands for it among the values; None: itself.
    """

    rules: tuple[tuple[Callable[[list[Any]], Any], int], ...]
    to: _Place | None
    value: Callable[[Piece], Any] | None = None


class Tables:
    """The states of an LALR parser: what may follow in each, and where that leads."""

    def __init__(self, drawing: Drawing, trees: object) -> None:
        """`trees` has a method for each rule, called with its parts, and for some terminals, with the token."""
        rules = [_Reduction(getattr(trees, rule.maker) if rule.maker else None, rule.size, rule.origin)
                 for rule in drawing.rules]
        self._end, self._shifts = drawing.end, drawing.shifts
        self._reductions = [{on: rules[rule] for on, rule in state.items()} for state in drawing.reductions]
        self._values = {each.name: getattr(trees, each.name) for each in drawing.terminals if hasattr(trees, each.name)}
        self._reserved = {each.word: each.name for each in drawing.terminals if each.word}
        self._pieces, self._token = _patterns(drawing.terminals)
        self._forget()

    def read(self, text: str) -> Reading | None:
        """What the callbacks make of `text`; None where it cannot be read."""
        if self._known > _MOST:
            self._forget()
        place, at = self._first, 0
        values: list[Any] = []
        pieces, known = self._pieces(text), self._words.get
        for piece in pieces:
            kind, value = known(piece) or self._word(piece)
            move = place.moves.get(kind) or self._move(place, kind)
            if move is None:
                return None
            rules, to, maker = move
            for make, size in rules:
                values[-size:] = (make(values[-size:]),)
            if to is None:
                break
            place, at = to, at + len(piece)
            token = Piece(kind, value, at - len(value), at)
            values.append(token if maker is None else maker(token))
        return Reading(values[0], len(pieces))

    def words(self, text: str) -> list[tuple[str, str]]:
        """The terminals and characters of the tokens of a text that can be read."""
        found = [self._words.get(piece) or self._word(piece) for piece in self._pieces(text)]
        return [(kind, value) for kind, value in found if kind != _END]

    def _word(self, piece: str) -> tuple[str, str]:
        """The terminal of a token with the blanks before it, and its characters without these."""
        found = self._token(piece)
        value = "" if found is None else found[found.lastgroup or 0]
        kind = "" if found is None else self._reserved.get(value, found.lastgroup or _END)
        if len(piece) <= _LONGEST:
            self._words[piece] = kind, value
            self._known += 1
        return kind, value

    def _move(self, place: _Place, kind: str) -> _Move | None:
        """Find where a token of a kind leads from a place, and remember it; None where it cannot stand there."""
        top, rules = place, list[tuple[Callable[[list[Any]], Any], int]]()
        while kind not in self._shifts[top.state]:
            reduction = self._reductions[top.state].get(kind)
            if reduction is None:
                return None
            for _ in range(reduction.size):
                assert top.below is not None
                top = top.below
            top = self._over(top, self._shifts[top.state][reduction.origin])
            if reduction.make is not None:
                rules.append((reduction.make, reduction.size))
            if top.state == self._end:
                place.moves[kind] = move = _Move(tuple(rules), None)
                return move
        place.moves[kind] = move = _Move(tuple(rules), self._over(top, self._shifts[top.state][kind]),
                                          self._values.get(kind))
        return move

    def _over(self, below: _Place, state: int) -> _Place:
        """The place of a state that was reached over another place."""
        known = below.above.get(state)
        if known is None:
            known = below.above[state] = _Place(state, below)
            self._known += 1
        return known

    def _forget(self) -> None:
        """Begin with no word known, and no place but the first."""
        self._first, self._known = _Place(_START, None), 1
        self._words: dict[str, tuple[str, str]] = {}


def _patterns(terminals: Sequence[Terminal]) -> tuple[
        Callable[[str], list[str]], Callable[[str], re.Match[str] | None]]:
    """What takes a text to pieces, each a token after blanks, and what tells the terminal of a piece.

    Reserved words are told from names afterwards.  From where no token can begin, all that is left is one piece.
    """
    blank = "|".join(each.pattern for each in terminals if each.blank)
    tokens = {each.name: each.pattern for each in terminals if not each.blank and not each.word}
    named = "|".join(f"(?P<{name}>{pattern})" for name, pattern in tokens.items())
    pieces = re.compile(rf"(?:{blank})?(?:{'|'.join(tokens.values())}|\Z)|(?s:.+)")
    return pieces.findall, re.compile(rf"(?:{blank})?(?:{named}|\Z)").fullmatch
