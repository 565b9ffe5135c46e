"""The values of the whole pyramid that a store holds, of one period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxmetrics.calendars import end, start, usual
from cxmetrics.ir import Grain
from cxmetrics.plan import Plan

if TYPE_CHECKING:
    from cxmetrics.store import Store


@dataclass(frozen=True, slots=True)
class Latest:
    """Rows of the table `values` by indicator, all of one period; `period` is None where there is none."""

    grain: Grain
    period: dt.date | None = None
    rows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    year_start: int = 1
    concordance: tuple[float, int] | None = None  # with what it is triangulated, and over how many periods


def latest(root: Path, plan: Plan, names: Collection[str] | None = None, *, grain: Grain | None = None,
           period: dt.date | None = None, as_of: str | None = None, pair: tuple[str, str] | None = None) -> Latest:
    """The values in total of the period that `period` is in, of the last one by default; `as_of`: as known then.
    `pair`: two indicators whose values are to be compared over all periods.

    A row that other definitions produced has the status `stale`, unless it is frozen or of an earlier time.  Raises
    `Fault` (CX8xx) for a store that is damaged, CX752 and CX753 for a time of which nothing is known.
    """
    chosen = grain or usual(plan.project.grains)
    opened = _opened(root, plan, as_of)
    if opened is None:
        return Latest(chosen)
    with opened as store:
        frozen = store.frozen_before()
        wanted = None if names is None else sorted(names)
        if period is None:
            frame = store.values(grain=chosen, cut=(), indicators=wanted)
        else:
            first = start(period, chosen, plan.project.calendar)
            frame = store.values(grain=chosen, cut=(), indicators=wanted, first=first, last=first + dt.timedelta(1))
    then = None if as_of is None else dt.date.max
    rows = [_judged(row, plan, then or frozen) for row in frame.iter_rows(named=True)
            if row["indicator"] in plan.nodes]
    newest = max((row["period"] for row in rows), default=None)
    return Latest(chosen, newest, {row["indicator"]: row for row in rows if row["period"] == newest},
                  plan.project.calendar.year_start, None if pair is None else _concordance(rows, pair))


def _concordance(rows: Sequence[Mapping[str, Any]], pair: tuple[str, str]) -> tuple[float, int]:
    from cxmetrics.evaluate.triangulation import concordance

    return concordance(rows, *pair)


def _opened(root: Path, plan: Plan, as_of: str | None) -> Store | None:
    from cxmetrics.store.folder import store_in
    from cxmetrics.store.moments import moment
    from cxmetrics.store.whose import committed, opened

    folder = store_in(root, plan.project.store)
    if as_of is not None:
        return opened(folder, plan.project, as_of=moment(as_of, plan.project.time_zone))
    return committed(folder, plan.project) if (folder / "ledger.sqlite").exists() else None


def _judged(row: dict[str, Any], plan: Plan, fixed: dt.date | None) -> dict[str, Any]:
    """`fixed`: periods that end before this day are meant to be as they are."""
    same = row.get("definition") == plan.nodes[row["indicator"]].fingerprint
    same |= fixed is not None and end(row["period"], row["grain"]) <= fixed
    return row if same else row | {"status": "stale"}
