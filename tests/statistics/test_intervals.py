"""Intervals against published tables, an independent package's figures for real data, and arithmetic."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from cxmetrics.statistics.intervals import (
    apdex_interval,
    mean_interval,
    nps_error,
    nps_interval,
    poisson_interval,
    quantile_ranks,
    ratio_interval,
    share_interval,
)


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(newline="") as file:
        return list(csv.DictReader(file))


def column(table: list[dict[str, str]], name: str) -> np.ndarray:
    return np.array([float(row[name] or "nan") for row in table])


@pytest.mark.parametrize(
    ("x", "n", "low", "high"), [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611),
                                (1, 29, 0.0061, 0.1718)])
def test_share_as_published_by_newcombe(x, n, low, high):
    assert np.round(share_interval(x / n, n), 4) == pytest.approx([low, high], abs=1e-12)


def test_share_as_published_by_newcombe_in_the_shared_table(shared_data):
    table = rows(shared_data, "intervals/published_newcombe_1998.csv")
    x, n = np.array([[float(part) for part in row["case"].split("/")] for row in table]).T
    low, high = share_interval(x / n, n)
    assert np.round(low, 4) == pytest.approx(column(table, "wilson_lo"), abs=1e-12)
    assert np.round(high, 4) == pytest.approx(column(table, "wilson_hi"), abs=1e-12)


def test_share_as_computed_elsewhere_at_three_confidences(shared_data):
    table = rows(shared_data, "intervals/expected_single.csv")
    x, n, confidence = (column(table, name) for name in ("x", "n", "conf"))
    low, high = share_interval(x / n, n, confidence)
    assert low == pytest.approx(column(table, "wilson_lo"), abs=1e-9)
    assert high == pytest.approx(column(table, "wilson_hi"), abs=1e-9)


def test_top_boxes_of_the_bank_survey(shared_data):
    table = rows(shared_data, "bank_survey/expected_csat_ci.csv")
    low, high = share_interval(column(table, "p"), column(table, "n"))
    assert low == pytest.approx(column(table, "wilson_lo"), abs=1e-9)
    assert high == pytest.approx(column(table, "wilson_hi"), abs=1e-9)


def test_means_of_the_bank_survey(shared_data):
    table = rows(shared_data, "bank_survey/expected_item_means.csv")
    low, high = mean_interval(*(column(table, name) for name in ("mean", "sd", "n")))
    assert low == pytest.approx(column(table, "t_lo"), abs=1e-6)
    assert high == pytest.approx(column(table, "t_hi"), abs=1e-6)


def test_nps_of_the_bank_survey(shared_data):
    table = rows(shared_data, "bank_survey/expected_nps_by_segment.csv")
    counts = [column(table, name) for name in ("promoters", "detractors", "n")]
    low, high = nps_interval(*counts)
    assert low == pytest.approx(100 * column(table, "adjwald_lo"), abs=1e-9)
    assert high == pytest.approx(100 * column(table, "adjwald_hi"), abs=1e-9)
    assert nps_error(*counts) == pytest.approx(100 * column(table, "nps_se"), abs=1e-9)


@pytest.mark.parametrize(("n", "half"), [(30, 26.5), (100, 14.5), (1000, 4.6)])
def test_nps_half_width_with_60_percent_promoters_and_15_percent_detractors(n, half):
    assert 1.959964 * nps_error(0.6 * n, 0.15 * n, n) == pytest.approx(half, abs=0.1)


def test_nps_by_hand():
    # n' = 13, p' = 8.75/13, d' = 1.75/13, N' = 7/13; SE'^2 = (10.5/13 - 49/169)/13 = 87.5/2197
    half = 1.959963984540054 * (87.5 / 2197) ** 0.5
    assert nps_interval(8, 1, 10) == pytest.approx((100 * (7 / 13 - half), 100 * (7 / 13 + half)), abs=1e-9)


def test_nps_interval_is_cut_to_its_scale():
    assert nps_interval(10, 0, 10)[1] == 100
    assert nps_interval(0, 10, 10)[0] == -100


def test_apdex_is_the_nps_interval_on_its_own_scale():
    # 60 satisfied, 30 tolerating, 10 frustrated
    low, high = nps_interval(60, 10, 100)
    assert apdex_interval(60, 30, 100) == pytest.approx(((1 + low / 100) / 2, (1 + high / 100) / 2), abs=1e-12)


def test_ratio_by_hand():
    # x = 1, 2, 3 and y = 2, 3, 7: R = 2, e = 0, -1, 1; Var = 3/2 * 2 / 36 = 1/12; t(2) at .975 = 4.302653
    low, high = ratio_interval(3, x=6, y=12, xx=14, xy=29, yy=62)
    assert (high - low) / 2 == pytest.approx(4.30265273 * (1 / 12) ** 0.5, abs=1e-8)
    assert (high + low) / 2 == pytest.approx(2, abs=1e-12)


def test_ratio_to_ones_is_the_mean():
    y = np.array([1.0, 4, 4, 9, 2])
    sums = {"x": 5, "y": y.sum(), "xx": 5, "xy": y.sum(), "yy": (y**2).sum()}
    assert ratio_interval(5, **sums) == pytest.approx(mean_interval(y.mean(), y.std(ddof=1), 5), abs=1e-12)


@pytest.mark.parametrize(("count", "low", "high"), [(0, 0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.390)])
def test_poisson_as_in_garwoods_table(count, low, high):
    assert poisson_interval(count) == pytest.approx((low, high), abs=1e-3)
    assert poisson_interval(count, 4.0) == pytest.approx((low / 4, high / 4), abs=1e-3)


@pytest.mark.parametrize(("n", "low", "high"), [(6, 1, 6), (10, 2, 9), (15, 4, 12), (20, 6, 15), (50, 18, 33)])
def test_ranks_of_the_median_as_in_the_tables_of_the_sign_test(n, low, high):
    assert quantile_ranks(n, 0.5) == (low, high)


def test_ranks_are_open_where_no_value_can_bound():
    low, high = quantile_ranks([5, 30, 0, 30], [0.5, 0.95, 0.5, 0.01])
    assert np.isnan(low).tolist() == [True, False, True, True]
    assert np.isnan(high).tolist() == [True, True, True, False]


@given(st.integers(1, 3000), st.floats(0.01, 0.99), st.sampled_from([0.8, 0.95, 0.99]))
def test_ranks_are_the_narrowest_that_hold(n, q, confidence):
    low, high = quantile_ranks(n, q, confidence)
    tail, slack = (1 - confidence) / 2, 1e-12
    below = lambda k: stats.binom.cdf(k, n, q)  # noqa: E731
    if low >= 1:
        assert below(low - 1) <= tail + slack
    assert below(0 if np.isnan(low) else low) > tail - slack
    if high <= n:
        assert below(high - 1) >= 1 - tail - slack
        assert below(high - 2) < 1 - tail + slack
    else:
        assert below(n - 1) < 1 - tail + slack


def test_ranks_of_ten_million_values():
    low, high = quantile_ranks(1e7, 0.95)
    assert (high - low) / 2 == pytest.approx(1.96 * (1e7 * 0.95 * 0.05) ** 0.5, rel=1e-3)


@given(st.integers(1, 10**6), st.floats(0, 1), st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_share_agrees_with_statsmodels_and_holds_its_share(n, part, confidence):
    x = round(part * n)
    low, high = share_interval(x / n, n, confidence)
    assert (low, high) == pytest.approx(proportion_confint(x, n, 1 - confidence, "wilson"), abs=1e-9)
    assert 0 <= low <= x / n <= high <= 1


def test_nan_and_nothing_stay_nan_without_a_warning():
    nan = float("nan")
    results = [
        nps_interval([0, nan], 0, [0, 5]), share_interval([0, nan, 0.5], [0, 5, nan]), mean_interval(1, nan, [0, 1]),
        ratio_interval([1, 5], x=[1, 0], y=1, xx=1, xy=1, yy=1), poisson_interval([nan, 1], [1, 0]),
        apdex_interval(0, 0, 0), quantile_ranks([nan, 0], 0.5),
    ]
    for low, high in results:
        assert np.isnan(low).all()
        assert np.isnan(high).all()


def test_intervals_broadcast():
    low, high = share_interval(np.full((2, 3), 0.5), [10, 20, 30])
    assert low.shape == high.shape == (2, 3)


def test_many_counts_have_the_intervals_of_each():
    counts = np.array([[0, 3, 3, 7], [1, 0, 2, 40]], np.float64)
    low, high = poisson_interval(np.tile(counts, 20))
    for place, count in np.ndenumerate(np.tile(counts, 20)):
        assert (low[place], high[place]) == poisson_interval(count)
    assert np.isnan(poisson_interval(np.array([1.0, np.nan, 2.0]))[0]).tolist() == [False, True, False]
    assert poisson_interval(np.array([0.5, 0.5, 0.5]))[1][0] == poisson_interval(0.5)[1]
