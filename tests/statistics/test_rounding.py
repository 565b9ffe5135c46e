"""Rounding means what a person would do with the decimals on paper."""

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxmetrics.statistics.rounding import half_even, half_up, to_step, truncate

# Eight digits: a ninth would be within the slack of a billionth.
DECIMALS = st.tuples(st.integers(-10**8, 10**8), st.integers(0, 6)).map(lambda pair: Decimal(pair[0]).scaleb(-pair[1]))


@pytest.mark.parametrize(("x", "decimals", "expected"), [
    (43.25, 1, 43.3), (1.005, 2, 1.01), (2.5, 0, 3), (-2.5, 0, -3), (-43.25, 1, -43.3), (2.675, 2, 2.68),
    (0.1 + 0.7, 1, 0.8), (150, -2, 200), (-0.4, 0, 0), (1e300, 2, 1e300), (123456789.005, 2, 123456789.01)])
def test_half_up(x, decimals, expected):
    assert half_up(x, decimals) == expected


@pytest.mark.parametrize(("x", "decimals", "expected"), [
    (2.5, 0, 2), (3.5, 0, 4), (1.005, 2, 1.0), (1.015, 2, 1.02), (-2.5, 0, -2), (-3.5, 0, -4), (2.51, 0, 3)])
def test_half_even(x, decimals, expected):
    assert half_even(x, decimals) == expected


@pytest.mark.parametrize(("x", "decimals", "expected"), [
    (0.29 * 100, 0, 29), (1.999, 2, 1.99), (-1.999, 2, -1.99), (4.35 * 100, 0, 435), (1999, -3, 1000), (-0.7, 0, 0)])
def test_truncate(x, decimals, expected):
    assert truncate(x, decimals) == expected


@pytest.mark.parametrize(("x", "step", "expected"), [
    (43.2, 0.5, 43.0), (43.25, 0.5, 43.5), (0.15, 0.1, 0.2), (0.31, 0.1, 0.3), (-7, 5, -5), (-7.5, 5, -10),
    (62, 25, 50), (1, 1 / 3, 1), (1240, 1e2, 1200)])
def test_to_step(x, step, expected):
    assert to_step(x, step) == expected


@given(DECIMALS, st.integers(-2, 4))
def test_decimals_round_as_decimals(x, decimals):
    unit = Decimal(1).scaleb(-decimals)
    for ours, theirs in ((half_up, ROUND_HALF_UP), (half_even, ROUND_HALF_EVEN), (truncate, ROUND_DOWN)):
        assert ours(float(x), decimals) == float(x.quantize(unit, theirs))


@given(st.floats(-1e9, 1e9), st.integers(0, 6))
def test_rounding_is_near_odd_and_stays(x, decimals):
    for rounded in (half_up, half_even, truncate):
        once = rounded(x, decimals)
        assert abs(once - x) <= 1.000003 * 10.0**-decimals + abs(x) * 1e-15
        assert rounded(once, decimals) == once
        assert rounded(-x, decimals) == -once


def test_nan_infinity_and_zero():
    x = np.array([np.nan, np.inf, -np.inf, -0.0, -0.01])
    for rounded in (half_up, half_even, truncate, lambda v: to_step(v, 0.5)):
        assert repr(rounded(x).tolist()) == "[nan, inf, -inf, 0.0, 0.0]"


@pytest.mark.parametrize("step", [0, -1, np.inf, np.nan])
def test_a_step_must_be_above_zero(step):
    with pytest.raises(ValueError, match="step"):
        to_step(1, step)
