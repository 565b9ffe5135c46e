"""The states that hold after a run: those of its own scans, and those of the store that these do not replace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cxmetrics.backends.waiting import Waiting, joined, laid, waiting, whole
from cxmetrics.calendars import end
from cxmetrics.evaluate import Frames, States
from cxmetrics.evaluate.silences import heard_until
from cxmetrics.plan import Plan
from cxmetrics.run.need import Need
from cxmetrics.run.scanning import Done
from cxmetrics.run.stale import Day, Family
from cxmetrics.states import concat
from cxmetrics.store import Store

_TEXT = pl.Categorical()  # also where a source has told of nothing


@dataclass(frozen=True, slots=True)
class Holding:
    """What holds of each source: `needs` tells what is stored of it, `done` what was scanned."""

    plan: Plan
    store: Store
    needs: Mapping[str, Need]
    done: Mapping[str, Done]

    def states(self, since: Day, folder: Path | None = None) -> States:
        """The states of all days from one on; it is the first of a month, or of all time.

        With texts as categoricals, or in a folder of one's own, where they wait.
        """
        if folder is not None:
            return {source: {family: self._waiting(source, own, family, since, folder) for family in own.families}
                    for source, own in self.needs.items()}
        return {source: {family: concat(self._parts(source, own, family, since), len(family)).cast({"text": _TEXT})
                         for family in own.families} for source, own in self.needs.items()}

    def slices(self, before: Day) -> Frames:
        """Which slices there are in the months before a day, on which nothing has changed: see `Store.slices`."""
        return {source: self._slices(source, own, before) for source, own in self.needs.items()}

    def heard_until(self, source: str, day: Day) -> Day | None:
        """The last day before a day from which on a source has changed that has rows."""
        found = self._slices(source, self.needs[source], end(day.replace(day=1), "month"))
        return heard_until(found.values(), day)

    def _slices(self, source: str, own: Need, before: Day) -> dict[Family, pl.DataFrame]:
        if own.forget is None:
            return {}
        numbers = self._numbers(source)
        return {family: self.store.slices(source, family, numbers, before) for family in own.families}

    def _waiting(self, source: str, own: Need, family: Family, since: Day, folder: Path) -> Waiting:
        shape = concat([], len(family))
        parts = () if own.forget is None else self.store.states_by_month(
            source, family, self._numbers(source), since, Day.max)
        old = (self._kept(source, own, part).cast({"text": pl.String}) for part in parts)
        new = [] if source not in self.done else [waiting(self.done[source].frames[family], folder)]
        return joined([laid(old, shape, folder), *new], shape)

    def _parts(self, source: str, own: Need, family: Family, since: Day) -> list[pl.DataFrame]:
        new = self.done.get(source)
        parts = [] if new is None else [whole(new.frames[family]).cast({"text": _TEXT})]
        if own.forget is None:
            return parts
        frame = self.store.states(source, family, self._numbers(source), since, Day.max)
        return [self._kept(source, own, frame), *parts]

    def _kept(self, source: str, own: Need, frame: pl.DataFrame) -> pl.DataFrame:
        """Stored states, but for those that do not hold any more."""
        new = self.done.get(source)
        if gone := (own.forget or frozenset()) & own.stored:  # a day that comes for the first time takes nothing away
            frame = frame.filter(~pl.col("day").is_in(sorted(gone)))
        if new is not None and (days := new.task.days & own.stored):
            replaced = pl.col("day").is_in(sorted(days)) & pl.col("partial").is_in(sorted(new.task.partials))
            frame = frame.filter(~replaced)
        return frame

    def _numbers(self, source: str) -> dict[str, int]:
        """The partials of a source, by fingerprint."""
        return {self.plan.fingerprints[i]: i for i, p in enumerate(self.plan.partials) if p.source == source}
