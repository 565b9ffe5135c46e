"""The pyramid laid out as lines: each indicator under its parents, drawn in full once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from cxmetrics.ir import Indicator, Merged, Pyramid
from cxmetrics.walks import references_in


@dataclass(frozen=True, slots=True)
class Branch:
    """One line of the tree.

    `weight`: share of the parent's weight; `at_root`: of the root's, along this path; both None where there is no
    weight (a root, or a part of a formula).  `bond`: how the parent holds it; None for a root.  `repeated`: drawn in
    full at an earlier line.  `last`: for this line and those it hangs from, whether it is the last one under its
    parent.
    """

    indicator: Indicator
    parent: str | None
    bond: str | None
    root: str
    depth: int
    weight: float | None
    at_root: float | None
    repeated: bool
    last: tuple[bool, ...]


def below(indicator: Indicator) -> tuple[tuple[str, float | None], ...]:
    """What an indicator is made of: its children with their weights, then the indicators its formula names."""
    named = tuple(dict.fromkeys(ref.indicator for ref in references_in(indicator.formula)))
    children = ((edge.child, edge.weight if indicator.weighted else None) for edge in indicator.children)
    return (*children, *((name, None) for name in named))


def bond(indicator: Indicator) -> str:
    """The word for how an indicator holds what has no weight in it."""
    return "pooled" if isinstance(indicator.combine, Merged) else "formula"


def parents(pyramid: Pyramid) -> Mapping[str, tuple[tuple[str, float | None], ...]]:
    """For each indicator what it is a part of, with the weights."""
    found: dict[str, list[tuple[str, float | None]]] = {name: [] for name in pyramid.indicators}
    for indicator in pyramid.indicators.values():
        for name, weight in below(indicator):
            found.setdefault(name, []).append((indicator.id, weight))
    return {name: tuple(above) for name, above in found.items()}


def roots(pyramid: Pyramid) -> tuple[Indicator, ...]:
    """Indicators that are part of no other, composites first, in the order of the files."""
    above = parents(pyramid)
    tops = [indicator for indicator in pyramid.indicators.values() if not above[indicator.id]]
    return tuple(sorted(tops, key=lambda top: (not top.children, *_place(top))))


def _place(indicator: Indicator) -> tuple[str, int]:
    span = indicator.span.in_file() if indicator.span else None
    return ("", 0) if span is None else (span.source.path, span.start)


def branches(pyramid: Pyramid, depth: int | None = None) -> Iterator[Branch]:
    """The lines of the tree, from the top, `depth` levels of it (all by default)."""
    drawn: set[str] = set()
    tops = roots(pyramid)
    todo = [Branch(top, None, None, top.id, 0, None, 1.0, repeated=False, last=()) for top in reversed(tops)]
    while todo:
        branch = todo.pop()
        if branch.indicator.id in drawn:
            yield replace(branch, repeated=True)
        else:
            drawn.add(branch.indicator.id)
            yield branch
            todo += reversed(list(_under(branch, pyramid)) if depth is None or branch.depth + 1 < depth else [])


def _under(branch: Branch, pyramid: Pyramid) -> Iterator[Branch]:
    parts = [(name, weight) for name, weight in below(branch.indicator) if name in pyramid.indicators]
    for i, (name, weight) in enumerate(parts):
        at_root = None if weight is None or branch.at_root is None else weight * branch.at_root
        yield Branch(pyramid.indicators[name], branch.indicator.id, bond(branch.indicator), branch.root,
                     branch.depth + 1, weight, at_root, repeated=False, last=(*branch.last, i == len(parts) - 1))


def weights_at_roots(pyramid: Pyramid, name: str) -> Mapping[str, float]:
    """The share of an indicator in each root above it, over all paths."""
    above = parents(pyramid)
    shares: dict[str, float] = {name: 1.0}
    order = list(pyramid.indicators)  # each stands after all it depends on
    for current in order[order.index(name):]:
        for parent, weight in above[current]:
            if current in shares and weight is not None:
                shares[parent] = shares.get(parent, 0.0) + shares[current] * weight
    tops = {top.id for top in roots(pyramid)}
    return {top: part for top, part in shares.items() if top in tops and top != name}
