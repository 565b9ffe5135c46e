"""What an indicator is made of, down to the columns of sources, and what uses it, up to the top: as a graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cxmetrics.cli.branches import bond
from cxmetrics.cli.describe import promises
from cxmetrics.cli.figures import share
from cxmetrics.cli.lineage import written
from cxmetrics.cli.session import Session
from cxmetrics.cli.terminal import ink
from cxmetrics.ir import Indicator, Origin, Pyramid, columns_in
from cxmetrics.render.wording import visible
from cxmetrics.tables import place_of
from cxmetrics.walks import aggregates_in, references_in

Kind = Literal["indicator", "column", "source"]
Side = Literal["above", "self", "below"]
Way = Literal["child", "formula", "pooled", "reads", "keeps", "weighs", "derives", "looks_up", "in"]


@dataclass(frozen=True, slots=True)
class Part:
    """A node: `id` is that of an indicator, `source.column` of a column, or the place that a source reads.

    `side`: above the indicator asked about, below it, or itself.
    """

    id: str
    kind: Kind
    title: str
    side: Side
    level: str | None = None
    unit: str | None = None
    formula: str | None = None
    privacy: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """From what is made to what it is made of; `weight`: the share of the parent's, where it has one."""

    parent: str
    part: str
    way: Way
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class Ancestry:
    """All there is to an indicator, each part once; links in the order of the definitions."""

    indicator: str
    parts: Mapping[str, Part]
    links: tuple[Link, ...]

    def below(self, name: str) -> tuple[Link, ...]:
        """What a part is made of."""
        return tuple(link for link in self.links if link.parent == name)

    def above(self, name: str) -> tuple[Link, ...]:
        """What a part is used by."""
        return tuple(link for link in self.links if link.part == name)


def ancestry(pyramid: Pyramid, name: str, session: Session) -> Ancestry:
    """The graph of an indicator, titles in the language of the session."""
    parts: dict[str, Part] = {}
    links: dict[tuple[str, str, Way], Link] = {}
    held = {one.id: tuple(_made_of(one)) for one in pyramid.indicators.values()}
    up = _reached(name, lambda one: [link.parent for listed in held.values() for link in listed if link.part == one])
    down = _reached(name, lambda one: [link.part for link in held.get(one, ())])
    for one in [each for each in reversed(tuple(pyramid.indicators)) if each in up or each in down]:
        side: Side = "self" if one == name else "above" if one in up else "below"
        indicator = pyramid.indicators[one]
        parts[one] = Part(one, "indicator", session.title(indicator.title, one), side, indicator.level,
                          str(indicator.unit), " ".join((indicator.formula_text or "").split()) or None)
    for one in [each for each in pyramid.indicators if each in parts]:
        seen = up if parts[one].side == "above" else down
        links |= {(link.parent, link.part, link.way): link for link in held[one] if link.part in seen}
    for one in [each for each in parts if each in down]:
        for link in _columns(pyramid.indicators[one], pyramid.sources):
            _with_column(link, pyramid.sources, parts, links)
    return Ancestry(name, parts, tuple(links.values()))


def _reached(name: str, following: Callable[[str], Sequence[str]]) -> set[str]:
    found, todo = {name}, [name]
    while todo:
        new = [one for one in following(todo.pop()) if one not in found]
        found.update(new)
        todo += new
    return found


def _made_of(indicator: Indicator) -> Iterator[Link]:
    """The indicators that one is made of, under any of its versions; weights are of the last."""
    weights = {edge.child: edge.weight for edge in indicator.children} if indicator.weighted else {}
    seen = set[str]()
    for era in (indicator, *indicator.eras):
        named = [(edge.child, True) for edge in era.children]
        named += [(ref.indicator, False) for ref in references_in(era.formula)]
        for child, is_child in named:
            if child not in seen:
                seen.add(child)
                way: Way = "child" if is_child and era.weighted else "pooled" if bond(era) == "pooled" else "formula"
                yield Link(indicator.id, child, way, weights.get(child))


def _columns(indicator: Indicator, sources: Mapping[str, Origin]) -> Iterator[Link]:
    """The columns that the formulas of an indicator look at, and those by which its sources choose and weigh rows."""
    for era in (indicator, *indicator.eras):
        for aggregate in aggregates_in(era.formula):
            looked_at = [column for expr in (*aggregate.args, aggregate.where) for column in columns_in(expr)]
            for column in looked_at:
                yield Link(indicator.id, f"{column.source}.{column.name}", "reads")
            for source in dict.fromkeys((aggregate.source, *(column.source for column in looked_at))):
                origin = sources[source]
                if origin.weight is not None:
                    yield Link(indicator.id, f"{source}.{origin.weight}", "weighs")
                for column in columns_in(origin.keep):
                    yield Link(indicator.id, f"{source}.{column.name}", "keeps")
                if not looked_at and origin.keep is None:
                    yield Link(indicator.id, place_of(origin), "in")


def _with_column(link: Link, sources: Mapping[str, Origin], parts: dict[str, Part],
                 links: dict[tuple[str, str, Way], Link]) -> None:
    """Take in a column with all that it comes from, down to what its source reads."""
    todo = [link]
    while todo:
        link = todo.pop(0)
        key = link.parent, link.part, link.way
        if key in links or (link.way in ("keeps", "weighs") and (link.parent, link.part, "reads") in links):
            continue
        links[key] = link
        if link.way == "in":
            parts.setdefault(link.part, Part(link.part, "source", link.part, "below"))
        elif link.part not in parts:
            source, _, column = link.part.partition(".")
            parts[link.part], more = _column(sources[source], column)
            todo += more


def _column(origin: Origin, name: str) -> tuple[Part, list[Link]]:
    """A column, and what it comes from: other columns, a table that it is looked up in, or the file itself."""
    own, spec = f"{origin.id}.{name}", origin.columns.get(name)
    if spec is None:
        return Part(own, "column", own, "below"), [Link(own, place_of(origin), "in")]
    formula = None if spec.formula is None else written(spec.formula)
    part = Part(own, "column", own, "below", None, spec.type, formula, spec.privacy)
    if spec.formula is not None:
        names = dict.fromkeys(column.name for column in columns_in(spec.formula))
        return part, [Link(own, f"{origin.id}.{one}", "derives") for one in names]
    if spec.lookup is not None:
        lookup = next(one for one in origin.lookups if one.id == spec.lookup)
        found = [Link(own, place_of(lookup), "in")]
        return part, found + ([] if lookup.on is None else [Link(own, f"{origin.id}.{lookup.on}", "looks_up")])
    return part, [Link(own, place_of(origin), "in")]


# --- for programs ------------------------------------------------------------------------------------------------


def as_record(found: Ancestry) -> dict[str, object]:
    """The graph as JSON has it."""
    return {"indicator": found.indicator,
            "nodes": [{"id": one.id, "kind": one.kind, "title": one.title, "side": one.side, "level": one.level,
                       "unit" if one.kind == "indicator" else "type": one.unit, "formula": one.formula,
                       "class": one.privacy} for one in found.parts.values()],
            "edges": [{"from": link.parent, "to": link.part, "kind": link.way, "weight": link.weight}
                      for link in found.links]}


# --- for people --------------------------------------------------------------------------------------------------


def told(found: Ancestry, pyramid: Pyramid, session: Session, *, colour: bool, signs: bool) -> Iterator[str]:
    """Two trees, up to the top and down to the columns, and what is known of the sources."""
    own = found.parts[found.indicator]
    yield f"{ink(visible(own.title), 'strong', colour=colour)}  {ink(own.id, 'dim', colour=colour)}"
    for heading, upward in (("lineage.used_by", True), ("lineage.made_of", False)):
        lines = list(_tree(found, found.indicator, (), set(), session, upward=upward, signs=signs))
        if lines:
            yield ""
            yield ink(session.say(heading), "cyan", colour=colour)
            yield from lines
    sources = {part.partition(".")[0] for part, one in found.parts.items() if one.kind == "column"}
    places = {part for part, one in found.parts.items() if one.kind == "source"}
    yield ""
    yield ink(session.say("fact.rows"), "cyan", colour=colour)
    for name, origin in pyramid.sources.items():
        if name in sources or (place_of(origin) in places and not origin.columns):
            yield visible(f"{name}: {place_of(origin)}")
            yield from (visible(f"  {line}") for line in promises(origin, frozenset(), session))


def _tree(found: Ancestry, name: str, last: tuple[bool, ...], drawn: set[str], session: Session, *, upward: bool,
          signs: bool) -> Iterator[str]:
    links = found.above(name) if upward else tuple(link for link in found.below(name) if link.way != "in")
    for place, link in enumerate(links):
        other = link.parent if upward else link.part
        ends = (*last, place == len(links) - 1)
        more = found.above(other) if upward else [each for each in found.below(other) if each.way != "in"]
        mark = f" {'↑' if signs else '^'}" if other in drawn and more else ""
        yield visible(_trunk(ends, signs=signs) + _line(found.parts[other], link, session) + mark)
        if other not in drawn:
            drawn.add(other)
            yield from _tree(found, other, ends, drawn, session, upward=upward, signs=signs)


def _line(part: Part, link: Link, session: Session) -> str:
    if part.kind == "indicator":
        how = share(link.weight) if link.weight is not None else session.term("lineage", link.way)
        return f"{part.title}  {part.id}  {how}"
    notes = [session.term("type", part.unit or ""), *([f"= {part.formula}"] if part.formula else []),
             *([part.privacy] if part.privacy else []),
             *([session.term("lineage", link.way)] if link.way in ("keeps", "weighs", "looks_up") else [])]
    return f"{part.id}  {session.say('comma').join(note for note in notes if note)}".rstrip()


def _trunk(last: tuple[bool, ...], *, signs: bool) -> str:
    through, corner, tee = ("│  ", "└─ ", "├─ ") if signs else ("|  ", "`- ", "|- ")
    *above, own = last
    return "".join("   " if ended else through for ended in above) + (corner if own else tee)
