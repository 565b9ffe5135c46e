"""Which values a run evaluates anew, and from which states: stored ones, and those of its own scans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from cxmetrics.calendars import DAY, days_before, stretch
from cxmetrics.calendars import start as period_start
from cxmetrics.evaluate import States, evaluate
from cxmetrics.evaluate.raking import Raking, solve
from cxmetrics.evaluate.silences import heard_until
from cxmetrics.evaluate.views import Delivered
from cxmetrics.evaluate.withholding import HIDING, unit_of
from cxmetrics.ir import GRAINS
from cxmetrics.plan import Days, Plan
from cxmetrics.run.need import Need
from cxmetrics.run.scanning import Done
from cxmetrics.run.stale import Day, Family, gaps
from cxmetrics.run.troubles import Troubles, marked
from cxmetrics.states import concat
from cxmetrics.store import Store
from cxmetrics.store.commits import ValuesChange


@dataclass(frozen=True, slots=True)
class Revaluation:
    """What the values of a run follow from; with `anew`, all are evaluated, whether states changed or not.

    `also`: the first day from which a source is in trouble that was not, or is no longer.  `rakings`: how the rows of
    the days evaluated were weighted, once they are.
    """

    plan: Plan
    store: Store
    needs: Mapping[str, Need]
    done: Mapping[str, Done]
    anew: bool
    troubles: Troubles
    also: Day | None
    rakings: list[Raking] = field(default_factory=list)

    def changes(self) -> Iterator[ValuesChange]:
        """The values of all periods whose states or definitions changed, and of all that follow them.

        A slice that is new on an old day counts 0 on all later ones.
        """
        changed = frozenset[Day]().union(*(one.changed for one in self.needs.values()))
        if not (self.anew or changed or self.also):
            return
        states = {source: self._states(source, own) for source, own in self.needs.items()}
        begins = [self._raked_since(name, _since(states[name], one.changed))
                  for name, one in self.needs.items() if one.changed]
        begins += [] if self.also is None else [self.also]
        first = None if self.anew or min(begins) == Day.min else min(begins)
        known = {name: (min(one.known), max(one.known)) for name, one in self.needs.items() if one.known}
        first, frame = self._evaluated(states, known, first)
        frame = marked(frame, self.plan, self.troubles)
        stored = self.store.periods()
        for grain in GRAINS:  # whatever is stored from there on is replaced, or gone
            begin = Day.min if first is None else period_start(first, grain, self.plan.project.calendar)
            shown = frame.filter(pl.col("grain") == grain)
            periods = frozenset(shown["period"]) | {each for each in stored.get(grain, ()) if each >= begin}
            if periods:
                yield ValuesChange(grain, periods, shown)

    def _raked_since(self, source: str, day: Day) -> Day:
        """The first day whose rows are weighted otherwise where those of a day have changed."""
        rake = self.plan.sources[source].rake
        return day if rake is None else stretch(day, rake.per, self.plan.project.calendar)[0]

    def _evaluated(self, states: States, known: Delivered, first: Day | None) -> tuple[Day | None, pl.DataFrame]:
        """The values from a day on; where some are hidden, of all that is hidden together with what has changed."""
        silent = {name: gaps(one.known) for name, one in self.needs.items()}
        weights = solve(self.plan, states)
        self.rakings.extend(each for each in weights.rakings if first is None or each.days[1] > first)
        unit = first if first is None else unit_of(self.plan, first)
        whole = None if unit == Day.min else unit
        if unit != first and self._hid(unit, first):  # known beforehand, so that nothing is evaluated twice
            first = unit = whole
        frame = evaluate(self.plan, states, known, _from(first), silent, weights)
        if unit == first or not frame["status"].is_in(HIDING).any():
            return first, frame
        return whole, evaluate(self.plan, states, known, _from(whole), silent, weights)

    def _hid(self, unit: Day | None, first: Day | None) -> bool:
        """Whether anything is hidden in what is stored of a unit of time before a day."""
        begin = unit if unit is None or unit == Day.min else days_before(unit, 7)
        return bool(self.store.values(first=begin, last=first)["status"].is_in(HIDING).any())

    def _states(self, source: str, own: Need) -> dict[Family, pl.DataFrame]:
        """All states that hold: those of this run, and those of the store that this run did not replace."""
        new = self.done.get(source)
        found: dict[Family, pl.DataFrame] = {}
        for family in own.families:
            parts = [self._stored(own, source, family, new), *([] if new is None else [new.frames[family]])]
            found[family] = concat(parts, len(family))
        return found

    def _stored(self, own: Need, source: str, family: Family, new: Done | None) -> pl.DataFrame:
        numbers = {self.plan.fingerprints[i]: i for i, p in enumerate(self.plan.partials) if p.source == source}
        if own.forget is None:
            return concat([], len(family))
        frame = self.store.states(source, family, numbers, Day.min, Day.max)
        if own.forget:
            frame = frame.filter(~pl.col("day").is_in(sorted(own.forget)))
        if new is not None:
            replaced = pl.col("day").is_in(sorted(new.task.days)) & pl.col("partial").is_in(sorted(new.task.partials))
            frame = frame.filter(~replaced)
        return frame


def _from(day: Day | None) -> Days | None:
    """All days from one on; None for all there are."""
    return None if day is None else (day, Day.max)


def _since(families: Mapping[Family, pl.DataFrame], changed: frozenset[Day]) -> Day:
    """The first day of which something may be said otherwise: a silence before a changed day may end, or begin."""
    heard = heard_until(families, min(changed))
    return min(changed) if heard is None else heard + DAY
