"""Pages of codes and functions as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from cxmetrics import schema
from cxmetrics.cli.session import Session
from cxmetrics.cli.terminal import ink
from cxmetrics.codes import CODES
from cxmetrics.functions import AGGREGATES, NUMBERS, ROW_ANSWERS, ROW_TEXTS, ROW_TIMES, WINDOWS
from cxmetrics.keys import KEYS, KeyHelp
from cxmetrics.render.wording import outline

CHINESE = "中文"
_EXPLAINED = (CHINESE, "Why")


def page_text(markdown: str, session: Session, *, colour: bool) -> str:
    """The part of a page that is in the language of the session, with its examples."""
    found = sections(markdown)
    title, opening = found.pop(0)
    if session.language == "zh":
        opening = dict(found).get(CHINESE, opening)
        found = [section for section in found if section[0] not in _EXPLAINED]
    shown = [section for section in found if section[0] != CHINESE]
    parts = [ink(title, "strong", colour=colour), *_plain(opening)]
    for heading, lines in shown:
        parts += ["", ink(session.term("heading", heading), "strong", colour=colour), *_plain(lines)]
    return "\n".join(parts)


def sections(markdown: str) -> list[tuple[str, list[str]]]:
    """Each heading with the lines under it; `#` in a block of code is no heading."""
    sections: list[tuple[str, list[str]]] = [("", [])]
    fenced = False
    for line in markdown.splitlines():
        fenced ^= line.startswith("```")
        if line.startswith("#") and not fenced:
            sections.append((line.lstrip("# "), []))
        else:
            sections[-1][1].append(line)
    return sections[1:] if not any(sections[0][1]) and len(sections) > 1 else sections


def _plain(lines: list[str]) -> Iterator[str]:
    """The lines without fences, code indented, without blank lines at the ends."""
    while lines and not lines[0].strip():
        lines = lines[1:]
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    fenced = False
    for line in lines:
        if line.startswith("```"):
            fenced = not fenced
            name = line.strip("`").partition(" ")[2]
            if fenced and name:
                yield f"  {name}"
        else:
            yield f"    {line}".rstrip() if fenced else line


def catalogue(session: Session) -> str:
    """All codes, one a line."""
    phrases = ((code, outline(code.headline, session.language)) for code in CODES.values())
    return "\n".join(f"{code.id}  {text}" for code, text in sorted(phrases, key=lambda pair: pair[0].id))


def function_help(name: str, session: Session) -> str:
    """What a function of the language gives, and an example."""
    language = session.language
    lines = []
    if aggregate := AGGREGATES.get(name):
        lines.append(f"{name}: {getattr(aggregate.help, language)}")
        lines.append(session.say("function.rows", example=aggregate.example))
        if aggregate.options:
            lines.append(session.say("function.options", options=", ".join(aggregate.options)))
        if "accuracy" in aggregate.options:
            lines.append(session.say("function.sampled" if name == "distinct" else "function.near"))
    if number := NUMBERS.get(name) or ROW_TEXTS.get(name):
        lines.append(f"{name}: {getattr(number.help, language)}")
    if time := ROW_TIMES.get(name) or ROW_ANSWERS.get(name):
        lines.append(f"{name}: {getattr(time, language)}")
    if window := WINDOWS.get(name):
        lines.append(f"{name}: {getattr(window.help, language)}")
    return "\n".join(lines)


_WHERE: Final[Mapping[type[schema.Draft], str]] = {
    schema.ProjectDocument: "cxmetrics.yaml", schema.Document: "*.yaml",
    schema.GivenColumnDraft: "sources.ID.columns.ID",
    schema.ColumnDraft: "sources.ID.columns.ID", schema.ScaleVersionDraft: "sources.ID.columns.ID.versions",
    schema.UniqueDraft: "sources.ID.unique", schema.TimedDraft: "sources.ID.lookup",
    schema.DimensionLookupDraft: "dimensions.ID.lookup", schema.LookupDraft: "sources.ID.lookup",
    schema.DimensionDraft: "dimensions.ID", schema.WeightDraft: "sources.ID.weight", schema.SourceDraft: "sources.ID",
    schema.VersionDraft: "indicators.ID.versions", schema.IndicatorDraft: "indicators.ID",
    schema.HolidayDraft: "calendar",
    schema.MethodDraft: "benchmarks.method", schema.EvidenceDraft: "indicators.ID.evidence",
    schema.BenchmarkDraft: "benchmarks", schema.BenchmarkFilesDraft: "benchmarks",
    schema.PeersDraft: "indicators.ID.peers",
    schema.PrivacyDraft: "privacy", schema.TableDraft: "tests.ID.given.ID", schema.MetricTestDraft: "tests.ID",
}


def key_names() -> frozenset[str]:
    """All keys of the YAML."""
    return frozenset(name for keys in KEYS.values() for name in keys)


def key_help(name: str, session: Session) -> str:
    """Where a key of the YAML stands, what it is for, and how it is written."""
    lines: list[str] = []
    for model, keys in KEYS.items():
        if name in keys:
            lines += _of_key(f"{_WHERE[model]}: {name}", keys[name], session)
    return "\n".join(lines)


def _of_key(place: str, row: KeyHelp, session: Session) -> Iterator[str]:
    yield place
    yield f"  {getattr(row.help, session.language)}"
    if row.values:
        yield f"  {session.say('key.values', values=', '.join(row.values))}"
    if row.examples:
        yield f"  {session.say('key.examples', examples='; '.join(row.examples))}"
