"""The jackknife against the closed forms of the leaves."""

import numpy as np
import pytest

from cxmetrics.statistics.intervals import mean_interval, nps_error, ratio_interval
from cxmetrics.statistics.jackknife import jackknife


def test_leaving_out_one_row_at_a_time_is_the_error_of_a_mean_exactly():
    y = np.array([3.0, 7, 8, 8, 10, 1])
    left_out = np.array([np.delete(y, i).mean() for i in range(6)])
    found = jackknife(left_out, y.mean())
    assert found.error == pytest.approx(y.std(ddof=1) / 6**0.5, abs=1e-12)
    assert (found.low, found.high) == pytest.approx(mean_interval(y.mean(), y.std(ddof=1), 6), abs=1e-12)


def test_thirty_groups_come_near_the_closed_forms():
    draw = np.random.default_rng(8)
    y, x, group = draw.choice([-100, 0, 100], 60_000, p=[0.15, 0.25, 0.6]), draw.gamma(2, 1, 60_000), None
    z, group = 3 * x + draw.normal(0, 1, 60_000), draw.integers(0, 200, 60_000)
    rest = [group != g for g in range(200)]
    nps = jackknife([y[keep].mean() for keep in rest], y.mean())
    assert nps.error == pytest.approx(nps_error((y > 0).sum(), (y < 0).sum(), y.size), rel=0.15)
    ratio = jackknife([z[keep].sum() / x[keep].sum() for keep in rest], z.sum() / x.sum())
    low, high = ratio_interval(x.size, x=x.sum(), y=z.sum(), xx=x @ x, xy=x @ z, yy=z @ z)
    assert ratio.high - ratio.low == pytest.approx(high - low, rel=0.15)


def test_many_estimates_at_once_and_those_that_need_a_group():
    found = jackknife([[1, 5], [3, np.nan], [2, 5]], [2, 5])
    # 2/3 * (1 + 1 + 0)
    assert found.error[0] == pytest.approx((4 / 3) ** 0.5)
    assert np.isnan([found.error[1], found.low[1], found.high[1]]).all()
    assert np.isnan(jackknife(np.ones((1, 2)), np.ones(2)).error).all()
