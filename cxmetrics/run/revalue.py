"""Which values a run evaluates anew, and from which states: stored ones, and those of its own scans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

import polars as pl

from cxmetrics.budgets import Budget
from cxmetrics.calendars import DAY, stretch
from cxmetrics.calendars import start as period_start
from cxmetrics.disclosure import Memo
from cxmetrics.evaluate import drafted, reaching
from cxmetrics.evaluate.raking import Raking, solve
from cxmetrics.evaluate.show import columns
from cxmetrics.evaluate.views import Delivered
from cxmetrics.evaluate.withholding import Withholding, beside, resting, unit_of, withholding
from cxmetrics.ir import GRAINS, Grain
from cxmetrics.plan import Plan
from cxmetrics.run.earlier import Earlier, drafts_of
from cxmetrics.run.holding import Holding
from cxmetrics.run.need import Need
from cxmetrics.run.scanning import Done
from cxmetrics.run.spill import ROOM, Room, Spill
from cxmetrics.run.stale import Day, gaps
from cxmetrics.run.troubles import Troubles, marked
from cxmetrics.store import Store
from cxmetrics.store.commits import ValuesChange


@dataclass(frozen=True, slots=True)
class _Evaluated:
    """Values told anew from the day `first`, and the drafts of those of which something is told otherwise.

    `again`: earlier periods of which something is told otherwise than it was.
    """

    first: Day | None
    values: Spill
    drafts: Spill
    again: frozenset[tuple[Grain, Day]]


@dataclass(frozen=True, slots=True)
class Revaluation:
    """What the values of a run follow from; with `anew`, all are evaluated, whether states changed or not.

    `also`: the first day from which a source is in trouble that was not, or is no longer.  `rakings`: how the rows of
    the days evaluated were weighted, once they are; `memo`: what was found to be hidden.  `scratch`: where values wait
    that do not fit in memory; with a `budget`, states do, too.
    """

    plan: Plan
    store: Store
    needs: Mapping[str, Need]
    done: Mapping[str, Done]
    anew: bool
    troubles: Troubles
    also: Day | None
    scratch: Path
    budget: Budget | None
    rakings: list[Raking] = field(default_factory=list)
    memo: Memo = field(default_factory=Memo)

    @property
    def holding(self) -> Holding:
        """The states that values follow from."""
        return Holding(self.plan, self.store, self.needs, self.done)

    def changes(self) -> Iterator[ValuesChange]:
        """The values of all periods whose states or definitions changed, and of all that follow them.

        A slice that is new on an old day counts 0 on all later ones.
        """
        changed = frozenset[Day]().union(*(one.changed for one in self.needs.values()))
        if not (self.anew or changed or self.also):
            return
        begins = [self._since(name, min(one.changed)) for name, one in self.needs.items() if one.changed]
        begins += [] if self.also is None else [self.also]
        first = None if self.anew or min(begins) == Day.min else min(begins)
        known = {name: (min(one.known), max(one.known)) for name, one in self.needs.items() if one.known}
        found, stored = self._evaluated(known, first), self.store.periods()
        nothing = pl.LazyFrame(schema=columns(()))
        for grain in GRAINS:  # whatever is stored from there on is replaced, or gone
            begin = Day.min if found.first is None else period_start(found.first, grain, self.plan.project.calendar)
            periods = {each for each in (*found.values.periods[grain], *stored.get(grain, ())) if each >= begin}
            periods |= {period for other, period in found.again if other == grain}
            if periods:
                here = pl.col("period").is_in(sorted(periods))
                values, drafts = (spill.rows(grain) for spill in (found.values, found.drafts))
                yield ValuesChange(grain, frozenset(periods), nothing if values is None else values.filter(here),
                                   None if drafts is None else drafts.filter(here))

    def _since(self, source: str, changed: Day) -> Day:
        """The first day of which something may be said otherwise where rows from a day on have changed.

        A silence before it may end, or begin, and rows that are raked together with its own have other weights.
        """
        heard, rake = self.holding.heard_until(source, changed), self.plan.sources[source].rake
        first = changed if heard is None else heard + DAY
        return first if rake is None else stretch(first, rake.per, self.plan.project.calendar)[0]

    def _evaluated(self, known: Delivered, first: Day | None) -> _Evaluated:
        """The values from a day on, and of all that is hidden together with what has changed."""
        silent = {name: gaps(one.known) for name, one in self.needs.items()}
        told, begin, earlier = self._begin(first)
        aside = None if self.budget is None else self.budget.folder
        since = Day.min if first is None or begin is None else self._looked_at(first, begin).replace(day=1)
        states, before = self.holding.states(since, aside), self.holding.slices(since)
        weights = solve(self.plan, states)
        self.rakings.extend(each for each in weights.rakings if first is None or each.days[1] > first)
        room = Room(self.scratch, ROOM if self.budget is None else self.budget.waiting)
        drafts, between = Spill(room), None if begin is None else (begin, Day.max)
        reader, blocks = drafted(self.plan, states, known, between, silent, weights, before, self.scratch,
                                 self.budget)
        for block in blocks:
            drafts.add(block)
        ahead = earlier.with_(pl.DataFrame(schema=columns(reader.dimensions)))
        hidden = withholding(replace(reader, memo=self.memo), chain([ahead], drafts.blocks()))
        if hidden is None and not self.troubles and ahead.is_empty():
            return _Evaluated(told, drafts, Spill(room), frozenset())
        values, otherwise = Spill(room), Spill(room)
        again = self._told(ahead, hidden, values, otherwise)
        for block in drafts.drained():
            self._told(block, hidden, values, otherwise)
        return _Evaluated(told, values, otherwise, earlier.changed(again))

    def _told(self, block: pl.DataFrame, hidden: Withholding | None, values: Spill, otherwise: Spill) -> pl.DataFrame:
        """What may be read of a draft; it is added to `values`, and what is told otherwise to the others."""
        shown = marked(block if hidden is None else hidden.without(block), self.plan, self.troubles)
        otherwise.add(drafts_of(block, shown))
        values.add(shown)
        return shown

    def _looked_at(self, first: Day, begin: Day) -> Day:
        """The first day whose states are looked at where rows are others from `first` on; values, from `begin`."""
        unit, calendar = unit_of(self.plan, first), self.plan.project.calendar
        since = min(reaching(self.plan, min(begin, unit)), resting(self.plan, unit))
        rakes = [origin.rake for origin in self.plan.sources.values() if origin.rake is not None]
        while (earlier := min((stretch(since, rake.per, calendar)[0] for rake in rakes), default=since)) < since:
            since = earlier
        return since

    def _begin(self, first: Day | None) -> tuple[Day | None, Day | None, Earlier]:
        """The days from which values are told anew and evaluated, and what is stored of the unit of time before.

        What was published and is frozen is not what was drafted last: then all that is asked of is evaluated.
        """
        unit = first if first is None else unit_of(self.plan, first)
        if first is None or unit is None or unit == first:
            return first, first, Earlier()
        ordered, asked = self.store.freezes()["before"].drop_nulls(), beside(self.plan, unit)
        if any(before > asked for before in ordered):
            return (None, None, Earlier()) if unit == Day.min else (unit, asked, Earlier())
        return first, first, Earlier.of(self.plan, self.store, unit, first)
