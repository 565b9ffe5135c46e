"""Findings in words: templates filled with facts, which come from files nobody vouches for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cxmetrics.codes.terms import TERMS
from cxmetrics.diagnostics import Diagnostic, Phrase

Language = Literal["en", "zh"]

_FIELD = re.compile(r"\{\{|\}\}|\{([a-z_][a-z0-9_]*)\}")  # a doubled brace stands for itself
_GAP = re.compile(r"(?<=[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]) (?=[\u4e00-\u9fff])")  # around our terms
_LONGEST_FACT = 300
_JOINERS = "\u200c\u200d"  # part of scripts and of emoji, and harmless
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True, slots=True)
class Words:
    """What one finding says, in one language."""

    message: str
    label: str
    note: str
    help: str
    related: tuple[str, ...]


def words(diagnostic: Diagnostic, language: Language) -> Words:
    """All sentences of a finding; those it does not have are empty."""
    code, facts = diagnostic.code, diagnostic.facts

    def told(phrase: Phrase | None) -> str:
        return say(phrase, facts, language) if phrase else ""

    return Words(told(code.headline), told(code.label), told(code.note), told(diagnostic.help or code.help),
                 tuple(told(label.text) for label in diagnostic.related))


def say(phrase: Phrase, facts: Mapping[str, str], language: Language) -> str:
    """The sentence with its facts; one that is missing reads `?`.

    One pass over the template: braces in a fact stay as they are.  In backticks stands what
    somebody wrote, verbatim; outside of them stand our own terms, said in the language.
    """
    terms = TERMS if language == "zh" else {}

    def filled(part: str, own: Mapping[str, str]) -> str:
        return _FIELD.sub(lambda field: _fact(own.get(fact := facts.get(field[1], "?"), fact))
                          if field[1] else field[0][0], part)

    parts = (phrase.en if language == "en" else phrase.zh).split("`")
    filled_in = (filled(part, {} if i % 2 else terms) for i, part in enumerate(parts))
    return "`".join(_GAP.sub("", part) if terms and not i % 2 else part for i, part in enumerate(filled_in))


def outline(phrase: Phrase, language: Language) -> str:
    """The sentence of a whole kind of finding, with the names of its facts."""
    template = phrase.en if language == "en" else phrase.zh
    return _FIELD.sub(lambda field: f"‹{field[1]}›" if field[1] else field[0][0], template)


def visible(text: str) -> str:
    """`text` on one line, with what steers a terminal or turns the direction of reading written as escapes."""
    return text if text.isprintable() else "".join(map(shown, text))


def shown(char: str) -> str:
    """`char`, or an escape when it is a control, a line break, a direction mark or half a pair."""
    if char.isprintable() or char in _JOINERS or unicodedata.category(char) in ("Zs", "Cn", "Co"):
        return char
    if char in _ESCAPES:
        return _ESCAPES[char]
    number = ord(char)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _fact(fact: str) -> str:
    return visible(fact if len(fact) <= _LONGEST_FACT else fact[:_LONGEST_FACT] + "…")
