"""Comparisons against published figures, figures of another package for real data, and arithmetic."""

import csv
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from statsmodels.stats.multitest import multipletests

from cxmetrics.statistics.comparisons import (
    benjamini_hochberg,
    by_interval,
    holm,
    independent,
    moved,
    paired,
    shares,
    welch,
)
from cxmetrics.statistics.intervals import nps_error


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(newline="") as file:
        return list(csv.DictReader(file))


def column(table: list[dict[str, str]], name: str) -> np.ndarray:
    return np.array([float("nan" if row[name] in ("", "NA") else row[name]) for row in table])


def test_two_shares_as_published_by_newcombe():
    found = shares(56 / 70, 70, 48 / 80, 80)
    assert (np.round(found.low, 4), np.round(found.high, 4)) == (0.0524, 0.3339)


def test_two_shares_as_computed_elsewhere(shared_data):
    table = rows(shared_data, "intervals/expected_two.csv")
    x1, n1, x2, n2 = (column(table, name) for name in ("x1", "n1", "x2", "n2"))
    found = shares(x1 / n1, n1, x2 / n2, n2)
    assert found.difference == pytest.approx(column(table, "diff"), abs=1e-9)
    assert found.low == pytest.approx(column(table, "newcombe_lo"), abs=1e-9)
    assert found.high == pytest.approx(column(table, "newcombe_hi"), abs=1e-9)
    assert found.p == pytest.approx(column(table, "pooled_z_p"), abs=1e-9, nan_ok=True)


def segment_counts(folder: Path) -> dict[str, list[float]]:
    table = rows(folder, "bank_survey/expected_nps_by_segment.csv")
    return {row["level"]: [float(row[name]) for name in ("promoters", "detractors", "n")] for row in table}


def test_nps_of_two_segments_of_the_bank_survey(shared_data):
    table = rows(shared_data, "bank_survey/expected_pairwise_tests.csv")
    counts = segment_counts(shared_data)
    error_a, error_b = (nps_error(*np.array([counts[row[side]] for row in table]).T) for side in "ab")
    found = independent(100 * column(table, "nps_a"), error_a, 100 * column(table, "nps_b"), error_b)
    assert found.difference == pytest.approx(100 * column(table, "diff"), abs=1e-9)
    assert found.low == pytest.approx(100 * column(table, "lo"), abs=1e-9)
    assert found.high == pytest.approx(100 * column(table, "hi"), abs=1e-9)
    assert found.p == pytest.approx(column(table, "p"), abs=1e-9)


def test_top_boxes_of_two_segments_of_the_bank_survey(shared_data):
    table = rows(shared_data, "bank_survey/expected_pairwise_tests.csv")
    counts = segment_counts(shared_data)
    n_a, n_b = (np.array([counts[row[side]][2] for row in table]) for side in "ab")
    found = shares(column(table, "csat8_a"), n_a, column(table, "csat8_b"), n_b)
    assert found.p == pytest.approx(column(table, "csat_p"), abs=1e-9)


def test_mean_of_two_segments_of_the_bank_survey(shared_data):
    table = rows(shared_data, "bank_survey/expected_pairwise_tests.csv")
    means = {row["level"]: row for row in rows(shared_data, "bank_survey/expected_item_means.csv")
             if row["item"] == "sat1"}
    of = lambda side, name: np.array([float(means[row[side]][name]) for row in table])  # noqa: E731
    found = welch(of("a", "mean"), of("b", "mean"), stdev_a=of("a", "sd"), stdev_b=of("b", "sd"),
                  n_a=of("a", "n"), n_b=of("b", "n"))
    assert found.df == pytest.approx(column(table, "welch_df"), rel=1e-9)
    assert found.p == pytest.approx(column(table, "welch_p"), abs=1e-6)


def families(folder: Path) -> Iterator[list[dict[str, str]]]:
    table = rows(folder, "bank_survey/expected_pairwise_tests.csv")
    return (list(family) for _, family in groupby(table, key=lambda row: row["segment"]))


def test_many_tests_of_the_bank_survey(shared_data):
    for family in families(shared_data):
        assert holm(column(family, "p")) == pytest.approx(column(family, "p_holm"), abs=1e-9)
        assert benjamini_hochberg(column(family, "p")) == pytest.approx(column(family, "p_bh"), abs=1e-9)


def test_holm_and_benjamini_hochberg_by_hand():
    # sorted .01 .02 .03: Holm 3*.01, 2*.02, max(.04, .03); BH .03 (= 3*.01/1 = 3*.02/2 = 3*.03/3)
    assert holm([0.03, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert benjamini_hochberg([0.03, 0.01, 0.02]) == pytest.approx([0.03, 0.03, 0.03])


@pytest.mark.usefixtures("settled_heap")
@given(arrays(np.float64, st.integers(1, 40), elements=st.floats(0, 1)))
def test_many_tests_agree_with_statsmodels(p):
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1], abs=1e-12)
    assert benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1], abs=1e-12)


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_a_missing_test_is_in_no_family(adjust):
    found = adjust([[0.04, np.nan, 0.01], [np.nan, np.nan, np.nan]])
    assert found[0, [0, 2]] == pytest.approx(adjust([0.04, 0.01]))
    assert np.isnan(found[0, 1])
    assert np.isnan(found[1]).all()


def test_paired_is_the_t_test_of_the_differences():
    a, b = np.array([7.0, 9, 4, 8, 10]), np.array([6.0, 9, 2, 8, 7])
    found = paired(a.mean(), b.mean(), stdev_a=a.std(ddof=1), stdev_b=b.std(ddof=1),
                   covariance=np.cov(a, b)[0, 1], n=5)
    oracle = stats.ttest_rel(a, b)
    assert found.p == pytest.approx(oracle.pvalue, abs=1e-9)
    assert (found.low, found.high) == pytest.approx(tuple(oracle.confidence_interval(0.95)), abs=1e-9)


def test_welch_is_the_test_of_scipy():
    a, b = np.array([7.0, 9, 4, 8, 10]), np.array([6.0, 1, 2, 8])
    found = welch(a.mean(), b.mean(), stdev_a=a.std(ddof=1), stdev_b=b.std(ddof=1), n_a=5, n_b=4)
    oracle = stats.ttest_ind(a, b, equal_var=False)
    assert (found.p, found.df) == pytest.approx((oracle.pvalue, oracle.df), abs=1e-9)
    assert (found.low, found.high) == pytest.approx(tuple(oracle.confidence_interval(0.95)), abs=1e-9)


@given(st.integers(1, 500), st.integers(1, 500), st.floats(0, 1), st.floats(0, 1))
def test_two_shares_hold_their_difference_and_turn_with_it(n_a, n_b, part_a, part_b):
    a, b = round(part_a * n_a) / n_a, round(part_b * n_b) / n_b
    found, turned = shares(a, n_a, b, n_b), shares(b, n_b, a, n_a)
    assert -1 - 1e-12 <= found.low <= found.difference <= found.high <= 1 + 1e-12
    assert (found.low, found.high) == pytest.approx((-turned.high, -turned.low), abs=1e-12)


def test_moved():
    nan = np.nan
    assert moved([1, -3, -1, 0, nan], [2, -1, 1, 2, 1]).tolist()[:4] == [1, -1, 0, 0]
    assert np.isnan(moved(nan, 1))
    assert moved(80, 90, reference=[70, 85, 95]).tolist() == [1, 0, -1]


def test_nothing_known_is_nothing_said():
    nan = np.nan
    for found in (independent(nan, 1, 2, 1), welch(1, 2, stdev_a=nan, stdev_b=1, n_a=1, n_b=5), shares(0, 0, 0.5, 9),
                  paired(1, 2, stdev_a=1, stdev_b=1, covariance=0, n=1)):
        assert np.isnan([found.low, found.high, found.p]).all()


def test_an_interval_that_reaches_further_to_one_side_tells_how_sure_a_difference_is():
    """4 between 0 and 5 is as far from 0 as 5% are, and −4 between −5 and 0; 4 between 2 and 9 is 4/2 times as far."""
    found = by_interval(np.array([4.0, -4, 4, 4]), np.array([0.0, -5, 2, np.nan]), np.array([5.0, 0, 9, np.nan]), 0.95)
    assert found.p == pytest.approx([0.05, 0.05, 2 * stats.norm.cdf(-2 * 1.959963984540054), np.nan], nan_ok=True)
    assert (found.low[2], found.high[2]) == (2, 9)
