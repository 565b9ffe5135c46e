"""What a run has to compute: the days of each source whose states are not in the store, or no longer true."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from cxmetrics.fuse import held_in
from cxmetrics.plan import Days, Plan
from cxmetrics.store.commits import InputFile

LOOKUP = "lookup "  # begins the reading of a file that gives dimensions to rows of any day
Day = dt.date
Family = tuple[str, ...]
_ONE = dt.timedelta(days=1)
_NO_DAY: frozenset[Day] = frozenset()


@dataclass(frozen=True, slots=True)
class Task:
    """One scan to be made: the partials wanted and the days, for which the result is the whole truth.

    `everything` is set where the days are all the source has, so that nothing has to be filtered.
    """

    source: str
    partials: frozenset[int]
    days: frozenset[Day]
    everything: bool

    @property
    def intervals(self) -> tuple[Days, ...] | None:
        """The days as half-open intervals; None for all."""
        return None if self.everything else tuple(intervals(self.days))


def intervals(days: Iterable[Day]) -> list[Days]:
    """Days as half-open intervals, in order."""
    result: list[Days] = []
    for day in sorted(days):
        if result and result[-1][1] == day:
            result[-1] = (result[-1][0], day + _ONE)
        else:
            result.append((day, day + _ONE))
    return result


def gaps(days: frozenset[Day]) -> list[Days]:
    """The intervals, half-open, that are missing between the first and the last of some days."""
    found = intervals(days)
    return [(low[1], high[0]) for low, high in pairwise(found)]


def told_as(first: Day | None, last: Day | None) -> str:
    """Days from the first to the last as one reads them; None: without an end on that side."""
    return f"{first}" if first == last else "..".join("" if end is None else f"{end}" for end in (first, last))


def days_between(first: Day, last: Day) -> frozenset[Day]:
    """The days from `first` to `last`, both of them."""
    return frozenset(first + _ONE * i for i in range((last - first).days + 1))


def delivered(files: Mapping[str, InputFile]) -> Days | None:
    """The first and the last day of rows in a source's files, both in it; None where there is no row."""
    firsts = [file.first for file in files.values() if file.first is not None]
    lasts = [file.last for file in files.values() if file.last is not None]
    return (min(firsts), max(lasts)) if firsts and lasts else None


def changed(before: Mapping[str, InputFile], now: Mapping[str, InputFile]) -> frozenset[str]:
    """The files that came, went or changed."""
    return frozenset(path for path in before.keys() | now.keys() if not _same(before.get(path), now.get(path)))


def stale_days(before: Mapping[str, InputFile], now: Mapping[str, InputFile], ahead: float = 0,
               shared: Callable[[frozenset[str]], frozenset[Day] | None] = lambda _: _NO_DAY) -> frozenset[Day] | None:
    """The days whose stored states are no longer true, because a file came, went or changed; None: all of them.

    A lookup is asked on every day.  `ahead`: how many days after its own a row's conditions look at.  `shared`: the
    days, beside their own, of which files that changed may change what becomes of a row; None: of all.
    """
    paths = changed(before, now)
    files = [file for path in paths for file in (before.get(path), now.get(path)) if file is not None]
    if not files:
        return frozenset()
    if math.isinf(ahead) or any(file.reading.startswith(LOOKUP) for file in files):
        return None
    others = shared(paths)
    if others is None:
        return None
    spans = [(file.first, file.last) for file in files if file.first is not None and file.last is not None]
    spans += [(first, end - _ONE) for first, end in intervals(others)]
    return frozenset(day for first, last in spans for day in days_between(_before(first, ahead), last))


def _before(day: Day, ahead: float) -> Day:
    return Day.fromordinal(max(day.toordinal() - int(ahead), 1))


def _same(before: InputFile | None, now: InputFile | None) -> bool:
    return before is not None and before.holds_what(now)


def tasks(plan: Plan, source: str, families: Collection[Family], *, has: Mapping[tuple[Family, str], frozenset[Day]],
          stale: frozenset[Day] | None, wanted: frozenset[Day], everything: frozenset[Day]) -> list[Task]:
    """The scan of a source that makes the states of all `wanted` days true: nothing, or one task."""
    missing: set[Day] = set()
    partials: set[int] = set()
    for index, partial in enumerate(plan.partials):
        if partial.source != source:
            continue
        for family in held_in(plan, index, families):
            stored = has.get((family, plan.fingerprints[index]), frozenset())
            valid = frozenset() if stale is None else stored - stale
            lacking = wanted - valid
            if lacking:
                partials.add(index)
                missing |= lacking
    if not missing:
        return []
    return [Task(source, frozenset(partials), frozenset(missing), everything=missing >= everything)]
