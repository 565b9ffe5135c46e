"""What stands between the lines: the weight that a child comes to, and the unit of a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cxmetrics.ir import Indicator, Pyramid
from cxmetrics.load.yaml_nodes import Items, Map, read_nodes
from cxmetrics.lsp.asked import Asked
from cxmetrics.lsp.places import offset_of, position_of
from cxmetrics.lsp.wire import Json
from cxmetrics.source import Key, Located, Source

_TOPS = 2  # of which the share is told
_last: list[Any] = []  # a pyramid, and the shares in it


def hints(asked: Asked) -> list[Json] | None:
    """The hints of a range."""
    here = asked.here
    if here is None or here.project.stages is None:
        return None
    text, place = here.source.text, asked.params["range"]
    start, end = offset_of(text, place["start"]), offset_of(text, place["end"])
    return [_hint(text, at, label, about) for at, label, about in _of(
        here.source, here.project.stages.compiled.pyramid, asked) if start <= at <= end]


def _hint(text: str, offset: int, label: str, about: str) -> Json:
    return {"position": position_of(text, offset), "label": label, "paddingLeft": True, "tooltip": about}


def _of(source: Source, pyramid: Pyramid, asked: Asked) -> Iterator[tuple[int, str, str]]:
    root, _ = read_nodes(source)
    section = root.get(Key("indicators")) if isinstance(root, Map) else None
    todo = list(section.items()) if isinstance(section, Map) else []
    while todo:
        key, node = todo.pop()
        made = pyramid.indicators.get(str(key))
        if not isinstance(node, Map):
            continue
        children = node.get(Key("children"))
        todo += list(children.items()) if isinstance(children, Map) else []
        if made is not None:
            yield from _of_one(node, children, made, pyramid, asked)


def _of_one(node: Map, children: object, made: Indicator, pyramid: Pyramid,
            asked: Asked) -> Iterator[tuple[int, str, str]]:
    """The unit behind a formula that does not declare it; behind each child the share of the weight it has."""
    formula = node.get(Key("formula"))
    if isinstance(formula, Located) and Key("unit") not in node and str(made.unit) not in ("number", "unknown"):
        yield formula.span.end, str(made.unit), asked.said("unit of the value", "数值的单位")
    weights = {edge.child: edge.weight for edge in made.children} if made.weighted else {}
    tops = at_the_tops(pyramid)
    for key, child in _children(children):
        if key in weights:
            at, written = _weight(key, child)
            own = f"{weights[key] * 100:.3g}%"
            above = [f"{part * 100:.2g}% {top}" for top, part in tops.get(str(key), {}).items() if top != made.id]
            told = " · ".join([*([own] if written.strip() != own else []), *above[:_TOPS]])
            if told:
                yield at, told, asked.said("its part of the weight, and of the top", "在上级与顶层中的权重")


def at_the_tops(pyramid: Pyramid) -> Mapping[str, Mapping[str, float]]:
    """The share of each indicator in each that is part of no other, over all ways up; kept for the last pyramid."""
    if not _last or _last[0] is not pyramid:
        _last[:] = [pyramid, _shares(pyramid)]
    shares: Mapping[str, Mapping[str, float]] = _last[1]
    return shares


def _shares(pyramid: Pyramid) -> Mapping[str, Mapping[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for name in reversed(list(pyramid.indicators)):  # each stands after all it depends on
        one = pyramid.indicators[name]
        above = found.get(name) or {name: 1.0}
        for edge in one.children if one.weighted else ():
            into = found.setdefault(edge.child, {})
            for top, part in above.items():
                into[top] = into.get(top, 0.0) + part * edge.weight
    return found


def _children(node: object) -> Iterator[tuple[str | Key, object]]:
    if isinstance(node, Map):
        yield from node.items()
    elif isinstance(node, Items):
        yield from ((item.value, item) for item in node if isinstance(item, Located))


def _weight(key: str | Key, child: object) -> tuple[int, str]:
    """Where the weight of a child is written, or would be, and as what."""
    weight = child.get(Key("weight")) if isinstance(child, Map) else child
    if isinstance(weight, Located) and (weight.value or not isinstance(key, Key)):
        return weight.span.in_file().end, weight.value if isinstance(key, Key) else ""
    return (key.span.in_file().end if isinstance(key, Key) else 0), ""
