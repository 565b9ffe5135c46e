"""The parts of a change sum to the change, and are what arithmetic says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cxmetrics.statistics.decompose import lmdi, mix_rate, ratio_split, shapley
from cxmetrics.statistics.means import geometric

NAN = np.nan


def numbers(count, low=0.0, high=100.0):
    return arrays(np.float64, count, elements=st.floats(low, high))


def test_mix_and_rate_by_hand():
    # shares .5 .5 -> .75 .25, rates 60 20 -> 60 40: totals 40 and 55, their mean 47.5
    mix, rate = mix_rate([1, 1], [60, 20], [3, 1], [60, 40])
    assert mix == pytest.approx([0.25 * (60 - 47.5), -0.25 * (30 - 47.5)])
    assert rate == pytest.approx([0, 20 * 0.375])
    assert mix.sum() + rate.sum() == pytest.approx(15)


def test_a_group_that_comes_or_goes_is_mix():
    mix, rate = mix_rate([1, 1, 0], [60, 20, NAN], [1, 0, 1], [60, NAN, 40])
    assert rate.tolist() == [0, 0, 0]
    assert mix.sum() == pytest.approx(50 - 40)
    mix, rate = mix_rate([1, NAN], [60, NAN], [1, 0], [70, NAN])
    assert (mix.tolist(), rate.tolist()) == ([0, 0], [10, 0])


@given(numbers(6, 0.01), numbers(6), numbers(6, 0.01), numbers(6))
def test_mix_and_rate_sum_to_the_change(w0, r0, w1, r1):
    mix, rate = mix_rate(w0, r0, w1, r1)
    assert mix.sum() + rate.sum() == pytest.approx(np.average(r1, weights=w1) - np.average(r0, weights=w0), abs=1e-9)


def test_ratio_by_hand():
    # 10/20 -> 18/30: 8 * (1/20 + 1/30)/2 and 28 * (1/30 - 1/20)/2
    assert ratio_split(10, 20, 18, 30) == pytest.approx((1 / 3, -7 / 30))
    assert np.isnan(ratio_split(1, [0, 1], 1, [1, 0])).all()


@given(*(st.floats(-1e3, 1e3), st.floats(0.01, 1e3)) * 2)
def test_ratio_parts_sum_to_the_change(n0, d0, n1, d1):
    assert sum(ratio_split(n0, d0, n1, d1)) == pytest.approx(n1 / d1 - n0 / d0, rel=1e-9, abs=1e-9)


def test_lmdi_by_hand():
    # 2 * 3 -> 4 * 3: all by the first; 2 * 3 -> 4 * 6: half by each, 18/2
    assert lmdi([[2, 2], [3, 3]], [[4, 4], [3, 6]]) == pytest.approx(np.array([[6, 9], [0, 9]]))
    # 2 * 5 -> 5 * 2: nothing changed in all, L(10, 10) = 10
    assert lmdi([2, 5], [5, 2]) == pytest.approx([10 * np.log(2.5), -10 * np.log(2.5)])


def test_zeros_take_their_limits():
    # from 0 * 5 to 2 * 3: the first; from 0 * 0: half each; to zero alike; a zero on both sides: no change
    found = lmdi([[0, 0, 2, 0, 0], [5, 0, 3, 5, 4]], [[2, 2, 0, 0, 3], [3, 3, 9, 7, 0]])
    assert found == pytest.approx(np.array([[6, 3, -6, 0, 0], [0, 3, 0, 0, 0]]))
    nearly = lmdi([[1e-300], [5]], [[2], [3]])
    assert nearly[:, 0] == pytest.approx([6, 0], abs=0.01)
    assert np.isnan(lmdi([-1, 2], [1, NAN])).all()


@given(numbers((4, 5)), numbers((4, 5)))
def test_lmdi_parts_sum_to_the_change(x0, x1):
    change = x1.prod(0) - x0.prod(0)
    assert lmdi(x0, x1).sum(0) == pytest.approx(change, rel=1e-9, abs=1e-9 * max(1, x0.prod(0).max(), x1.prod(0).max()))


def test_shapley_by_hand():
    # x * y from (2, 3) to (4, 6): x first 6, x last 12, mean 9
    assert shapley(lambda x: x.prod(axis=0), [2, 3], [4, 6]) == pytest.approx([9, 9])
    # min(x, y) from (1, 5) to (7, 2): x first 4, last 1; y first 0, last -3
    assert shapley(lambda x: x.min(axis=0), [1, 5], [7, 2]) == pytest.approx([2.5, -1.5])


def test_a_child_that_did_not_change_has_no_part():
    assert shapley(lambda x: geometric(x).value, [4, 9, NAN], [9, 9, NAN]) == pytest.approx([3, 0, 0])
    assert shapley(lambda x: x.sum(axis=0), [1, 2], [1, 2]).tolist() == [0, 0]


@given(numbers(5, 0.1), numbers(5, 0.1))
def test_shapley_parts_sum_to_the_change(start, end):
    parts = shapley(lambda x: geometric(x, [1, 2, 3, 4, 5]).value, start, end)
    change = geometric(end, [1, 2, 3, 4, 5]).value - geometric(start, [1, 2, 3, 4, 5]).value
    assert parts.sum() == pytest.approx(change, abs=1e-9)


def test_a_child_that_comes_has_the_part_it_makes():
    # the mean over those present: 4 alone, then 4 and 10 make 7
    mean = lambda x: np.nanmean(x, axis=0)  # noqa: E731
    assert shapley(mean, [4, NAN], [4, 10]) == pytest.approx([0, 3])


def test_too_many_changes_are_refused():
    with pytest.raises(ValueError, match="17 children"):
        shapley(lambda x: x.sum(axis=0), np.zeros(17), np.ones(17))
    assert shapley(lambda x: x.sum(axis=0), np.zeros(16), np.ones(16)) == pytest.approx(np.ones(16))
