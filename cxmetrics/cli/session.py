"""What holds for one call of the command: the language it speaks in, and how a verb refuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cxmetrics.cli.words import WORDS
from cxmetrics.diagnostics import Phrase

Language = Literal["en", "zh"]
VARIABLE = "CXMETRICS_LANG"


class Refusal(Exception):  # noqa: N818 - an answer to the caller, not an error of the program
    """What a verb will not do: the key of its sentence, the sentence's facts, and the exit status."""

    def __init__(self, key: str, status: int = 2, **facts: object) -> None:
        super().__init__(key)
        self.key, self.status, self.facts = key, status, facts


@dataclass(frozen=True, slots=True)
class Session:
    """One call of the command."""

    language: Language

    def say(self, key: str, **facts: object) -> str:
        """The sentence called `key` of the catalogue, with its facts."""
        return self._said(WORDS[key]).format(**facts)

    def count(self, key: str, count: int) -> str:
        """So many things: `key.one` or `key.many` of the catalogue."""
        return self.say(f"{key}.{'one' if count == 1 else 'many'}", count=f"{count:,}")

    def term(self, kind: str, name: str) -> str:
        """What `name` is called in the language, if the catalogue has it as `kind.name`; else the name itself."""
        phrase = WORDS.get(f"{kind}.{name}")
        return name if phrase is None else self._said(phrase)

    def _said(self, phrase: Phrase) -> str:
        return phrase.zh if self.language == "zh" else phrase.en

    def title(self, titles: Mapping[str, str], name: str) -> str:
        """The title in the language, or in any, or else the name."""
        return titles.get(self.language) or titles.get("") or next(iter(titles.values()), "") or name


def language_of(args: Sequence[str], environ: Mapping[str, str]) -> Language:
    """The language asked for by `--lang`, else by the variable CXMETRICS_LANG, else by the locale."""
    asked = ""
    for i, arg in enumerate(args):
        if arg == "--":
            break
        if arg == "--lang" and i + 1 < len(args):
            asked = args[i + 1]
        elif arg.startswith("--lang="):
            asked = arg.removeprefix("--lang=")
    locale = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    chosen = asked or environ.get(VARIABLE, "") or locale
    return "zh" if chosen.lower().startswith("zh") else "en"
