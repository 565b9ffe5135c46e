"""What cxmetrics can tell a person about definitions and data, as data.  Nothing here prints.

A `Code` is a row of the catalogue (`codes/`): an id that is never reused, and what it says in
each language, as templates.  A `Diagnostic` is one finding: a code, a place, and the facts
that fill the templates.  `render` turns it into text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

from cxmetrics.source import Span

Severity = Literal["error", "warning"]
_GUESSED = 1000  # findings that come with a guess
_TOLD = 20  # values of a set that a message names
_FEW = 500  # names that can all be looked at


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence template in English and Chinese; `{name}` is filled from a diagnostic's facts."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding.

    `headline` stands alone, lower case, without a full stop; `label` is said under the primary
    place; `note` says why it is so; `help` says what to do.
    """

    id: str
    name: str
    headline: Phrase
    label: Phrase | None = None
    note: Phrase | None = None
    help: Phrase | None = None
    severity: Severity = "error"


@dataclass(frozen=True, slots=True)
class Label:
    """Another place that explains a finding, and what is to be seen there."""

    span: Span
    text: Phrase


@dataclass(frozen=True, slots=True)
class Fix:
    """A replacement of the text at `span` that makes a finding go away."""

    span: Span
    replacement: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: what, where (None: no place in any definition), and the facts of this case."""

    code: Code
    span: Span | None
    facts: Mapping[str, str] = field(default_factory=dict)
    related: tuple[Label, ...] = ()
    help: Phrase | None = None  # in place of the code's own
    fix: Fix | None = None


class Fault(Exception):  # noqa: N818 - a fault of the user's input, not of the program
    """Raised at run time, where findings cannot be returned: carries them to the door."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("; ".join(f"{d.code.id} {dict(d.facts)}" for d in diagnostics))
        self.diagnostics = diagnostics


def report(code: Code, span: Span | None, *, related: Iterable[Label] = (), help: Phrase | None = None,  # noqa: A002
           fix: Fix | None = None, **facts: object) -> Diagnostic:
    """A diagnostic whose facts are the keyword arguments, as text."""
    texts = {name: str(fact) for name, fact in facts.items()}
    return Diagnostic(code, span, texts, tuple(related), help, fix)


def listed(values: Sequence[str]) -> str:
    """The first values of a closed set, for a message."""
    return ", ".join(values[:_TOLD]) + ("…" if len(values) > _TOLD else "")


def closest(name: str, known: Iterable[str], found: Sized = ()) -> str | None:
    """The name `name` was probably meant to be, if one is near enough.

    `found`: what has been found so far.  Looking is dear, so it ends with the thousandth finding.
    """
    if len(found) > _GUESSED:
        return None
    wanted, names = name.lower(), list(known)
    if len(names) > _FEW:
        names = _with_a_half_of(wanted, names)
    folded = {k.lower(): k for k in sorted(names)}
    match = get_close_matches(wanted, folded, n=1, cutoff=0.7)
    return folded[match[0]] if match else None


def _with_a_half_of(wanted: str, names: Sequence[str]) -> list[str]:
    """Of many names those that begin or end as `wanted` does: a single slip leaves one half of it as it was."""
    half = (len(wanted) + 1) // 2
    start, end = wanted[:half], wanted[-half:]
    near = [name for name in names if abs(len(name) - len(wanted)) <= 3
            and ((lower := name.lower()).startswith(start) or lower.endswith(end))]
    return near if len(near) <= _FEW else []  # where so many are alike, none is meant more than the others


DID_YOU_MEAN = Phrase("did you mean `{guess}`?", "是否想写 `{guess}`?")
