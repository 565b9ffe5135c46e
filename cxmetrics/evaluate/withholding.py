"""Numbers withheld: small cells, what would give them away, and what is made of either, taken out of `values`.

Units of time close upon themselves: what is hidden in the longest period that is shown follows from the rows of that
period, and of the weeks that reach into it, and from nothing else.  Of such a week each of the two units keeps its part
as it is, or the week is hidden.  Only where windows are looked through, all of time is one unit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from cxmetrics.calendars import before, days_before, end, last, start
from cxmetrics.evaluate.hidden import Reader, hidden_leaves
from cxmetrics.evaluate.points import Slice
from cxmetrics.evaluate.protection import Exposure, closing, exposures, protected
from cxmetrics.evaluate.work import grains_shown
from cxmetrics.ir import GRAINS
from cxmetrics.plan import Days, Plan

LOW_N, WITHHELD = "low_n", "withheld"
HIDING = (LOW_N, WITHHELD)
_KEPT = ("level", "unit", "target", "peers", "status", "definition")
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
    plan = reader.plan
    leaves, told = protected(plan), exposures(plan)
    few = frame["status"] == LOW_N
    if frame.is_empty() or not (leaves or few.any()):
        return frame
    carried = {leaf for one in told.values() for leaf in one.before}
    found, slices = hidden_leaves(reader, leaves, _days(plan, frame, told), carried)
    ending = [leaf for leaf in leaves if plan.leaves[leaf].at_one_moment(plan.partials)]
    if found.is_empty() and not few.any():
        return frame
    dimensions = tuple(dict.fromkeys(name for cut in reader.cuts for name in cut))
    return _Table(plan, told, dimensions, _placed(found, reader.cuts, slices, dimensions)).without(frame, ending)


def _days(plan: Plan, frame: pl.DataFrame, told: Mapping[str, Exposure]) -> Days:
    """The days that what is told rests on, with those of the periods before and of what is carried on."""
    low, high = frame["period"].min(), frame["period"].max()
    if not isinstance(low, dt.date) or not isinstance(high, dt.date):
        raise TypeError("periods are dates")
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


@dataclass(frozen=True, slots=True)
class _Table:
    """The cells hidden, and what they hide of the table `values`."""

    plan: Plan
    told: Mapping[str, Exposure]
    dimensions: tuple[str, ...]
    cells: pl.DataFrame

    def without(self, frame: pl.DataFrame, ending: Collection[int]) -> pl.DataFrame:
        """The table without what is hidden; `ending`: leaves of which only the last moment of a period counts."""
        place = ["indicator", "grain", "period", *self.dimensions]
        rows = _with_cut(frame, self.dimensions).with_row_index("~row")
        few = rows.filter(pl.col("status") == LOW_N)
        near, wide = self._hidden()
        gone = pl.concat([
            few["~row"], *(_matching(rows, keys, on) for keys, on in (
                (near, place), (wide, ["indicator", "grain", "period", "~cut"]), (self._everywhere(), place[:3]),
                *self._ended(rows, few, ending)))]).unique()
        earlier = pl.concat([_matching(self._next(rows), keys, on) for keys, on in (
            (near, place), (wide, ["indicator", "grain", "period", "~cut"]), (self._everywhere(), place[:3]))])
        number = pl.col("~row")
        hide, since = number.is_in(gone.implode()), number.is_in(earlier.implode())
        peers = number.is_in(_matching(rows, self._by("peers"), place).implode())
        scores = number.is_in(_matching(rows, self._by("own_pool", self.cells.filter(pl.col("~cut").str.contains("1"))),
                                        ["indicator", "grain", "period", "~cut"]).implode())
        return rows.with_columns(
            *(_blank(name, hide) for name in frame.columns if name not in {*place, *_KEPT, *_CHANGE, *_PEER, "score"}),
            *(_blank(name, hide | since) for name in _CHANGE if name in frame.columns),
            *(_blank(name, peers if name == "peer" else hide | peers) for name in _PEER),
            _blank("score", hide | scores),
            pl.when(hide & pl.col("status").is_in(["ok", "partial"])).then(pl.lit(WITHHELD))
            .otherwise(pl.col("status")).alias("status")).drop("~row", "~cut")

    def _by(self, what: str, cells: pl.DataFrame | None = None) -> pl.DataFrame:
        """The indicators that hidden leaves hide."""
        pairs = [(name, leaf) for name, one in self.told.items() for leaf in getattr(one, what)]
        named = pl.DataFrame(pairs, schema={"indicator": pl.String, "leaf": pl.Int64}, orient="row")
        return (self.cells if cells is None else cells).filter(pl.col("age") == 0).join(named, on="leaf")

    def _hidden(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """What is hidden in its own slice, and in all slices of its cut."""
        carried = [(name, leaf, days) for name, one in self.told.items() for leaf, days in one.before.items()]
        named = pl.DataFrame(carried, orient="row",
                             schema={"indicator": pl.String, "leaf": pl.Int64, "days": pl.Int64})
        again = self.cells.join(named, on="leaf").filter(pl.col("age") > 0, pl.col("age") <= pl.col("days"))
        sliced = self.cells.filter(pl.col("~cut").str.contains("1"))
        return pl.concat([self._by("own"), again.drop("days")]), self._by("pooled", sliced)

    def _everywhere(self) -> pl.DataFrame:
        """What is hidden in all slices, being taken at the total."""
        return self._by("whole", self.cells.filter(~pl.col("~cut").str.contains("1")))

    def _next(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows at the places of the periods before theirs."""
        pairs = [(grain, period, before(period, grain, self.plan.project.calendar))
                 for grain, period in rows.select("grain", "period").unique().iter_rows()]
        steps = pl.DataFrame(pairs, orient="row", schema={"grain": pl.String, "period": pl.Date, "~before": pl.Date})
        return rows.join(steps, on=["grain", "period"]).with_columns(pl.col("~before").alias("period"))

    def _ended(self, rows: pl.DataFrame, few: pl.DataFrame,
               ending: Collection[int]) -> Iterator[tuple[pl.DataFrame, list[str]]]:
        """What days do not sum to is hidden in a whole cut and unit of time, where it is hidden anywhere in these."""
        unit = closing(self.plan) or "year"
        for leaf in ending:
            users = [name for name, one in self.told.items() if leaf in one.own]
            own = few.filter(pl.col("indicator").is_in(users), pl.col("~cut").str.contains("1"))
            for cut, period, grain in own.select("~cut", "period", "grain").unique().iter_rows():
                begins = {start(day, unit, self.plan.project.calendar) for day in (period, last(period, grain))}
                for begin in sorted(begins):
                    reaches = (pl.col("grain") == "week") & (pl.col("period") > days_before(begin, 7))
                    part = rows.filter(pl.col("indicator").is_in(users), pl.col("~cut") == cut,
                                       pl.col("period") < end(begin, unit), reaches | (pl.col("period") >= begin))
                    yield part, ["~row"]


def _matching(rows: pl.DataFrame, keys: pl.DataFrame, on: list[str]) -> pl.Series:
    if keys.is_empty():
        return rows["~row"].clear()
    return rows.join(keys.select(on).unique(), on=on, how="semi", nulls_equal=True)["~row"]


def _blank(name: str, where: pl.Expr) -> pl.Expr:
    return pl.when(where).then(None).otherwise(pl.col(name)).alias(name)
