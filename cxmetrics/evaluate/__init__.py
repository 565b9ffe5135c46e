"""From states to values: merged to every grain and cut, the tree evaluated, evidence attached.

Raw rows roll up, never averages: each period and slice is evaluated from its own merged states.  Points are
evaluated in blocks, so that memory is bounded; a block never parts the slices that are scored against each other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import polars as pl

from cxmetrics.calendars import DAY, end, last, looked_at, periods, start
from cxmetrics.evaluate.carrying import lead
from cxmetrics.evaluate.daily import parted, slices_in
from cxmetrics.evaluate.leaves import LeafReader
from cxmetrics.evaluate.points import Grid
from cxmetrics.evaluate.raking import Weights, marked, solve, weighed
from cxmetrics.evaluate.reader import Reader
from cxmetrics.evaluate.roll import Roll, States
from cxmetrics.evaluate.scenes import Memory, Scene, evaluate_scene
from cxmetrics.evaluate.show import columns, show
from cxmetrics.evaluate.silences import with_silences
from cxmetrics.evaluate.sliced import Sliced
from cxmetrics.evaluate.views import Delivered, Gaps, Looked, view
from cxmetrics.evaluate.withholding import withhold
from cxmetrics.evaluate.work import Work, cuts, dimensions_of, unsplit, work_for, work_of
from cxmetrics.ir import GRAINS, Grain
from cxmetrics.plan import Days, Plan
from cxmetrics.windows import Window

__all__ = ["States", "drafted", "earliest", "evaluate", "reaching"]

CELLS_AT_ONCE = 20_000_000  # numbers held for a block of points
BYTES_A_CELL = 64  # of memory for each number held: the number, what it is made of, and what is made of it
STATE_WIDTH = 12  # numbers that a row of states takes while rows are joined and merged


def evaluate(plan: Plan, states: States, delivered: Delivered, between: Days | None = None,
             gaps: Gaps | None = None, weights: Weights | None = None) -> pl.DataFrame:
    """The table `values`: see `drafted`; what is to be withheld is."""
    reader, blocks = drafted(plan, states, delivered, between, gaps, weights)
    return withhold(reader, pl.concat([pl.DataFrame(schema=columns(reader.dimensions)), *blocks]))


def drafted(plan: Plan, states: States, delivered: Delivered, between: Days | None = None, gaps: Gaps | None = None,
            weights: Weights | None = None, before: States | None = None,
            memory: int | None = None) -> tuple[Reader, Iterator[pl.DataFrame]]:
    """A draft of the table `values`, of which nothing is withheld yet, and a reader of the states it was made from.

    One row an indicator, grain, period and slice; see `show.columns` for its columns.  It comes in blocks, each of one
    grain and cut and of all indicators at some points, as many as some of so many bytes of `memory` hold.

    `between` (half-open days) limits the periods to those it touches; states must then hold all days that these look
    at, and the period before the first, for `change`: see `reaching`.  A slice has rows from the first day of states
    that names it: so that a later day evaluated by itself gives the same rows, states must reach back to where the data
    begin, or `before` tell of the slices (`day`, `d0…`) that there were before them, and of the days with any.
    Sources that have delivered in a period but have no rows there count 0; others are missing, and so are periods
    that lie in one of their `gaps` or silences.  `weights`: of rows that are raked, if they do not follow from these
    states; these must hold all days that are raked together with one of them.
    """
    weights = weights or solve(plan, states)
    earlier = before or {}
    looked = Looked(delivered, with_silences(states, earlier, delivered, gaps or {}), weights.failed)
    cells = CELLS_AT_ONCE if memory is None else max(min(CELLS_AT_ONCE, memory // BYTES_A_CELL), 1)
    asked = _Evaluation(plan, *Roll.of(weighed(plan, states, weights)), looked, between, earlier, cells)
    blocks = (marked(block, plan, weights, asked.dimensions)
              for cut in cuts(plan) for block in _evaluate_cut(asked, cut))
    return Reader(plan, states, _spans(looked), cuts(plan)), blocks


# --- one cut, grain by grain and block by block ------------------------------------------------------------------


class _Evaluation:
    """What is asked, and the states of cuts merged once."""

    __slots__ = ("_before", "_sliced", "between", "cells", "dimensions", "looked", "plan", "states", "units")

    def __init__(self, plan: Plan, states: States, roll: Roll, looked: Looked, between: Days | None,
                 before: States, cells: int) -> None:
        self.plan, self.looked, self.between, self._before, self.cells = plan, looked, between, before, cells
        self.states, self.units = parted(plan, states, roll)
        self.dimensions = dimensions_of(cuts(plan))
        self._sliced: dict[Days | None, Sliced] = {}

    def sliced(self, cut: tuple[str, ...], days: Days | None) -> Sliced:
        """The states of a cut on some days, the last included; the total is asked for by other cuts too."""
        if cut:
            return Sliced(self.plan, self.states, self.units, cut, days, slices_in(self._before, cut))
        if days not in self._sliced:
            self._sliced[days] = Sliced(self.plan, self.states, self.units, cut, days)
        return self._sliced[days]


@dataclass(frozen=True, slots=True)
class _Listed:
    """The periods of a grain: those `shown`, and the `unseen` before them; from the day `lead` on something is seen."""

    shown: list[dt.date]
    unseen: list[dt.date]
    lead: dt.date


def _evaluate_cut(asked: _Evaluation, cut: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    plan = asked.plan
    works = {grain: work for grain in GRAINS if (work := work_of(plan, grain, cut)).shown}
    listed = {grain: found for grain, work in works.items() if (found := _listed(asked, grain, work)) is not None}
    if not listed:
        return
    days = None if asked.between is None else (
        min(earliest(works[grain].windows, found.lead, grain, plan) for grain, found in listed.items()),
        max(last(found.shown[-1], grain) for grain, found in listed.items()))
    sliced = asked.sliced(cut, days)
    for grain, found in listed.items():
        whole = unsplit(works[grain], sliced.daily.able) if cut else frozenset[str]()
        total = _reader(asked, asked.sliced((), days), work_for(plan, whole), grain) if whole else None
        yield from _evaluate_grain(_reader(asked, sliced, works[grain], grain), total, found, asked)


def _reader(asked: _Evaluation, sliced: Sliced, work: Work, grain: Grain) -> LeafReader:
    return LeafReader(asked.plan, sliced, sliced.by(grain), work, grain, asked.looked)


def _listed(asked: _Evaluation, grain: Grain, work: Work) -> _Listed | None:
    """The periods of a grain, and those before the first for the change and what is carried on; None without any."""
    calendar, spans = asked.plan.project.calendar, _spans(asked.looked)
    shown = periods(spans, grain, calendar, asked.between)
    if not shown:
        return None
    earlier = lead(shown[0], work.reach, grain, calendar)
    unseen = [] if asked.between is None or earlier is None else periods(spans, grain, calendar, (earlier, shown[0]))
    return _Listed(shown, unseen, earlier or dt.date.min)


def earliest(windows: Sequence[Window], first: dt.date, grain: Grain, plan: Plan) -> dt.date:
    """The first day that anything looks at from a period on."""
    days = first, end(first, grain)
    return min([first, *(looked_at(window, days, grain, plan.project.calendar)[0] for window in windows)])


def reaching(plan: Plan, day: dt.date) -> dt.date:
    """The first day that anything looks at which is evaluated from a day on."""
    calendar, found = plan.project.calendar, [day]
    for grain, cut in product(GRAINS, cuts(plan)):
        work, first = work_of(plan, grain, cut), start(day, grain, calendar)
        if work.shown:
            found.append(earliest(work.windows, lead(first, work.reach, grain, calendar) or dt.date.min, grain, plan))
    return min(found)


def _spans(looked: Looked) -> list[tuple[dt.date, dt.date]]:
    """The days on which there may be something to say."""
    spans: list[tuple[dt.date, dt.date]] = []
    for source, (first, final) in looked.delivered.items():
        missed = looked.gaps.get(source, ())
        spans.extend(zip((first, *(high for _, high in missed)), (*(low - DAY for low, _ in missed), final),
                         strict=True))
    return spans


def _evaluate_grain(reader: LeafReader, total: LeafReader | None, listed: _Listed,
                    asked: _Evaluation) -> Iterator[pl.DataFrame]:
    every = [*listed.unseen, *listed.shown]
    groups, width = max(reader.groups, total.groups if total else 0), reader.work.width
    window = _window_width(reader, every[-1])
    least = max(asked.cells // (width * (1 + groups) + window), 1)  # of which all replicates can be held
    slices = list(reader.sliced.daily.slices)
    part = len(slices) if reader.work.pooled else min(len(slices), least)
    for low in range(0, len(slices), max(part, 1)):
        chosen = tuple(slices[low:low + part])
        each = max(asked.cells // (width + window) // len(chosen), 1)
        memory = Memory(groups, len(reader.work.shown), len(chosen), max(least // len(chosen), 1))
        for first in range(0, len(every), each):
            grid = Grid(reader.sliced.daily.cut, tuple(every[first:first + each]), chosen)
            above = None if total is None else Scene.of(total, Grid((), grid.periods, ((),)), 0)
            field = evaluate_scene(Scene.of(reader, grid, low), above, memory)
            shown = show(field, list(reader.work.shown), memory.past)
            memory.past = shown.change.past
            yield shown.table(asked.dimensions, listed.shown[0])


def _window_width(reader: LeafReader, period: dt.date) -> int:
    """How many numbers a point takes for the states of the longest window."""
    grid, calendar = Grid((), (period,), ((),)), reader.plan.project.calendar
    looked = [view(window, grid, reader.grain, calendar).days[0] for window in reader.work.windows if window]
    since = min((first for first, _ in reader.looked.delivered.values()), default=period)
    longest = max(((high - max(low, since)).days for low, high in looked), default=0)
    return STATE_WIDTH * reader.sliced.runs.rows(max(longest, 0))
