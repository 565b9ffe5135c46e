"""Quantiles with an accuracy: how far off they are, on any values, by any rule, merged in any order."""

import math
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxmetrics.evaluate.block import Block
from cxmetrics.evaluate.quantiles import quantile, quantile_interval
from cxmetrics.nearness import COARSEST, FINEST, LARGE, digits_for, error_of, splitter
from cxmetrics.plan import Leaf, Total
from cxmetrics.statistics.quantiles import RULES, weighted_quantiles

ACCURACIES = st.floats(FINEST, COARSEST)
FLOATS = st.floats(allow_nan=False, allow_infinity=False, width=64)
VALUES = st.lists(FLOATS | st.floats(-1e4, 1e4) | st.integers(-300, 300).map(float), min_size=1, max_size=60)


def rounded(values, digits):
    """What the engines compute, in NumPy."""
    given_, factor = np.asarray(values, np.float64), splitter(digits)
    with np.errstate(over="ignore", invalid="ignore"):
        wide = given_ * factor
        return np.where(abs(given_) >= LARGE, given_, wide - (wide - given_))


def counted(values):
    keys, counts = np.unique(values, return_counts=True)
    return keys, counts


@given(accuracy=ACCURACIES)
def test_digits_are_the_fewest_that_keep_to_the_accuracy(accuracy):
    digits = digits_for(accuracy)
    assert Fraction(1, 2**digits) <= Fraction(accuracy) < Fraction(1, 2 ** (digits - 1))
    assert error_of(digits) == 0.5**digits


@pytest.mark.parametrize(("accuracy", "digits"), [(0.01, 7), (0.02, 6), (0.005, 8), (0.125, 3), (0.2, 3), (0.0001, 14)])
def test_digits_of_usual_accuracies(accuracy, digits):
    # 1/128 = 0.78 %, 1/64 = 1.6 %, 1/256 = 0.39 %, 1/8 = 12.5 %, 1/16384 = 0.0061 %
    assert digits_for(accuracy) == digits


@given(values=VALUES, accuracy=ACCURACIES)
def test_no_value_is_off_by_more_than_the_accuracy(values, accuracy):
    digits = digits_for(accuracy)
    for exact, near in zip(values, rounded(values, digits).tolist(), strict=True):
        assert abs(Fraction(near) - Fraction(exact)) <= Fraction(accuracy) * abs(Fraction(exact))
        part, _ = math.frexp(near)
        assert abs(exact) >= LARGE or math.ldexp(part, digits).is_integer()


@given(values=st.lists(st.integers(-2**14, 2**14), min_size=1), digits=st.integers(3, 14))
def test_whole_numbers_of_no_more_digits_are_exact(values, digits):
    few = [value for value in values if abs(value) <= 2**digits]
    assert rounded(few, digits).tolist() == few


@given(values=VALUES, accuracy=ACCURACIES)
def test_order_stays_and_states_never_grow(values, accuracy):
    near = rounded(sorted(values), digits_for(accuracy))
    assert (np.diff(near) >= 0).all()
    assert len(np.unique(near)) <= len(np.unique(values))


def test_an_octave_has_so_many_values_and_no_more():
    # 2^(digits − 1) of them in [1, 2), and 2 itself where values are rounded up to it
    values = np.linspace(1, 2, 1_000_000)
    for digits in (3, 7, 10):
        assert len(np.unique(rounded(values, digits))) == 2 ** (digits - 1) + 1


@given(values=VALUES, accuracy=ACCURACIES, q=st.floats(0.001, 0.999), rule=st.sampled_from(RULES))
def test_a_quantile_is_off_by_no_more_than_the_accuracy(values, accuracy, q, rule):
    values = [value for value in values if abs(value) < 1e300]  # the sum of two is a number
    if not values:
        return
    exact = weighted_quantiles(*counted(values), [0], q, rule)[0]
    near = weighted_quantiles(*counted(rounded(values, digits_for(accuracy))), [0], q, rule)[0]
    # Of two values of unlike signs the greater one says how far off what lies between them may be.
    ends = weighted_quantiles(*counted(values), [0], q, "hf1")[0], exact
    around = sorted(values)
    place = np.searchsorted(around, exact)
    beside = [around[max(place - 1, 0)], around[min(place, len(around) - 1)], *ends]
    size = abs(exact) if min(beside) >= 0 or max(beside) <= 0 else max(map(abs, beside))
    assert abs(near - exact) <= accuracy * size * (1 + 1e-9) + 5e-324


@given(values=st.lists(st.floats(0, 1e9), min_size=1, max_size=60), accuracy=ACCURACIES, q=st.floats(0.001, 0.999),
       rule=st.sampled_from(RULES), positive=st.booleans())
def test_of_values_of_one_sign_it_holds_without_reserve(values, accuracy, q, rule, positive):
    values = values if positive else [-value for value in values]
    exact = weighted_quantiles(*counted(values), [0], q, rule)[0]
    near = weighted_quantiles(*counted(rounded(values, digits_for(accuracy))), [0], q, rule)[0]
    assert abs(near - exact) <= accuracy * abs(exact) * (1 + 1e-9) + 5e-324


def block(values):
    keys, counts = counted(values)
    frame = pl.DataFrame({"partial": [1] * len(keys), "point": [0] * len(keys), "key": keys, "value": counts,
                          "text": [None] * len(keys)},
                         schema_overrides={"partial": pl.UInt32, "point": pl.Int64, "text": pl.String})
    return Block.of(frame, 1, 2)


@given(values=st.lists(st.floats(-1e9, 1e9), min_size=20, max_size=200), accuracy=ACCURACIES, q=st.floats(0.2, 0.8))
def test_the_interval_holds_that_of_the_exact_values(values, accuracy, q):
    digits = digits_for(accuracy)
    own = (("q", q), ("rule", "hf7"))
    total = Total(((1, 1.0),))
    exact = quantile_interval(Leaf("quantile", "s", (total, total), own), block(values), 0.95)
    near = Leaf("quantile", "s", (total, total), (*own, ("digits", digits)))
    low, high = quantile_interval(near, block(rounded(values, digits)), 0.95)
    assert low[0] <= exact[0][0] + 1e-12 * abs(exact[0][0])
    assert high[0] >= exact[1][0] - 1e-12 * abs(exact[1][0])
    assert low[0] <= quantile(near, block(rounded(values, digits)))[0] <= high[0]

