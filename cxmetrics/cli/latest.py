"""The values of the whole pyramid that a store holds, of one period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cxmetrics.ir import GRAINS, Grain, Project
from cxmetrics.plan import Plan


@dataclass(frozen=True, slots=True)
class Latest:
    """Rows of the table `values` by indicator, all of one period; `period` is None where there is none."""

    grain: Grain
    period: dt.date | None = None
    rows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    year_start: int = 1


def usual_grain(project: Project) -> Grain:
    """The month, if the project has it, else its coarsest grain."""
    return "month" if "month" in project.grains else max(project.grains, key=GRAINS.index)


def latest(root: Path, plan: Plan, names: Collection[str] | None = None, *, grain: Grain | None = None,
           period: dt.date | None = None) -> Latest:
    """The values in total of the period that `period` is in, of the last one by default.

    A row that other definitions produced has the status `stale`.  Raises `Fault` (CX8xx) for a store that is damaged.
    """
    from cxmetrics.store import Store

    chosen = grain or usual_grain(plan.project)
    folder = root / plan.project.store
    opened = Store.committed(folder) if (folder / "ledger.sqlite").exists() else None
    if opened is None:
        return Latest(chosen)
    with opened as store:
        wanted = None if names is None else sorted(names)
        if period is None:
            frame = store.values(grain=chosen, cut=(), indicators=wanted)
        else:
            first = _start(period, chosen, plan.project)
            frame = store.values(grain=chosen, cut=(), indicators=wanted, first=first, last=first + dt.timedelta(1))
    rows = [_judged(row, plan) for row in frame.iter_rows(named=True) if row["indicator"] in plan.nodes]
    newest = max((row["period"] for row in rows), default=None)
    return Latest(chosen, newest, {row["indicator"]: row for row in rows if row["period"] == newest},
                  plan.project.calendar.year_start)


def _judged(row: dict[str, Any], plan: Plan) -> dict[str, Any]:
    same = row.get("definition") == plan.nodes[row["indicator"]].fingerprint
    return row if same else row | {"status": "stale"}


def _start(day: dt.date, grain: Grain, project: Project) -> dt.date:
    from cxmetrics.calendars import start

    return start(day, grain, project.calendar)
