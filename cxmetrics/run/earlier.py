"""What is stored of the days before those that a run evaluates, and may be withheld otherwise because of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from cxmetrics.calendars import start
from cxmetrics.evaluate.withholding import beside
from cxmetrics.ir import GRAINS, Grain
from cxmetrics.plan import Plan
from cxmetrics.run.stale import Day
from cxmetrics.store import Store


@dataclass(frozen=True, slots=True)
class Earlier:
    """Values of earlier periods as they are stored, and in the same order as they were drafted.

    `since`: the first day of the unit of time; what begins before it is only looked at.
    """

    values: pl.DataFrame = field(default_factory=pl.DataFrame)
    drafts: pl.DataFrame = field(default_factory=pl.DataFrame)
    since: Mapping[Grain, Day] = field(default_factory=dict)

    @staticmethod
    def of(plan: Plan, store: Store, unit: Day, first: Day) -> Earlier:
        """Those of a unit of time before a day."""
        calendar = plan.project.calendar
        found = [store.drafts(grain, start(beside(plan, unit), grain, calendar), start(first, grain, calendar))
                 for grain in GRAINS]
        values, drafts = (pl.concat(each, how="diagonal") for each in zip(*found, strict=True))
        return Earlier(values, drafts, {grain: start(unit, grain, calendar) for grain in GRAINS})

    def with_(self, later: pl.DataFrame) -> pl.DataFrame:
        """The drafts of all periods, these first, with the columns of the later ones."""
        if self.drafts.is_empty():
            return later
        return pl.concat([self.drafts, later], how="diagonal").select(later.columns)

    def changed(self, values: pl.DataFrame) -> frozenset[tuple[Grain, Day]]:
        """The periods of which something is told otherwise in these `values`, which stand in the same order."""
        if self.values.is_empty():
            return frozenset()
        found = _otherwise(self.values, values).select("grain", "period").unique()
        return frozenset((grain, period) for grain, period in found.iter_rows() if period >= self.since[grain])


def drafts_of(drafts: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """The drafts of which something is told otherwise in the values, which stand in the same order."""
    return _otherwise(drafts, values)


def _otherwise(rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """The rows that are not as the others are, which stand in the same order and have all of their columns."""
    differ = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"~{name}")) for name in rows.columns)
    both = pl.concat([rows, others.select(pl.all().name.prefix("~"))], how="horizontal")
    return both.filter(differ).select(rows.columns)
