"""A tree over indicators: ten children each, floor by floor, up to one; and what it comes to, by plain arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.definitions import Kind

WIDTH = 10
# The values that give the scores 0 and 100; in between it is linear.
ANCHORS: Mapping[Kind, tuple[float, float]] = {"count": (0, 1_000_000), "mean": (5000, 0), "share": (0, 1)}


@dataclass(frozen=True, slots=True)
class Composite:
    """The mean of its children's scores by weight."""

    id: str
    children: tuple[tuple[str, int], ...]


def composites(leaves: Sequence[str]) -> tuple[Composite, ...]:
    """All that stand over the leaves, the lowest floor first and the top last."""
    made, below, floor = list[Composite](), list(leaves), 0
    while len(below) > 1:
        floor += 1
        groups = [below[start:start + WIDTH] for start in range(0, len(below), WIDTH)]
        own = [Composite(f"floor_{floor}_{number:03d}", tuple((child, i % 5 + 1) for i, child in enumerate(group)))
               for number, group in enumerate(groups)]
        made += own
        below = [node.id for node in own]
    return tuple(made)


def score(kind: Kind, value: float) -> float:
    """From 0 to 100."""
    worst, best = ANCHORS[kind]
    return min(max((value - worst) / (best - worst), 0.0), 1.0) * 100


def climbed(leaves: Sequence[str], scores: Mapping[str, float]) -> dict[str, float]:
    """The values of all composites over leaves with these scores; those over a leaf without one are left out."""
    every = dict(scores)
    for node in composites(leaves):
        if all(child in every for child, _ in node.children):
            every[node.id] = sum(every[child] * weight for child, weight in node.children) / sum(
                weight for _, weight in node.children)
    return {name: value for name, value in every.items() if name not in scores}
