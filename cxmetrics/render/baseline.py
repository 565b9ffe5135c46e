"""The baseline of a project: warnings that were there when it began to be checked, and are left for later.

A warning is known by its code, its file and what it says, so that lines that move do not open it again.  Errors are not
kept: what has errors does not run, whatever a file says of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cxmetrics.diagnostics import Diagnostic
from cxmetrics.render.ci import fingerprints
from cxmetrics.render.machine import json_text
from cxmetrics.render.places import in_order
from cxmetrics.render.wording import visible, words

LAYOUT = 1
LARGEST = 20_000_000  # bytes of a file that is read

Known = Mapping[str, str]  # a line for people about each warning, by its fingerprint


@dataclass(frozen=True, slots=True)
class Compared:
    """Findings beside a baseline: those that are not in it, how many are, and what is in it and no longer found."""

    left: tuple[Diagnostic, ...]
    known: int
    gone: tuple[str, ...]


def written(found: Iterable[Diagnostic]) -> str:
    """The baseline that knows all warnings of a project; paths count from its folder."""
    known = [{"fingerprint": print_, "code": one.code.id, "path": one.span.source.path if one.span else "",
              "message": visible(words(one, "en").message)} for one, print_ in _printed(found)
             if one.code.severity == "warning"]
    return json_text({"baseline": LAYOUT, "known": known}) + "\n"


def read(text: str) -> Known:
    """What a baseline knows.  Raises `ValueError` for a text that is none."""
    try:
        whole = json.loads(text)
    except RecursionError:
        raise ValueError from None
    match whole:
        case {"baseline": int(layout), "known": list(known)} if layout == LAYOUT:
            return dict(map(_entry, known))
        case _:
            raise ValueError


def _entry(entry: object) -> tuple[str, str]:
    match entry:
        case {"fingerprint": str(print_), "code": str(code), "path": str(path), "message": str(message)}:
            return print_, visible(f"{path}: {code} {message}")
        case _:
            raise ValueError


def compared(found: Sequence[Diagnostic], known: Known) -> Compared:
    """Findings, whose paths count from the project's folder, beside what a baseline knows."""
    printed = {print_: one for one, print_ in _printed(found)}
    left = tuple(one for print_, one in printed.items() if one.code.severity == "error" or print_ not in known)
    gone = tuple(line for print_, line in known.items() if print_ not in printed)
    return Compared(left, len(printed) - len(left), gone)


def _printed(found: Iterable[Diagnostic]) -> Iterable[tuple[Diagnostic, str]]:
    ordered = in_order(found)
    return zip(ordered, fingerprints(ordered), strict=True)
