"""From states to values: merged to every grain and cut, the tree evaluated, evidence attached.

Raw rows roll up, never averages: each period and slice is evaluated from its own merged states.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import polars as pl

from cxmetrics.budgets import Budget
from cxmetrics.calendars import start
from cxmetrics.evaluate.by_cut import Evaluation, earliest, spans_of
from cxmetrics.evaluate.carrying import lead
from cxmetrics.evaluate.daily import parted
from cxmetrics.evaluate.raking import Weights, marked, solve, weighed
from cxmetrics.evaluate.reader import Reader
from cxmetrics.evaluate.roll import Frames, Roll, States
from cxmetrics.evaluate.shared import drafts
from cxmetrics.evaluate.show import columns
from cxmetrics.evaluate.silences import with_silences
from cxmetrics.evaluate.views import Delivered, Gaps, Looked
from cxmetrics.evaluate.withholding import withhold
from cxmetrics.evaluate.work import cuts, work_of
from cxmetrics.ir import GRAINS
from cxmetrics.plan import Days, Plan

__all__ = ["Frames", "States", "drafted", "earliest", "evaluate", "reaching"]

CELLS_AT_ONCE = 20_000_000  # numbers held for a block of points


def evaluate(plan: Plan, states: States, delivered: Delivered, between: Days | None = None,
             gaps: Gaps | None = None, weights: Weights | None = None, scratch: Path | None = None) -> pl.DataFrame:
    """The table `values`: see `drafted`; what is to be withheld is."""
    reader, blocks = drafted(plan, states, delivered, between, gaps, weights, scratch=scratch)
    return withhold(reader, pl.concat([pl.DataFrame(schema=columns(reader.dimensions)), *blocks]))


def drafted(plan: Plan, states: States, delivered: Delivered, between: Days | None = None, gaps: Gaps | None = None,
            weights: Weights | None = None, before: Frames | None = None,
            scratch: Path | None = None, budget: Budget | None = None) -> tuple[Reader, Iterator[pl.DataFrame]]:
    """A draft of the table `values`, of which nothing is withheld yet, and a reader of the states it was made from.

    One row an indicator, grain, period and slice; see `show.columns` for its columns.  It comes in blocks, each of one
    grain and cut and of all indicators at some points, as many as a `budget` allows.

    `between` (half-open days) limits the periods to those it touches; states must then hold all days that these look
    at, and the period before the first, for `change`: see `reaching`.  A slice has rows from the first day of states
    that names it: so that a later day evaluated by itself gives the same rows, states must reach back to where the data
    begin, or `before` tell of the slices (`day`, `d0…`) that there were before them, and of the days with any.
    Sources that have delivered in a period but have no rows there count 0; others are missing, and so are periods
    that lie in one of their `gaps` or silences.  `weights`: of rows that are raked, if they do not follow from these
    states; these must hold all days that are raked together with one of them.  With a folder of one's own, `scratch`,
    several processes share what is much, unless there is a budget, of which each would need some.
    """
    weights = weights or solve(plan, states)
    earlier = before or {}
    looked = Looked(delivered, with_silences(states, earlier, delivered, gaps or {}), weights.failed)
    cells = CELLS_AT_ONCE if budget is None else min(CELLS_AT_ONCE, budget.numbers)
    parts = parted(plan, *Roll.of(weighed(plan, states, weights)))
    asked = Evaluation(plan, *parts, looked, between, earlier, cells, budget)
    blocks = (marked(block, plan, weights, asked.dimensions)
              for block in drafts(asked, scratch if budget is None else None))
    return Reader(plan, states, spans_of(looked), cuts(plan)), blocks


def reaching(plan: Plan, day: dt.date) -> dt.date:
    """The first day that anything looks at which is evaluated from a day on."""
    calendar, found = plan.project.calendar, [day]
    for grain, cut in product(GRAINS, cuts(plan)):
        work, first = work_of(plan, grain, cut), start(day, grain, calendar)
        if work.shown:
            found.append(earliest(work.windows, lead(first, work.reach, grain, calendar) or dt.date.min, grain, plan))
    return min(found)
