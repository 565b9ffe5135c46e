"""From states to values: leaves, slices and periods; hand-made plans, with the arithmetic beside them."""

import datetime as dt
import math
import random

import polars as pl
import pytest
from hand_made import (
    DELIVERED,
    FEB,
    JAN,
    MAR,
    A,
    B,
    composite,
    factor,
    leaf,
    one,
    op,
    plan,
    run,
    states,
    sums,
    total,
    values,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cxmetrics.composite_rules import Renormalise
from cxmetrics.days import Calendar
from cxmetrics.evaluate import evaluate
from cxmetrics.evaluate.show import columns
from cxmetrics.ir import Constant, Ref
from cxmetrics.plan import FRACTION, Leaf, LeafValue, Operation, Total
from cxmetrics.resolve.origins import RESERVED
from cxmetrics.score_rules import MinMax
from cxmetrics.units import NUMBER

# --- leaves ------------------------------------------------------------------------------------------------------


def test_the_columns_of_the_table():
    table = run(plan([leaf("count", 0)], [factor("n", LeafValue(0))], ["count"], cuts=(("region",),)),
                sums(JAN, 4, cell=("N",)), ("region",))
    assert table.columns == ["indicator", "level", "grain", "period", "region", "value", "unit", "n", "n_effective",
                             "low", "high", "score", "coverage", "target", "gap", "peer",
                             "peer_gap", "peer_low", "peer_high", "peer_rank", "peer_percentile", "peers",
                             "change", "change_low",
                             "change_high", "moved", "status",
                             "definition"]
    row = one(table, "n", region="N")
    assert (row["level"], row["grain"], row["value"], row["n"], row["status"], row["definition"]) == (
        "factor", "month", 4.0, 4, "ok", "fp-n")


def test_sums_and_means_join_whole_and_fraction():
    # 0.25 + 1.5 + 2.5: whole parts 0 + 1 + 2 = 3, fractions 1.25, in units of 2^-62
    parts = Total(((1, 1.0), (2, 1 / FRACTION)))
    squares = Total(((3, 1.0), (4, 1 / FRACTION)))
    # 0.0625 + 2.25 + 6.25 = 8.5625 = 8 + 0.5625; variance (8.5625 − 4.25²/3)/2 = 1.2708333…
    leaves = [Leaf("sum", "answers", (total(0), parts)), Leaf("mean", "answers", (total(0), parts, squares)),
              Leaf("stdev", "answers", (total(0), parts, squares))]
    ops = ("count", "whole", "fraction", "squares_whole", "squares_fraction")
    table = run(plan(leaves, [factor(name, LeafValue(i)) for i, name in enumerate(("sum", "mean", "stdev"))], ops),
                sums(JAN, 3, 3, int(1.25 * FRACTION), 8, int(0.5625 * FRACTION)))
    assert one(table, "sum")["value"] == 4.25
    assert one(table, "mean")["value"] == pytest.approx(4.25 / 3, abs=1e-15)
    assert one(table, "stdev")["value"] == pytest.approx(math.sqrt((8.5625 - 4.25**2 / 3) / 2), rel=1e-15)


def test_a_spread_that_plain_floats_would_lose():
    # 1e9, 1e9 + 1, 1e9 + 2: variance 1; the two terms of n·Σx² − (Σx)² are near 9e18 and differ by 6
    x = [10**9, 10**9 + 1, 10**9 + 2]
    table = values(sums(JAN, 3, sum(x), sum(v * v for v in x)), factor("s", LeafValue(0)),
                   leaves=[leaf("stdev", 0, 1, 2)], ops=("count", "sum", "squares"))
    assert one(table, "s")["value"] == 1.0


def test_nps_share_apdex_and_their_intervals():
    leaves = [leaf("nps", 0, 1, 2), leaf("share", 0, 1), leaf("apdex", 0, 1, 2)]
    table = values(sums(JAN, 20, 12, 3), *(factor(name, LeafValue(i)) for i, name in enumerate(("nps", "share", "ap"))),
                   leaves=leaves, ops=("count",) * 3)
    nps = one(table, "nps")
    assert nps["value"] == 45.0  # 100·(12 − 3)/20
    # n′ 23, p′ 12.75/23, d′ 3.75/23: N′ = 9/23, SE′ = √((16.5/23 − (9/23)²)/23)
    half = 1.959963984540054 * math.sqrt((16.5 / 23 - (9 / 23) ** 2) / 23)
    assert nps["low"] == pytest.approx(100 * (9 / 23 - half), rel=1e-12)
    assert nps["high"] == pytest.approx(100 * (9 / 23 + half), rel=1e-12)
    share = one(table, "share")
    assert (share["value"], share["n"], share["n_effective"]) == (0.6, 20, 20.0)
    assert 0 < share["low"] < 0.6 < share["high"] < 1
    assert one(table, "ap")["value"] == 13.5 / 20  # (12 + 3/2)/20


def test_extremes_and_quantiles():
    rows = [(0, JAN, None, 4), (1, JAN, 2.0, 1), (2, JAN, 9.0, 1),
            (3, JAN, 2.0, 1), (3, JAN, 3.0, 2), (3, JAN, 9.0, 1),
            (0, FEB, None, 1), (1, FEB, 1.0, 1), (2, FEB, 1.0, 1), (3, FEB, 1.0, 1)]
    leaves = [leaf("min", 0, 1), leaf("max", 0, 2), leaf("quantile", 0, 3, q=0.9, rule="hf7"),
              leaf("quantile", 0, 3, q=0.9, rule="hf6")]
    p = plan(leaves, [factor(f"f{i}", LeafValue(i)) for i in range(4)], ("count", "min", "max", "values"),
             grains=("month", "year"))
    table = run(p, rows)
    assert [one(table, f"f{i}", grain="month")["value"] for i in range(3)] == [2.0, 9.0, pytest.approx(7.2)]
    # 2 3 3 9: hf7 rank 1 + 0.9·3 = 3.7 → 3 + 0.7·6; hf6 rank 0.9·5 = 4.5 → 9
    assert one(table, "f3", grain="month")["value"] == 9.0
    # the year: 1 2 3 3 9, rank 4.6 → 3 + 0.6·6
    assert [one(table, f"f{i}", grain="year")["value"] for i in range(3)] == [1.0, 9.0, pytest.approx(6.6)]


def test_no_rows_are_zero_where_delivered_and_missing_where_not():
    leaves = [leaf("count", 0), leaf("sum", 0, 1), leaf("mean", 0, 1, 2), leaf("stdev", 0, 1, 2)]
    p = plan(leaves, [factor(f"f{i}", LeafValue(i)) for i in range(4)], ("count", "sum", "squares"))
    table = run(p, sums(JAN, 1, 8, 64), delivered=DELIVERED | {"calls": (MAR, MAR)})
    for name, january, february in (("f0", 1.0, 0.0), ("f1", 8.0, 0.0), ("f2", 8.0, None), ("f3", None, None)):
        assert one(table, name)["value"] == january
        row = one(table, name, period=FEB)
        assert (row["value"], row["n"], row["status"]) == (february, 0, "ok" if february == 0 else "no_data")
        march = one(table, name, period=MAR)
        assert (march["value"], march["n"], march["status"]) == (None, 0, "no_data")


# --- slices ------------------------------------------------------------------------------------------------------


def test_each_slice_is_evaluated_from_its_own_rows():
    # north 10 of 20, south 1 of 10: the total is 11/30, not the mean of ½ and ⅒
    rows = sums(JAN, 20, 10, cell=("N", "a")) + sums(JAN, 10, 1, cell=("S", "a"))
    p = plan([leaf("share", 0, 1)], [factor("f", LeafValue(0))], ("count",) * 2,
             cuts=(("region",), ("region", "segment")))
    table = run(p, rows, ("region", "segment"))
    assert one(table, "f", region=None)["value"] == 11 / 30
    assert one(table, "f", region="N", segment=None)["value"] == 0.5
    assert one(table, "f", region="S", segment="a")["value"] == 0.1


def test_a_slice_seen_by_another_source_counts_zero():
    p = plan([leaf("count", 0), leaf("count", 1, source="calls"), leaf("mean", 0, 0, 0)],
             [factor("a", LeafValue(0)), factor("c", LeafValue(1)), factor("m", LeafValue(2))],
             ("count", "count@calls"), cuts=(("region",),))
    given = {"answers": {("region",): states(sums(JAN, 3, cell=("N",)), 1)},
             "calls": {("region",): states([(1, JAN, "S", None, 5)], 1)}}
    table = evaluate(p, given, {"answers": (JAN, JAN), "calls": (JAN, JAN)})
    assert {(r["indicator"], r["region"]): r["value"] for r in table.rows(named=True)} == {
        ("a", None): 3, ("a", "N"): 3, ("a", "S"): 0, ("c", None): 5, ("c", "N"): 0, ("c", "S"): 5,
        ("m", None): 1, ("m", "N"): 1}


def test_a_cut_that_a_source_cannot_make_leaves_it_out():
    p = plan([leaf("count", 0), leaf("count", 1, source="calls")],
             [factor("a", LeafValue(0)), factor("c", LeafValue(1)), composite("both", {"a": 0.75, "c": 0.25})],
             ("count", "count@calls"), cuts=(("region",),))
    given = {"answers": {("region",): states(sums(JAN, 3, cell=("N",)), 1)},
             "calls": {(): states([(1, JAN, None, 7)])}}
    table = evaluate(p, given, {"answers": (JAN, JAN), "calls": (JAN, JAN)})
    assert one(table, "both", region=None)["value"] == 4.0  # ¾·3 + ¼·7
    row = one(table, "both", region="N")
    assert (row["value"], row["coverage"], row["status"]) == (3.0, 0.75, "partial")
    assert table.filter(pl.col("indicator") == "c", pl.col("region") == "N").is_empty()


def test_an_indicator_may_have_its_own_cuts_and_grains():
    rows = sums(JAN, 3, cell=("N",))
    own = factor("own", LeafValue(0), cuts=(), grains=("year",))
    p = plan([leaf("count", 0)], [own, factor("twice", Operation("*", (Ref("own"), Constant(2, NUMBER))))],
             ["count"], cuts=(("region",),))
    table = run(p, rows, ("region",), {"answers": (JAN, JAN)})
    assert table.select("indicator", "grain", "region", "value").rows() == [
        ("twice", "month", None, 6.0), ("own", "year", None, 3.0), ("twice", "month", "N", 6.0)]


def test_weeks_begin_as_the_project_says():
    rows = [(0, dt.date(2026, 1, day), None, day) for day in (3, 4, 5)]  # Saturday, Sunday, Monday
    for week_start, expected in ((0, [(dt.date(2025, 12, 29), 7.0), (dt.date(2026, 1, 5), 5.0)]),
                                 (6, [(dt.date(2025, 12, 28), 3.0), (dt.date(2026, 1, 4), 9.0)])):
        p = plan([leaf("sum", 0, 0)], [factor("f", LeafValue(0))], ["count"], grains=("week",),
                 calendar=Calendar(week_start))
        table = run(p, rows, delivered={"answers": (dt.date(2026, 1, 3), dt.date(2026, 1, 5))})
        assert table.select("period", "value").rows() == expected


# --- periods and blocks ------------------------------------------------------------------------------------------


def test_nothing_delivered_is_an_empty_table():
    p = plan([leaf("count", 0)], [factor("f", A)], ["count"], cuts=(("region",),))
    for states_by_source, delivered in (({}, {}), ({"answers": {("region",): states([], 1)}}, {})):
        table = evaluate(p, states_by_source, delivered)
        assert table.is_empty()
        assert table.schema["region"] == pl.String
    # delivered, but every row was dropped: that is a count of 0
    assert evaluate(p, {}, {"answers": (JAN, JAN)})["value"].to_list() == [0.0]


def test_an_interval_gives_the_periods_it_touches_and_the_change_from_before():
    p = plan([leaf("count", 0)], [factor("f", A)], ["count"], grains=("day", "month"))
    rows = [(0, dt.date(2026, 1, 20), None, 3), (0, FEB, None, 10), (0, dt.date(2026, 2, 2), None, 4)]
    table = run(p, rows, between=(dt.date(2026, 2, 2), dt.date(2026, 2, 4)))
    assert table.select("grain", "period", "value", "change").rows() == [
        ("day", dt.date(2026, 2, 2), 4, -6), ("day", dt.date(2026, 2, 3), 0, -4), ("month", FEB, 14, 11)]


def test_a_stray_date_does_not_make_a_million_periods():
    p = plan([leaf("count", 0)], [factor("f", A)], ["count"], grains=("day", "year"))
    far = dt.date(9999, 12, 31)
    table = run(p, [(0, JAN, None, 1), (0, far, None, 1)], delivered={"answers": (JAN, far)})
    assert table["period"].to_list() == [JAN, far, JAN, dt.date(9999, 1, 1)]


CELL = st.tuples(st.integers(0, 75), st.sampled_from("NSE"), st.sampled_from("ab"), st.integers(1, 9),
                 st.integers(0, 10))


def small(cells, **more):
    """A pyramid over rows of (day, region, segment, how many, answer)."""
    grid: dict = {}
    for offset, region, segment, count, answer in cells:
        cell = (JAN + dt.timedelta(offset), region, segment)
        old = grid.get(cell, (0, 0, 0))
        grid[cell] = (old[0] + count, old[1] + count * answer, old[2] + count * answer**2)
    rows = [(part, *cell, None, amount) for cell, amounts in grid.items() for part, amount in enumerate(amounts)]
    p = plan([leaf("mean", 0, 1, 2), leaf("count", 0), leaf("sum", 0, 1)],
             [factor("m", A, score=MinMax("region"), **more), factor("n", B),
              factor("p", op("+", Ref("m"), Ref("n")), target=5.0),
              composite("c", {"m": 0.1, "n": 0.2, "p": 0.7}, missing=Renormalise(0.3))],
             ("count", "sum", "squares"), cuts=(("region",), ("region", "segment")), grains=("day", "week", "quarter"))
    return p, rows, {"answers": (JAN, JAN + dt.timedelta(75))}


ORDER = ["indicator", "grain", "period", "region", "segment"]


@settings(max_examples=25)
@given(st.lists(CELL, max_size=12), st.integers(0, 2**32))
def test_the_order_of_states_makes_no_difference(cells, seed):
    p, rows, delivered = small(cells)
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)
    first = run(p, rows, ("region", "segment"), delivered)
    assert_frame_equal(first, run(p, shuffled, ("region", "segment"), delivered), check_exact=True)


@settings(max_examples=25)
@given(st.lists(CELL, max_size=12), st.integers(1, 75))
def test_periods_in_two_runs_are_the_periods_of_one(cells, split):
    p, rows, delivered = small(cells)
    middle, end = JAN + dt.timedelta(split), JAN + dt.timedelta(76)
    whole = run(p, rows, ("region", "segment"), delivered)
    early = run(p, rows, ("region", "segment"), delivered, (JAN, middle))
    late = run(p, rows, ("region", "segment"), delivered, (middle, end))
    both = pl.concat([early, late]).unique().sort(ORDER)
    assert_frame_equal(both, whole.sort(ORDER), check_exact=True)


@pytest.mark.parametrize("pooled", [True, False])
def test_blocks_make_no_difference(monkeypatch, pooled):
    cells = [(i * 7 % 76, "NSE"[i % 3], "ab"[i % 2], 1 + i % 9, i % 11) for i in range(40)]
    p, rows, delivered = small(cells)
    if not pooled:
        nodes = {name: factor(name, node.formula) if node.formula else node for name, node in p.nodes.items()}
        p = plan(p.leaves, nodes.values(), ("count", "sum", "squares"), cuts=p.project.cuts, grains=p.project.grains)
    whole = run(p, rows, ("region", "segment"), delivered).sort(ORDER)
    monkeypatch.setattr("cxmetrics.evaluate.CELLS_AT_ONCE", 150)
    assert_frame_equal(run(p, rows, ("region", "segment"), delivered).sort(ORDER), whole, check_exact=True)


def test_no_dimension_can_have_the_name_of_a_column_of_the_values():
    assert {*columns(()), "run"} <= RESERVED
