"""Rows raked to the margins of a population: their factors, and the states of rows that are multiplied by them.

The factor of a row depends on its stretch of time and on its cell, which is where it stands in all margins crossed.  So
nothing but the weights of cells has to be known to find the factors, and states kept by cell are multiplied by them.
Factors are counted in whole units of 1/`FACTOR`, so that states stay whole and are merged exactly.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce

import numpy as np
import polars as pl

from cxmetrics.backends.cells import MISSING
from cxmetrics.backends.waiting import Rows, in_turn, then
from cxmetrics.calendars import end
from cxmetrics.codes import surveys as codes
from cxmetrics.days import Calendar
from cxmetrics.diagnostics import Diagnostic, report
from cxmetrics.evaluate.roll import States
from cxmetrics.fuse import held_in
from cxmetrics.ir import Origin
from cxmetrics.plan import COARSER, FACTOR, Days, Plan, Total
from cxmetrics.states import AMOUNT, LARGEST, ROWS_AT_ONCE, overflow, period_start
from cxmetrics.statistics.arrays import Array
from cxmetrics.statistics.raking import Raked, margin, rake
from cxmetrics.statistics.survey import design_effect
from cxmetrics.weights import Margin, Rake, Stretch

_ALL = dt.date.min, dt.date.max


@dataclass(frozen=True, slots=True)
class Raking:
    """How the rows of a source were raked in a stretch of days (half-open); `deff`: Kish's design effect of weights.

    `trimmed`: rows whose factor is held at a bound.  `fault`: why there are no weights, if so.
    """

    source: str
    days: Days
    rows: int
    passes: int
    gap: float
    trimmed: int
    deff: float
    fault: Diagnostic | None = None


@dataclass(frozen=True, slots=True)
class Weights:
    """The factors of all sources whose rows are raked.

    `factors`: by source, a row for each stretch and cell: `stretch`, the dimensions, `factor 1` and `factor 2`, which
    is for sums over squared weights.
    """

    rakings: tuple[Raking, ...] = ()
    factors: Mapping[str, pl.DataFrame] = field(default_factory=dict)

    @property
    def failed(self) -> dict[str, list[Days]]:
        """The days of each source that have no weights."""
        found: dict[str, list[Days]] = {}
        for each in self.rakings:
            if each.fault is not None:
                found.setdefault(each.source, []).append(each.days)
        return found


def solve(plan: Plan, states: States) -> Weights:
    """The factors that the states of the rows of all days lead to."""
    rakings: list[Raking] = []
    factors: dict[str, pl.DataFrame] = {}
    for source, sizes in plan.sizes.items():
        origin = plan.sources[source]
        if origin.rake is not None and source in states:
            cells = _cells(plan, states[source], origin.rake, sizes)
            solved = [_solved(origin, origin.rake, part) for part in cells.partition_by("stretch")]
            rakings += [each for each, _ in solved]
            factors[source] = pl.concat([part for _, part in solved]) if solved else cells
    return Weights(tuple(rakings), factors)


def _start(per: Stretch, calendar: Calendar) -> pl.Expr:
    """The first day of the stretch that a day is in."""
    return pl.lit(_ALL[0]) if per == "all" else period_start(pl.col("day"), per, calendar)


def _cells(plan: Plan, families: Mapping[tuple[str, ...], Rows], rule: Rake,
           sizes: Sequence[Total]) -> pl.DataFrame:
    """How many rows each cell has in each stretch, Σw and Σw² before they are raked (`n`, `w`, `ww`), in order."""
    parts = sorted({part for total in sizes for part, _ in total.parts})
    holding = [each for each in held_in(plan, parts[0], list(families)) if set(rule.dimensions) <= set(each)]
    family = min(holding, key=lambda each: (families[each].height, each))
    dims = [pl.col(f"d{family.index(name)}").alias(name) for name in rule.dimensions]
    rows = pl.concat([some.filter(pl.col("partial").is_in(parts)).select(
        "partial", _start(rule.per, plan.project.calendar).alias("stretch"), *dims, "value")
        for some in in_turn(families[family], ROWS_AT_ONCE)])
    by = ["stretch", *rule.dimensions]
    summed = rows.group_by("partial", *by).agg(pl.col("value").sum())
    empty = rows.select(by).unique()
    for name, total in zip(("n", "w", "ww"), sizes, strict=True):
        amount = reduce(lambda left, right: left + right, [
            pl.when(pl.col("partial") == part).then(pl.col("value").cast(pl.Float64) * factor).otherwise(0.0).sum()
            for part, factor in total.parts])
        empty = empty.join(summed.group_by(by).agg(amount.alias(name)), on=by, how="left")
    return empty.sort(by)


def _solved(origin: Origin, rule: Rake, cells: pl.DataFrame) -> tuple[Raking, pl.DataFrame]:
    """One stretch raked; without weights its cells have no factors."""
    weights, first = cells["w"].to_numpy(), cells["stretch"][0]
    days = _ALL if rule.per == "all" else (first, end(first, rule.per))
    fault = next(_holes(origin, rule, cells, days), None)
    if fault is None:
        found = rake(weights, [margin(_codes(each, cells), [share for _, share in each.shares])
                               for each in rule.margins], low=rule.low, high=rule.high)
        fault = None if found.converged else _unmet(origin, rule, found, days)
    else:
        found = Raked(np.ones(len(weights)), False, 0, np.nan, np.zeros(len(weights), np.bool_))
    n, factors = cells["n"].to_numpy(), found.factors
    deff = float(design_effect(n.sum(), (weights * factors).sum(), (cells["ww"].to_numpy() * factors**2).sum()))
    trimmed = round(n[found.trimmed].sum())
    raking = Raking(origin.id, days, round(n.sum()), found.passes, found.gap, trimmed, deff, fault)
    powers = {f"factor {power}": _whole(factors**power) for power in (1, 2)}
    told = cells.select("stretch", *rule.dimensions).with_columns(**powers)
    return raking, told if fault is None else told.clear()


def _whole(factors: Array) -> pl.Series:
    return pl.Series([Decimal(round(float(each) * FACTOR)) for each in factors], dtype=AMOUNT)


def _codes(one: Margin, cells: pl.DataFrame) -> list[int]:
    """Which category of a margin each cell is in: -1 for rows that do not say, -2 for those in none."""
    places = {value: place for place, (value, _) in enumerate(one.shares)}
    values = cells.select(one.dimensions).iter_rows()
    return [-1 if MISSING in value else places.get(value, -2) for value in values]


def _holes(origin: Origin, rule: Rake, cells: pl.DataFrame, days: Days) -> Iterator[Diagnostic]:
    """The rows that are in no category, and the categories without rows."""
    n, weights = cells["n"].to_numpy(), cells["w"].to_numpy()
    for one in rule.margins:
        of_cell = np.array(_codes(one, cells), np.int64)
        first, last = _ends(days)
        if (unknown := round(n[of_cell == -2].sum())):
            yield report(codes.CATEGORY_UNKNOWN, one.span, source=origin.id, margin=one, first=first, last=last,
                         count=unknown)
        for place, (value, _) in enumerate(one.shares):
            if not (weights[of_cell == place] > 0).any():
                yield report(codes.CATEGORY_EMPTY, one.span, source=origin.id, margin=one, first=first, last=last,
                             value=", ".join(value))


def _unmet(origin: Origin, rule: Rake, found: Raked, days: Days) -> Diagnostic:
    first, last = _ends(days)
    return report(codes.MARGINS_NOT_MET, rule.margins[0].span, source=origin.id, passes=found.passes,
                  gap=f"{found.gap:.2%}", first=first, last=last)


def _ends(days: Days) -> Days:
    """The first and the last day."""
    first, after = days
    return first, after if after == dt.date.max else after - dt.timedelta(days=1)


# --- states ------------------------------------------------------------------------------------------------------


def weighed(plan: Plan, states: States, weights: Weights) -> States:
    """The states, those that are sums over raked weights multiplied by them; without weights there are none."""
    return {source: {family: then(rows, _weighing(plan, source, family, weights))
                     for family, rows in families.items()}
            if source in weights.factors else families for source, families in states.items()}


def _weighing(plan: Plan, source: str, family: tuple[str, ...],
              weights: Weights) -> Callable[[pl.DataFrame], pl.DataFrame]:
    return lambda frame: _weighed(plan, source, family, frame, weights)


def _weighed(plan: Plan, source: str, family: tuple[str, ...], frame: pl.DataFrame, weights: Weights) -> pl.DataFrame:
    rule, factors = plan.sources[source].rake, weights.factors[source]
    powered = {index: partial for index, partial in enumerate(plan.partials)
               if partial.power and partial.source == source}
    if rule is None or not powered:
        return frame
    parts = [frame.filter(~pl.col("partial").is_in(list(powered)))]
    cells = [pl.col("stretch"), *(pl.col(name).alias(f"d{family.index(name)}") for name in rule.dimensions)]
    for power in (1, 2):
        told = factors.select(*cells, pl.col(f"factor {power}").alias("~factor"))
        for coarser in (False, True):
            own = [index for index, partial in powered.items()
                   if partial.power == power and partial.op.endswith("fraction") == coarser]
            rows = frame.filter(pl.col("partial").is_in(own)).with_columns(
                _start(rule.per, plan.project.calendar).alias("stretch"))
            rows = rows.join(told, on=told.columns[:-1])
            if coarser:
                rows = rows.with_columns(pl.col("value") // pl.lit(Decimal(COARSER), AMOUNT))
            sizes = rows["value"].cast(pl.Float64).abs() * rows["~factor"].cast(pl.Float64)
            if rows.height and (size := sizes.arg_max()) is not None and sizes[size] >= LARGEST / 10:
                raise overflow(plan.partials[rows["partial"][size]].arg)
            parts.append(rows.with_columns(pl.col("value") * pl.col("~factor")).select(frame.columns))
    return pl.concat(parts)


# --- what cannot be said -----------------------------------------------------------------------------------------


def marked(frame: pl.DataFrame, plan: Plan, weights: Weights, dimensions: Sequence[str]) -> pl.DataFrame:
    """Values, of cuts over these dimensions, with the status `failed` where they are missing for want of weights."""
    failed = weights.failed
    if not failed:
        return frame
    below = pl.DataFrame([(name, source) for name, node in plan.shown.items() for source in sorted(node.sources)
                          if source in failed], schema={"indicator": pl.String, "~source": pl.String}, orient="row")
    periods = frame.select("grain", "period").unique()
    hit = [(grain, period, source) for grain, period in periods.iter_rows() for source, days in failed.items()
           if any(low < end(period, grain) and period < high for low, high in days)]
    where = pl.DataFrame(hit, schema={"grain": pl.String, "period": pl.Date, "~source": pl.String}, orient="row")
    touched = where.join(below, on="~source").select("indicator", "grain", "period").unique().with_columns(
        pl.lit(True).alias("~hit"))
    rows = frame.join(touched, on=["indicator", "grain", "period"], how="left", maintain_order="left")
    lost = pl.col("~hit").fill_null(False) & (pl.col("status") == "no_data")
    # A composite without a value has no rows, but where a factor has rows and no weights.
    place = ["grain", "period", *dimensions]
    places = rows.filter(lost, pl.col("n") > 0).select(place).unique().with_columns(pl.lit(True).alias("~place"))
    rows = rows.join(places, on=place, how="left", nulls_equal=True, maintain_order="left")
    failed_ = lost & pl.col("~place").fill_null(False)
    return rows.with_columns(pl.when(failed_).then(pl.lit("failed")).otherwise("status").alias("status")).select(
        frame.columns)
