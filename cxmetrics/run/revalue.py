"""Which values a run evaluates anew, and from which states: stored ones, and those of its own scans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from cxmetrics.calendars import DAY, stretch
from cxmetrics.calendars import start as period_start
from cxmetrics.evaluate import States, drafted
from cxmetrics.evaluate.raking import Raking, solve
from cxmetrics.evaluate.silences import heard_until
from cxmetrics.evaluate.views import Delivered
from cxmetrics.evaluate.withholding import unit_of, withhold
from cxmetrics.ir import GRAINS
from cxmetrics.plan import Plan
from cxmetrics.run.earlier import Earlier, drafts_of
from cxmetrics.run.need import Need
from cxmetrics.run.scanning import Done
from cxmetrics.run.stale import Day, Family, gaps
from cxmetrics.run.troubles import Troubles, marked
from cxmetrics.states import concat
from cxmetrics.store import Store
from cxmetrics.store.commits import ValuesChange


@dataclass(frozen=True, slots=True)
class _Evaluated:
    """Values, those of `earlier` periods first, and their drafts in the same order; evaluated from the day `first`."""

    first: Day | None
    earlier: Earlier
    drafts: pl.DataFrame
    values: pl.DataFrame


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
        found = self._evaluated(states, known, first)
        values = marked(found.values, self.plan, self.troubles)
        drafts, stored, again = drafts_of(found.drafts, values), self.store.periods(), found.earlier.changed(values)
        for grain in GRAINS:  # whatever is stored from there on is replaced, or gone
            begin = Day.min if found.first is None else period_start(found.first, grain, self.plan.project.calendar)
            new = values.filter(pl.col("grain") == grain, pl.col("period") >= begin)["period"]
            periods = frozenset(new) | {each for each in stored.get(grain, ()) if each >= begin}
            periods |= {period for other, period in again if other == grain}
            here = (pl.col("grain") == grain) & pl.col("period").is_in(sorted(periods))
            if periods:
                yield ValuesChange(grain, periods, values.filter(here), drafts.filter(here))

    def _raked_since(self, source: str, day: Day) -> Day:
        """The first day whose rows are weighted otherwise where those of a day have changed."""
        rake = self.plan.sources[source].rake
        return day if rake is None else stretch(day, rake.per, self.plan.project.calendar)[0]

    def _evaluated(self, states: States, known: Delivered, first: Day | None) -> _Evaluated:
        """The values from a day on, and of all that is hidden together with what has changed."""
        silent = {name: gaps(one.known) for name, one in self.needs.items()}
        weights = solve(self.plan, states)
        self.rakings.extend(each for each in weights.rakings if first is None or each.days[1] > first)
        first, earlier = self._begin(first)
        reader, drafts = drafted(self.plan, states, known, None if first is None else (first, Day.max), silent, weights)
        every = earlier.with_(drafts)
        return _Evaluated(first, earlier, every, withhold(reader, every))

    def _begin(self, first: Day | None) -> tuple[Day | None, Earlier]:
        """The day to evaluate from, and what is stored of the unit of time before it."""
        unit = first if first is None else unit_of(self.plan, first)
        if first is None or unit is None or unit == first:
            return first, Earlier()
        ordered = [before for before in self.store.freezes()["before"] if before is not None]
        if ordered and max(ordered) > unit:  # what is published is not what was drafted last
            return None if unit == Day.min else unit, Earlier()
        return first, Earlier.of(self.plan, self.store, unit, first)

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


def _since(families: Mapping[Family, pl.DataFrame], changed: frozenset[Day]) -> Day:
    """The first day of which something may be said otherwise: a silence before a changed day may end, or begin."""
    heard = heard_until(families, min(changed))
    return min(changed) if heard is None else heard + DAY
