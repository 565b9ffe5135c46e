"""Numbers withheld: small cells, what would give them away, and what is made of either, taken out of `values`.

Units of time close upon themselves: what is hidden in the longest period that is shown follows from the rows of that
period, and of the weeks that reach into it, and from nothing else.  Of such a week each of the two units keeps its part
as it is, or the week is hidden.  Only where windows are looked through, all of time is one unit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from cxmetrics.calendars import before, days_before, end, last, start
from cxmetrics.evaluate.hidden import HIDDEN, hidden_leaves
from cxmetrics.evaluate.points import Slice
from cxmetrics.evaluate.protection import Exposure, closing, exposures, protected
from cxmetrics.evaluate.reader import Reader
from cxmetrics.evaluate.work import grains_shown
from cxmetrics.ir import GRAINS
from cxmetrics.plan import Days, Plan

LOW_N, WITHHELD = "low_n", "withheld"
HIDING = (LOW_N, WITHHELD)
_KEPT = ("level", "unit", "target", "peers", "status", "definition")
_WIDE = ("indicator", "grain", "period", "~cut")
_CHANGE = ("change", "change_low", "change_high", "moved")
_PEER = ("peer", "peer_gap", "peer_low", "peer_high", "peer_rank", "peer_percentile")


def unit_of(plan: Plan, day: dt.date) -> dt.date:
    """The first day of which something is shown otherwise, or hidden, when the rows of a day are others."""
    if not protected(plan):
        return day
    grain, calendar = closing(plan), plan.project.calendar
    return dt.date.min if grain is None else start(start(day, "week", calendar), grain, calendar)


def beside(plan: Plan, unit: dt.date) -> dt.date:
    """The first day of what has to be known of the unit of time before: its last week may reach into `unit`."""
    grain, calendar = closing(plan), plan.project.calendar
    if grain is None or not any(plan.leaves[leaf].at_one_moment(plan.partials) for leaf in protected(plan)):
        return unit
    return start(start(unit, "week", calendar), grain, calendar)


def resting(plan: Plan, unit: dt.date) -> dt.date:
    """The first day of the rows on which it hangs what is withheld from a unit of time on."""
    if unit == dt.date.min:
        return unit
    looked = beside(plan, unit)
    low = min((start(looked, grain, plan.project.calendar) for grain in grains_shown(plan)), default=looked)
    return _begin(plan, low, exposures(plan))


def withhold(reader: Reader, frame: pl.DataFrame) -> pl.DataFrame:
    """The table `values` as it may be read; `reader` has the states it was evaluated from."""
    found = withholding(reader, [frame])
    return frame if found is None else found.without(frame)


def withholding(reader: Reader, blocks: Iterable[pl.DataFrame]) -> Withholding | None:
    """What is to be withheld of all blocks of the table `values`; None where nothing is.

    What is hidden depends on all of them together, and is taken out of each by itself.
    """
    plan = reader.plan
    leaves, told = protected(plan), exposures(plan)
    ending = {leaf: frozenset(name for name, one in told.items() if leaf in one.own) for leaf in leaves
              if plan.leaves[leaf].at_one_moment(plan.partials)}
    seen = _Seen.of(blocks, reader.dimensions, frozenset[str]().union(*ending.values()))
    if seen.span is None or not (leaves or seen.few):
        return None
    carried = frozenset(leaf for one in told.values() for leaf in one.before)
    found, slices = hidden_leaves(reader, leaves, _days(plan, *seen.span, told), carried)
    if found.is_empty() and not seen.few:
        return None
    places = [_places(slices[place], cut, reader.dimensions) for place, cut in enumerate(reader.cuts)]
    return Withholding(plan, told, reader.dimensions, found, places, seen.ended, ending)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What all blocks tell: their first and last period, and whether any value rests on too few rows.

    `ended`: `indicator`, `~cut`, `grain` and `period` of those of some indicators that do, but for the total.
    """

    span: Days | None
    few: bool
    ended: pl.DataFrame

    @staticmethod
    def of(blocks: Iterable[pl.DataFrame], dimensions: Sequence[str], indicators: Collection[str]) -> _Seen:
        """What blocks tell, of which one after another is looked at."""
        spans, some, ended = list[dt.date](), False, list[pl.DataFrame]()
        for block in blocks:
            spans += [each for each in (block["period"].min(), block["period"].max()) if isinstance(each, dt.date)]
            few = block.filter(pl.col("status") == LOW_N)
            some = some or not few.is_empty()
            own = few.filter(pl.col("indicator").is_in(indicators)) if indicators else few.clear()
            placed = _with_cut(own, dimensions).filter(pl.col("~cut").str.contains("1"))
            ended.append(placed.select("indicator", "~cut", "grain", "period").unique())
        empty = pl.DataFrame(schema=dict.fromkeys(("indicator", "~cut", "grain"), pl.String) | {"period": pl.Date})
        return _Seen((min(spans), max(spans)) if spans else None, some, pl.concat([empty, *ended]).unique())


def _days(plan: Plan, low: dt.date, high: dt.date, told: Mapping[str, Exposure]) -> Days:
    """The days that is rested on by what is told of periods, with those before and of what is carried on."""
    return _begin(plan, low, told), max(end(high, grain) for grain in GRAINS)


def _begin(plan: Plan, low: dt.date, told: Mapping[str, Exposure]) -> dt.date:
    reach = max((days for one in told.values() for days in one.before.values()), default=0)
    return start(days_before(low, reach + 1), closing(plan) or "year", plan.project.calendar)


def _places(slices: Sequence[Slice], cut: tuple[str, ...], dimensions: Sequence[str]) -> pl.DataFrame:
    """The slices of a cut by their number `slice`, with the dimensions of `values`, and `~cut` as in `_with_cut`."""
    named = {name: [each[cut.index(name)] if name in cut else None for each in slices] for name in dimensions}
    kinds = {"slice": pl.UInt32(), **dict.fromkeys(dimensions, pl.String())}
    return _with_cut(pl.DataFrame({"slice": range(len(slices)), **named}, schema=kinds), dimensions)


def _with_cut(frame: pl.DataFrame, dimensions: Sequence[str]) -> pl.DataFrame:
    """With `~cut`: which dimensions a row has."""
    marks = [pl.when(pl.col(name).is_null()).then(pl.lit("0")).otherwise(pl.lit("1")) for name in dimensions]
    return frame.with_columns((pl.concat_str(marks) if marks else pl.lit("")).alias("~cut"))


@dataclass(frozen=True)
class Withholding:
    """The cells hidden, and what they hide of the table `values`.

    `places`: the slices of each cut, see `_places`.  `ended`: see `_Seen`; `ending`: leaves of which only the last
    moment of a period counts, and who rests on them.
    """

    plan: Plan
    told: Mapping[str, Exposure]
    dimensions: tuple[str, ...]
    cells: pl.DataFrame
    places: Sequence[pl.DataFrame]
    ended: pl.DataFrame
    ending: Mapping[int, frozenset[str]]

    def without(self, frame: pl.DataFrame) -> pl.DataFrame:
        """A block of the table without what is hidden."""
        rows = _with_cut(frame, self.dimensions).with_row_index("~row")
        few, following = rows.filter(pl.col("status") == LOW_N), self._next(rows)
        near = self._near(rows, pl.concat([rows["period"], following["period"]]).unique())
        hidden = (self._own(near).select(self._place).unique(), *self._anywhere)
        found = {"~hide": [few["~row"], *(_matching(rows, keys) for keys in hidden),
                           *(part["~row"] for part in self._ended(rows))],
                 "~since": [_matching(following, keys) for keys in hidden],
                 "~peers": [_matching(rows, self._by("peers", near).select(self._place).unique())],
                 "~scores": [_matching(rows, self._scores)]}
        flagged = rows.with_columns(_flags(name, rows.height, numbers) for name, numbers in found.items())
        hide, since, peers, scores = map(pl.col, found)
        return flagged.with_columns(
            *(_blank(name, hide) for name in frame.columns
              if name not in {*self._place, *_KEPT, *_CHANGE, *_PEER, "score"}),
            *(_blank(name, hide | since) for name in _CHANGE if name in frame.columns),
            *(_blank(name, peers if name == "peer" else hide | peers) for name in _PEER),
            _blank("score", hide | scores),
            pl.when(hide & pl.col("status").is_in(["ok", "partial"])).then(pl.lit(WITHHELD))
            .otherwise(pl.col("status")).alias("status")).drop("~row", "~cut", *found)

    @property
    def _place(self) -> list[str]:
        return ["indicator", "grain", "period", *self.dimensions]

    @cached_property
    def _by_cut(self) -> Mapping[int, pl.DataFrame]:
        """The cells hidden in each cut, in order of slices."""
        return {place: self.cells.filter(pl.col("cut") == place).sort("slice") for place in range(len(self.places))}

    def _near(self, rows: pl.DataFrame, periods: pl.Series) -> pl.DataFrame:
        """The cells hidden in the slices of a block and in some periods, with dimensions: few of many millions."""
        found = [_named(HIDDEN).join(_places((), (), self.dimensions), on="slice")]
        slices = rows.select(*self.dimensions, "~cut").unique()
        for place, own in self._by_cut.items():
            there = self.places[place].join(slices, on=slices.columns, how="semi", nulls_equal=True)
            if not there.is_empty():
                numbers = there["slice"].to_list()
                low, high = (own["slice"].search_sorted(min(numbers), "left"),
                             own["slice"].search_sorted(max(numbers), "right"))
                here = own[low:high].filter(pl.col("period").is_in(periods.implode()))
                found.append(_named(here).join(there, on="slice"))
        return pl.concat(found)

    def _own(self, near: pl.DataFrame) -> pl.DataFrame:
        """The indicators hidden in their own slice, be it that what is hidden is carried on."""
        carried = [(name, leaf, days) for name, one in self.told.items() for leaf, days in one.before.items()]
        named = pl.DataFrame(carried, orient="row", schema={
            "indicator": pl.String, "leaf": near.schema["leaf"], "days": pl.Int64})
        again = near.join(named, on="leaf").filter(pl.col("age") > 0, pl.col("age") <= pl.col("days"))
        return pl.concat([self._by("own", near), again.drop("days")])

    @cached_property
    def _widely(self) -> pl.DataFrame:
        """The cells hidden, whatever their slices; `~cut` for these."""
        marks = [_named(self.cells.filter(pl.col("cut") == place).drop("slice").unique()).with_columns(
            pl.lit(each["~cut"][0] if each.height else "").alias("~cut")) for place, each in enumerate(self.places)]
        return pl.concat(marks)

    @cached_property
    def _anywhere(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """What is hidden in all slices of its cut, and everywhere, being taken at the total."""
        sliced = pl.col("~cut").str.contains("1")
        return (self._by("pooled", self._widely.filter(sliced)).select(_WIDE).unique(),
                self._by("whole", self._widely.filter(~sliced)).select(_WIDE[:3]).unique())

    @cached_property
    def _scores(self) -> pl.DataFrame:
        return self._by("own_pool", self._widely.filter(pl.col("~cut").str.contains("1"))).select(_WIDE).unique()

    def _by(self, what: str, cells: pl.DataFrame) -> pl.DataFrame:
        """The indicators that hidden leaves hide, among some cells."""
        pairs = [(name, leaf) for name, one in self.told.items() for leaf in getattr(one, what)]
        named = pl.DataFrame(pairs, schema={"indicator": pl.String, "leaf": cells.schema["leaf"]}, orient="row")
        return cells.filter(pl.col("age") == 0).join(named, on="leaf")

    def _next(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows at the places of the periods before theirs."""
        pairs = [(grain, period, before(period, grain, self.plan.project.calendar))
                 for grain, period in rows.select("grain", "period").unique().iter_rows()]
        steps = pl.DataFrame(pairs, orient="row", schema={"grain": pl.String, "period": pl.Date, "~before": pl.Date})
        return rows.join(steps, on=["grain", "period"]).with_columns(pl.col("~before").alias("period"))

    def _ended(self, rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """What days do not sum to is hidden in a whole cut and unit of time, where it is hidden anywhere in these."""
        unit = closing(self.plan) or "year"
        for users in self.ending.values():
            own = self.ended.filter(pl.col("indicator").is_in(users))
            for cut, period, grain in own.select("~cut", "period", "grain").unique().iter_rows():
                begins = {start(day, unit, self.plan.project.calendar) for day in (period, last(period, grain))}
                for begin in sorted(begins):
                    reaches = (pl.col("grain") == "week") & (pl.col("period") > days_before(begin, 7))
                    yield rows.filter(pl.col("indicator").is_in(users), pl.col("~cut") == cut,
                                      pl.col("period") < end(begin, unit), reaches | (pl.col("period") >= begin))


def _named(cells: pl.DataFrame) -> pl.DataFrame:
    """Cells with their grains as `values` tell them."""
    return cells.with_columns(pl.col("grain").cast(pl.String))


def _matching(rows: pl.DataFrame, keys: pl.DataFrame) -> pl.Series:
    """The numbers of the rows that have one of some different keys."""
    if keys.is_empty():
        return rows["~row"].clear()
    return rows.join(keys, on=keys.columns, how="semi", nulls_equal=True)["~row"]


def _flags(name: str, height: int, numbers: Sequence[pl.Series]) -> pl.Series:
    """Whether a row is one of those with some numbers: told once for all columns."""
    flags = np.zeros(height, np.bool_)
    for each in numbers:
        flags[each.to_numpy()] = True
    return pl.Series(name, flags)


def _blank(name: str, where: pl.Expr) -> pl.Expr:
    return pl.when(where).then(None).otherwise(pl.col(name)).alias(name)
