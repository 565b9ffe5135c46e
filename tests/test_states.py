"""States: the cells of a cube become mergeable numbers, and merging them in any way gives the same."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from itertools import product
from operator import mul

import hand_made
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cxmetrics.backends.conditions import Terms, told
from cxmetrics.calendars import start
from cxmetrics.days import Calendar
from cxmetrics.diagnostics import Fault
from cxmetrics.fuse.wanted import left_over, wanted
from cxmetrics.ir import Column, Constant, Project
from cxmetrics.plan import Cell, Classifier, Cube, Logic, Member, Plan, Slot, steps
from cxmetrics.states import AMOUNT, merge, period_start, schema, spread
from cxmetrics.states.spreading import truth
from cxmetrics.units import NUMBER

MONDAY = dt.date(2026, 6, 1)
AMOUNT_COLUMN = Column("answers", "amount", "integer", NUMBER)
ANY = Classifier(Constant(1, NUMBER))


def plan(*ops: str) -> Plan:
    partials = tuple(hand_made.partial("answers", op, AMOUNT_COLUMN) for op in ops)
    return Plan(Project("p", {}), {}, partials, ("",) * len(ops), (), {})


def cube(members, slots=("count",), keys=2, dims=("region",), value=None) -> Cube:
    return Cube(dims, (ANY,) * keys, tuple(Slot(op, AMOUNT_COLUMN) for op in slots), tuple(members), value)


def cells(rows, slots=("count",), keys=2, value=False) -> pl.DataFrame:
    kinds = [pl.Float64 if op in ("min", "max") else AMOUNT for op in slots]
    columns = {"day": pl.Date, "d0": pl.String, **{f"k{i}": pl.Int32 for i in range(keys)},
               **({"value": pl.Float64} if value else {}), **{f"s{i}": kind for i, kind in enumerate(kinds)}}
    return pl.DataFrame(rows, schema=columns, orient="row")


def listed(states: pl.DataFrame) -> set:
    """The rows, without `text` where no state has one."""
    return set((states.drop("text") if states["text"].null_count() == states.height else states).rows())


def day(offset: int) -> dt.date:
    return MONDAY + dt.timedelta(offset)


def test_a_member_sums_the_cells_where_its_condition_holds():
    # k0: 1 mobile, 2 branch, 0 missing; k1: 1 low, 2 high
    frame = cells([(MONDAY, "N", 1, 1, 5), (MONDAY, "N", 1, 2, 7), (MONDAY, "N", 2, 2, 11), (MONDAY, "S", 0, 2, 13),
                   (day(1), "N", 1, 2, 17)])
    mobile, high = Cell(0, frozenset({1}), frozenset({0})), Cell(1, frozenset({2}), frozenset({0}))
    states = spread(cube([Member(0, 0, None), Member(1, 0, mobile), Member(2, 0, Logic("and", (mobile, high))),
                          Member(3, 0, Logic("or", (mobile, high))), Member(4, 0, Logic("not", (mobile,)))]), frame)
    assert dict(states.schema) == schema(1)
    assert listed(states) == {
        (0, MONDAY, "N", None, 23), (0, MONDAY, "S", None, 13), (0, day(1), "N", None, 17),  # 5 + 7 + 11
        (1, MONDAY, "N", None, 12), (1, day(1), "N", None, 17),                              # 5 + 7
        (2, MONDAY, "N", None, 7), (2, day(1), "N", None, 17),
        # missing or true is true, so the 13 of the south count
        (3, MONDAY, "N", None, 23), (3, MONDAY, "S", None, 13), (3, day(1), "N", None, 17),
        # not missing is missing, so they do not count here
        (4, MONDAY, "N", None, 11),
    }


@st.composite
def conditions(draw, sizes):
    def cell():
        key = draw(st.integers(0, len(sizes) - 1))
        true_ = draw(st.frozensets(st.integers(1, sizes[key] - 1)))
        return Cell(key, true_, draw(st.sampled_from([frozenset(), frozenset({0})])))

    kind = draw(st.sampled_from(["cell", "cell", "not", "and", "or"]))
    inner = st.deferred(lambda: conditions(sizes))
    if kind == "cell":
        return cell()
    return Logic(kind, tuple(draw(st.lists(inner, min_size=1, max_size=1 if kind == "not" else 3))))


@given(st.data())
def test_the_combinations_that_are_looked_at_are_those_where_a_condition_is_true(data):
    sizes = data.draw(st.lists(st.integers(2, 4), min_size=1, max_size=3))
    members = [Member(i, 0, data.draw(conditions(sizes))) for i in range(data.draw(st.integers(1, 3)))]
    every = list(product(*(range(size) for size in reversed(sizes))))  # the first key is the fastest
    classes = {key: np.array([place[-1 - key] for place in every]) for key in range(len(sizes))}
    true_ = np.logical_or.reduce([truth(member.where, classes, len(every)) == 2 for member in members])
    found = wanted([replace(ANY, classes=size) for size in sizes], members)
    assert (found is None) == true_.all()
    assert tuple(np.flatnonzero(true_)) == (tuple(range(len(every))) if found is None else found)
    keys = [replace(ANY, classes=size) for size in sizes]
    assert wanted(keys, [*members, Member(9, 0, None)]) is None
    if found is not None:  # what all others are counted under makes no condition true
        assert sum(map(mul, left_over(keys, found), steps(keys))) not in found


@given(st.data())
def test_a_condition_told_without_a_third_value_is_true_where_it_is_true_and_false_where_it_is_false(data):
    sizes = data.draw(st.lists(st.sampled_from([2, 3, 6, 80]), min_size=1, max_size=3))
    where = data.draw(conditions(sizes))
    every = list(product(*(range(size) for size in sizes)))
    sign = truth(where, {key: np.array([place[key] for place in every]) for key in range(len(sizes))}, len(every))
    keys = [replace(ANY, classes=size) for size in sizes]
    column = [np.array([place[key] for place in every]) for key in range(len(sizes))]
    terms = Terms(lambda key, low, high: (column[key] >= low) & (column[key] <= high),
                  lambda key, codes: np.isin(column[key], codes), np.logical_and.reduce,
                  lambda parts: np.logical_or.reduce([np.zeros(len(every), bool), *parts]))
    assert list(told(where, keys, terms)) == list(sign == 2)
    assert list(told(where, keys, terms, truth=False)) == list(sign == 0)


def test_of_conditions_asked_row_by_row_there_are_states_where_rows_meet_them():
    """Members of 3 rows with a value, of 2 rows without any, and of none."""
    where = Cell(0, frozenset({1}), frozenset({0}))
    slots = tuple(Slot(op, None if op == "count" else AMOUNT_COLUMN, where) for op in ("count", "sum", "max"))
    frame = pl.DataFrame({"day": [MONDAY, day(1), day(2)], "d0": ["N"] * 3, "s0": [3, 2, 0], "s1": [60, 0, 0],
                          "s2": [30.0, None, None]}, schema_overrides={"s0": AMOUNT, "s1": AMOUNT})
    members = (Member(4, 0, None, 0), Member(5, 1, None, 0), Member(6, 2, None, 0))
    states = spread(Cube(("region",), (), slots, members, asked=(ANY,)), frame)
    assert dict(states.schema) == schema(1)
    assert listed(states) == {(4, MONDAY, "N", None, 3), (4, day(1), "N", None, 2), (5, MONDAY, "N", None, 60),
                              (5, day(1), "N", None, 0), (6, MONDAY, "N", 30.0, 1)}


def test_members_take_different_slots():
    frame = cells([(MONDAY, "N", 1, 2, 30, 3.5, 9.0), (MONDAY, "N", 2, 4, 70, 1.5, 6.0),
                   (MONDAY, "S", 1, 1, 0, None, None)], ("count", "sum", "min", "max"), keys=1)
    first = Cell(0, frozenset({1}), frozenset())
    states = spread(cube([Member(0, 0, None), Member(1, 1, None), Member(2, 2, None), Member(3, 3, None),
                          Member(4, 1, first)], ("count", "sum", "min", "max"), keys=1), frame)
    assert listed(states) == {
        (0, MONDAY, "N", None, 6), (0, MONDAY, "S", None, 1), (1, MONDAY, "N", None, 100), (1, MONDAY, "S", None, 0),
        (2, MONDAY, "N", 1.5, 1), (3, MONDAY, "N", 9.0, 1), (4, MONDAY, "N", None, 30), (4, MONDAY, "S", None, 0),
    }


def test_values_are_counted_apart():
    frame = cells([(MONDAY, "N", 1, 2.0, 3), (MONDAY, "N", 2, 2.0, 4), (MONDAY, "N", 2, 8.0, 1)], keys=1, value=True)
    states = spread(cube([Member(0, 0, None), Member(1, 0, Cell(0, frozenset({2}), frozenset()))], keys=1,
                         value=AMOUNT_COLUMN), frame)
    assert listed(states) == {(0, MONDAY, "N", 2.0, 7), (0, MONDAY, "N", 8.0, 1), (1, MONDAY, "N", 2.0, 4),
                              (1, MONDAY, "N", 8.0, 1)}


def test_a_cube_without_keys_or_rows_or_dimensions():
    assert spread(cube([Member(0, 0, None)]), cells([])).schema == schema(1)
    frame = pl.DataFrame({"day": [MONDAY, day(1)], "s0": [1, 2]}).with_columns(pl.col("s0").cast(AMOUNT))
    states = spread(cube([Member(3, 0, None)], keys=0, dims=()), frame)
    assert listed(states) == {(3, MONDAY, None, 1), (3, day(1), None, 2)}


def test_many_members_in_small_pieces_are_the_same(monkeypatch):
    rows = [(day(i % 3), "NS"[i % 2], i % 4, i % 5, i) for i in range(60)]
    members = [Member(i, 0, Cell(0, frozenset({i % 4}), frozenset({0}))) for i in range(12)]
    whole = spread(cube(members), cells(rows))
    monkeypatch.setattr("cxmetrics.states.spreading.ROWS_AT_ONCE", 5)
    assert listed(spread(cube(members), cells(rows))) == listed(whole)


@pytest.mark.parametrize(("grain", "calendar", "expected"), [
    ("day", Calendar(), dt.date(2026, 8, 16)),
    ("week", Calendar(), dt.date(2026, 8, 10)),   # a Sunday belongs to the week of the Monday before
    ("week", Calendar(6), dt.date(2026, 8, 16)),   # or begins one
    ("week", Calendar(5), dt.date(2026, 8, 15)),
    ("month", Calendar(0, 4), dt.date(2026, 8, 1)),
    ("quarter", Calendar(), dt.date(2026, 7, 1)),
    ("quarter", Calendar(0, 3), dt.date(2026, 6, 1)),
    ("year", Calendar(), dt.date(2026, 1, 1)),
    ("year", Calendar(0, 4), dt.date(2026, 4, 1)),
    ("year", Calendar(0, 9), dt.date(2025, 9, 1)),
])
def test_period_start(grain, calendar, expected):
    frame = pl.DataFrame({"day": [dt.date(2026, 8, 16)]})
    assert frame.select(period_start(pl.col("day"), grain, calendar)).item() == expected
    assert start(dt.date(2026, 8, 16), grain, calendar) == expected


def states_of(rows, dims: int) -> pl.DataFrame:
    return hand_made.states(rows, dims)


def test_merge_to_a_coarser_cut_and_grain():
    states = states_of([
        (0, day(0), "N", "a", None, 5), (0, day(6), "N", "b", None, 6), (0, day(7), "S", "a", None, 7),
        (1, day(0), "N", "a", 3.0, 2), (1, day(1), "N", "b", 3.0, 4), (1, day(1), "N", "b", 4.0, 1),
        (2, day(0), "N", "a", 3.5, 1), (2, day(3), "N", "a", 1.5, 1),
        (3, day(0), "N", "a", 3.5, 1), (3, day(3), "N", "a", 1.5, 1)], 2)
    merged = merge(states, plan("sum", "values", "min", "max"), "week", ("region",), ("region", "segment"))
    assert listed(merged) == {
        (0, MONDAY, "N", None, 11), (0, day(7), "S", None, 7), (1, MONDAY, "N", 3.0, 6), (1, MONDAY, "N", 4.0, 1),
        (2, MONDAY, "N", 1.5, 1), (3, MONDAY, "N", 3.5, 1)}
    by_segment = merge(states, plan("sum", "values", "min", "max"), "month", ("segment",), ("region", "segment"))
    assert (0, MONDAY, "a", None, 12) in listed(by_segment)  # 5 + 7
    total = merge(states, plan("sum", "values", "min", "max"), "year", (), ("region", "segment"))
    assert (0, dt.date(2026, 1, 1), None, 18) in listed(total)


def test_sums_are_exact_beyond_floats_and_never_wrap():
    large = 10**37
    states = states_of([(0, day(i), None, Decimal(large + i)) for i in range(9)], 0)
    assert merge(states, plan("sum"), "year", (), ())["value"].item() == 9 * large + 36
    below = pl.concat([states, states, states.with_columns(-pl.col("value"))])  # passes 38 digits only on the way
    assert merge(below, plan("sum"), "year", (), ())["value"].item() == 9 * large + 36
    twice = pl.concat([states, states])  # 1.8e38 is more than 38 digits hold
    with pytest.raises(Fault) as caught:
        merge(twice, plan("sum"), "year", (), ())
    assert caught.value.diagnostics[0].facts == {"column": "amount"}


ROWS = st.lists(st.tuples(
    st.integers(0, 3), st.integers(0, 70), st.sampled_from("NS"), st.sampled_from("ab"), st.integers(-4, 4),
    st.integers(-10**20, 10**20)), max_size=40)


def from_rows(rows) -> pl.DataFrame:
    """States as the rows of a family give them: merged to its days."""
    raw = [(p, day(d), r, s, None if p == 0 else float(k), 1 if p > 1 else abs(v) if p == 1 else v)
           for p, d, r, s, k, v in rows]
    states = merge(states_of(raw, 2), plan("sum", "values", "min", "max"), "day", ("r", "s"), ("r", "s"))
    return states.rename({"period": "day"})


def sorted_frame(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort(frame.columns)


@settings(max_examples=40)
@given(ROWS, st.integers(0, 70), st.sampled_from(["day", "week", "month", "quarter", "year"]), st.randoms())
def test_split_by_day_and_in_any_order_is_the_whole(rows, split, grain, random):
    p = plan("sum", "values", "min", "max")
    whole = merge(from_rows(rows), p, grain, ("r",), ("r", "s"))
    shuffled = list(rows)
    random.shuffle(shuffled)
    early = from_rows([row for row in shuffled if row[1] < split])
    late = from_rows([row for row in shuffled if row[1] >= split])
    assert_frame_equal(sorted_frame(merge(pl.concat([late, early]), p, grain, ("r",), ("r", "s"))), sorted_frame(whole))


@settings(max_examples=40)
@given(ROWS)
def test_a_year_from_months_is_a_year_from_days(rows):
    p = plan("sum", "values", "min", "max")
    states = from_rows(rows)
    months = merge(states, p, "month", ("s",), ("r", "s")).rename({"period": "day"})
    assert_frame_equal(sorted_frame(merge(months, p, "year", ("s",), ("s",))),
                       sorted_frame(merge(states, p, "year", ("s",), ("r", "s"))))
