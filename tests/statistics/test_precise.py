"""Variances whose sums cancel, against exact fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxmetrics.statistics.precise import two_product, two_sum, variance


def parts(number: int | Fraction) -> tuple[float, float]:
    high = float(number)
    return high, float(Fraction(number) - Fraction(high))


def ours(values):
    return variance(len(values), parts(sum(values)), parts(sum(v * v for v in values)))


def exact(values):
    n, total = len(values), sum(values)
    return float(Fraction(n * sum(v * v for v in values) - total * total) / (n * (n - 1)))


def test_large_numbers_with_a_small_spread():
    # 10^12 + {1, 2, 3}: the variance is 1, and plain float64 has no digit of it
    values = [10**12 + k for k in (1, 2, 3)]
    assert ours(values) == 1
    total, squares = float(sum(values)), float(sum(v * v for v in values))
    assert (3 * squares - total**2) / 6 != pytest.approx(1, rel=0.5)


@given(st.lists(st.integers(-(10**13), 10**13), min_size=2, max_size=30))
def test_integers(values):
    assert ours(values) == pytest.approx(exact(values), rel=1e-13, abs=1e-300)


@given(st.integers(-(10**13), 10**13), st.lists(st.integers(0, 9), min_size=2, max_size=30))
def test_integers_far_from_zero(offset, values):
    assert ours([offset + v for v in values]) == pytest.approx(exact(values), rel=1e-9, abs=1e-300)


@given(st.lists(st.integers(-(10**10), 10**10).map(lambda k: Fraction(k, 10_000)), min_size=2, max_size=20))
def test_decimals(values):
    assert ours(values) == pytest.approx(exact(values), rel=1e-12, abs=1e-15)


@given(st.floats(-1e100, 1e100), st.floats(-1e100, 1e100))
def test_no_error_is_lost(a, b):
    high, low = two_sum(np.float64(a), np.float64(b))
    assert Fraction(float(high)) + Fraction(float(low)) == Fraction(a) + Fraction(b)
    if a == b == 0 or abs(a * b) > 1e-200:
        high, low = two_product(np.float64(a), np.float64(b))
        assert Fraction(float(high)) + Fraction(float(low)) == Fraction(a) * Fraction(b)


def test_many_at_once_and_too_few():
    found = variance([0, 1, 2, np.nan], ([0, 5, 4, 1], [0, 0, 0, 0]), ([0, 25, 10, 1], [0, 0, 0, 0]))
    assert np.isnan(found).tolist() == [True, True, False, True]
    assert found[2] == 2
