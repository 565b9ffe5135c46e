"""From the cells of a cube to states: which cells belong to which partial was known before any row was read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import assert_never

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cxmetrics.backends.waiting import Waiting, in_turn, laid, stretches, within
from cxmetrics.functions import UNIT
from cxmetrics.ir import Apply, Constant
from cxmetrics.plan import BY_TIME, Cell, Condition, Cube, Logic, Op
from cxmetrics.pseudonyms import HEX, UNIT_HEX, hidden
from cxmetrics.sketches import SAMPLED, TOP, level_of
from cxmetrics.states.frames import (
    AMOUNT,
    concat,
    end_in_time,
    grouped,
    may_overflow,
    names,
    overflow,
    overflown,
    schema,
)
from cxmetrics.statistics.sampling import thinned

CELLS_AT_ONCE = 300_000  # from which on the cells of some days are taken at a time
ROWS_AT_ONCE = 2_000_000  # of an intermediate join
ROWS_A_GROUP = 20_000  # of such a join that cost no more than one group of conditions
EXTREMES: frozenset[Op] = frozenset(("min", "max"))
_FALSE, _MISSING, _TRUE = 0, 1, 2  # three-valued logic, where `and` is the least and `or` the greatest

Truth = NDArray[np.int8]


def spread(cube: Cube, frame: pl.DataFrame, secret: bytes = b"") -> pl.DataFrame:
    """The states of a cube's members, from the cells that a backend counted.

    `secret`: what persons are hidden with in states that are kept.

    A member sums the cells whose classes make its condition true.  Where they have no texts, some days follow others.
    """
    if any(member.rows is not None for member in cube.members):
        return _one_by_one(cube, frame)
    if cube.by is not None or frame.height <= CELLS_AT_ONCE:
        return _spread(cube, frame, secret)
    return pl.concat([_spread(cube, within(frame, days), secret) for days in stretches([frame], CELLS_AT_ONCE)])


def _one_by_one(cube: Cube, frame: pl.DataFrame) -> pl.DataFrame:
    """The states of members whose slots have conditions: a cell a day and slice, where any row meets it."""
    dims = names(len(cube.dimensions))
    parts = [frame.select("day", *dims, *cube.slots[member.slot].columns(member.slot),
                          rows=pl.lit(1) if member.rows is None else pl.col(f"s{member.rows}"))
             .filter(pl.col("rows") > 0)
             .select(pl.lit(member.partial, pl.UInt32).alias("partial"), "day", *dims, *_state(cube, member.slot),
                     pl.lit(None, pl.String).alias("text"))
             .drop_nulls("value") for member in cube.members]
    return concat(parts, len(dims))


def _spread(cube: Cube, frame: pl.DataFrame, secret: bytes) -> pl.DataFrame:
    """The states of a cube's members.

    The cells are first coded by place (day and slice), and merged over the keys that a group of conditions does not
    look at.
    """
    dims, keys = names(len(cube.dimensions)), [f"k{i}" for i in range(len(cube.keys))]
    places = frame.select("day", *dims).unique().with_row_index("place")
    coded = frame.join(places, on=["day", *dims], nulls_equal=True).drop("day", *dims)
    texts = _texts(cube, coded)
    if texts is not None:
        coded = coded.join(texts, on="text").drop("text")
    spreads = [part for looked_at, recipes in _grouped(cube, coded.height).items()
               for part in _spread_group(cube, _narrow(cube, coded, keys, looked_at), looked_at, recipes)]
    if not spreads:
        return pl.DataFrame(schema=schema(len(dims)))
    states = pl.concat(spreads)
    own = pl.repeat(None, states.height, dtype=pl.String, eager=True) if texts is None else \
        _kept(cube, texts["text"], states["whose"], secret)
    where = places[states["place"]]  # rows are numbered: looked up, not joined
    columns = [states["partial"], *(where[name] for name in ("day", *dims)), states["key"], states["value"]]
    # In other pieces than each other, columns would be copied by whatever looks at them.
    return pl.DataFrame([*columns, own.alias("text")]).rechunk()


def spread_all(cubes: Sequence[Cube], frames: Sequence[pl.DataFrame],
               secret: bytes = b"") -> dict[tuple[str, ...], pl.DataFrame]:
    """The states of the members of several cubes, by family, from the cells of each; `secret` as for `spread`."""
    parts: dict[tuple[str, ...], list[pl.DataFrame]] = {}
    for cube, frame in zip(cubes, frames, strict=True):
        parts.setdefault(cube.dimensions, []).append(spread(cube, frame, secret))
    return {family: concat(own, len(family)) for family, own in parts.items()}


def spread_on_disk(cubes: Sequence[Cube], cells: Sequence[Waiting], secret: bytes,
                   folder: Path) -> dict[tuple[str, ...], Waiting]:
    """The same of cells on the disk, some days after others, into files of a folder; the cells' are removed."""
    parts: dict[tuple[str, ...], list[Iterator[pl.DataFrame]]] = {}
    for cube, own in zip(cubes, cells, strict=True):
        parts.setdefault(cube.dimensions, []).append(_by_days(cube, own, secret))
    return {family: laid(chain.from_iterable(own), concat([], len(family)), folder) for family, own in parts.items()}


def _by_days(cube: Cube, cells: Waiting, secret: bytes) -> Iterator[pl.DataFrame]:
    for some in in_turn(cells, CELLS_AT_ONCE):
        yield concat([spread(cube, some, secret)], len(cube.dimensions))
    cells.drop()


def _texts(cube: Cube, cells: pl.DataFrame) -> pl.DataFrame | None:
    """The texts of a cube with their number `whose`, and of those that are sampled their `level`."""
    if cube.by is None:
        return None
    texts = cells.select(pl.col("text").unique()).with_row_index("whose")
    if _keep(cube) is None:
        return texts
    return texts.with_columns(pl.Series("level", list(map(level_of, texts["text"])), pl.Int64))


def _kept(cube: Cube, texts: pl.Series, whose: pl.Series, secret: bytes) -> pl.Series:
    """The texts of states as they are kept: personal ones as a keyed hash."""
    if cube.persons is None:
        return texts.gather(whose)
    digits = UNIT_HEX if isinstance(cube.by, Apply) and cube.by.function == UNIT else HEX
    used = np.bincount(whose.to_numpy(), minlength=len(texts)) > 0
    told = [hidden(text, cube.persons, secret, digits) if own else None
            for text, own in zip(texts, used.tolist(), strict=True)]
    return pl.Series(told, dtype=pl.String).gather(whose)


def _keep(cube: Cube) -> int | None:
    """How many texts of a day and slice are kept; None for all."""
    match cube.by:
        case Apply(function=function, args=(_, Constant(value=int() as keep))) if function == SAMPLED:
            return keep
        case _:
            return None


def _beside(cube: Cube) -> list[str]:
    """The keys of cells beside their place and their classes."""
    texts = [] if cube.by is None else ["whose"] if _keep(cube) is None else ["whose", "level"]
    return [*texts, *(["value"] if cube.value is not None else [])]


@dataclass(frozen=True, slots=True)
class _Recipe:
    """A condition, and which partials want which slots of the cells where it holds."""

    where: Condition | None
    wanted: tuple[tuple[int, int], ...]  # (slot, partial)

    @property
    def slots(self) -> tuple[int, ...]:
        return tuple(sorted({slot for slot, _ in self.wanted}))


def _grouped(cube: Cube, height: int) -> Mapping[tuple[int, ...], list[_Recipe]]:
    """The conditions by the keys they look at; of few cells all together, as every group has a cost of its own."""
    groups = _by_keys(cube)
    recipes = [recipe for own in groups.values() for recipe in own]
    if len(groups) <= 1 or len(recipes) * height > ROWS_A_GROUP * len(groups):
        return groups
    return {tuple(range(len(cube.keys))): recipes}


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
    by = ["place", *(f"k{i}" for i in looked_at), *_beside(cube)]
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
            case "first" | "last" as op:
                wanted += end_in_time(op, f"s{slot}", f"s{slot} at")
            case _:
                wanted.append(column.sum())
                large += [slot] if may_overflow(cells[f"s{slot}"]) else []
    for slot in large:
        if overflown(cells, by, f"s{slot}").height:
            raise overflow(cube.slots[slot].arg)
    return grouped(cells, by, wanted, large=bool(large))


def _spread_group(cube: Cube, cells: pl.DataFrame, looked_at: tuple[int, ...],
                  recipes: Sequence[_Recipe]) -> Iterator[pl.DataFrame]:
    keys = [f"k{i}" for i in looked_at]
    combos = cells.select(keys).unique().with_row_index("combo") if keys else pl.DataFrame({"combo": [0]})
    combos = combos.with_columns(pl.col("combo").cast(pl.UInt32))
    cells = cells.join(combos, on=keys) if keys else cells.with_columns(pl.lit(0, pl.UInt32).alias("combo"))
    sizes = np.bincount(cells["combo"].to_numpy(), minlength=combos.height)
    classes = {i: combos[f"k{i}"].to_numpy() for i in looked_at}
    by_slots: dict[tuple[int, ...], list[tuple[_Recipe, NDArray[np.bool_]]]] = {}
    known: dict[Cell, Truth] = {}
    for recipe in recipes:
        holds = truth(recipe.where, classes, combos.height, known) == _TRUE
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
    beside, columns = _beside(cube), [name for i in slots for name in cube.slots[i].columns(i)]
    joined = members.join(cells.select("place", "combo", *beside, *columns), on="combo")
    merged = _merged_slots(cube, joined, ["where", "place", *beside], slots)
    whose = ["whose"] if cube.by is not None else []
    for slot in slots:
        pairs = [(i, partial) for i, (recipe, _) in enumerate(chunk) for s, partial in recipe.wanted if s == slot]
        wanted = pl.DataFrame(pairs, schema={"where": pl.UInt32, "partial": pl.UInt32}, orient="row")
        states = merged.join(wanted, on="where").select("place", "partial", *whose, *_state(cube, slot))
        keep = _keep(cube)
        yield states.drop_nulls("value") if keep is None else _sampled(states, keep)


def _sampled(states: pl.DataFrame, keep: int) -> pl.DataFrame:
    """Of each partial, day and slice at most `keep` texts, each with how many it stands for."""
    cell = states.select(pl.struct("partial", "place").rank("dense").cast(pl.Int64) - 1).to_series().to_numpy()
    least = np.zeros(cell.max(initial=-1) + 1, np.int64)
    kept, floor = thinned(cell, states["key"].cast(pl.Int64).to_numpy(), keep, least, TOP)
    return states.with_columns(pl.Series("value", 2 ** floor[cell]).cast(AMOUNT)).filter(pl.Series(kept))


def _state(cube: Cube, slot: int) -> tuple[pl.Expr, pl.Expr]:
    """`key` and `value` of a slot; a null value where there is nothing to tell."""
    column = pl.col(f"s{slot}")
    if _keep(cube) is not None:
        return pl.col("level").cast(pl.Float64).alias("key"), pl.lit(1).cast(AMOUNT).alias("value")
    if cube.value is not None:
        return pl.col("value").alias("key"), column.cast(AMOUNT).alias("value")
    if cube.slots[slot].op in EXTREMES:
        return column.alias("key"), pl.when(column.is_not_null()).then(pl.lit(1)).cast(AMOUNT).alias("value")
    if cube.slots[slot].op in BY_TIME:
        return column.alias("key"), pl.col(f"s{slot} at").cast(AMOUNT).alias("value")
    return pl.lit(None, pl.Float64).alias("key"), column.cast(AMOUNT).alias("value")


def truth(where: Condition | None, classes: Mapping[int, NDArray[np.integer]], height: int,
          known: dict[Cell, Truth] | None = None) -> Truth:
    """How a condition stands in each combination of classes: 0 false, 1 missing, 2 true.

    `classes`: the class codes of each key, [height].  `known`: what is remembered of the parts of conditions.
    """
    if known is None:
        known = {}
    match where:
        case None:
            return np.full(height, _TRUE, np.int8)
        case Cell(key, true, missing):
            if where not in known:
                known[where] = _cell(classes[key], true, missing)
            return known[where]
        case Logic("not", (arg,)):
            return np.asarray(_TRUE - truth(arg, classes, height, known), np.int8)
        case Logic("and", args):
            return np.asarray(np.minimum.reduce([truth(arg, classes, height, known) for arg in args]), np.int8)
        case Logic("or", args):
            return np.asarray(np.maximum.reduce([truth(arg, classes, height, known) for arg in args]), np.int8)
        case _:
            raise AssertionError(where)


def _cell(codes: NDArray[np.integer], true: frozenset[int], missing: frozenset[int]) -> Truth:
    table = np.full(max([0, *true, *missing, int(codes.max(initial=0))]) + 1, _FALSE, np.int8)
    table[list(missing)] = _MISSING
    table[list(true)] = _TRUE
    return np.asarray(table[codes], np.int8)
