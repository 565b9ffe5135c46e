"""The states of one cut, merged to the periods of each grain as they are asked for."""

from __future__ import annotations

import datetime as dt

import polars as pl

from cxmetrics.evaluate.daily import CODED, Daily, Runs
from cxmetrics.evaluate.unit_states import UnitsOfCut
from cxmetrics.ir import Grain
from cxmetrics.plan import Plan
from cxmetrics.states import merge, without_texts

_COARSER: dict[Grain, Grain] = {"quarter": "month", "year": "month"}  # made of these rather than of days


class Periods:
    """States merged to periods, of which `day` is the first."""

    __slots__ = ("_frame", "_sorted")

    def __init__(self, frame: pl.DataFrame) -> None:
        """Take states in any order."""
        self._frame, self._sorted = frame, False

    def between(self, first: dt.date, last: dt.date) -> pl.DataFrame:
        """Those of the periods from one to another, both of them; they are put in order where these are not all."""
        days = self._frame["day"]
        if self._frame.is_empty() or days.is_between(first, last).all():
            return self._frame
        if not self._sorted:
            self._frame, self._sorted = self._frame if days.is_sorted() else self._frame.sort("day"), True
            days = self._frame["day"]
        return self._frame[days.search_sorted(first, "left"):days.search_sorted(last, "right")]


class Sliced:
    """The states of a cut: day by day, by periods, and through windows."""

    __slots__ = ("_merged", "daily", "plan", "runs", "span", "units")

    def __init__(self, plan: Plan, daily: Daily, units: UnitsOfCut, span: tuple[int, int]) -> None:
        """Take states day by day, and those by units, which are not merged.

        `span`: of which slices, [low, high), states are there that can be evaluated.
        """
        self.plan, self.daily, self.units, self.span = plan, daily, units, span
        plain = self.daily.frame.filter(~pl.col("partial").is_in(list(plan.twins))) if plan.twins else self.daily.frame
        self._merged: dict[Grain, pl.DataFrame] = {"day": plain}
        self.runs = Runs(plan, _windowed(plan, self.daily.frame), span[1] - span[0])

    def by(self, grain: Grain) -> Periods:
        """States merged to the periods of a grain."""
        return Periods(without_texts(self._by(grain), self.plan))

    def _by(self, grain: Grain) -> pl.DataFrame:
        if grain not in self._merged:
            finer = self._by(_COARSER.get(grain, "day"))
            merged = merge(finer, self.plan, grain, CODED, CODED, self.plan.project.calendar)
            self._merged[grain] = merged.rename({"period": "day"})
        return self._merged[grain]


def _windowed(plan: Plan, frame: pl.DataFrame) -> pl.DataFrame:
    """The states of partials that are looked at through windows."""
    wanted = frozenset[int]().union(*(leaf.partials for leaf in plan.leaves if leaf.window))
    return frame.filter(pl.col("partial").is_in(sorted(wanted)))
