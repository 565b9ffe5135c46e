"""Rank bands against arithmetic, shrunken estimates against another package and a published example."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.meta_analysis import combine_effects

from cxmetrics.statistics import ranks
from cxmetrics.statistics.ranks import between_variance, rank_bands, shrunken

Z = 1.959963984540054


def bands(value, half, **options):
    value, half = np.array(value, float), np.array(half, float)
    found = rank_bands(value, value - half, value + half, 0.95, **options)
    return [(None, None) if math.isnan(best) else (int(best), int(worst))
            for best, worst in zip(found.best, found.worst, strict=True)]


def test_slices_that_cannot_be_told_apart_share_a_band():
    # Errors of 1, z of a difference d is d/√2: 10 − 5 → 3.54, p .0004; 10 − 4 → 4.24, p .00002; 5 − 4 → .71, p .48.
    assert bands([10, 5, 4], [Z, Z, Z]) == [(1, 1), (2, 3), (2, 3)]
    assert bands([10, 5, 4], [Z, Z, Z], reverse=True) == [(3, 3), (1, 2), (1, 2)]


def test_many_comparisons_ask_for_more():
    # 3/√2 = 2.12 is p .034: enough for one pair of two slices, not for the largest of the three pairs of three.
    assert bands([3, 0], [Z, Z]) == [(1, 1), (2, 2)]
    assert bands([3, 0, 1.5], [Z, Z, Z]) == [(1, 3), (1, 3), (1, 3)]


def test_slices_without_an_interval_have_no_rank_and_exact_ones_any_difference():
    assert bands([3, math.nan, 1], [Z, Z, math.nan]) == [(1, 1), (None, None), (None, None)]
    assert bands([3.0, 2.9, 2.9], [0, 0, 0]) == [(1, 1), (2, 3), (2, 3)]
    assert bands([], []) == []


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(0.1, 30)), min_size=1, max_size=12))
def test_bands_hold_the_order_of_the_values_and_wider_ones_hold_narrower(slices):
    value, half = (np.array(side) for side in zip(*slices, strict=True))
    found = rank_bands(value, value - half, value + half, 0.95)
    for i, own in enumerate(value):
        assert found.best[i] <= 1 + (value > own).sum()
        assert found.worst[i] >= len(value) - (value < own).sum()
    wider = rank_bands(value, value - 2 * half, value + 2 * half, 0.95)
    assert (wider.best <= found.best).all()
    assert (wider.worst >= found.worst).all()


def test_of_very_many_slices_the_adjustment_is_bonferronis(monkeypatch):
    monkeypatch.setattr(ranks, "HOLM_UP_TO", 2)
    # 5/√2 → p .0004, three times that .0012; 6/√2 and 1/√2 as above.
    assert bands([10, 5, 4], [Z, Z, Z]) == [(1, 1), (2, 3), (2, 3)]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of its interval, where there is no variance
@pytest.mark.parametrize("seed", range(20))
def test_the_variance_between_slices_is_that_of_another_package(seed):
    draw = np.random.default_rng(seed)
    variance = draw.uniform(0.2, 3, 8)
    value = draw.normal(5, draw.choice([0.1, 2]), 8) + draw.normal(0, np.sqrt(variance))
    other = combine_effects(value, variance, method_re="dl")
    between = between_variance(value, variance)
    assert between == pytest.approx(max(other.tau2, 0), rel=1e-9, abs=1e-12)
    half = Z * np.sqrt(variance)
    found = shrunken(value, value - half, value + half, 0.95)
    centre = other.mean_effect_re if other.tau2 > 0 else other.mean_effect_fe
    assert found == pytest.approx(centre + (value - centre) * between / (between + variance), rel=1e-9)


def test_eight_schools():
    # Rubin 1981: effects and errors of coaching in eight schools.  Σw(y − ȳ)² = 4.64 is less than 7: no variance
    # between them is seen, and each is drawn all the way to the mean weighted by precision, 7.686.
    value = np.array([28, 8, -3, 7, -1, 1, 18, 12], float)
    error = np.array([15, 10, 16, 11, 9, 11, 10, 18], float)
    assert between_variance(value, error**2) == 0
    found = shrunken(value, value - Z * error, value + Z * error, 0.95)
    assert found == pytest.approx(np.full(8, 7.686), abs=1e-3)


def test_exact_slices_stay_and_missing_ones_are_missing():
    found = shrunken([1.0, 2.0, math.nan], [1.0, 1.0, math.nan], [1.0, 3.0, math.nan], 0.95)
    assert found[:2].tolist() == [1.0, 2.0]
    assert math.isnan(found[2])
