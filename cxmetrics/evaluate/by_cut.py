"""One cut after another: its states merged once, evaluated grain by grain and block by block.

Points are evaluated in blocks, so that memory is bounded; a block never parts the slices that are scored against each
other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl

from cxmetrics.budgets import Budget
from cxmetrics.calendars import DAY, end, last, looked_at, periods
from cxmetrics.evaluate.carrying import lead
from cxmetrics.evaluate.daily import NO_STATES, Daily, Surveys, able, merging, slices_in
from cxmetrics.evaluate.leaves import LeafReader
from cxmetrics.evaluate.points import Grid
from cxmetrics.evaluate.portions import Portions
from cxmetrics.evaluate.roll import Frames, States
from cxmetrics.evaluate.scenes import Memory, Scene, evaluate_scene
from cxmetrics.evaluate.show import show
from cxmetrics.evaluate.sliced import Sliced
from cxmetrics.evaluate.unit_states import UnitStates
from cxmetrics.evaluate.views import Looked, view
from cxmetrics.evaluate.work import Work, cuts, dimensions_of, unsplit, work_for, work_of
from cxmetrics.ir import GRAINS, Grain
from cxmetrics.plan import Days, Plan
from cxmetrics.windows import Window

STATE_WIDTH = 12  # numbers that a row of states takes while rows are joined and merged


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What values are evaluated from: states and those by units, see `parted`, and the slices there were `before`.

    `between`: days whose periods are asked for, or None for all; `cells`: numbers held for a block of points.
    """

    plan: Plan
    states: States
    units: UnitStates
    looked: Looked
    between: Days | None
    before: Frames
    cells: int
    budget: Budget | None = None
    _totals: dict[Days | None, Sliced] = field(default_factory=dict)
    _surveys: Surveys = field(default_factory=Surveys)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Those of all cuts."""
        return dimensions_of(cuts(self.plan))

    @property
    def rows(self) -> int:
        """How many states there are."""
        return self.units.rows + sum(frame.height for families in self.states.values() for frame in families.values())

    def total(self, days: Days | None) -> Sliced:
        """The states of the total on some days, the last included; they are asked for by other cuts too."""
        if days not in self._totals:
            self._totals[days] = next(self._portions((), days, None))
        return self._totals[days]

    def sliced(self, cut: tuple[str, ...], days: Days | None, *, apart: bool) -> Iterator[Sliced]:
        """The states of a cut on some days, the last included: of all slices, or where they stand apart, of some."""
        return self._portions(cut, days, self.budget if apart else None) if cut else iter([self.total(days)])

    def _portions(self, cut: tuple[str, ...], days: Days | None, budget: Budget | None) -> Iterator[Sliced]:
        beside = [*self.units.slices(cut), *slices_in(self.before, cut)] if cut else []
        slices, frames = merging(self.plan, self.states, cut, days, beside, self._surveys)
        units = self.units.of(cut, slices, days)

        def portion(parts: Iterable[pl.DataFrame], span: tuple[int, int]) -> Sliced:
            frame = pl.concat([*parts] or [NO_STATES])
            return Sliced(self.plan, Daily(cut, frame, able(self.plan, self.states, cut), slices), units, span)

        if budget is None:
            yield portion(frames, (0, len(slices)))
            return
        waiting = Portions.of(frames, len(slices), budget.folder)
        for span in waiting.spans(budget.states):
            yield portion(waiting.taken(*span), span)
        waiting.drop()


@dataclass(frozen=True, slots=True)
class _Listed:
    """The periods of a grain: those `shown`, and the `unseen` before them; from the day `lead` on something is seen."""

    shown: list[dt.date]
    unseen: list[dt.date]
    lead: dt.date


def evaluate_cut(asked: Evaluation, cut: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    """The drafts of the values of a cut, as many at a time as there is room for."""
    plan = asked.plan
    works = {grain: work for grain in GRAINS if (work := work_of(plan, grain, cut)).shown}
    listed = {grain: found for grain, work in works.items() if (found := _listed(asked, grain, work)) is not None}
    if not listed:
        return
    days = None if asked.between is None else (
        min(earliest(works[grain].windows, found.lead, grain, plan) for grain, found in listed.items()),
        max(last(found.shown[-1], grain) for grain, found in listed.items()))
    for sliced in asked.sliced(cut, days, apart=_apart(plan, works.values())):
        for grain, found in listed.items():
            whole = unsplit(works[grain], sliced.daily.able) if cut else frozenset[str]()
            total = _reader(asked, asked.total(days), work_for(plan, whole), grain) if whole else None
            yield from _evaluate_grain(_reader(asked, sliced, works[grain], grain), total, found, asked)


def _apart(plan: Plan, works: Iterable[Work]) -> bool:
    """Whether what comes out of a slice hangs on no states of others, but for those by units."""
    through = frozenset[int]().union(*(leaf.partials for leaf in plan.leaves if leaf.window)) & plan.twins.keys()
    return not (through or any(partial.at for partial in plan.partials) or any(work.pooled for work in works))


def _reader(asked: Evaluation, sliced: Sliced, work: Work, grain: Grain) -> LeafReader:
    return LeafReader(asked.plan, sliced, sliced.by(grain), work, grain, asked.looked)


def _listed(asked: Evaluation, grain: Grain, work: Work) -> _Listed | None:
    """The periods of a grain, and those before the first for the change and what is carried on; None without any."""
    calendar, spans = asked.plan.project.calendar, spans_of(asked.looked)
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


def spans_of(looked: Looked) -> list[tuple[dt.date, dt.date]]:
    """The days on which there may be something to say."""
    spans: list[tuple[dt.date, dt.date]] = []
    for source, (first, final) in looked.delivered.items():
        missed = looked.gaps.get(source, ())
        spans.extend(zip((first, *(high for _, high in missed)), (*(low - DAY for low, _ in missed), final),
                         strict=True))
    return spans


def _evaluate_grain(reader: LeafReader, total: LeafReader | None, listed: _Listed,
                    asked: Evaluation) -> Iterator[pl.DataFrame]:
    every = [*listed.unseen, *listed.shown]
    groups, width = max(reader.groups, total.groups if total else 0), reader.work.width
    window = _window_width(reader, every[-1])
    least = max(asked.cells // (width * (1 + groups) + window), 1)  # of which all replicates can be held
    slices, (begin, after) = list(reader.sliced.daily.slices), reader.sliced.span
    part = max(after - begin if reader.work.pooled else min(after - begin, least), 1)
    for low in range(begin, after, part):
        chosen = tuple(slices[low:min(low + part, after)])
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
