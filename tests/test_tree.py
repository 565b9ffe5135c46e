"""The tree above the leaves: formulas, composites, scores, what is hidden; with the arithmetic beside it.

A is 6 and B is 4 in formulas, and GONE is missing.
"""

import polars as pl
import pytest
from hand_made import FEB, GONE, JAN, A, B, composite, factor, leaf, one, op, plan, run, sums, total, values

from cxmetrics.composite_rules import NullIfMissing, Renormalise, Rounding
from cxmetrics.ir import Ref
from cxmetrics.plan import Leaf, LeafValue
from cxmetrics.score_rules import Anchors, Goalposts, MinMax, ZScore

# --- formulas ----------------------------------------------------------------------------------------------------



@pytest.mark.parametrize(("formula", "expected"), [
    (op("+", A, B), 10), (op("-", A, B), 2), (op("*", A, B), 24), (op("/", A, B), 1.5), (op("^", A, 2), 36),
    (op("negate", A), -6), (op("min", A, B), 4), (op("max", A, B, 9), 9), (op("abs", op("negate", A)), 6),
    (op("ln", op("exp", 2)), 2), (op("sqrt", B), 2), (op("clamp", A, 0, 5), 5), (op("clamp", A, 7, 9), 7),
    (op("if", op(">", A, B), 1, 2), 1), (op("if", op("=", A, B), 1, 2), 2), (op("if", op("<", GONE, B), 1, 2), None),
    (op("coalesce", GONE, B), 4), (op("coalesce", A, GONE), 6), (op("coalesce", GONE, GONE), None),
    (op("geomean", B, 9), 6), (op("weighted_mean", A, 3, B, 1), 5.5), (op("round", op("/", A, 16), 2), 0.38),
    (op("round", op("/", A, 4)), 2), (op("convert", A, 0.5), 3),
    (op("and", op("<=", B, 4), op("!=", A, B)), 1), (op("or", op("<", A, B), op(">=", A, B)), 1),
    (op("not", op(">", A, B)), 0), (op("is missing", GONE), 1), (op("is not missing", GONE), 0),
    (op("between", A, 5, 6), 1),
    (op("/", A, 0), None), (op("ln", 0), None), (op("sqrt", op("negate", A)), None), (op("exp", 1000), None),
    (op("^", op("negate", A), 0.5), None), (op("^", GONE, 0), None), (op("+", A, GONE), None),
    (op("*", 1e300, 1e300), None),
    (op("geomean", B, 0), None), (op("weighted_mean", A, 0, B, 0), None), (op("<", GONE, B), None),
    (op("and", op("<", GONE, B), op("<", A, B)), 0),
])
def test_operations(formula, expected):
    leaves = [leaf("sum", 0, 0), leaf("sum", 1, 1), leaf("mean", 2, 2, 2)]
    table = values(sums(JAN, 6, 4), factor("f", formula), leaves=leaves, ops=("count",) * 3)
    assert one(table, "f")["value"] == (None if expected is None else pytest.approx(expected, rel=1e-12))


@pytest.mark.parametrize(("formula", "n"), [
    (op("+", A, B), 4), (op("/", A, B), 6), (op("*", A, 2), 6), (op("coalesce", GONE, B), 4),
    (op("/", GONE, B), 4), (op("+", 1, 2), None)])
def test_rows_behind_a_formula(formula, n):
    leaves = [leaf("sum", 0, 0), leaf("sum", 1, 1), leaf("mean", 2, 2, 2)]
    sources = ("answers",) if n else ()
    table = values(sums(JAN, 6, 4), factor("f", formula, sources), leaves=leaves, ops=("count",) * 3)
    assert one(table, "f")["n"] == n


def test_a_formula_takes_values_and_a_composite_takes_scores():
    scored = factor("scored", LeafValue(0), score=Anchors(((0.0, 0.0), (10.0, 100.0))))
    table = values(sums(JAN, 4), scored, factor("plain", LeafValue(0)), factor("f", op("*", Ref("scored"), 2)),
                   composite("c", {"scored": 0.5, "plain": 0.5}), leaves=[leaf("count", 0)])
    assert one(table, "scored")["score"] == 40.0
    assert one(table, "f")["value"] == 8.0
    assert one(table, "c")["value"] == 22.0  # (40 + 4)/2


# --- composites --------------------------------------------------------------------------------------------------


def pyramid(weights, amounts, **more) -> dict:
    """One composite over children whose values are the amounts; None: a child without rows."""
    children = {f"c{i}": weight for i, weight in enumerate(weights)}
    leaves = [Leaf("mean", "answers", (total(2 * i), total(2 * i + 1), total(2 * i + 1))) for i in range(len(weights))]
    nodes = [factor(name, LeafValue(i)) for i, name in enumerate(children)]
    rows = [row for i, amount in enumerate(amounts) if amount is not None
            for row in ((2 * i, JAN, None, 1 + i), (2 * i + 1, JAN, None, amount * (1 + i)))]
    top = composite("top", children, **more)
    return one(values(rows, *nodes, top, leaves=leaves, ops=("count",) * 2 * len(weights)), "top")


def test_a_weighted_mean_of_all_children():
    row = pyramid([0.5, 0.3, 0.2], [10, 20, 40])
    assert row["value"] == pytest.approx(19.0)  # 5 + 6 + 8
    assert (row["coverage"], row["n"], row["status"]) == (1.0, 1, "ok")


def test_a_missing_child_is_left_out():
    row = pyramid([0.5, 0.3, 0.2], [None, 20, 40])
    assert row["value"] == pytest.approx(28.0)  # (6 + 8)/0.5
    assert (row["coverage"], row["n"], row["status"]) == (0.5, 2, "partial")


@pytest.mark.parametrize(("missing", "value"), [
    (Renormalise(0.5), 28.0), (Renormalise(0.5001), None), (Renormalise(0.0), 28.0), (NullIfMissing(), None)])
def test_how_much_may_be_missing(missing, value):
    row = pyramid([0.5, 0.3, 0.2], [None, 20, 40], missing=missing)
    assert row["value"] == (None if value is None else pytest.approx(value))
    assert row["status"] == ("no_data" if value is None else "partial")


def test_thresholds_hold_where_weights_are_not_exact():
    # 0.1 + 0.2 is 0.30000000000000004 and three tenths of ten are enough for 30 %
    assert pyramid([0.1] * 10, [1, 2, 3] + [None] * 7, missing=Renormalise(0.3))["value"] == pytest.approx(2.0)


def test_a_geometric_mean():
    assert pyramid([0.5, 0.5], [4, 9], combine="geometric")["value"] == pytest.approx(6.0)
    assert pyramid([0.5, 0.5], [4, 0], combine="geometric")["value"] is None


def test_partial_travels_upwards():
    leaves = [leaf("mean", 0, 0, 0), leaf("mean", 1, 1, 1)]
    table = values(sums(JAN, 6), factor("a", A), factor("b", B), composite("c", {"a": 0.5, "b": 0.5}),
                   composite("d", {"c": 1.0}), factor("e", op("+", Ref("d"), 1)), leaves=leaves, ops=("count",) * 2)
    assert [one(table, name)["status"] for name in "abcde"] == ["ok", "no_data", "partial", "partial", "partial"]
    assert one(table, "d")["coverage"] == 1.0


# --- scores, rounding, targets -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("rule", "score"), [
    (Anchors(((1.0, 100.0), (3.0, 60.0), (8.0, 0.0))), 36.0),  # 60 − 2/5·60 at 5
    (Anchors(((6.0, 10.0), (8.0, 50.0))), 10.0),               # flat outside
    (Goalposts(0.0, 20.0), 25.0), (Goalposts(20.0, 0.0), 75.0), (Goalposts(6.0, 8.0, 1.0, 5.0), 1.0),
    (MinMax("region"), None),                                  # the total is in no pool
])
def test_scores_of_a_value(rule, score):
    table = values(sums(JAN, 5), factor("f", LeafValue(0), score=rule), leaves=[leaf("count", 0)])
    assert one(table, "f")["score"] == (None if score is None else pytest.approx(score))


def by_branch(rule, direction, amounts) -> dict:
    p = plan([leaf("count", 0)], [factor("f", LeafValue(0), score=rule, direction=direction)], ["count"],
             cuts=(("region", "branch"),), within={"branch": "region"})
    rows = [(0, JAN, *cell, None, amount) for cell, amount in amounts.items()]
    table = run(p, rows, ("region", "branch")).filter(pl.col("branch").is_not_null(), pl.col("period") == JAN)
    return {(row["region"], row["branch"]): row["score"] for row in table.rows(named=True)}


def test_minmax_across_branches_of_all_regions():
    # branches are within regions, so the pool is all branches: 10 … 50
    amounts = {("N", "a"): 10, ("N", "b"): 20, ("S", "c"): 50, ("S", "(missing)"): 99}
    assert by_branch(MinMax("branch", 1, 101), "up", amounts) == {
        ("N", "a"): 1.0, ("N", "b"): 26.0, ("S", "c"): 101.0, ("S", "(missing)"): None}
    assert by_branch(MinMax("branch"), "down", amounts)[("N", "b")] == 75.0


def test_minmax_across_regions_stays_within_a_branch():
    # regions are not within branches: each branch is a pool of its own
    amounts = {("N", "a"): 10, ("S", "a"): 20, ("N", "b"): 7, ("S", "b"): 7}
    assert by_branch(MinMax("region"), "up", amounts) == {
        ("N", "a"): 0.0, ("S", "a"): 100.0, ("N", "b"): None, ("S", "b"): None}


def test_zscore_across():
    # 2, 4, 6: mean 4, standard deviation 2
    scores = by_branch(ZScore("branch"), "up", {("N", "a"): 2, ("N", "b"): 4, ("S", "c"): 6})
    assert list(scores.values()) == [-1.0, 0.0, 1.0]


def test_rounding_feeds_upwards_unless_for_display():
    half = op("/", A, 16)  # 0.375
    table = values(sums(JAN, 6), factor("fed", half, rounding=Rounding("half_up", 2)),
                   factor("seen", half, display=Rounding("half_up", 2)),
                   factor("cut", half, rounding=Rounding("truncate", 1)),
                   factor("step", half, rounding=Rounding("to", 0.25)),
                   composite("c", {"fed": 0.5, "seen": 0.5}), leaves=[leaf("count", 0)])
    assert [one(table, name)["value"] for name in ("fed", "seen", "cut", "step")] == [0.38, 0.375, 0.3, 0.5]
    assert one(table, "c")["value"] == pytest.approx(0.3775)


def test_targets_and_changes():
    nodes = [factor("up", A, target=4.0), factor("down", A, target=4.0, direction="down")]
    p = plan([leaf("count", 0)], nodes, ["count"])
    table = run(p, [(0, JAN, None, 3), (0, FEB, None, 10)])
    assert (one(table, "up")["gap"], one(table, "down")["gap"], one(table, "up")["target"]) == (-1.0, 1.0, 4.0)
    assert (one(table, "up")["change"], one(table, "down", period=FEB)["change"]) == (None, 7.0)


def test_small_groups_are_hidden_but_feed_their_parents():
    p = plan([leaf("mean", 0, 1, 2), leaf("count", 0)],
             [factor("few", A, target=1.0, score=Anchors(((0.0, 0.0), (10.0, 100.0)))), factor("n", B),
              composite("c", {"few": 1.0}), factor("open", A, min_n=2)], ("count", "sum", "squares"), min_n=3)
    table = run(p, sums(JAN, 2, 8, 34) + sums(FEB, 3, 9, 27))
    row = one(table, "few")
    assert [row[name] for name in ("value", "score", "low", "high", "n_effective", "gap")] == [None] * 6
    assert (row["n"], row["status"]) == (None, "low_n")
    assert one(table, "few", period=FEB)["change"] is None  # it would tell the hidden value
    assert (one(table, "n")["value"], one(table, "n")["status"]) == (2.0, "ok")
    assert one(table, "open")["value"] == 4.0
    assert one(table, "c", period=FEB)["value"] == 30.0
    assert one(table, "c")["status"] == "low_n"  # it rests on the same two rows


def test_no_complaints_are_evidence():
    # no complaint in January: the score is full, and the index above it is not hidden
    complaints = factor("complaints", A, score=Anchors(((0.0, 100.0), (10.0, 0.0))))
    p = plan([leaf("count", 0), leaf("mean", 1, 1, 1)],
             [complaints, factor("m", B), composite("c", {"complaints": 0.5, "m": 0.5}),
              factor("rate", op("/", A, LeafValue(1)))], ("count", "count"), min_n=5)
    table = run(p, [(1, JAN, None, 9)])
    assert (one(table, "complaints")["value"], one(table, "complaints")["n"]) == (0.0, 0)
    assert (one(table, "c")["value"], one(table, "c")["n"], one(table, "c")["status"]) == (50.5, 9, "ok")
    assert (one(table, "rate")["value"], one(table, "rate")["n"]) == (0.0, 9)
