"""What a run leaves behind for the next one to compare itself with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cxmetrics import __version__
from cxmetrics.calendars import DAY
from cxmetrics.plan import Plan
from cxmetrics.run.stale import Day, Family, days_between, intervals
from cxmetrics.store import Store

Memory = dict[str, object]
Families = Mapping[str, Sequence[Family]]


def memory(plan: Plan, families: Families) -> Memory:
    """All that values follow from besides states: where it differs, every value is evaluated anew.

    `families`: those of each source; where a file has brought or taken a column, the cuts a source can make differ.
    """
    project = plan.project
    shown = {name: [node.fingerprint, node.indicator.target, node.indicator.min_n, node.indicator.cuts,
                    node.indicator.grains, node.indicator.level, str(node.indicator.unit)]
             for name, node in plan.shown.items()}
    rules = [project.grains, project.cuts, project.min_n, dict(plan.least), project.confidence,
             project.replicates, repr(project.calendar)]
    found: Memory = json.loads(json.dumps({"version": __version__, "indicators": shown, "project": rules,
                                           "within": dict(plan.within), "families": dict(families)}))
    return found


def covered(known: Mapping[str, frozenset[Day]]) -> dict[str, list[tuple[str, str]]]:
    """The days of each source that the values of a run rest on, as half-open intervals: what a replay needs."""
    return {name: [(first.isoformat(), end.isoformat()) for first, end in intervals(days)]
            for name, days in known.items() if days}


def covered_by(left: Mapping[str, Any]) -> dict[str, frozenset[Day]]:
    """The days that the report of a run tells of."""
    spans = left.get("covered") or {}
    return {name: frozenset(day for first, end in listed
                            for day in days_between(Day.fromisoformat(first), Day.fromisoformat(end) - DAY))
            for name, listed in spans.items()}


def remembered(store: Store) -> Memory | None:
    """What the last run left; None where nothing can be made of it."""
    found = left_by_last(store).get("memory")
    return found if isinstance(found, dict) else None


def left_by_last(store: Store) -> dict[str, Any]:
    """The report of the last run; nothing where there is none that can be read."""
    try:
        left = json.loads(store.last_report() or "null")
    except ValueError:
        return {}
    return left if isinstance(left, dict) else {}


def families_of(known: Memory) -> dict[str, tuple[Family, ...]]:
    """The families of each source, as the last run found them."""
    found = known.get("families")
    return {name: tuple(tuple(family) for family in listed)
            for name, listed in (found.items() if isinstance(found, dict) else ())}
