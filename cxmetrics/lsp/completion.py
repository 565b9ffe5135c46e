"""What may be written at the cursor: keys, names, values, and in formulas what fits at that place of the formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from zoneinfo import available_timezones

from cxmetrics.compile import Stages
from cxmetrics.diagnostics import Phrase
from cxmetrics.functions import AGGREGATES
from cxmetrics.keys import KEYS, KeyHelp, help_of
from cxmetrics.load.library import shipped
from cxmetrics.lsp import vocabulary as known
from cxmetrics.lsp.asked import Asked, Here
from cxmetrics.lsp.contexts import Context, context_at, siblings
from cxmetrics.lsp.places import range_of
from cxmetrics.lsp.shapes import draft_in, keys_in
from cxmetrics.lsp.vocabulary import Entry
from cxmetrics.lsp.wire import Json
from cxmetrics.schema import GivenColumnDraft

MOST = 200  # of what fits; the editor asks again as one types
_NAME = re.compile(r"(?<![\w.$])[\w.$]*\Z")
_HELD = re.compile(r"(?<![\w.])([\w.]+)\s*(?:=|!=|(?:not\s+)?in\s*\[(?:\s*'[^']*'\s*,)*|contains|starts_with)"
                   r"\s*'([^']*)\Z")
_PAREN = re.compile(r"'[^']*'|[()]")
_FIRST_NAME = re.compile(r"[^\W\d][\w.]*")
_PARAMETER = re.compile(r"[(,]\s*([^\W\d]\w*)")  # in the head of a template
_UNITS = ("ms", "s", "min", "h", "d", "week", "share", "CNY", "count", "number")
_KINDS = {"key": 10, "indicator": 6, "source": 9, "column": 5, "dimension": 13, "function": 3, "value": 12, "word": 14,
          "template": 15, "parameter": 6}
_COLUMN_KEYS = ("time", "received", "entity", "strata", "population", "weight", "by", "on", "base")
_FORMULAS = ("formula", "keep", "combine")
_CLAUSES = (Entry("where"), Entry("over"), Entry("at end"), Entry("at start"), Entry("and"), Entry("or"), Entry("not"),
            Entry("in"), Entry("between"), Entry("is missing"), Entry("is not missing"))
Offers = Iterator[tuple[str, Entry]]


def completion(asked: Asked) -> Json | None:
    """What fits at the cursor."""
    here = asked.here
    if here is None or here.project.stages is None:
        return None
    offset, text = asked.offset(here), here.source.text
    context = context_at(text, offset)
    word, offers = _offers(context, here, here.project.stages, asked, offset)
    wanted = word.lower()
    fitting = [(kind, entry) for kind, entry in offers if wanted in entry.name.lower()]
    fitting.sort(key=lambda one: not one[1].name.lower().startswith(wanted))
    place = range_of(text, offset - len(word), offset)
    items = [_item(kind, entry, place, rank, context) for rank, (kind, entry) in enumerate(fitting[:MOST])]
    return {"isIncomplete": len(fitting) > MOST, "items": items}


def _item(kind: str, entry: Entry, place: Json, rank: int, context: Context) -> Json:
    text = f"{entry.name}: " if kind == "key" else entry.name
    if kind != "key" and context.value is None:
        text = f"{entry.name}: "  # a name as a key, such as a child
    item: Json = {"label": entry.name, "kind": _KINDS[kind], "sortText": f"{rank:04}", "filterText": entry.name,
                  "textEdit": {"range": place, "newText": text}}
    if entry.detail:
        item["detail"] = entry.detail
    if entry.about:
        item["documentation"] = {"kind": "markdown", "value": entry.about}
    return item


def _offers(context: Context, here: Here, stages: Stages, asked: Asked, offset: int) -> tuple[str, Offers]:
    """What is being written, and what could be."""
    if context.value is None:
        return context.word, _keys(context, here, stages, asked, offset)
    if not context.path:
        return "", iter(())
    key = context.path[-1]
    made = len(context.path) == 4 and context.path[0] == "sources" and context.path[2] in ("dimensions", "flags")
    if key == "use" and "(" in context.value:
        return re.split(r"[\s,(]", context.value)[-1], _of_kind("parameter", _arguments(context.value, stages))
    if (key in _FORMULAS or made) and context.path[0] != "tests":
        return _in_formula(context, stages, asked)
    return context.word, _values(key, context, here, stages, asked)


def _of_kind(kind: str, entries: Iterable[Entry]) -> Offers:
    yield from ((kind, entry) for entry in entries)


def _keys(context: Context, here: Here, stages: Stages, asked: Asked, offset: int) -> Offers:
    """Keys that may stand there and do not yet; where names stand, the names."""
    beside = siblings(here.source.text, offset)
    draft = draft_in(here.path, context.path)
    for key in keys_in(here.path, context.path):
        if key not in beside:
            told = None if draft is None else help_of(draft, key)
            yield "key", Entry(key, "" if told is None else _said(told.help, asked))
    match context.path:
        case (*_, "children"):
            yield from _of_kind("indicator", known.indicators(stages, asked.language))
        case ("tests", _, "given"):
            yield from _of_kind("source", known.sources(stages))
        case ("tests", _, "given", source, *_):
            yield from _of_kind("column", known.columns(stages, source))
        case ("tests", _, "expect"):
            yield from _of_kind("indicator", known.indicators(stages, asked.language))
        case ("sources", _, "dimensions") | ("tests", _, "expect", _) | (*_, "rake"):
            yield from _of_kind("dimension", known.dimensions(stages, asked.language))


def _said(phrase: Phrase, asked: Asked) -> str:
    return phrase.zh if asked.language == "zh" else phrase.en


def _values(key: str, context: Context, here: Here, stages: Stages, asked: Asked) -> Offers:
    path = context.path
    draft = draft_in(here.path, path[:-1])
    told: KeyHelp | None = None if draft is None else help_of(draft, key)
    source = path[1] if path[0] == "sources" and len(path) > 1 else ""
    if path[:1] == ("sources",) and key in _COLUMN_KEYS:
        yield from _of_kind("column", known.columns(stages, source))
    elif key in ("triangulate", "require", "indicator", "children"):
        yield from _of_kind("indicator", known.indicators(stages, asked.language))
    elif key in ("within", "cuts") or path[-2:] == ("lookup", "columns"):
        yield from _of_kind("dimension", known.dimensions(stages, asked.language))
    elif path[-2:] == ("peers", "source"):
        yield from _of_kind("source", known.sources(stages))
    elif key == "use":
        yield from _of_kind("template", _heads(stages))
    elif key == "import":
        yield from (("value", Entry(name)) for name in shipped())
    elif key == "unit":
        yield from (("value", Entry(name)) for name in _UNITS)
    elif key == "time_zone":
        yield from (("value", Entry(name)) for name in sorted(available_timezones()))
    elif key in ("level", "owner", "tags"):
        yield from (("value", Entry(name)) for name in _in_use(key, stages))
    elif len(path) == 4 and path[0] == "sources" and path[2] == "columns" and told is None:
        yield from (("value", Entry(name)) for name in KEYS[GivenColumnDraft]["type"].values)
    if told is not None:
        seen = _in_use(key, stages) if key == "level" else ()
        yield from (("value", Entry(name)) for name in (*told.values, *told.examples) if name not in seen)


def _in_use(key: str, stages: Stages) -> tuple[str, ...]:
    made = stages.compiled.pyramid.indicators.values()
    if key == "tags":
        return tuple(dict.fromkeys(tag for one in made for tag in one.tags))
    return tuple(dict.fromkeys(name for one in made if (name := one.level if key == "level" else one.owner)))


def _heads(stages: Stages) -> Iterator[Entry]:
    """The templates by their names, each with its parameters."""
    for template in known.templates(stages):
        yield Entry(template.name.partition("(")[0].strip(), template.name, template.about)


def _arguments(written: str, stages: Stages) -> Iterator[Entry]:
    """The parameters of the template that is used which are not given yet."""
    name = written.partition("(")[0].strip()
    for template in known.templates(stages):
        if template.name.partition("(")[0].strip() == name:
            for parameter in _PARAMETER.findall(template.name):
                if not re.search(rf"\b{re.escape(parameter)}\s*=", written):
                    yield Entry(f"{parameter} = ")


# --- formulas ------------------------------------------------------------------------------------------------------


def _in_formula(context: Context, stages: Stages, asked: Asked) -> tuple[str, Offers]:
    written = context.value or ""
    own = context.path[1] if context.path[0] == "sources" and len(context.path) > 1 else ""
    if written.count("'") % 2:
        held = _HELD.search(written)
        if held is None:
            return "", iter(())
        source, _, column = held[1].rpartition(".")
        values = known.values(stages, source or own, column)
        return held[2], (("value", Entry(value)) for value in values)
    found = _NAME.search(written)
    word = found.group() if found else ""
    if "$" in word:
        head = context.path[1] if context.path[0] == "templates" and len(context.path) > 1 else ""
        return word[word.rindex("$"):], (("parameter", Entry(f"${name}")) for name in _PARAMETER.findall(head))
    return word, _names(written[:len(written) - len(word)], word, own, stages, asked)


def _names(before: str, word: str, own: str, stages: Stages, asked: Asked) -> Offers:
    """Names that fit behind a part of a formula."""
    aggregate = _aggregate(before)
    of_rows = bool(own) or aggregate is not None
    if own:
        yield from _of_kind("column", known.columns(stages, own))
    elif aggregate is not None:
        source = aggregate.partition(".")[0] if aggregate else ""
        begun = word.rpartition(".")[0]
        chosen = begun if begun in stages.compiled.pyramid.sources else source
        yield from _of_kind("column", known.columns(stages, chosen, whole=True))
        if not source:
            yield from _of_kind("source", known.sources(stages))
    else:
        yield from _of_kind("indicator", known.indicators(stages, asked.language))
    yield from _of_kind("function", known.functions(asked.language, of_rows=of_rows, outside=not of_rows))
    yield from _of_kind("word", _CLAUSES if of_rows else ())


def _aggregate(before: str) -> str | None:
    """The first name in the aggregate that is open; empty where it has none yet, None outside of aggregates."""
    open_: list[int] = []
    for found in _PAREN.finditer(before):
        if found.group() == "(":
            open_.append(found.start())
        elif found.group() == ")" and open_:
            open_.pop()
    for start in open_:
        name = re.search(r"(?<![\w.])[\w.]+\Z", before[:start].rstrip())
        if name is not None and name.group() in AGGREGATES:
            first = _FIRST_NAME.search(before, start + 1)
            return first.group() if first else ""
    return None
