"""Correlation and reliability from sums, against plain definitions, published figures and SciPy."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cxmetrics.statistics.association import alpha, correlation, correlation_interval, spread
from cxmetrics.statistics.survey import cronbach_alpha

ANSCOMBE = [  # Anscombe 1973, The American Statistician 27(1): four data sets with r = .816
    (v, [float(x) for x in w.split()]) for v, w in (
        ((10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5), "8.04 6.95 7.58 8.81 8.33 9.96 7.24 4.26 10.84 4.82 5.68"),
        ((10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5), "9.14 8.14 8.74 8.77 9.26 8.10 6.13 3.10 9.13 7.26 4.74"),
        ((10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5), "7.46 6.77 12.74 7.11 7.81 8.84 6.08 5.39 8.15 6.42 5.73"),
        ((8, 8, 8, 8, 8, 8, 8, 19, 8, 8, 8), "6.58 5.76 7.71 8.84 8.47 7.04 5.25 12.50 5.56 7.91 6.89"))]
VALUES = st.lists(st.tuples(st.integers(-10**9, 10**9), st.integers(-10**9, 10**9)), min_size=2, max_size=30)


def parts(number):
    high = float(number)
    return np.array([high]), np.array([float(Fraction(number) - Fraction(high))])


def sums(values):
    return parts(sum(values)), parts(sum(v * v for v in values))


def ours(x, y, noise=0.0):
    x, y = [Fraction(v) for v in x], [Fraction(v) for v in y]
    return correlation(parts(len(x)), sums(x), sums(y), parts(sum(a * b for a, b in zip(x, y, strict=True))), noise)[0]


@pytest.mark.parametrize(("x", "y"), ANSCOMBE)
def test_four_data_sets_of_one_correlation(x, y):
    found = ours(x, y)
    assert found == pytest.approx(stats.pearsonr(x, y).statistic, rel=1e-14)
    assert found == pytest.approx(0.816, abs=1e-3)
    low, high = correlation_interval(found, len(x))
    wanted = stats.pearsonr(x, y).confidence_interval(0.95)
    assert (low, high) == pytest.approx((wanted.low, wanted.high), rel=1e-12)


@given(VALUES)
def test_correlation_of_integers(pairs):
    x, y = zip(*pairs, strict=True)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert np.isnan(ours(x, y))
        return
    mean_x, mean_y = Fraction(sum(x), len(x)), Fraction(sum(y), len(y))
    both = sum((a - mean_x) * (b - mean_y) for a, b in pairs)
    square = both**2 / (sum((a - mean_x) ** 2 for a in x) * sum((b - mean_y) ** 2 for b in y))
    assert ours(x, y) == pytest.approx(float(square) ** 0.5 * (1 if both > 0 else -1), rel=1e-12, abs=1e-15)


@given(st.lists(st.integers(-10**6, 10**6), min_size=2, max_size=30, unique=True), st.integers(-999, 999).filter(bool),
       st.integers(-10**12, 10**12))
def test_what_lies_on_a_line_is_exactly_one(x, slope, start):
    assert ours(x, [slope * v + start for v in x]) == (1 if slope > 0 else -1)


def test_rounded_values_that_are_alike_have_no_correlation():
    x, y = [0.1] * 7, [1.0, 2, 3, 4, 5, 6, 7]
    rounded = [float(np.float64(v) * v) for v in x]
    size, total, squares = parts(7), parts(sum(map(Fraction, x))), parts(sum(map(Fraction, rounded)))
    both = parts(sum(Fraction(float(a * b)) for a, b in zip(x, y, strict=True)))
    assert np.isnan(correlation(size, (total, squares), sums([Fraction(v) for v in y]), both, 1e-15)[0])


def test_no_interval_up_to_three_rows():
    assert np.isnan(correlation_interval(0.5, 3)).all()
    assert correlation_interval(1.0, 4) == (1, 1)


@given(st.lists(st.lists(st.integers(0, 10), min_size=3, max_size=3), min_size=2, max_size=20))
def test_alpha_is_that_of_all_products(rows):
    data = np.array(rows)
    wanted = cronbach_alpha(len(rows), data.sum(axis=0), data.T @ data)
    found = alpha(parts(len(rows)), [sums([int(v) for v in column]) for column in data.T],
                  sums([int(v) for v in data.sum(axis=1)]))[0]
    assert found == pytest.approx(float(wanted), rel=1e-9, abs=1e-9, nan_ok=True)


def test_spread_is_never_below_zero():
    high, low = spread(parts(3), parts(3), parts(2))  # of no values at all: (Σx)² is above n·Σx²
    assert (high[0], low[0]) == (0, 0)
