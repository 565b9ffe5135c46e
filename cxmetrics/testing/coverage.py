"""Which indicators the tests reach."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cxmetrics.check.declared_tests import MetricTest
from cxmetrics.plan import Plan


@dataclass(frozen=True, slots=True)
class Coverage:
    """The indicators that are expected themselves, those reached through others above them, and those not reached.

    A test reaches what the indicators it expects are made of, as far down as it gives rows for.
    """

    expected: tuple[str, ...]
    through: tuple[str, ...]
    unreached: tuple[str, ...]

    @property
    def share(self) -> float:
        """The share of indicators that are reached; of none, all are."""
        reached = len(self.expected) + len(self.through)
        return reached / (reached + len(self.unreached)) if reached or self.unreached else 1.0


def coverage(plan: Plan, tests: Iterable[MetricTest]) -> Coverage:
    """What some tests reach of a plan, in its order."""
    expected, reached = set[str](), set[str]()
    for test in tests:
        given = frozenset(test.given)
        own = {one.indicator for one in test.expected}
        expected |= own
        todo = [below for name in own for below in plan.nodes[name].made_of]
        seen = set(own)
        while todo:
            name = todo.pop()
            if name not in seen and plan.nodes[name].sources & given:
                seen.add(name)
                todo += plan.nodes[name].made_of
        reached |= seen
    names = list(plan.shown)
    return Coverage(tuple(name for name in names if name in expected),
                    tuple(name for name in names if name in reached - expected),
                    tuple(name for name in names if name not in reached | expected))
