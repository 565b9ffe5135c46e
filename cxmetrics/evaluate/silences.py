"""Silences: long stretches without a row, in which a source is not taken to have delivered.

A device whose clock stands at 1970 would else make its source deliver nothing, day by day, for half a century.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from cxmetrics.backends.waiting import Rows, counts_of
from cxmetrics.calendars import DAY
from cxmetrics.evaluate.views import Delivered, Gaps
from cxmetrics.plan import Days

LONGEST = 366  # days without a row that still count as days on which nothing happened
Families = Mapping[tuple[str, ...], Rows]


def with_silences(states: Mapping[str, Families], before: Mapping[str, Families], delivered: Delivered,
                  gaps: Gaps) -> Gaps:
    """The gaps of each source, silences among them; `before`: of days before those of the states."""
    return {source: _united([*gaps.get(source, ()), *_silences(_rows(source, states, before), *ends)])
            for source, ends in delivered.items()}


def _rows(source: str, *every: Mapping[str, Families]) -> list[Rows]:
    return [rows for each in every for rows in each.get(source, {}).values()]


def heard_until(every: Iterable[Rows], before: dt.date) -> dt.date | None:
    """The last day before a day on which a source has rows, by the `day` of some."""
    return max((day for rows in every for day in counts_of(rows) if day < before), default=None)


def _silences(every: Iterable[Rows], first: dt.date, final: dt.date) -> list[Days]:
    if (final - first).days <= LONGEST:
        return []
    heard = {first, final}.union(*map(counts_of, every))
    return [(low + DAY, high) for low, high in pairwise(sorted(heard)) if (high - low).days > LONGEST]


def _united(gaps: Sequence[Days]) -> list[Days]:
    """Intervals that overlap or touch, as one."""
    result: list[Days] = []
    for low, high in sorted(gaps):
        if result and low <= result[-1][1]:
            result[-1] = (result[-1][0], max(high, result[-1][1]))
        else:
            result.append((low, high))
    return result
