"""States merged: days to periods, families to cuts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, assert_never

import polars as pl

from cxmetrics.days import PLAIN, Calendar
from cxmetrics.ir import Apply, Grain
from cxmetrics.plan import Op, Partial, Plan
from cxmetrics.sketches import SAMPLED
from cxmetrics.states.frames import end_in_time, grouped, may_overflow, names, overflow, overflown


def period_start(day: pl.Expr, grain: Grain, calendar: Calendar = PLAIN) -> pl.Expr:
    """The first day of the period a day is in."""
    match grain:
        case "day":
            return day
        case "week":
            return day - pl.duration(days=(day.dt.weekday().cast(pl.Int32) + 6 - calendar.week_start) % 7)
        case "month":
            return day.dt.truncate("1mo")
        case "quarter" | "year":
            ahead = f"{calendar.year_start - 1}mo"
            return day.dt.truncate("1mo").dt.offset_by(f"-{ahead}").dt.truncate(f"1{grain[0]}").dt.offset_by(ahead)
        case _:
            assert_never(grain)


def merge(states: pl.DataFrame, plan: Plan, grain: Grain, cut: tuple[str, ...], family: tuple[str, ...],
          calendar: Calendar = PLAIN) -> pl.DataFrame:
    """States of a family merged to periods and to a cut whose dimensions are among the family's.

    The frame has the columns of states with `period` (its first day) for `day`, and `d0…` are the cut's dimensions.
    Raises `Fault` (CX714) for a sum beyond 38 digits.
    """
    slices = [pl.col(f"d{family.index(name)}").alias(f"d{i}") for i, name in enumerate(cut)]
    period = period_start(pl.col("day"), grain, calendar).alias("period")
    rows = at_moments(states.select("partial", "day", period, *slices, "key", "value", "text"), plan)
    return merge_by(rows, plan, ["partial", "period", *names(len(cut))])


def merge_by(rows: pl.DataFrame, plan: Plan, by: list[str]) -> pl.DataFrame:
    """States that are equal in all columns `by` merged; the result has these, `key`, `value` and `text`.

    What is not of the last day is counted too: see `at_moments`.  Raises `Fault` (CX714) for a sum beyond 38 digits.
    """
    order = [*by, "key", "value", "text"]
    kinds = _kinds(plan)
    merged = [kind.merged(plan, rows.filter(pl.col("partial").is_in(kind.partials)) if len(kinds) > 1 else rows,
                          by).select(order) for kind in kinds]
    return pl.concat(merged) if merged else rows.select(order)


def at_moments(rows: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """The rows without those of `Partial.at` that are not of the first or the last day of their text in their period.

    `rows`: states with a `period` beside their `day`; a day may be in several periods, and has rows for each then.
    That day is found among the text's rows in all slices.  `day` may itself be the beginning of a shorter period.
    """
    parts, others = list[pl.DataFrame](), rows
    for at, day in (("start", pl.col("day").min()), ("end", pl.col("day").max())):
        own = {index: partial.source for index, partial in enumerate(plan.partials) if partial.at == at}
        if not own:
            continue
        sources = pl.DataFrame({"partial": list(own), "~source": list(own.values())},
                               schema={"partial": pl.UInt32, "~source": pl.String})
        whose = ["~source", "period", "text"]
        found = rows.join(sources, on="partial")
        kept = found.join(found.group_by(whose).agg(day), on=[*whose, "day"], how="semi")
        parts.append(kept.select(rows.columns))
        others = others.join(sources, on="partial", how="anti")
    return pl.concat([others, *parts]) if parts else rows


def without_texts(merged: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """States merged to periods with those of `Partial.at` merged over the texts, which have done their work.

    `merged`: the columns of states; what is not to be merged has its place in them, be it called `day` or `period`.
    """
    moments = [index for index, partial in enumerate(plan.partials) if partial.at]
    if not moments:
        return merged
    by = [name for name in merged.columns if name not in ("key", "value", "text")]
    kinds: dict[_How, list[int]] = {}
    for index in moments:
        kinds.setdefault(_op(plan.partials[index]), []).append(index)
    parts = [_Kind(_MERGES[op], texted=False, partials=which).merged(
        plan, merged.filter(pl.col("partial").is_in(which)), by) for op, which in kinds.items()]
    others = merged.filter(~pl.col("partial").is_in(moments))
    return pl.concat([others, *(part.select(merged.columns) for part in parts)])


def _op(partial: Partial) -> _How:
    if partial.per is not None:
        return "values"
    if isinstance(partial.by, Apply) and partial.by.function == SAMPLED:
        return "sample"  # of each text its level, and the most that it stood for
    return partial.op if partial.op in _MERGES else "sum"


_How = Op | Literal["values", "sample"]
_Merge = Callable[[Plan, pl.DataFrame, list[str]], pl.DataFrame]


@dataclass(frozen=True, slots=True)
class _Kind:
    """The partials whose states are merged alike; `texted`: each text by itself."""

    merge: _Merge
    texted: bool
    partials: list[int]

    def merged(self, plan: Plan, rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
        """Their states with equal `by` merged."""
        if self.texted:
            return self.merge(plan, rows, [*by, "text"])
        return self.merge(plan, rows, by).with_columns(text=pl.lit(None, rows.schema["text"]))


def _kinds(plan: Plan) -> list[_Kind]:
    kinds: dict[tuple[_How, bool], _Kind] = {}
    for index, partial in enumerate(plan.partials):
        op, texted = _op(partial), partial.by is not None
        kinds.setdefault((op, texted), _Kind(_MERGES[op], texted, [])).partials.append(index)
    return list(kinds.values())


def _merge_sums(plan: Plan, rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return _summed(plan, rows, by).with_columns(pl.lit(None, pl.Float64).alias("key"))


def _merge_values(plan: Plan, rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return _summed(plan, rows, [*by, "key"])


def _merge_least(_: Plan, rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return grouped(rows, by, [pl.col("key").min(), pl.col("value").max()])


def _merge_most(_: Plan, rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return grouped(rows, by, [pl.col("key").max(), pl.col("value").max()])


def _merge_first(_: Plan, rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return grouped(rows, by, end_in_time("first", "key", "value"))


def _merge_last(_: Plan, rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return grouped(rows, by, end_in_time("last", "key", "value"))


def _summed(plan: Plan, rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    large = may_overflow(rows["value"])
    for index in overflown(rows, by, "value")["partial"] if large else ():
        raise overflow(plan.partials[index].arg)
    return grouped(rows, by, [pl.col("value").sum()], large=large)


_MERGES: Mapping[_How, _Merge] = {"sum": _merge_sums, "values": _merge_values, "min": _merge_least, "max": _merge_most,
                               "sample": _merge_most,
                               "first": _merge_first, "last": _merge_last}
