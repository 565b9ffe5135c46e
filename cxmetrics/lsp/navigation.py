"""Where a thing is defined, and where it is named, in all files of a project as they are now."""

from __future__ import annotations

from collections.abc import Iterator

from cxmetrics.ir import Dimension, Indicator, Origin
from cxmetrics.lsp.asked import Asked, Here
from cxmetrics.lsp.mentions import Mention, mention_at, mentions_of
from cxmetrics.lsp.places import range_of
from cxmetrics.lsp.project import Project
from cxmetrics.lsp.wire import Json
from cxmetrics.source import Source


def definition(asked: Asked) -> list[Json] | None:
    """Where the thing under the cursor is defined."""
    found = asked_for(asked)
    return None if found is None else [_location(found[0].project, source, one)
                                       for source, one in defined(found[0].project, found[1])]


def references(asked: Asked) -> list[Json] | None:
    """All places where the thing under the cursor is named."""
    found = asked_for(asked)
    if found is None:
        return None
    here, mention = found
    whole = bool(asked.params.get("context", {}).get("includeDeclaration", True))
    return [_location(here.project, source, one) for source, one in named(here.project, mention)
            if whole or not one.defines]


def highlights(asked: Asked) -> list[Json] | None:
    """The same in one file."""
    found = asked_for(asked)
    if found is None:
        return None
    here, mention = found
    return [{"range": place_of(here.source, one), "kind": 3 if one.defines else 2}
            for one in mentions_of(here.source) if one.thing == mention.thing]


def defined(project: Project, mention: Mention) -> list[tuple[Source, Mention]]:
    """Where a thing is defined; of a column that is a dimension of its source, where that is said to be one."""
    found = _defined_in(project, mention, _likely(project, mention)) or _defined_in(project, mention, None)
    if found or mention.kind != "column":
        return found
    return defined(project, Mention("dimension", mention.name, 0, 0))


def _defined_in(project: Project, mention: Mention, path: str | None) -> list[tuple[Source, Mention]]:
    return [(source, one) for source, one in named(project, mention, path) if one.defines]


def _likely(project: Project, mention: Mention) -> str | None:
    """The file that a thing was defined in when the whole was compiled."""
    if project.stages is None:
        return None
    pyramid = project.stages.compiled.pyramid
    origin = pyramid.sources.get(mention.owner or mention.name)
    match mention.kind:
        case "indicator":
            one: Indicator | Origin | Dimension | None = pyramid.indicators.get(mention.name)
        case "source" | "column":
            one = origin
        case _:
            one = pyramid.dimensions.get(mention.name)
    return None if one is None or one.span is None else one.span.source.path


def named(project: Project, mention: Mention, path: str | None = None) -> Iterator[tuple[Source, Mention]]:
    """All mentions of a thing, or those in one file; parameters are known in the file of their template only."""
    files = project.files()
    for source in files.values() if path is None else filter(None, [files.get(path)]):
        if mention.name in source.text and (mention.kind != "parameter" or _has(source, mention)):
            for one in mentions_of(source):
                if one.thing == mention.thing:
                    yield source, one


def _has(source: Source, mention: Mention) -> bool:
    return any(one.kind == "template" and one.defines and one.name == mention.owner for one in mentions_of(source))


def asked_for(asked: Asked) -> tuple[Here, Mention] | None:
    """The file that is asked about, and the name under the cursor; None for functions, which nobody defines."""
    here = asked.here
    mention = None if here is None else mention_at(here.source, asked.offset(here))
    return None if here is None or mention is None or mention.kind == "function" else (here, mention)


def _location(project: Project, source: Source, mention: Mention) -> Json:
    return {"uri": project.uri(source), "range": place_of(source, mention)}


def place_of(source: Source, mention: Mention) -> Json:
    """The range of a mention."""
    return range_of(source.text, mention.start, mention.end)
