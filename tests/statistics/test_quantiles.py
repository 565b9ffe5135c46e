"""Quantiles of counted values against NumPy, which names the same nine rules, on the values written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxmetrics.statistics.quantiles import RULES, weighted_quantiles

NUMPY = {
    "hf1": "inverted_cdf", "hf2": "averaged_inverted_cdf", "hf3": "closest_observation",
    "hf4": "interpolated_inverted_cdf", "hf5": "hazen", "hf6": "weibull", "hf7": "linear",
    "hf8": "median_unbiased", "hf9": "normal_unbiased",
}
GROUPS = st.lists(st.dictionaries(st.integers(-50, 50), st.integers(1, 6), max_size=8), min_size=1, max_size=5)
SIXTEENTHS = st.integers(0, 64).map(lambda k: k / 64)


def flat(groups):
    values = [v for group in groups for v in sorted(group)]
    counts = [group[v] for group in groups for v in sorted(group)]
    starts = np.cumsum([0] + [len(group) for group in groups])[:-1]
    return values, counts, starts


@pytest.mark.parametrize("rule", RULES)
@given(groups=GROUPS, q=SIXTEENTHS)
def test_every_rule_agrees_with_numpy(rule, groups, q):
    found = weighted_quantiles(*flat(groups), q, rule)
    for group, quantile in zip(groups, found, strict=True):
        written_out = np.repeat(sorted(group), [group[v] for v in sorted(group)]) if group else []
        expected = np.quantile(written_out, q, method=NUMPY[rule]) if group else np.nan
        assert quantile == pytest.approx(expected, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize(("rule", "expected"), [
    ("hf1", 1), ("hf2", 1.5), ("hf3", 1), ("hf4", 1), ("hf5", 1.5), ("hf6", 1.25), ("hf7", 1.75),
    ("hf8", 1 + 5 / 12), ("hf9", 1 + 7 / 16)])
def test_the_first_quartile_of_one_to_four(rule, expected):
    # rank h: hf5 4/4 + 1/2; hf6 5/4; hf7 1 + 3/4; hf8 4/4 + (1/4 + 1)/3; hf9 4/4 + 1/16 + 3/8
    assert weighted_quantiles([1, 2, 3, 4], [1, 1, 1, 1], [0], 0.25, rule)[0] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("rule", ["hf1", "hf2", "hf3", "hf4"])
def test_a_product_just_short_of_a_whole_rank_is_that_rank(rule):
    values, counts = np.arange(1, 1001), np.full(1000, 1000)
    # 0.29 of a million values is rank 290,000, the last that holds the value 290
    expected = 290.5 if rule == "hf2" else 290
    assert weighted_quantiles(values, counts, [0], 0.29, rule)[0] == expected


def test_counts_beyond_two_to_the_53_part_well():
    assert weighted_quantiles([1, 2], [3_000_000_000, 2_999_999_999], [0], 0.5, "hf7")[0] == 1


def test_many_quantiles_at_once_and_empty_groups():
    found = weighted_quantiles([1, 2, 5], [1, 1, 3], [0, 2, 2], [[0.0], [0.5], [1.0]])
    assert found.shape == (3, 3)
    assert found[:, 0].tolist() == [1, 1.5, 2]
    assert np.isnan(found[:, 1]).all()
    assert found[:, 2].tolist() == [5, 5, 5]
    assert np.isnan(weighted_quantiles([], [], [0, 0], 0.5)).tolist() == [True, True]
    assert weighted_quantiles([], [], [], 0.5).shape == (0,)


def test_infinite_values_and_quantiles_that_are_none():
    found = weighted_quantiles([-np.inf, 1, np.inf], [2, 1, 1], [0], [0.25, 1, 1.5, np.nan])
    assert found[:2].tolist() == [-np.inf, np.inf]
    assert np.isnan(found[2:]).all()


def test_an_unknown_rule_is_refused():
    with pytest.raises(ValueError, match="hf0"):
        weighted_quantiles([1], [1], [0], 0.5, "hf0")
