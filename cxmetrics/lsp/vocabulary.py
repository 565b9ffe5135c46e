"""What there is to name in a project, with a word on each: for completion and for hovering."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cxmetrics.compile import Stages
from cxmetrics.diagnostics import Phrase
from cxmetrics.functions import (
    AGGREGATES,
    NUMBERS,
    PEER_FUNCTIONS,
    ROW_ANSWERS,
    ROW_TEXTS,
    ROW_TIMES,
    WINDOWS,
)
from cxmetrics.ir import ColumnSpec, Origin
from cxmetrics.render.wording import Language
from cxmetrics.tables import place_of


@dataclass(frozen=True, slots=True)
class Entry:
    """A name, what it is in a few words, and more of it as Markdown."""

    name: str
    detail: str = ""
    about: str = ""


def titled(titles: Mapping[str, str], language: Language) -> str:
    """A title in the language, or in any."""
    return titles.get(language) or titles.get("") or next(iter(titles.values()), "")


def indicators(stages: Stages, language: Language) -> Iterator[Entry]:
    """All indicators, with their titles and units."""
    for name, one in stages.compiled.pyramid.indicators.items():
        yield Entry(name, " · ".join(filter(None, (titled(one.title, language), one.level, str(one.unit)))),
                    code(one.formula_text) if one.formula_text else "")


def sources(stages: Stages) -> Iterator[Entry]:
    """All sources, with where their rows are."""
    for name, origin in stages.compiled.pyramid.sources.items():
        yield Entry(name, place_of(origin))


def columns(stages: Stages, source: str, *, whole: bool = False) -> Iterator[Entry]:
    """The columns of a source, and what its dimensions are made of; `whole`: with the name of the source."""
    origin = stages.compiled.pyramid.sources.get(source)
    if origin is None:
        return
    before = f"{source}." if whole else ""
    for name, spec in origin.columns.items():
        yield Entry(f"{before}{name}", column_kind(spec), ", ".join(spec.values or ()))
    for binding in origin.bindings:
        if binding.declared and binding.dimension not in origin.columns:
            yield Entry(f"{before}{binding.dimension}", binding.column)


def column_kind(spec: ColumnSpec) -> str:
    """The type of a column, its unit or scale, its class."""
    unit = "" if str(spec.unit) in ("number", spec.type) else str(spec.unit)
    return " · ".join(filter(None, (spec.type, unit, spec.privacy)))


def dimensions(stages: Stages, language: Language) -> Iterator[Entry]:
    """All dimensions, with their titles."""
    for name, one in stages.compiled.pyramid.dimensions.items():
        yield Entry(name, titled(one.title, language), ", ".join(one.values or ()))


def values(stages: Stages, source: str, column: str) -> tuple[str, ...]:
    """The closed set of a column, or of the dimension of that name; nothing of columns that tell of persons."""
    origin = stages.compiled.pyramid.sources.get(source)
    spec = origin.columns.get(column) if origin else None
    if spec is not None and spec.values is not None:
        return spec.values
    dimension = stages.compiled.pyramid.dimensions.get(column)
    return (dimension.values or ()) if dimension else ()


def functions(language: Language, *, of_rows: bool, outside: bool) -> Iterator[Entry]:
    """The functions that may stand among the rows of a source, or outside of them."""
    if outside:
        for name, row in AGGREGATES.items():
            if not (name[0] == "p" and name[1:].isdigit()) or name in ("p50", "p75", "p90", "p95", "p99"):
                yield Entry(name, _said(row.help, language), code(row.example))
        yield from (Entry(name, _said(row.help, language)) for name, row in WINDOWS.items())
        yield from (Entry(name, _said(help_, language)) for name, help_ in PEER_FUNCTIONS.items())
    yield from (Entry(name, _said(row.help, language)) for name, row in NUMBERS.items()
                if not (outside and name in AGGREGATES))
    if of_rows:
        yield from (Entry(name, _said(row.help, language)) for name, row in ROW_TEXTS.items())
        yield from (Entry(name, _said(help_, language)) for name, help_ in {**ROW_TIMES, **ROW_ANSWERS}.items())


def function(name: str, language: Language) -> Entry | None:
    """A function by its name."""
    both = (*functions(language, of_rows=True, outside=True),)
    found = next((one for one in both if one.name == name), None)
    if found is None and name in AGGREGATES:
        found = Entry(name, _said(AGGREGATES[name].help, language), code(AGGREGATES[name].example))
    return found


def templates(stages: Stages) -> Iterator[Entry]:
    """The templates with their parameters."""
    for document in stages.compiled.drafts.documents:
        for key, draft in document.templates.items():
            yield Entry(str(key), "", code(draft.formula.value) if draft.formula else "")


def origin_in_words(origin: Origin) -> str:
    """Where the rows of a source are, and its columns, as Markdown."""
    lines = [f"`{place_of(origin)}`", ""]
    lines += [f"- `{name}` {column_kind(spec)}" for name, spec in origin.columns.items()]
    return "\n".join(lines)


def code(text: str) -> str:
    """A formula as Markdown."""
    fence = "`" * 4 if "```" in text else "```"
    return f"{fence}cxmetrics\n{text.strip()}\n{fence}"


def _said(phrase: Phrase, language: Language) -> str:
    return phrase.zh if language == "zh" else phrase.en
