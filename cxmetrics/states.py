"""States: the mergeable numbers from which everything above the raw rows is computed.

The states of one source and one *family* (a tuple of dimensions) are a frame with the columns
`partial` (UInt32, index into `Plan.partials`), `day` (Date), `d0…` (String, the dimensions of the family in order),
`key` (Float64: null for sums and counts, the value for `values`, the extreme for `min` and `max`) and `value`
(Decimal(38, 0): the sum, or how many rows have that key; 1 for extremes).  There is one row a partial, day and
slice (and key), and none where a partial has no rows.  All numbers are integers or extremes, so states
merge to the same bits in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cxmetrics.codes import data
from cxmetrics.days import PLAIN, Calendar
from cxmetrics.diagnostics import Fault, report
from cxmetrics.ir import Expr, Grain, columns_in
from cxmetrics.plan import Cell, Condition, Cube, Logic, Op, Plan

AMOUNT = pl.Decimal(38, 0)
ROWS_AT_ONCE = 6_000_000  # of an intermediate join
LARGEST = 1e38  # the first integer that Decimal(38, 0) cannot hold
EXTREMES: frozenset[Op] = frozenset(("min", "max"))
_FALSE, _MISSING, _TRUE = 0, 1, 2  # three-valued logic, where `and` is the least and `or` the greatest

Truth = NDArray[np.int8]


def schema(dimensions: int) -> dict[str, pl.DataType]:
    """The columns of a frame of states with that many dimensions."""
    slices: dict[str, pl.DataType] = dict.fromkeys(names(dimensions), pl.String())
    return {"partial": pl.UInt32(), "day": pl.Date(), **slices, "key": pl.Float64(), "value": AMOUNT}


def names(dimensions: int) -> list[str]:
    """The columns `d0…` of that many dimensions."""
    return [f"d{i}" for i in range(dimensions)]


# --- from the cells of a cube to states --------------------------------------------------------------------------


def spread(cube: Cube, frame: pl.DataFrame) -> pl.DataFrame:
    """The states of a cube's members, from the cells that a backend counted.

    A member sums the cells whose classes make its condition true.  The cells are first coded by place (day and
    slice), and merged over the keys that a group of conditions does not look at.
    """
    dims, keys = names(len(cube.dimensions)), [f"k{i}" for i in range(len(cube.keys))]
    places = frame.select("day", *dims).unique().with_row_index("place")
    coded = frame.join(places, on=["day", *dims], nulls_equal=True).drop("day", *dims)
    spreads = [part for looked_at, recipes in _by_keys(cube).items()
               for part in _spread_group(cube, _narrow(cube, coded, keys, looked_at), looked_at, recipes)]
    if not spreads:
        return pl.DataFrame(schema=schema(len(dims)))
    states = pl.concat(spreads).join(places, on="place")
    return states.select(*schema(len(dims)))


@dataclass(frozen=True, slots=True)
class _Recipe:
    """A condition, and which partials want which slots of the cells where it holds."""

    where: Condition | None
    wanted: tuple[tuple[int, int], ...]  # (slot, partial)

    @property
    def slots(self) -> tuple[int, ...]:
        return tuple(sorted({slot for slot, _ in self.wanted}))


def _by_keys(cube: Cube) -> Mapping[tuple[int, ...], list[_Recipe]]:
    """The conditions of a cube's members, by the keys they look at."""
    wanted: dict[Condition | None, list[tuple[int, int]]] = {}
    for member in cube.members:
        wanted.setdefault(member.where, []).append((member.slot, member.partial))
    groups: dict[tuple[int, ...], list[_Recipe]] = {}
    for where, pairs in wanted.items():
        groups.setdefault(tuple(sorted(_keys(where))), []).append(_Recipe(where, tuple(pairs)))
    return groups


def _keys(where: Condition | None) -> set[int]:
    match where:
        case None:
            return set()
        case Cell(key):
            return {key}
        case Logic(_, args):
            return set().union(*(_keys(arg) for arg in args))
        case _:
            assert_never(where)


def _narrow(cube: Cube, coded: pl.DataFrame, keys: Sequence[str], looked_at: tuple[int, ...]) -> pl.DataFrame:
    """The cells merged over all keys but those looked at."""
    if len(looked_at) == len(keys):
        return coded
    by = ["place", *(f"k{i}" for i in looked_at), *(["value"] if cube.value is not None else [])]
    return _merged_slots(cube, coded, by, range(len(cube.slots)))


def _merged_slots(cube: Cube, cells: pl.DataFrame, by: list[str], slots: Sequence[int]) -> pl.DataFrame:
    wanted: list[pl.Expr] = []
    large: list[int] = []
    for slot in slots:
        column = pl.col(f"s{slot}")
        match cube.slots[slot].op:
            case "min":
                wanted.append(column.min())
            case "max":
                wanted.append(column.max())
            case _:
                wanted.append(column.sum())
                large += [slot] if _may_overflow(cells[f"s{slot}"]) else []
    for slot in large:
        if _overflown(cells, by, f"s{slot}").height:
            raise _overflow(cube.slots[slot].arg)
    return _grouped(cells, by, wanted, large=bool(large))


def _spread_group(cube: Cube, cells: pl.DataFrame, looked_at: tuple[int, ...],
                  recipes: Sequence[_Recipe]) -> Iterator[pl.DataFrame]:
    keys = [f"k{i}" for i in looked_at]
    combos = cells.select(keys).unique().with_row_index("combo") if keys else pl.DataFrame({"combo": [0]})
    combos = combos.with_columns(pl.col("combo").cast(pl.UInt32))
    cells = cells.join(combos, on=keys) if keys else cells.with_columns(pl.lit(0, pl.UInt32).alias("combo"))
    sizes = np.bincount(cells["combo"].to_numpy(), minlength=combos.height)
    classes = {i: combos[f"k{i}"].to_numpy() for i in looked_at}
    by_slots: dict[tuple[int, ...], list[tuple[_Recipe, NDArray[np.bool_]]]] = {}
    for recipe in recipes:
        holds = truth(recipe.where, classes, combos.height) == _TRUE
        by_slots.setdefault(recipe.slots, []).append((recipe, holds))
    for slots, members in by_slots.items():
        for chunk in _chunks(members, sizes):
            yield from _spread_chunk(cube, cells, slots, chunk)


def _chunks(members: Sequence[tuple[_Recipe, NDArray[np.bool_]]],
            sizes: NDArray[np.int64]) -> Iterator[list[tuple[_Recipe, NDArray[np.bool_]]]]:
    """The members in groups whose join with the cells stays within bounds."""
    chunk: list[tuple[_Recipe, NDArray[np.bool_]]] = []
    rows = 0
    for recipe, holds in members:
        more = int(sizes[holds].sum())
        if chunk and rows + more > ROWS_AT_ONCE:
            yield chunk
            chunk, rows = [], 0
        chunk.append((recipe, holds))
        rows += more
    yield chunk


def _spread_chunk(cube: Cube, cells: pl.DataFrame, slots: tuple[int, ...],
                  chunk: Sequence[tuple[_Recipe, NDArray[np.bool_]]]) -> Iterator[pl.DataFrame]:
    where, combo = np.nonzero(np.stack([holds for _, holds in chunk]))
    members = pl.DataFrame({"where": where.astype(np.uint32), "combo": combo.astype(np.uint32)})
    value = ["value"] if cube.value is not None else []
    joined = members.join(cells.select("place", "combo", *value, *(f"s{i}" for i in slots)), on="combo")
    merged = _merged_slots(cube, joined, ["where", "place", *value], slots)
    for slot in slots:
        pairs = [(i, partial) for i, (recipe, _) in enumerate(chunk) for s, partial in recipe.wanted if s == slot]
        wanted = pl.DataFrame(pairs, schema={"where": pl.UInt32, "partial": pl.UInt32}, orient="row")
        yield merged.join(wanted, on="where").select("place", "partial", *_state(cube, slot)).drop_nulls("value")


def _state(cube: Cube, slot: int) -> tuple[pl.Expr, pl.Expr]:
    """`key` and `value` of a slot; a null value where there is nothing to tell."""
    column = pl.col(f"s{slot}")
    if cube.value is not None:
        return pl.col("value").alias("key"), column.cast(AMOUNT).alias("value")
    if cube.slots[slot].op in EXTREMES:
        return column.alias("key"), pl.when(column.is_not_null()).then(pl.lit(1)).cast(AMOUNT).alias("value")
    return pl.lit(None, pl.Float64).alias("key"), column.cast(AMOUNT).alias("value")


def truth(where: Condition | None, classes: Mapping[int, NDArray[np.integer]], height: int) -> Truth:
    """How a condition stands in each combination of classes: 0 false, 1 missing, 2 true.

    `classes`: the class codes of each key, [height].
    """
    match where:
        case None:
            return np.full(height, _TRUE, np.int8)
        case Cell(key, true, missing):
            return _cell(classes[key], true, missing)
        case Logic("not", (arg,)):
            return np.asarray(_TRUE - truth(arg, classes, height), np.int8)
        case Logic("and", args):
            return np.asarray(np.minimum.reduce([truth(arg, classes, height) for arg in args]), np.int8)
        case Logic("or", args):
            return np.asarray(np.maximum.reduce([truth(arg, classes, height) for arg in args]), np.int8)
        case _:
            raise AssertionError(where)


def _cell(codes: NDArray[np.integer], true: frozenset[int], missing: frozenset[int]) -> Truth:
    table = np.full(max([0, *true, *missing, int(codes.max(initial=0))]) + 1, _FALSE, np.int8)
    table[list(missing)] = _MISSING
    table[list(true)] = _TRUE
    return np.asarray(table[codes], np.int8)


# --- merging states ----------------------------------------------------------------------------------------------


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
    return merge_by(states.select("partial", period, *slices, "key", "value"), plan,
                    ["partial", "period", *names(len(cut))])


def merge_by(rows: pl.DataFrame, plan: Plan, by: list[str]) -> pl.DataFrame:
    """States that are equal in all columns `by` merged; the result has these, `key` and `value`.

    Raises `Fault` (CX714) for a sum beyond 38 digits.
    """
    kinds = [(part, which) for part, which in _kinds(plan) if which]
    order = [*by, "key", "value"]
    merged = [part(plan, rows.filter(pl.col("partial").is_in(which)) if len(kinds) > 1 else rows, by).select(order)
              for part, which in kinds]
    return pl.concat(merged) if merged else rows.select(order)


def concat(frames: Sequence[pl.DataFrame], dimensions: int) -> pl.DataFrame:
    """Frames of states of one family, one after another."""
    return pl.concat([frame.select(*schema(dimensions)) for frame in frames]) if frames else pl.DataFrame(
        schema=schema(dimensions))


def apart(frame: pl.DataFrame) -> Mapping[str, pl.DataFrame]:
    """States by their first dimension, which they lose: each part is of the family of the others."""
    rest = {f"d{i + 1}": f"d{i}" for i in range(len(frame.columns) - len(schema(0)) - 1)}
    parts = frame.partition_by("d0", as_dict=True, include_key=False)
    return {str(name): part.rename(rest) for (name,), part in parts.items()}


_Merge = Callable[[Plan, pl.DataFrame, list[str]], pl.DataFrame]


def _kinds(plan: Plan) -> tuple[tuple[_Merge, list[int]], ...]:
    by_kind: dict[str, list[int]] = {"sum": [], "values": [], "min": [], "max": []}
    for index, partial in enumerate(plan.partials):
        by_kind[partial.op if partial.op in by_kind else "sum"].append(index)
    return ((_merge_sums, by_kind["sum"]), (_merge_values, by_kind["values"]),
            (_merge_least, by_kind["min"]), (_merge_most, by_kind["max"]))


def _merge_sums(plan: Plan, rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return _summed(plan, rows, by).with_columns(pl.lit(None, pl.Float64).alias("key"))


def _merge_values(plan: Plan, rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return _summed(plan, rows, [*by, "key"])


def _merge_least(_: Plan, rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return _grouped(rows, by, [pl.col("key").min(), pl.col("value").max()])


def _merge_most(_: Plan, rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return _grouped(rows, by, [pl.col("key").max(), pl.col("value").max()])


def _summed(plan: Plan, rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    large = _may_overflow(rows["value"])
    for index in _overflown(rows, by, "value")["partial"] if large else ():
        raise _overflow(plan.partials[index].arg)
    return _grouped(rows, by, [pl.col("value").sum()], large=large)


def _grouped(rows: pl.DataFrame, by: Sequence[str], wanted: Sequence[pl.Expr], *, large: bool = False) -> pl.DataFrame:
    """Grouped; `large`: some running sum may pass 38 digits, though no final one does."""
    # The streaming engine takes half the time on millions of groups, and refuses such a running sum.
    return rows.lazy().group_by(by).agg(*wanted).collect(engine="in-memory" if large else "streaming")


def _overflown(rows: pl.DataFrame, by: Sequence[str], column: str) -> pl.DataFrame:
    """The groups whose sum does not fit into 38 digits."""
    size = pl.col(column).cast(pl.Float64).sum().abs()
    return rows.group_by(by).agg(size.alias("~size")).filter(pl.col("~size") >= LARGEST)


def _may_overflow(amounts: pl.Series) -> bool:
    """Whether some sum of these could pass 38 digits: grouped sums wrap around without a word."""
    if amounts.dtype != AMOUNT or not amounts.len():
        return False
    ends = [abs(float(end)) for end in (amounts.min(), amounts.max()) if end is not None]  # type: ignore[arg-type]
    return max(ends, default=0.0) * amounts.len() >= LARGEST


def _overflow(expr: Expr | None) -> Fault:
    column = next(columns_in(expr), None)
    return Fault(report(data.SUM_OVERFLOW, column.span if column else None, column=column.name if column else "?"))
