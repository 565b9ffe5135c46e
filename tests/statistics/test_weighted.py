"""Weighted quantiles against NumPy (`hf1`) and statsmodels (`hf2`), which have weights too."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.weightstats import DescrStatsW

from cxmetrics.statistics.weighted import quantiles_at, share_error, share_limits

WEIGHTS = st.sampled_from([0.1, 0.2, 0.3, 0.7, 1.0, 2.0, 2.5, 1e-6, 1e6])
GROUPS = st.lists(st.dictionaries(st.integers(-50, 50), WEIGHTS, min_size=1, max_size=8), min_size=1, max_size=5)


def flat(groups):
    values = [float(v) for group in groups for v in sorted(group)]
    weights = [group[v] for group in groups for v in sorted(group)]
    return values, weights, np.cumsum([0] + [len(group) for group in groups])[:-1]


@given(groups=GROUPS, q=st.sampled_from([0.01, 0.25, 0.37, 0.5, 0.8, 0.99]))
def test_the_first_value_that_reaches_a_share_is_that_of_numpy(groups, q):
    found = quantiles_at(*flat(groups), np.full(len(groups), q))
    for group, quantile in zip(groups, found, strict=True):
        running = np.cumsum([group[v] for v in sorted(group)]) / sum(group.values())
        if (abs(running - q) > 1e-9).all():  # in floating point NumPy may miss a step that is met exactly
            assert quantile == np.quantile(sorted(group), q, weights=[group[v] for v in sorted(group)],
                                           method="inverted_cdf")


@given(groups=st.lists(st.dictionaries(st.integers(-50, 50), st.integers(1, 6), min_size=1, max_size=8), min_size=1,
                       max_size=5), q=st.sampled_from([0.125, 0.25, 0.5, 0.75]))
def test_the_middle_of_two_is_that_of_statsmodels(groups, q):
    found = quantiles_at(*flat(groups), np.full(len(groups), q), "hf2")
    for group, quantile in zip(groups, found, strict=True):
        both = DescrStatsW(np.array(sorted(group), float), weights=[group[v] for v in sorted(group)])
        assert quantile == both.quantile([q], return_pandas=False)[0]


@given(groups=GROUPS, q=st.floats(0.01, 0.99), rule=st.sampled_from(["hf1", "hf2"]))
def test_other_groups_make_no_difference(groups, q, rule):
    together = quantiles_at(*flat(groups), np.full(len(groups), q), rule)
    assert together.tolist() == [quantiles_at(*flat([group]), [q], rule)[0] for group in groups]


def test_a_step_of_weights_such_as_a_tenth_is_met():
    values, tenths = [1.0, 2.0, 3.0], [0.1, 0.2, 0.3]  # 0.1 + 0.2 is not 0.3 in floating point
    assert quantiles_at(values, tenths, [0], [0.5]) == [2.0]
    assert quantiles_at(values, tenths, [0], [0.5], "hf2") == [2.5]


def test_shares_beyond_the_ends_are_reached_nowhere():
    assert quantiles_at([1.0, 2.0], [1.0, 1.0], [0], [0.0]) == [1.0]
    assert quantiles_at([1.0, 2.0], [1.0, 1.0], [0], [1.0]) == [2.0]
    assert np.isnan(quantiles_at([1.0, 2.0], [1.0, 1.0], [0], [-0.01])).all()
    assert np.isnan(quantiles_at([1.0, 2.0], [1.0, 1.0], [0], [1.01])).all()
    with pytest.raises(ValueError, match="hf7"):
        quantiles_at([1.0], [1.0], [0], [0.5], "hf7")


def test_the_error_of_a_share_of_equal_weights_is_that_of_a_mean():
    # 3 of 8: p(1 − p)/(n − 1) = 15/64/7
    assert share_error(8, 16, 32, 6, 12) == pytest.approx((15 / 64 / 7) ** 0.5, rel=1e-14)
    assert np.isnan(share_error(1, 2, 4, 2, 4))


def test_limits_are_those_of_a_mean_but_where_nothing_lies_above():
    # t(15) at 97.5 % is 2.131450
    assert share_limits(0.5, 0.1, 15) == pytest.approx((0.286855, 0.713145), abs=1e-6)
    assert np.isnan(share_limits(1.0, 0.0, 15)).all()
