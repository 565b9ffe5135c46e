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

import polars as pl

from cxmetrics.calendars import before, days_before, end, last, start
from cxmetrics.evaluate.hidden import hidden_leaves
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
    cells = _placed(found, reader.cuts, slices, reader.dimensions)
    return Withholding(plan, told, reader.dimensions, cells, seen.ended, ending)


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


def _placed(found: pl.DataFrame, cuts: Sequence[tuple[str, ...]], slices: Mapping[int, Sequence[Slice]],
            dimensions: Sequence[str]) -> pl.DataFrame:
    """Hidden cells with the dimensions of `values`, and `~cut` as in `_with_cut`."""
    parts = [pl.DataFrame({"cut": place, "slice": range(len(own)),
                           **{name: [each[cut.index(name)] if name in cut else None for each in own]
                              for name in dimensions}},
                          schema={"cut": pl.Int64, "slice": pl.Int64, **dict.fromkeys(dimensions, pl.String)})
             for (place, own), cut in zip(slices.items(), cuts, strict=True)]
    return _with_cut(found.join(pl.concat(parts), on=["cut", "slice"]).drop("cut", "slice"), dimensions)


def _with_cut(frame: pl.DataFrame, dimensions: Sequence[str]) -> pl.DataFrame:
    """With `~cut`: which dimensions a row has."""
    marks = [pl.when(pl.col(name).is_null()).then(pl.lit("0")).otherwise(pl.lit("1")) for name in dimensions]
    return frame.with_columns((pl.concat_str(marks) if marks else pl.lit("")).alias("~cut"))


@dataclass(frozen=True)
class Withholding:
    """The cells hidden, and what they hide of the table `values`.

    `ended`: see `_Seen`; `ending`: leaves of which only the last moment of a period counts, and who rests on them.
    """

    plan: Plan
    told: Mapping[str, Exposure]
    dimensions: tuple[str, ...]
    cells: pl.DataFrame
    ended: pl.DataFrame
    ending: Mapping[int, frozenset[str]]

    def without(self, frame: pl.DataFrame) -> pl.DataFrame:
        """A block of the table without what is hidden."""
        rows = _with_cut(frame, self.dimensions).with_row_index("~row")
        few = rows.filter(pl.col("status") == LOW_N)
        gone = pl.concat([few["~row"], *(_matching(rows, keys) for keys in self._hidden),
                          *(part["~row"] for part in self._ended(rows))]).unique()
        following = self._next(rows)
        earlier = pl.concat([_matching(following, keys) for keys in self._hidden])
        number = pl.col("~row")
        hide, since = number.is_in(gone.implode()), number.is_in(earlier.implode())
        peers, scores = (number.is_in(_matching(rows, keys).implode()) for keys in (self._peers, self._scores))
        return rows.with_columns(
            *(_blank(name, hide) for name in frame.columns
              if name not in {*self._place, *_KEPT, *_CHANGE, *_PEER, "score"}),
            *(_blank(name, hide | since) for name in _CHANGE if name in frame.columns),
            *(_blank(name, peers if name == "peer" else hide | peers) for name in _PEER),
            _blank("score", hide | scores),
            pl.when(hide & pl.col("status").is_in(["ok", "partial"])).then(pl.lit(WITHHELD))
            .otherwise(pl.col("status")).alias("status")).drop("~row", "~cut")

    @property
    def _place(self) -> list[str]:
        return ["indicator", "grain", "period", *self.dimensions]

    @cached_property
    def _hidden(self) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """What is hidden in its own slice, in all slices of its cut, and everywhere, being taken at the total."""
        carried = [(name, leaf, days) for name, one in self.told.items() for leaf, days in one.before.items()]
        named = pl.DataFrame(carried, orient="row",
                             schema={"indicator": pl.String, "leaf": pl.Int64, "days": pl.Int64})
        again = self.cells.join(named, on="leaf").filter(pl.col("age") > 0, pl.col("age") <= pl.col("days"))
        near = pl.concat([self._by("own"), again.drop("days")])
        return (near.select(self._place).unique(), self._by("pooled", self._sliced).select(_WIDE).unique(),
                self._by("whole", self.cells.filter(~pl.col("~cut").str.contains("1"))).select(_WIDE[:3]).unique())

    @cached_property
    def _peers(self) -> pl.DataFrame:
        return self._by("peers").select(self._place).unique()

    @cached_property
    def _scores(self) -> pl.DataFrame:
        return self._by("own_pool", self._sliced).select(_WIDE).unique()

    @property
    def _sliced(self) -> pl.DataFrame:
        return self.cells.filter(pl.col("~cut").str.contains("1"))

    def _by(self, what: str, cells: pl.DataFrame | None = None) -> pl.DataFrame:
        """The indicators that hidden leaves hide."""
        pairs = [(name, leaf) for name, one in self.told.items() for leaf in getattr(one, what)]
        named = pl.DataFrame(pairs, schema={"indicator": pl.String, "leaf": pl.Int64}, orient="row")
        return (self.cells if cells is None else cells).filter(pl.col("age") == 0).join(named, on="leaf")

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


def _matching(rows: pl.DataFrame, keys: pl.DataFrame) -> pl.Series:
    """The numbers of the rows that have one of some different keys."""
    if keys.is_empty():
        return rows["~row"].clear()
    return rows.join(keys, on=keys.columns, how="semi", nulls_equal=True)["~row"]


def _blank(name: str, where: pl.Expr) -> pl.Expr:
    return pl.when(where).then(None).otherwise(pl.col(name)).alias(name)
