"""The states of a cut, day by day, and the same merged to runs of days from which any window is made."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from cxmetrics.backends.waiting import EVERY, Rows, Waiting, in_turn, stretches, then, whole, within
from cxmetrics.evaluate.points import Slice
from cxmetrics.evaluate.roll import Frames, Roll, States
from cxmetrics.evaluate.unit_states import UnitStates
from cxmetrics.plan import Days, Plan
from cxmetrics.states import (
    DAY_0,
    ROWS_AT_ONCE,
    at_moments,
    merge,
    merge_by,
    names,
    schema,
    without_texts,
)

CODED = ("slice",)  # a cut as a family of one dimension: the slice's place in the list of slices
NO_STATES = pl.DataFrame(schema=schema(1) | {"d0": pl.UInt32(), "text": pl.UInt32()})  # of such a cut


@dataclass(frozen=True, slots=True)
class Daily:
    """The states of all sources merged to the days of a cut, with slices coded by their place in `slices`."""

    cut: tuple[str, ...]
    frame: pl.DataFrame
    able: frozenset[str]  # sources that can make it
    slices: Mapping[Slice, dt.date]  # since when each slice is known, in order


def parted(plan: Plan, states: States, roll: Roll) -> tuple[States, UnitStates]:
    """The states that are merged, and those by units, which are not but where they are looked at through windows."""
    seen, through = (frozenset[int]().union(*(leaf.partials for leaf in plan.leaves if bool(leaf.window) == far))
                     & plan.twins.keys() for far in (False, True))
    apart = plan.twins.keys() - through
    rest = frozenset(range(len(plan.partials))) - apart
    plain, units = dict[str, dict[tuple[str, ...], Rows]](), dict[str, dict[tuple[str, ...], pl.DataFrame]]()
    for source, families in states.items():
        plain[source], units[source] = {}, {}
        for family, rows in families.items():
            plain[source][family] = then(rows, lambda frame: pl.concat([_among(plan, frame, rest),
                                                                        _united(plan, frame)]))
            parts = in_turn(rows, ROWS_AT_ONCE) if any(plan.partials[index].source == source for index in seen) else [
                whole(rows.clear())]
            units[source][family] = pl.concat([_among(plan, frame, seen) for frame in parts])
    return plain, UnitStates(plan, units, roll)


def daily(plan: Plan, states: States, cut: tuple[str, ...], days: Days | None,
          beside: Iterable[pl.DataFrame] = ()) -> Daily:
    """The states of a cut; `days`: the first and the last that matter, or None for all.

    `beside`: further slices, as `d0…`, with a `day` since when each is known.
    """
    slices, merged = merging(plan, states, cut, days, beside, Surveys())
    return Daily(cut, pl.concat([*merged] or [NO_STATES]), able(plan, states, cut), slices)


def able(plan: Plan, states: States, cut: tuple[str, ...]) -> frozenset[str]:
    """The sources that can make a cut."""
    return frozenset(source for source, families in states.items()
                     if any(set(cut) <= set(family) for family in families)) if cut else frozenset(plan.sources)


def merging(plan: Plan, states: States, cut: tuple[str, ...], days: Days | None, beside: Iterable[pl.DataFrame],
            surveys: Surveys) -> tuple[Mapping[Slice, dt.date], Iterator[pl.DataFrame]]:
    """The slices of a cut, and its states as in `Daily`: those of some days after those of others, each in order."""
    found = [each for families in states.values() for each in _narrowest(families, cut, surveys)]
    rows, slices = [each for each, _ in found], _slices([*(told for _, told in found), *beside], cut)
    dims = names(len(cut))
    places = pl.DataFrame(list(slices), schema=dict.fromkeys(dims, pl.String), orient="row").with_row_index("slice")

    def merged() -> Iterator[pl.DataFrame]:
        for some in stretches(rows, ROWS_AT_ONCE, days or EVERY):
            coded = pl.concat([_coded(within(each, some), places, dims) for each in rows])
            yield merge(coded, plan, "day", CODED, CODED).sort("period").rename({"period": "day"})

    return slices, merged()


class Surveys:
    """What states on the disk tell of, each looked through once: their partials, and their slices."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._known: dict[Waiting, tuple[set[int], pl.DataFrame]] = {}

    def partials(self, rows: Rows) -> set[int]:
        """The partials of states."""
        return set(rows["partial"].unique()) if isinstance(rows, pl.DataFrame) else self._of(rows)[0]

    def slices(self, rows: Waiting) -> pl.DataFrame:
        """Their slices, each with its first `day`."""
        return self._of(rows)[1]

    def _of(self, rows: Waiting) -> tuple[set[int], pl.DataFrame]:
        if rows not in self._known:
            partials, slices = set[int](), list[pl.DataFrame]()
            for some in in_turn(rows, ROWS_AT_ONCE):
                dims = [name for name in some.columns if name not in schema(0)]
                partials.update(some["partial"].unique())
                slices.append(some.group_by(dims).agg(pl.col("day").min()) if dims else some.select("day").unique())
            self._known[rows] = partials, pl.concat(slices)
        return self._known[rows]


def slices_in(states: Frames, cut: tuple[str, ...]) -> list[pl.DataFrame]:
    """The slices of a cut, as `d0…`, that frames tell of, with a `day`."""
    return [frame.select("day", *_chosen(family, cut)) for families in states.values()
            for family, frame in families.items() if set(cut) <= set(family)]


def _chosen(family: tuple[str, ...], cut: tuple[str, ...]) -> list[pl.Expr]:
    """The dimensions of a cut among those of a family."""
    return [pl.col(f"d{family.index(name)}").alias(f"d{i}") for i, name in enumerate(cut)]


def _narrowest(families: Mapping[tuple[str, ...], Rows], cut: tuple[str, ...],
               surveys: Surveys) -> Iterator[tuple[Rows, pl.DataFrame]]:
    """Each partial's states in the smallest family that makes the cut, with the cut's dimensions only.

    And what tells of their slices, with a `day`: the first of each is among them.
    """
    taken = set[int]()
    fitting = [family for family in families if set(cut) <= set(family)]
    for family in sorted(fitting, key=lambda family: (families[family].height, family)):
        rows, dims = families[family], _chosen(family, cut)
        own = surveys.partials(rows)
        some = then(rows, _without(own & taken, dims))
        yield some, surveys.slices(rows).select("day", *dims) if isinstance(rows, Waiting) else whole(some)
        taken |= own


def _without(partials: Collection[int], dims: Sequence[pl.Expr]) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """What leaves states of some partials out, and dimensions but for some."""
    def step(frame: pl.DataFrame) -> pl.DataFrame:
        some = frame.filter(~pl.col("partial").is_in(sorted(partials))) if partials else frame
        return some.select("partial", "day", *dims, "key", "value", "text")

    return step


def _among(plan: Plan, rows: pl.DataFrame, partials: Collection[int]) -> pl.DataFrame:
    """The states of some partials."""
    wanted = np.zeros(len(plan.partials), np.bool_)
    wanted[list(partials)] = True
    kept = wanted[rows["partial"].to_numpy()]
    return rows if kept.all() else rows.filter(pl.Series(kept))


def _united(plan: Plan, rows: pl.DataFrame) -> pl.DataFrame:
    """The states that are put together of all groups, still group by group."""
    groups, wholes = list(plan.unions.values()), list(plan.unions)
    mine = _among(plan, rows, groups)
    whole = pl.col("partial").replace_strict(groups, wholes, return_dtype=pl.UInt32)
    return mine.with_columns(whole, text=pl.lit(None, rows.schema["text"]))


def _slices(frames: Sequence[pl.DataFrame], cut: tuple[str, ...]) -> Mapping[Slice, dt.date]:
    if not cut:
        return {(): dt.date.min}
    if not frames:
        return {}
    dims = names(len(cut))
    known = pl.concat([frame.group_by(dims).agg(pl.col("day").min()) for frame in frames])
    return {tuple(row[:-1]): row[-1] for row in known.group_by(dims).agg(pl.col("day").min()).sort(dims).iter_rows()}


def _coded(frame: pl.DataFrame, places: pl.DataFrame, dims: Sequence[str]) -> pl.DataFrame:
    coded = frame.join(places, on=dims) if dims else frame.with_columns(pl.lit(0, pl.UInt32).alias("slice"))
    return coded.select("partial", "day", pl.col("slice").cast(pl.UInt32).alias("d0"), "key", "value", "text")


class Runs:
    """Daily states merged to runs of 1, 2, 4, 8 … days: any interval is a few of them, however long it is.

    Run number r of level k has the days r · 2^k up to (r + 1) · 2^k, counted from 1970-01-01.
    """

    __slots__ = ("_levels", "_plan", "_rows")

    def __init__(self, plan: Plan, frame: pl.DataFrame, slices: int) -> None:
        """Begin with single days; `frame` has the columns of states, with `day`, of so many slices."""
        self._plan = plan
        run = pl.col("day").to_physical().cast(pl.Int64).alias("period")
        self._levels = [frame.select("partial", run, "d0", "key", "value", "text")]
        places = max(frame["day"].n_unique() * slices, 1)
        plain = frame.filter(pl.col("key").is_null(), pl.col("text").is_null()).height
        self._rows = plain / places, (frame.height - plain) / places  # a day and slice: bare, and with a key or text

    def rows(self, days: int) -> int:
        """How many rows are put together for an interval of so many days of one slice, on average, at most."""
        plain, keyed = self._rows
        return math.ceil(plain * 2 * days.bit_length() + keyed * days)

    def between(self, intervals: Sequence[Days], low: int, high: int) -> pl.DataFrame:
        """The states of the slices [low, high) merged to each of some intervals: `period` is its place among them."""
        pieces: dict[int, list[tuple[int, int]]] = {}
        for place, (first, after) in enumerate(intervals):
            for level, run in _pieces(first.toordinal() - DAY_0, after.toordinal() - DAY_0):
                pieces.setdefault(level, []).append((run, place))
        slices = pl.col("d0").is_between(low, high, closed="left")
        parts = [self._chosen(level, wanted, slices) for level, wanted in pieces.items()]
        rows = at_moments(pl.concat(parts), self._plan) if parts else self._levels[0].clear()
        return without_texts(merge_by(rows.filter(slices), self._plan, ["partial", "period", "d0"]), self._plan)

    def _chosen(self, level: int, wanted: Sequence[tuple[int, int]], slices: pl.Expr) -> pl.DataFrame:
        runs = pl.DataFrame(wanted, schema={"period": pl.Int64, "place": pl.Int64}, orient="row")
        whole = [index for index, partial in enumerate(self._plan.partials) if partial.at]
        here = self._level(level).filter(slices | pl.col("partial").is_in(whole))  # what is last is so of all slices
        begins, place = (pl.col("period") * (1 << level)).alias("day"), pl.col("place").alias("period")
        return here.join(runs, on="period").select("partial", begins, place, "d0", "key", "value", "text")

    def _level(self, level: int) -> pl.DataFrame:
        while len(self._levels) <= level:
            halved = self._levels[-1].with_columns(pl.col("period").alias("day"), pl.col("period") // 2)
            self._levels.append(merge_by(at_moments(halved, self._plan), self._plan, ["partial", "period", "d0"]))
        return self._levels[level]


def _pieces(low: int, high: int) -> Iterator[tuple[int, int]]:
    """The fewest runs that make up the days from `low` up to `high`, as (level, number)."""
    while low < high:
        level = min((low & -low).bit_length() - 1 if low else 63, (high - low).bit_length() - 1)
        yield level, low >> level
        low += 1 << level
