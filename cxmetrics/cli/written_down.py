"""Findings as JSON and back: what they say is kept, and where; the texts of the files are not.

A place is kept as the file's number in the list of files and two offsets in its text, so that it is a place only beside
the text that it was found in.  Whoever reads sees to that the text is still the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cxmetrics.assets import definitions
from cxmetrics.codes import CODES
from cxmetrics.diagnostics import Diagnostic, Fix, Label, Phrase
from cxmetrics.source import Source, Span


def written_down(found: Sequence[Diagnostic], texts: Mapping[str, str]) -> dict[str, object]:
    """Findings as what JSON can hold.  Raises `ValueError` for one in a file that is none of these, nor shipped."""
    files: dict[Source, int] = {}
    rows = [_row(one, files) for one in found]
    named = [[file.path, file.shipped] for file in files]
    if [file.text for file in files] != [file.text for file in _files(named, texts)]:
        raise ValueError
    return {"sources": named, "found": rows}


def read_back(kept: Mapping[str, object], texts: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    """The findings again, beside the texts they were found in.  Raises `ValueError` for what was not written here."""
    try:
        match kept:
            case {"sources": list(named), "found": list(rows)}:
                files = _files(named, texts)
                return tuple(_finding(row, files) for row in rows)
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError from error
    raise ValueError


def _files(named: Sequence[Sequence[object]], texts: Mapping[str, str]) -> list[Source]:
    """Files of the project, and of libraries that ship with cxmetrics.  Raises `ValueError` where one is not there."""
    files: list[Source] = []
    for path, shipped in named:
        text = _shipped(str(path)) if shipped else texts.get(str(path))
        if text is None:
            raise ValueError
        files.append(Source(str(path), text, bool(shipped)))
    return files


def _shipped(path: str) -> str | None:
    library, _, inside = path.partition("/")  # `cxmetrics/retail_bank/channels.yaml`
    try:
        return (definitions() / inside).read_bytes().decode("utf-8-sig") if library == "cxmetrics" else None
    except OSError:
        return None


def _row(one: Diagnostic, files: dict[Source, int]) -> list[object]:
    related = [[_at(label.span, files), _phrase(label.text)] for label in one.related]
    fix = one.fix and [_at(one.fix.span, files), one.fix.replacement]
    return [one.code.id, one.span and _at(one.span, files), dict(one.facts), related, _phrase(one.help), fix]


def _at(span: Span, files: dict[Source, int]) -> list[int]:
    here = span.in_file()
    return [files.setdefault(here.source, len(files)), here.start, here.end]


def _phrase(phrase: Phrase | None) -> list[str] | None:
    return None if phrase is None else [phrase.en, phrase.zh]


def _finding(row: object, files: Sequence[Source]) -> Diagnostic:
    match row:
        case [str(code), at, dict(facts), list(related), help_, fix]:
            labels = tuple(Label(_span(place, files), _sentence(text)) for place, text in related)
            return Diagnostic(CODES[code], None if at is None else _span(at, files),
                              {str(name): str(fact) for name, fact in facts.items()}, labels,
                              None if help_ is None else _sentence(help_), None if fix is None else _fix(fix, files))
    raise ValueError


def _fix(kept: object, files: Sequence[Source]) -> Fix:
    match kept:
        case [at, str(replacement)]:
            return Fix(_span(at, files), replacement)
    raise ValueError


def _sentence(kept: object) -> Phrase:
    match kept:
        case [str(en), str(zh)]:
            return Phrase(en, zh)
    raise ValueError


def _span(at: object, files: Sequence[Source]) -> Span:
    match at:
        case [int(file), int(start), int(end)] if file >= 0 and 0 <= start <= end <= len(files[file].text):
            return Span(files[file], start, end)
    raise ValueError
