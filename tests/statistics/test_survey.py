"""Weighted and clustered estimates by hand and against plain definitions; reliability."""

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxmetrics.statistics.intervals import mean_interval, ratio_interval
from cxmetrics.statistics.survey import (
    cronbach_alpha,
    design,
    design_effect,
    effective_n,
    taylor_mean,
    taylor_nps,
    taylor_ratio,
)

NAN = np.nan


def test_two_strata_of_two_clusters_by_hand():
    # Stratum 0: clusters {2, 4} and {6}; stratum 1: clusters {1} and {3, 8}. All weights 1, mean 24/6 = 4.
    # u = (y - 4)/6 summed over clusters: -2/6, 2/6 | -3/6, 3/6. Var = 2/1 * 2 * (4 + 9)/36 = 13/9. df = 4 - 2.
    plan = design(np.ones(6), [0, 0, 0, 1, 1, 1], [7, 7, 8, 7, 8, 8])
    found = taylor_mean([2, 4, 6, 1, 3, 8], plan)
    assert (found.value[0], found.error[0], found.df[0]) == pytest.approx((4, (13 / 9) ** 0.5, 2))
    assert found.high[0] - 4 == pytest.approx(4.30265273 * (13 / 9) ** 0.5, abs=1e-7)
    # half of the units of the first stratum are in the sample, and all of the second: (1 - 1/2) * 2 * 2 * 4/36 + 0
    partly = taylor_mean([2, 4, 6, 1, 3, 8], design(np.ones(6), plan.strata, plan.units, [0.5, 1]))
    assert partly.error[0] == pytest.approx((2 / 9) ** 0.5)


def test_without_a_design_it_is_the_plain_mean_and_ratio():
    y, x = np.array([1.0, 4, 4, 9, 2]), np.array([1.0, 2, 2, 5, 1])
    found = taylor_mean(y, design(np.full(5, 3.0)))
    assert (found.low[0], found.high[0]) == pytest.approx(mean_interval(y.mean(), y.std(ddof=1), 5), abs=1e-12)
    ratio = taylor_ratio(y, x, design(np.ones(5)))
    expected = ratio_interval(5, x=x.sum(), y=y.sum(), xx=x @ x, xy=x @ y, yy=y @ y)
    assert (ratio.low[0], ratio.high[0]) == pytest.approx(expected, abs=1e-12)


def test_weighted_nps_by_hand():
    # answers 10, 7, 0 with weights 2, 1, 1: N = 100 * (2 - 1)/4; u = 2*75/4, -25/4, -125/4, and 0 for the fourth
    # unit, which gave no answer but was drawn: Var = 4/3 * sum of u^2
    found = taylor_nps([10, 7, 0, NAN], design([2, 1, 1, 5]))
    squares = (37.5**2 + 6.25**2 + 31.25**2) * 4 / 3
    assert found.value[0] == 25
    assert found.error[0] == pytest.approx(squares**0.5)
    assert found.df[0] == 2


def plainly(y, x, weights, strata, units, chosen):
    """The variance of a ratio in a domain, written as the formula stands."""
    w = weights * chosen
    ratio = (w * y).sum() / (w * x).sum()
    u, variance = w * (y - ratio * x) / (w * x).sum(), 0.0
    for h in np.unique(strata):
        totals = np.array([u[(strata == h) & (units == i)].sum() for i in np.unique(units[strata == h])])
        variance += totals.size / (totals.size - 1) * ((totals - totals.mean()) ** 2).sum()
    return ratio, variance**0.5


@given(st.integers(0, 10_000))
def test_domains_of_any_design_are_as_the_formula_stands(seed):
    draw = np.random.default_rng(seed)
    strata, units, domains = (draw.integers(0, top, 60) for top in (3, 8, 4))
    strata[:6], units[:6] = [0, 0, 1, 1, 2, 2], [0, 1] * 3
    y, x, weights = draw.normal(5, 2, 60), draw.gamma(2, 1, 60) + 0.1, draw.gamma(2, 1, 60)
    found = taylor_ratio(y, x, design(weights, strata, units), domains, count=5)
    for domain in range(4):
        if (domains == domain).any():
            value, error = plainly(y, x, weights, strata, units, domains == domain)
            assert (found.value[domain], found.error[domain]) == pytest.approx((value, error), rel=1e-9, abs=1e-12)
    assert np.isnan([found.value[4], found.error[4], found.low[4]]).all()


def test_a_lonely_unit_has_no_error_unless_all_were_asked():
    y, strata = [1.0, 2, 3], [0, 0, 1]
    assert np.isnan(taylor_mean(y, design(np.ones(3), strata)).error[0])
    assert np.isfinite(taylor_mean(y, design(np.ones(3), strata, None, [0, 1])).error[0])
    # nor does it matter to a domain that it is not in
    assert np.isfinite(taylor_mean(y, design(np.ones(3), strata), [0, 0, -1]).error[0])


def test_effective_size_by_hand():
    # weights 1, 1, 2: (1 + 1 + 2)^2 / (1 + 1 + 4) = 16/6; deff = 3 * 6/16
    assert effective_n(4, 6) == pytest.approx(16 / 6)
    assert design_effect(3, 4, 6) == pytest.approx(18 / 16)
    assert effective_n(50, 50) == 50
    assert np.isnan(effective_n(0, 0))


def test_alpha_of_the_bank_survey(shared_data):
    with (shared_data / "bank_survey/answers.csv").open(newline="") as file:
        answers = list(csv.DictReader(file))
    with (shared_data / "bank_survey/expected_alpha.csv").open(newline="") as file:
        expected = {row["construct"]: float(row["raw_alpha"]) for row in csv.DictReader(file)}
    for construct, alpha in expected.items():
        names = [name for name in answers[0] if name.rstrip("0123456789") == construct.lower()]
        x = np.array([[float(row[name]) for name in names] for row in answers])
        assert cronbach_alpha(len(x), x.sum(0), x.T @ x) == pytest.approx(alpha, abs=1e-9)


def test_alpha_of_equal_items_is_one_and_of_one_item_is_unknown():
    x = np.array([[1.0, 1], [2, 2], [4, 4]])
    many = cronbach_alpha([3, 3], [x.sum(0), [3, 3]], [x.T @ x, [[3, 3], [3, 3]]])
    assert many[0] == pytest.approx(1)
    assert np.isnan(many[1])
    assert np.isnan(cronbach_alpha(3, [6], [[14]]))
