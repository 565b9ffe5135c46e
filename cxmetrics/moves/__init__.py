"""Which numbers move between two revisions of the definitions: values, slices, ranks, and verdicts on them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl

from cxmetrics.backends.cells import MISSING
from cxmetrics.backends.engines import engine_named
from cxmetrics.calendars import coarsest
from cxmetrics.evaluate.show import columns
from cxmetrics.ir import GRAINS, Grain
from cxmetrics.moves.measure import Known, Stretch, measured
from cxmetrics.plan import Node, Plan
from cxmetrics.revisions import Revision, renamed
from cxmetrics.run import Engine
from cxmetrics.scratch import scratch_folder
from cxmetrics.units import Unit

WEEKS = 13
_EXACT = 1e-9  # of the size of a number, below which two are the same but for the order of adding up
_RANGES: Mapping[str, float] = {"share": 1.0, "score": 100.0, "nps": 200.0}

Place = tuple[tuple[str, str], ...]  # (dimension, value): a slice; empty for the total
Kind = Literal["target", "peer", "status"]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Moved:
    """A value that is another: in the last whole period, or in the latest where it moved.

    `size`: how much of the range of its unit, or of the value before; infinite where there is only one of both, or
    units differ.  `periods`: in how many it moved, `of` how many that have a value under either definition.
    """

    indicator: str
    place: Place
    period: dt.date
    before: float | None
    after: float | None
    n_before: int | None
    n_after: int | None
    size: float
    periods: int
    of: int


@dataclass(frozen=True, slots=True)
class Rank:
    """A slice that stands in another place among those of its cut in the last whole period, 1 the best."""

    indicator: str
    place: Place
    before: int
    after: int
    of: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is now said otherwise of a value: `met` or `missed` its target; `better`, `worse` than its peer or `not
    shown`; its status.  Of the total each period is told, of slices the last whole one.

    `sizes`: by how much, before and after: the gap from the target or from the peer, in the unit of the indicator, or
    the n of a status.
    """

    indicator: str
    place: Place
    period: dt.date
    kind: Kind
    before: str | None
    after: str | None
    sizes: tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Moves:
    """What moves, the biggest first; `compared`: the indicators computed under both definitions, `added`: under the
    new one alone.  `stretch` is None where there are no data.  `slices_of`: how many slices have values.
    """

    stretch: Stretch | None
    compared: tuple[str, ...]
    added: tuple[str, ...]
    totals: tuple[Moved, ...]
    slices: tuple[Moved, ...]
    slices_of: int
    ranks: tuple[Rank, ...]
    verdicts: tuple[Verdict, ...]


def moves(root: Path, before: Revision, after: Revision, *, grain: Grain | None = None, weeks: int = WEEKS,
          engine: Engine = "duckdb") -> Moves:
    """What moves on the data of a project folder over the last weeks, by the week if the project has weeks.

    Only indicators whose meaning, target, peers or protection is another are computed, and what is computed from them.
    Raises `Fault` (CX7xx) for data that cannot be used.
    """
    root = root.resolve()
    compared = tuple(_concerned(before, after))
    names = renamed(before, after)
    added = tuple(name for name in after.pyramid.indicators
                  if name not in before.pyramid.indicators and name not in names)
    nothing = Moves(None, compared, added, (), (), 0, (), ())
    if not compared and not added:
        return nothing
    chosen = grain or _grain(after.plan)
    with scratch_folder() as scratch:
        backend, known = engine_named(engine, scratch), Known()
        new, stretch = measured(root, after.plan, {*compared, *added}, chosen, weeks, backend, scratch, known)
        if stretch is None:
            return nothing
        last = max(stretch.periods)
        old = pl.DataFrame()
        if compared:
            old, _ = measured(root, before.plan, compared, chosen, weeks, backend, scratch, known, upto=last)
    return compare(old, new, stretch, before.plan, after.plan, compared, added)


def _grain(plan: Plan) -> Grain:
    """The week, if the project has it; else the longest of its periods up to a month, or the shortest it has."""
    grains = plan.project.grains
    short = [each for each in grains if GRAINS.index(each) <= GRAINS.index("month")]
    return "week" if "week" in grains else coarsest(short) if short else min(grains, key=GRAINS.index)


def _concerned(before: Revision, after: Revision) -> Iterator[str]:
    """The indicators of both whose numbers, or what is said of them, may be others, in the order of the new pyramid."""
    rules = [_rules(one.plan) for one in (before, after)]
    for name in after.pyramid.indicators:
        old, new = before.plan.nodes.get(name), after.plan.nodes[name]
        if old is not None and (rules[0] != rules[1] or _said(old) != _said(new)):
            yield name


def _rules(plan: Plan) -> object:
    """What holds for the numbers of all indicators."""
    project = plan.project
    return project.min_n, dict(plan.least), project.confidence, project.replicates, project.calendar, project.time_zone


def _said(node: Node) -> object:
    one = node.indicator
    return node.fingerprint, one.target, one.direction, one.min_n, node.peers


# --- compared ----------------------------------------------------------------------------------------------------


def compare(old: pl.DataFrame, new: pl.DataFrame, stretch: Stretch, one: Plan, other: Plan,
            compared: Sequence[str], added: Sequence[str]) -> Moves:
    """What differs between the values under two plans; both frames have the columns of `values`."""
    rows = _paired(old, new)
    found = list(_moved(rows, stretch, one, other))
    found.sort(key=lambda each: (-each.size, each.indicator, each.place))
    slices = {(name, place) for name, place, _ in rows if place}
    return Moves(stretch, tuple(compared), tuple(added), tuple(each for each in found if not each.place),
                 tuple(each for each in found if each.place), len(slices),
                 tuple(sorted(_ranks(rows, stretch, one, other), key=lambda each: (
                     -abs(each.after - each.before), each.indicator, each.place))),
                 tuple(_verdicts({key: pair for key, pair in rows.items() if key[0] not in added}, stretch)))


_Pairs = Mapping[tuple[str, Place, dt.date], tuple[Row | None, Row | None]]


def _paired(old: pl.DataFrame, new: pl.DataFrame) -> _Pairs:
    """The rows of both by indicator, slice and period."""
    sides = [{_key(row): row for row in frame.iter_rows(named=True)} for frame in (old, new)]
    keys = dict.fromkeys((*sides[1], *sides[0]))
    return {key: (sides[0].get(key), sides[1].get(key)) for key in keys}


_MEASURES = frozenset(columns(()))  # all columns of `values` but dimensions


def _key(row: Row) -> tuple[str, Place, dt.date]:
    place = tuple((name, cell) for name, cell in row.items() if name not in _MEASURES and cell is not None)
    return row["indicator"], tuple(sorted(place)), row["period"]


def _moved(rows: _Pairs, stretch: Stretch, one: Plan, other: Plan) -> Iterator[Moved]:
    grouped: dict[tuple[str, Place], dict[dt.date, tuple[Row | None, Row | None]]] = {}
    for (name, place, period), pair in rows.items():
        if any(row is not None and row["value"] is not None for row in pair):
            grouped.setdefault((name, place), {})[period] = pair
    for (name, place), periods in grouped.items():
        units = [_unit(plan, name) for plan in (one, other)]
        moved = sorted(period for period, pair in periods.items()
                       if units[0] != units[1] or _differ(*map(_value, pair)))
        if moved:
            period = stretch.whole if stretch.whole in moved else moved[-1]
            was, now = periods[period]
            before, after = _value(was), _value(now)
            if place and (before is None or after is None):
                continue  # which is told as its status
            yield Moved(name, place, period, before, after, _n(was), _n(now),
                        _size(before, after, units[0], units[1]), len(moved), len(periods))


def _unit(plan: Plan, name: str) -> Unit | None:
    return plan.nodes[name].indicator.unit if name in plan.nodes else None


def _value(row: Row | None) -> float | None:
    return None if row is None else row["value"]


def _n(row: Row | None) -> int | None:
    return None if row is None else row["n"]


def _differ(before: float | None, after: float | None) -> bool:
    if before is None or after is None:
        return before is not after
    return abs(after - before) > _EXACT * max(abs(before), abs(after), 1e-3)


def _size(before: float | None, after: float | None, unit: Unit | None, now: Unit | None) -> float:
    if before is None or after is None or unit is None or unit != now:
        return float("inf")
    return abs(after - before) / (_RANGES.get(unit.kind) or max(abs(before), 1e-9))


# --- ranks and verdicts ------------------------------------------------------------------------------------------


def _ranks(rows: _Pairs, stretch: Stretch, one: Plan, other: Plan) -> Iterator[Rank]:
    """The slices whose place changed among those of their cut that have a value under both definitions."""
    cuts: dict[tuple[str, tuple[str, ...]], dict[Place, tuple[float, float]]] = {}
    for (name, place, period), (was, now) in rows.items():
        before, after = _value(was), _value(now)
        if place and period == stretch.whole and before is not None and after is not None and all(
                value != MISSING for _, value in place):
            cuts.setdefault((name, tuple(dimension for dimension, _ in place)), {})[place] = before, after
    for (name, _), slices in cuts.items():
        old, new = (_places({place: pair[side] for place, pair in slices.items()},
                            reverse=plan.nodes[name].indicator.direction != "down")
                    for side, plan in enumerate((one, other)))
        yield from (Rank(name, place, old[place], new[place], len(slices)) for place in slices
                    if old[place] != new[place])


def _places(values: Mapping[Place, float], *, reverse: bool) -> dict[Place, int]:
    """The place of each among all, 1 the best; equals share the better one."""
    ordered = sorted(values.values(), reverse=reverse)
    first = {value: len(ordered) - place for place, value in enumerate(reversed(ordered))}
    return {place: first[value] for place, value in values.items()}


def _verdicts(rows: _Pairs, stretch: Stretch) -> Iterator[Verdict]:
    """What is said otherwise of the totals, then of slices: the latest of each thing, then what was before it."""
    found: dict[tuple[bool, int, str, Place], list[Verdict]] = {}
    for (name, place, period), pair in rows.items():
        if place and period != stretch.whole:
            continue
        for rank, (kind, (said, sized)) in enumerate(_VERDICTS.items()):
            before, after = (None if row is None else said(row) for row in pair)
            if before != after:
                was, now = (None if row is None else row[sized] for row in pair)
                thing = bool(place), rank, name, place
                found.setdefault(thing, []).append(Verdict(name, place, period, kind, before, after, (was, now)))
    for group in found.values():
        group.sort(key=lambda each: each.period, reverse=True)
    ordered = [(thing[0], age, *thing[1:], one) for thing, group in found.items() for age, one in enumerate(group)]
    return (one for *_, one in sorted(ordered, key=lambda each: each[:-1]))


def _against_target(row: Row) -> str | None:
    return None if row["gap"] is None else "met" if row["gap"] >= 0 else "missed"


def _against_peer(row: Row) -> str | None:
    low, high = row["peer_low"], row["peer_high"]
    if low is None or high is None:
        return None
    return "better" if low > 0 else "worse" if high < 0 else "not shown"


def _status(row: Row) -> str | None:
    return str(row["status"])


_VERDICTS: Mapping[Kind, tuple[Callable[[Row], str | None], str]] = {  # what is said, and the column of its size
    "target": (_against_target, "gap"), "peer": (_against_peer, "peer_gap"), "status": (_status, "n")}
