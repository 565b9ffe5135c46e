"""Means of children: arithmetic by hand, the order of the means, and children that are absent."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cxmetrics.statistics.means import arithmetic, geometric, harmonic, minimum, power

NAN = np.nan
KINDS = [arithmetic, geometric, harmonic, minimum, lambda s, w=1.0: power(s, w, exponent=3)]
SCORES = arrays(np.float64, st.integers(1, 6), elements=st.floats(0.01, 1000))


def test_by_hand():
    # scores 2 and 8, weights 3 and 1
    assert arithmetic([2, 8], [3, 1]).value == pytest.approx((6 + 8) / 4)
    assert geometric([2, 8], [3, 1]).value == pytest.approx(2 * 4 ** (1 / 4))
    assert harmonic([2, 8], [3, 1]).value == pytest.approx(4 / (3 / 2 + 1 / 8))
    assert power([2, 8], [3, 1], exponent=2).value == pytest.approx(((12 + 64) / 4) ** 0.5)
    assert minimum([2, 8], [3, 1]).value == 2


@pytest.mark.parametrize("mean", KINDS)
def test_an_absent_child_gives_its_weight_to_the_others(mean):
    found = mean([[2, NAN, NAN], [8, 8, NAN], [NAN, NAN, NAN]], [3, 1, 4])
    assert found.coverage == pytest.approx([0.5, 0.125, 0])
    assert found.value[0] == pytest.approx(mean([2, 8], [3, 1]).value)
    assert found.value[1] == pytest.approx(8)
    assert np.isnan(found.value[2])
    assert not found.refused.any()


@pytest.mark.parametrize("mean", KINDS)
def test_a_child_without_weight_has_no_say(mean):
    assert mean([2, 0, 5], [1, 0, NAN]).value == pytest.approx(2)
    assert np.isnan(mean([2, 3], [0, 0]).value)


def test_scores_that_a_mean_cannot_take_are_refused():
    scores = [[0, 1, NAN, -1], [5, 5, 5, 5]]
    nan = [True, False, False, True]
    for mean in (geometric, harmonic, lambda s: power(s, exponent=-1), lambda s: power(s, exponent=0)):
        found = mean(scores)
        assert found.refused.tolist() == nan
        assert np.isnan(found.value).tolist() == nan
    assert power(scores, exponent=2).refused.tolist() == [False, False, False, True]
    assert arithmetic(scores).value.tolist() == [2.5, 3, 5, 2]


@given(SCORES)
def test_the_means_stand_in_their_order(scores):
    order = [minimum(scores), power(scores, exponent=-20), harmonic(scores), geometric(scores), arithmetic(scores),
             power(scores, exponent=2), power(scores, exponent=20)]
    values = [*(float(mean.value) for mean in order), float(scores.max())]
    assert all(low <= high * (1 + 1e-12) for low, high in pairwise(values))


@given(SCORES, st.floats(0.1, 10))
def test_power_meets_the_others_and_follows_the_unit(scores, factor):
    for exponent, same in ((1, arithmetic), (0, geometric), (-1, harmonic)):
        assert power(scores, exponent=exponent).value == pytest.approx(same(scores).value, rel=1e-12)
        assert same(scores * factor).value == pytest.approx(same(scores).value * factor, rel=1e-12)


def test_power_does_not_overflow():
    assert power([1e200, 1e200], exponent=5).value == pytest.approx(1e200)
    assert power([1e-200, 1e-200], exponent=-5).value == pytest.approx(1e-200)
    with pytest.raises(ValueError, match="finite"):
        power([1], exponent=np.inf)
