"""Another name for a thing, in all files at once: and only where the project is as sound under it as before."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from cxmetrics.load.yaml_nodes import Map, read_nodes
from cxmetrics.lsp.asked import NOT_DONE, Asked, Refused
from cxmetrics.lsp.mentions import Mention, mentions_of
from cxmetrics.lsp.navigation import asked_for, defined, named, place_of
from cxmetrics.lsp.places import range_of
from cxmetrics.lsp.project import Project
from cxmetrics.lsp.wire import Json
from cxmetrics.parse import RESERVED
from cxmetrics.render.wording import words
from cxmetrics.source import Key, Located, Source

_NO_NAMES = frozenset(word.lower() for word in RESERVED) | {"null", "yes", "no", "on", "off", "true", "false"}
Edit = tuple[Source, int, int, str]


def renamable(asked: Asked) -> Json | None:
    """The place of the name under the cursor, if it can be renamed."""
    found = asked_for(asked)
    if found is None:
        return None
    here, mention = found
    _refuse(asked, here.project, mention)
    return {"range": place_of(here.source, mention), "placeholder": mention.name}


def renamed(asked: Asked) -> Json | None:
    """The edits that give a thing another name.  Raises `Refused`, and says why, where that is not to be had."""
    found = asked_for(asked)
    if found is None:
        return None
    here, mention = found
    new = str(asked.params["newName"]).strip()
    _refuse(asked, here.project, mention)
    if not _is_name(new, mention):
        raise Refused(NOT_DONE, asked.said(f"`{new}` cannot be a name", f"`{new}` 不能作为名称"))
    if new != mention.name and defined(here.project, Mention(mention.kind, new, 0, 0, mention.owner)):
        raise Refused(NOT_DONE, asked.said(f"`{new}` is there already", f"`{new}` 已经存在"))
    edits = list(dict.fromkeys(_edits(here.project, mention, new)))
    _try(asked, here.project, edits)
    changes: dict[str, list[Json]] = {}
    for source, start, end, text in edits:
        changes.setdefault(here.project.uri(source), []).append(
            {"range": range_of(source.text, start, end), "newText": text})
    return {"changes": changes}


def _edits(project: Project, mention: Mention, new: str) -> Iterator[Edit]:
    for source, one in named(project, mention):
        yield source, one.start, one.end, new
        if one.kind == "column" and one.defines:
            yield from _as_in_files(source, one)
    if mention.kind == "dimension":  # a source that has it may use it like a column
        declared = {one.owner for source in project.files().values() for one in mentions_of(source)
                    if one.kind == "column" and one.defines and one.name == mention.name}
        for source in project.files().values():
            for one in mentions_of(source) if mention.name in source.text else ():
                if one.kind == "column" and one.name == mention.name and one.owner not in declared:
                    yield source, one.start, one.end, new


def _as_in_files(source: Source, column: Mention) -> Iterator[Edit]:
    """What keeps a column the one that is called so in the files."""
    root, _ = read_nodes(source)
    for _, node in _columns_at(root, column.start):
        match node:
            case Located() if node.value:
                yield source, *node.span[1:], f"{{type: {node.value}, column: {column.name}}}"
            case Map() if node and not {"column", "formula"} & set(node):
                first = next(iter(node)).span.start
                line = source.text.rfind("\n", 0, first) + 1
                block = not source.text[line:first].strip()
                between = f"\n{source.text[line:first]}" if block else ", "
                yield source, first, first, f"column: {column.name}{between}"


def _columns_at(node: object, start: int) -> Iterator[tuple[Key, object]]:
    """The entry of a map whose key begins at an offset."""
    for key, inner in node.items() if isinstance(node, Map) else ():
        if key.located.in_file(0, len(key)).start == start:
            yield key, inner
        yield from _columns_at(inner, start)


def _try(asked: Asked, project: Project, edits: Sequence[Edit]) -> None:
    """Raise `Refused` where the project would not be as sound as before."""
    if project.stages is None:
        return
    texts: dict[str, str] = {}
    for source, start, end, text in sorted(edits, key=lambda one: one[1], reverse=True):
        before = texts.get(source.path, source.text)
        texts[source.path] = before[:start] + text + before[end:]
    before_it = Counter(finding.code.id for found in project.found.values() for finding in found
                        if finding.code.severity == "error")
    after = [finding for finding in project.bench.tried(texts) if finding.code.severity == "error"]
    more = Counter(finding.code.id for finding in after) - before_it
    if more:
        first = next(finding for finding in after if finding.code.id in more)
        raise Refused(NOT_DONE, f"{first.code.id}: {words(first, asked.language).message}")


def _is_name(text: str, mention: Mention) -> bool:
    """Whether a text can be the name of such a thing, wherever it is written."""
    parts = text.split(".") if mention.kind in ("indicator", "source") else [text]
    return all(re.fullmatch(r"[^\W\d]\w*", part) for part in parts) and text.lower() not in _NO_NAMES


def _refuse(asked: Asked, project: Project, mention: Mention) -> None:
    """Raise `Refused` for what cannot be renamed: who else names it is not known, or it is another's."""
    places, name = defined(project, mention), mention.name
    broken = [one.source.path for one in project.open.values() if one.readable is not one.source]
    reason: tuple[str, str] | None = None
    if not any(one.thing == mention.thing for _, one in places):
        reason = f"`{name}` is not defined here", f"这里没有定义 `{name}`"
    elif any(source.shipped for source, _ in places):
        reason = f"`{name}` comes with cxmetrics", f"`{name}` 随 cxmetrics 提供"
    elif broken:
        reason = f"{broken[0]} cannot be read as YAML", f"{broken[0]} 不是可读的 YAML"
    elif by := _in_tables(project, mention):
        reason = f"`{name}` is named in {by}, too", f"{by} 中也有 `{name}`"
    elif mention.kind == "dimension" and (by := _taken_as_it_is(project, name)):
        reason = (f"the files of `{by}` have a column of that name: say under its `dimensions` which it is first",
                  f"`{by}` 的文件用同名列作该维度：请先在其 `dimensions` 中写明列名")
    if reason:
        raise Refused(NOT_DONE, asked.said(*reason))


def _in_tables(project: Project, mention: Mention) -> str | None:
    """A CSV file that benchmarks or margins are taken from and that names the thing."""
    tables = project.stages.compiled.texts.tables if project.stages else {}
    word = re.compile(rf"(?<!\w){re.escape(mention.name)}(?!\w)")
    return next((table.path for table in tables.values()
                 if mention.kind in ("indicator", "dimension") and word.search(table.text)), None)


def _taken_as_it_is(project: Project, dimension: str) -> str | None:
    """A source that makes a dimension of a column of the same name in its files."""
    sources = project.stages.compiled.pyramid.sources if project.stages else {}
    return next((name for name, origin in sources.items() for binding in origin.bindings
                 if binding.dimension == dimension and not binding.declared), None)
