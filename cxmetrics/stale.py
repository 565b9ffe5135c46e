"""What a run has to compute: the days of each source whose states are not in the store, or no longer true."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cxmetrics.backends.cells import Backend, Request, Table
from cxmetrics.bind import Bound
from cxmetrics.commits import InputFile
from cxmetrics.ir import Origin
from cxmetrics.plan import Days, Plan, Scan

Day = dt.date
Family = tuple[str, ...]
_ONE = dt.timedelta(days=1)
Open = Callable[[Path], Table]


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


def days_between(first: Day, last: Day) -> frozenset[Day]:
    """The days from `first` to `last`, both of them."""
    return frozenset(first + _ONE * i for i in range((last - first).days + 1))


def extents(bound: Bound, known: Mapping[str, InputFile], root: Path, zone: str, backend: Backend,
            open_file: Open) -> dict[str, InputFile]:
    """The files of a source with the days of the rows in each; files that look as before are not read again."""
    result: dict[str, InputFile] = {}
    for path, seen in bound.files.items():
        before = known.get(path)
        if before is not None and (before.size, before.mtime_ns) == (seen.size, seen.mtime_ns):
            result[path] = before
            continue
        if isinstance(bound.origin.time, dt.date):
            result[path] = InputFile(seen.size, seen.mtime_ns, bound.origin.time, bound.origin.time, 0)
            continue
        scan = Scan(_time_only(bound.origin, bound.origin.time), ())
        census = backend.cells(Request(scan, open_file(root / path), {}, zone)).census
        result[path] = InputFile(seen.size, seen.mtime_ns, census.first, census.last, census.read)
    return result


def _time_only(origin: Origin, time: str) -> Origin:
    return replace(origin, columns={time: origin.columns[time]}, bindings=(), keep=None, unique=None, received=None,
                   entity=None, on_bad="reject")


def delivered(files: Mapping[str, InputFile]) -> Days | None:
    """The first and the last day of rows in a source's files, both in it; None where there is no row."""
    firsts = [file.first for file in files.values() if file.first is not None]
    lasts = [file.last for file in files.values() if file.last is not None]
    return (min(firsts), max(lasts)) if firsts and lasts else None


def stale_days(origin: Origin, before: Mapping[str, InputFile], now: Mapping[str, InputFile]) -> frozenset[Day] | None:
    """The days whose stored states are no longer true, because a file came, went or changed; None: all of them.

    Where rows are deduplicated, a new row can take the place of one of any other day.
    """
    changed = [file for path in before.keys() | now.keys() if before.get(path) != now.get(path)
               for file in (before.get(path), now.get(path)) if file is not None]
    if changed and origin.unique is not None:
        return None
    return frozenset(day for file in changed if file.first is not None and file.last is not None
                     for day in days_between(file.first, file.last))


def tasks(plan: Plan, source: str, families: Collection[Family], *, has: Mapping[tuple[Family, str], frozenset[Day]],
          stale: frozenset[Day] | None, wanted: frozenset[Day], everything: frozenset[Day]) -> list[Task]:
    """The scan of a source that makes the states of all `wanted` days true: nothing, or one task."""
    missing: set[Day] = set()
    partials: set[int] = set()
    for index, partial in enumerate(plan.partials):
        if partial.source != source:
            continue
        for family in families:
            stored = has.get((family, plan.fingerprints[index]), frozenset())
            valid = frozenset() if stale is None else stored - stale
            lacking = wanted - valid
            if lacking:
                partials.add(index)
                missing |= lacking
    if not missing:
        return []
    return [Task(source, frozenset(partials), frozenset(missing), everything=missing >= everything)]
