"""What composites are made of in the end: the leaves below them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cxmetrics.ir import Edge, Indicator


def leaves_below(edges: Sequence[Edge], indicators: Mapping[str, Indicator]) -> tuple[Edge, ...]:
    """What composites are made of in the end, with effective weights: the product along edges, summed over all paths.

    Factors are leaves, and so is what has no weights within: rows counted together, and formulas.  In time linear
    in what is below.
    """
    order: dict[str, tuple[Edge, ...]] = {}
    todo = [(edge.child, False) for edge in reversed(edges)]
    while todo:
        name, done = todo.pop()
        below = indicators[name].children if name in indicators and indicators[name].weighted else ()
        if done:
            order.setdefault(name, below)
        elif name not in order:
            todo += [(name, True), *((edge.child, False) for edge in reversed(below))]
    weights: dict[str, float] = dict.fromkeys(order, 0.0)
    spans = {edge.child: edge.span for edge in edges}
    for edge in edges:
        weights[edge.child] += edge.weight
    for name, below in reversed(order.items()):
        for edge in below:
            weights[edge.child] += weights[name] * edge.weight
            spans.setdefault(edge.child, edge.span)
    return tuple(Edge(name, weights[name], spans[name]) for name, below in order.items() if not below)


def composites_below(edges: Sequence[Edge], indicators: Mapping[str, Indicator]) -> Iterator[Indicator]:
    """The composites that stand between an indicator and the leaves below it, each once."""
    seen: set[str] = set()
    todo = [edge.child for edge in edges]
    while todo:
        name = todo.pop()
        if name in indicators and name not in seen and indicators[name].weighted:
            seen.add(name)
            yield indicators[name]
            todo += [edge.child for edge in indicators[name].children]
