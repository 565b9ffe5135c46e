"""Changes from the period before, with their intervals and verdicts.

Where groups of units are left out the interval is that of the jackknife, in which those who answered in both periods
are pairs.  Rows that are nobody's are draws by themselves, and so are two periods of them, unless both look at the
same days through a window.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxmetrics.calendars import before
from cxmetrics.evaluate.comparing import Estimate, compared
from cxmetrics.evaluate.peers import Field, estimates
from cxmetrics.evaluate.points import Grid
from cxmetrics.ir import Grain
from cxmetrics.plan import Plan, lone_leaf
from cxmetrics.statistics.arrays import Array, Flags, batched, quiet
from cxmetrics.statistics.comparisons import moved
from cxmetrics.statistics.distributions import t_quantile
from cxmetrics.statistics.intervals import upper

MOVES = ("down", "not shown", "up")


@dataclass(frozen=True, slots=True)
class Past:
    """What the last period of a block leaves for the next: [nodes, slices] each."""

    grid: Grid
    seen: Array
    estimates: Estimate


@dataclass(frozen=True, slots=True)
class Change:
    """Changes of nodes [nodes, points], NaN where there is none; `moved`: index into `MOVES`, −1 for none."""

    value: Array
    low: Array
    high: Array
    moved: NDArray[np.int8]
    past: Past


@quiet
def changes(field: Field, rows: Sequence[int], seen: Array, earlier: Past | None) -> Change:
    """How nodes changed that are seen so; `earlier`: what the block of periods before has left."""
    grid, plan, width = field.grid, field.plan, len(field.grid.slices)
    follows = _follows(plan, field.grain, grid, earlier)
    kinds = _by_kind(field, rows)
    now = _estimates(field, rows, kinds, seen.shape)
    past = Past(grid, seen[:, -width:], Estimate(*(each[:, -width:] for each in (now.value, now.error, now.n))))

    def then(current: Array, last: Array | None) -> Array:
        first = np.full((len(current), width), np.nan) if last is None else last
        return np.where(follows, np.concatenate([first, current], axis=1)[:, :current.shape[1]], np.nan)

    difference = seen - then(seen, None if earlier is None else earlier.seen)
    half = np.where(field.change_df > 0, t_quantile(field.change_df, upper(plan.project.confidence)), np.nan)
    low, high = (difference + side * half * field.change_error for side in (-1, 1))
    before_ = Estimate(*(then(each, last) for each, last in zip(
        (now.value, now.error, now.n), _parts(None if earlier is None else earlier.estimates), strict=True)))
    for kind, listed in kinds.items():
        for places in batched(listed, grid.points):
            found = compared(kind, now.of(places), before_.of(places), plan.project.confidence)
            low[places] = np.where(np.isnan(found.low), low[places], found.low)
            high[places] = np.where(np.isnan(found.high), high[places], found.high)
    absent = np.isnan(difference)
    low, high = np.where(absent, np.nan, low), np.where(absent, np.nan, high)
    verdict = np.nan_to_num(moved(low, high), nan=-2.0) + 1
    return Change(difference, low, high, verdict.astype(np.int8), past)


def _parts(estimates: Estimate | None) -> tuple[Array | None, Array | None, Array | None]:
    return (None, None, None) if estimates is None else (estimates.value, estimates.error, estimates.n)


def _follows(plan: Plan, grain: Grain, grid: Grid, earlier: Past | None) -> Flags:
    """The points whose period follows that before them in the grid, or at its beginning in the block before."""
    previous = [None if earlier is None else earlier.grid.periods[-1], *grid.periods[:-1]]
    linked = [last is not None and before(period, grain, plan.project.calendar) == last
              for period, last in zip(grid.periods, previous, strict=True)]
    return np.repeat(np.array(linked, np.bool_), len(grid.slices))


def _by_kind(field: Field, rows: Sequence[int]) -> dict[str, list[int]]:
    """The places of nodes that are one leaf of rows that are nobody's, each seen in one period, by its function."""
    found: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        lone = lone_leaf(field.nodes[row].formula)
        leaf = None if lone is None else field.plan.leaves[lone[0]]
        if leaf is not None and not leaf.window and not leaf.is_about_somebody(field.plan.sources):
            found.setdefault(leaf.function.removeprefix("weighted_"), []).append(place)
    return found


def _estimates(field: Field, rows: Sequence[int], kinds: Mapping[str, Sequence[int]], shape: tuple[int, ...]
               ) -> Estimate:
    """What such nodes are known by; NaN of all others."""
    known = Estimate(*np.full((3, *shape), np.nan))
    places = [place for listed in kinds.values() for place in listed]
    lone = [found for place in places if (found := lone_leaf(field.nodes[rows[place]].formula)) is not None]
    if lone:
        several = estimates(field, lone)
        known.value[places], known.error[places], known.n[places] = several.value, several.error, several.n
    return known
