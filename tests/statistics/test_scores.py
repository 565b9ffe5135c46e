"""Scores by hand, and what must hold for any values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from cxmetrics.statistics.scores import goalposts, lognormal, min_max, percentile_rank, piecewise, z_score

NAN = np.nan
VALUES = arrays(np.float64, st.integers(1, 30), elements=st.integers(-20, 20).map(float))


def same(found, expected):
    assert found == pytest.approx(np.array(expected, dtype=float), abs=1e-12, nan_ok=True)


def test_piecewise():
    same(piecewise([0, 1, 2, 3, 9, NAN], [1, 3, 5], [0, 60, 100]), [0, 0, 30, 60, 100, NAN])
    # seconds, lower is better, anchors from best to worst or from worst to best
    for anchors, values in (([1, 3, 5], [100, 60, 0]), ([5, 3, 1], [0, 60, 100])):
        same(piecewise([0.5, 2, 4, np.inf], anchors, values), [100, 80, 30, 0])


@pytest.mark.parametrize(("anchors", "values"), [([1, 1], [0, 1]), ([1, 3, 2], [0, 1, 2]), ([1, 2], [0]), ([], []),
                                                 ([NAN, 1], [0, 1]), ([1, 2], [0, NAN])])
def test_anchors_must_run_one_way(anchors, values):
    with pytest.raises(ValueError, match="anchors"):
        piecewise(1, anchors, values)


def test_goalposts():
    same(goalposts([10, 15, 25, NAN], 10, 20), [0, 0.5, 1.5, NAN])
    same(goalposts([5, 15, 25], 10, 20, reverse=True, clip=True), [1, 0.5, 0])
    same(goalposts([1, 10, 100, 0], 1, 100, log=True), [0, 0.5, 1, NAN])
    same(goalposts([1, 2], [0, 2], [2, 2]), [0.5, NAN])


def test_lognormal_passes_its_two_points():
    found = lognormal([0, -1, 1800, 3000, NAN], 3000, 1800)
    same(found, [1, 1, 0.9, 0.5, NAN])
    assert np.isnan(lognormal(1, [0, 5, 5], [0, 5, 6])).all()


@given(st.floats(1, 1e5), st.floats(1.01, 50), st.floats(0, 1e6))
def test_lognormal_keeps_its_bands_and_falls(p10, ratio, x):
    score = lognormal(x, p10 * ratio, p10)
    assert 0 <= score <= 1
    assert (score >= 0.9) == (x <= p10)
    assert (score >= 0.5) == (x <= p10 * ratio)
    assert lognormal(x * 1.1, p10 * ratio, p10) <= score


def test_min_max_within_pools():
    x, pools = [1, 3, 5, 10, 20, NAN, 7, 4], [0, 0, 0, 1, 1, 1, -1, 2]
    same(min_max(x, pools), [0, 0.5, 1, 0, 1, NAN, NAN, NAN])
    same(min_max(x, pools, low=1, high=100, reverse=True), [100, 50.5, 1, 100, 1, NAN, NAN, NAN])


def test_z_score_within_pools():
    # 1, 3, 5: mean 3, s = 2
    same(z_score([1, 3, 5, 4, 9, 9], [0, 0, 0, 1, 2, 2]), [-1, 0, 1, NAN, NAN, NAN])
    same(z_score([1, 3, 5], reverse=True), [1, 0, -1])
    same(z_score([0.1] * 7), [NAN] * 7)


def test_percentile_rank_within_pools():
    same(percentile_rank([10, 20, 20, 40, 50, 7], [0, 0, 0, 0, 0, 1]), [0, 0.25, 0.25, 0.75, 1, NAN])
    same(percentile_rank([10, 20, 20, NAN], reverse=True), [1, 0, 0, NAN])


def test_no_pools_at_all():
    for score in (min_max, z_score, percentile_rank):
        assert score([], []).shape == (0,)
        assert np.isnan(score([NAN, 1], [0, -1])).all()


@given(VALUES, st.data())
def test_pools_do_not_touch_each_other(x, data):
    pools = data.draw(arrays(np.int64, x.shape, elements=st.integers(0, 3)))
    for score in (min_max, z_score, percentile_rank):
        together = score(x, pools)
        for pool in np.unique(pools):
            same(together[pools == pool], score(x[pools == pool]))


@given(VALUES)
def test_pool_scores_agree_with_scipy(x):
    n = len(x)
    rank = (stats.rankdata(x, "min") - 1) / (n - 1) if n > 1 else np.full(1, NAN)
    same(percentile_rank(x), rank)
    if np.ptp(x) > 0:
        same(z_score(x), stats.zscore(x, ddof=1))
        same(min_max(x), (x - x.min()) / np.ptp(x))
        same(min_max(x) + min_max(x, reverse=True), np.ones(n))
