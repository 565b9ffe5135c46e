"""`bind`: the sources of a library brought to a bank's own tables, as the overrides that could stand under `sources`.

Of a bound source `columns` says what each column of the library is among ours: a name of the table, or an expression
over columns that `own` declares.  `none` in place of a table, or of a key, says that there is no such thing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from cxmetrics.codes import bindings as codes
from cxmetrics.codes import names as name_codes
from cxmetrics.codes import yaml_files as yaml_codes
from cxmetrics.diagnostics import DID_YOU_MEAN, Diagnostic, Fix, Label, closest, report
from cxmetrics.load.overrides import Sections
from cxmetrics.load.yaml_nodes import Map
from cxmetrics.source import Key, Located, Span

BIND, SOURCES = Key("bind"), Key("sources")
NONE = "none"
_NAME = re.compile(r"[^\W\d]\w*\Z")
# What a column promises however it is made.
_OF_A_FORMULA = frozenset(("type", "unit", "scale", "values", "class", "description"))


@dataclass(frozen=True, slots=True)
class Bindings:
    """What the section `bind` of a file said: the sources that are bound, where it stands, and what is wrong."""

    bound: set[str] = field(default_factory=set)
    places: list[Span] = field(default_factory=list)
    found: list[Diagnostic] = field(default_factory=list)


def put_in_bindings(root: Map, below: Sections) -> tuple[Bindings, Sections]:
    """Take the section `bind` out of a file and put what it says of sources of the libraries `below` under `sources`.

    Also gives the definitions below without what `none` takes out of them.
    """
    said, under = Bindings(), {name: _copy(node) for name, node in below.items()}
    key = next((key for key in root if key == BIND), None)
    section = root.pop(BIND, None)
    if key is None or not isinstance(section, Map):
        if key is not None:
            said.found.append(report(yaml_codes.WRONG_SHAPE, key.span, expected="map", found="text"))
        return said, under
    said.places.append(key.span)
    key = next((key for key in root if key == SOURCES), None)
    sources = root[key] if key is not None else Map()
    if key is None:
        named = Key(SOURCES)
        named.written = Located(SOURCES, section.span.source, section.span.start, section.span.start)
        sources.place = section.span
        root[named] = sources
    for name, entry in section.items():
        said.bound.add(str(name))
        if isinstance(sources, Map):  # else that has to be mended first
            _put(sources, name, entry, under, said)
    return said, under


def unbound(below: Sequence[str], said: Sequence[Bindings], own: Collection[str]) -> Iterator[Diagnostic]:
    """Sources of libraries that a project which binds some neither binds nor defines itself (`own`)."""
    bound = {name for one in said for name in one.bound}
    left = [name for name in below if name not in bound and name not in own]
    place = next((place for one in said for place in one.places), None)
    if place is not None and left:
        yield report(codes.SOURCES_NOT_BOUND, place, names=", ".join(left), first=left[0])


def _copy(node: Map) -> Map:
    made = Map(node)
    made.place = node.place
    return made


def _put(sources: Map, name: Key, entry: object, below: Sections, said: Bindings) -> None:
    lower = below.get((SOURCES, name))
    if lower is None:
        known = [source for section, source in below if section == SOURCES]
        guess = closest(name, known)
        said.found.append(report(name_codes.UNKNOWN_SOURCE, name.span, help=DID_YOU_MEAN if guess else None,
                                 fix=Fix(name.span, guess) if guess else None, name=name, guess=guess or ""))
        return
    if name in sources:
        first = next(key for key in sources if key == name)
        said.found.append(report(yaml_codes.REPEATED_KEY, name.span, key=name,
                                 related=(Label(first.span, yaml_codes.FIRST_HERE),)))
        return
    if isinstance(entry, Located) and entry.value.strip() == NONE:
        made = _with(Map(), "read", entry)
        made.place = entry.span
    elif isinstance(entry, Map):
        made = _source(name, entry, lower, said)
    else:
        span = entry.span if isinstance(entry, Located) else name.span
        said.found.append(report(yaml_codes.WRONG_SHAPE, span, expected="map", found="text"))
        return
    sources[name] = made


def _source(name: Key, entry: Map, lower: Map, said: Bindings) -> Map:
    """A bound source as the override of the library's; keys that it has not are taken out of that."""
    made, columns = Map(), Map()
    made.place = columns.place = entry.span
    theirs = lower.get(Key("columns"))
    theirs = theirs if isinstance(theirs, Map) else Map()
    whole = True
    for key, node in entry.items():
        if key in ("columns", "own"):
            whole = isinstance(node, Map) and whole
            if not isinstance(node, Map):
                said.found.append(report(yaml_codes.WRONG_SHAPE, key.span, expected="map", found="text"))
            elif key == "own":
                columns |= _own(node, theirs, said)
            else:
                columns |= _columns(name, node, theirs, said)
        elif isinstance(node, Located) and node.value.strip() == NONE and key != "read":
            lower.pop(key, None)
        else:
            made[key] = node
    lower.pop(Key("flags"), None)  # doubts about the library's own table
    if columns:
        _with(made, "columns", columns)
    left = [str(column) for column, draft in theirs.items()
            if column not in columns and not (isinstance(draft, Map) and "formula" in draft)]
    if left and whole:
        said.found.append(report(codes.COLUMNS_NOT_BOUND, name.span, source=name, names=", ".join(left), first=left[0]))
    return made


def _columns(name: Key, written: Map, theirs: Map, said: Bindings) -> Map:
    """The columns of the library as they are made of ours."""
    made = Map()
    for column, meant in written.items():
        if column in theirs:
            made[column] = _column(meant, theirs[column])
            if isinstance(meant, Located) and meant.value.strip() == NONE:
                said.found.append(report(yaml_codes.WRONG_VALUE, meant.span, help=codes.NO_COLUMN, key=column,
                                         expected="a column of the table, or an expression", found=NONE))
        elif _is_other_way_round(column, meant, theirs, written):
            right = next(key for key in theirs if key == meant.value.strip())
            made[right] = theirs[right]
            said.found.append(report(name_codes.UNKNOWN_COLUMN, column.span, help=codes.OTHER_WAY_ROUND, source=name,
                                     name=column, theirs=right))
        else:
            guess = closest(column, theirs)
            if guess is not None and guess not in written:  # meant, and so not missing
                right = next(key for key in theirs if key == guess)
                made[right] = theirs[right]
            said.found.append(report(name_codes.UNKNOWN_COLUMN, column.span, help=DID_YOU_MEAN if guess else None,
                                     fix=Fix(column.span, guess) if guess else None, source=name, name=column,
                                     guess=guess or ""))
    return made


def _is_other_way_round(column: str, meant: object, theirs: Map, written: Map) -> bool:
    """Whether a column of the library stands on the right; not if it stands on the left, too, with a slip in it."""
    if not isinstance(meant, Located) or meant.value.strip() not in theirs:
        return False
    return closest(column, theirs) != meant.value.strip() or meant.value.strip() in written


def _own(written: Map, theirs: Map, said: Bindings) -> Map:
    """The columns of ours, none of which may have the name of one of the library's."""
    for column in written:
        if column in theirs:
            first = next(key for key in theirs if key == column)
            said.found.append(report(yaml_codes.REPEATED_KEY, column.span, key=column,
                                     related=(Label(first.span, yaml_codes.FIRST_HERE),)))
    return Map((column, node) for column, node in written.items() if column not in theirs)


def _column(meant: object, draft: object) -> object:
    """A column of the library as it is made of ours."""
    contract = draft if isinstance(draft, Map) else _with(Map(), "type", draft)
    contract = Map((key, node) for key, node in contract.items() if key != "scales")  # the past of the library's table
    if isinstance(meant, Map):
        made = Map((key, node) for key, node in contract.items() if key not in meant)
        made |= meant
        made.place = meant.span
        return made
    if not isinstance(meant, Located):
        return meant
    if _NAME.match(meant.value.strip()) and "formula" not in contract:
        made = _with(Map((key, node) for key, node in contract.items() if key != "column"), "column", meant)
    else:
        made = _with(Map((key, node) for key, node in contract.items() if key in _OF_A_FORMULA), "formula", meant)
    made.place = meant.span
    return made


def _with(made: Map, key: str, node: object) -> Map:
    """A map with one more key, which stands where its value does."""
    named = Key(key)
    span = node.span if isinstance(node, Map | Located) else None
    if span is not None:
        named.written = Located(key, span.source, span.start, span.start)
    made[named] = node
    return made
