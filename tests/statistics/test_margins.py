"""Raking by hand, against a plain loop over rows, and what it does where margins cannot be met."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxmetrics.statistics.raking import margin, rake

NAN = np.nan


def shares(weights, categories, count):
    return np.bincount(categories, weights=weights, minlength=count) / weights.sum()


def test_raking_meets_its_margins_and_keeps_the_sum():
    draw = np.random.default_rng(2)
    sex, region = draw.integers(0, 2, 500), draw.integers(0, 4, 500)
    found = rake(np.ones(500), [margin(sex, [48, 52]), margin(region, [0.1, 0.2, 0.3, 0.4])])
    assert found.converged
    assert found.gap <= 1e-10
    assert shares(found.factors, sex, 2) == pytest.approx([0.48, 0.52], abs=1e-9)
    assert shares(found.factors, region, 4) == pytest.approx([0.1, 0.2, 0.3, 0.4], abs=1e-9)
    assert found.factors.sum() == pytest.approx(500)


def test_one_margin_by_hand_is_met_in_one_pass():
    # 3 of 4 are in category 0, the population is half and half: 0.5/0.75 and 0.5/0.25
    found = rake(np.ones(4), [margin([0, 0, 0, 1], [1, 1])])
    assert found.factors == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2])
    assert found.passes == 1


def test_two_by_two_by_hand():
    # Raking keeps the odds ratio of the cells. Cells 1, 2, 2, 1 have 1/4; with both margins half and half the cells
    # come to a, 1/2 - a, 1/2 - a, a with a^2/(1/2 - a)^2 = 1/4, so a = 1/6: the factors are 1/6 * 6/1 and 1/3 * 6/2.
    found = rake([1, 2, 2, 1], [margin([0, 0, 1, 1], [1, 1]), margin([0, 1, 0, 1], [1, 1])])
    assert found.factors == pytest.approx([1, 1, 1, 1])
    # Cells 4, 1, 1, 1 have 4. Margins 60:40 and 70:30: a(a - 0.3) = 4(0.6 - a)(0.7 - a) gives 3a^2 - 4.9a + 1.68 = 0,
    # a = (4.9 - sqrt(24.01 - 20.16))/6.
    a = (4.9 - 3.85**0.5) / 6
    found = rake([4, 1, 1, 1], [margin([0, 0, 1, 1], [6, 4]), margin([0, 1, 0, 1], [7, 3])])
    wanted = 7 * np.array([a / 4, 0.6 - a, 0.7 - a, a - 0.3])
    assert found.converged
    assert found.factors == pytest.approx(wanted, rel=1e-9)


def test_cells_have_the_factors_of_their_rows():
    draw = np.random.default_rng(8)
    sex, region, base = draw.integers(0, 2, 300), draw.integers(0, 3, 300), draw.lognormal(0, 0.5, 300)
    rows = rake(base, [margin(sex, [1, 1]), margin(region, [1, 2, 3])])
    cells = rake(np.bincount(sex * 3 + region, base), [margin([0, 0, 0, 1, 1, 1], [1, 1]),
                                                       margin([0, 1, 2, 0, 1, 2], [1, 2, 3])])
    assert rows.factors == pytest.approx(cells.factors[sex * 3 + region], rel=1e-12)


def test_a_bound_holds_the_largest_factor_and_the_gap_says_what_it_cost():
    # 5 of 100 are half of the population: their factor would be 10. Held at 5 they are a quarter.
    categories = np.repeat([0, 1], [95, 5])
    found = rake(np.ones(100), [margin(categories, [0.5, 0.5])], high=5)
    assert found.converged
    assert found.factors[-1] == 5
    assert found.factors[0] == pytest.approx(75 / 95)
    assert found.trimmed.sum() == 5
    assert found.gap == pytest.approx(0.25)
    mild = rake(np.ones(100), [margin(categories, [0.9, 0.1])], high=5)
    assert (mild.converged, mild.trimmed.any()) == (True, False)
    # from below: 95 of 100 are a tenth of the population, and may not fall under a half; the others then are
    # (100 - 47.5)/5 = 10.5
    low = rake(np.ones(100), [margin(categories, [0.1, 0.9])], low=0.5)
    assert low.factors == pytest.approx(np.repeat([0.5, 10.5], [95, 5]))
    assert low.converged


def test_unknown_categories_keep_their_weight_and_empty_ones_show():
    found = rake([1, 1, 1, 4.0], [margin([0, 0, 1, -1], [0.5, 0.5])])
    assert found.factors == pytest.approx([0.75, 0.75, 1.5, 1])
    empty = rake(np.ones(3), [margin([0, 0, 1], [0.4, 0.4, 0.2])])
    assert not empty.converged
    assert empty.gap == pytest.approx(0.2)
    nowhere = rake(np.ones(2), [margin([0, 0], [0, 1])], passes=5)
    assert (nowhere.factors.tolist(), nowhere.gap, nowhere.converged) == ([1, 1], 1, False)
    assert rake([NAN, 0], [margin([0, 0], [1])]).factors.tolist() == [1, 1]


def test_margins_that_contradict_each_other_are_not_met():
    # All of sex 0 are of region 0, and all of sex 1 of region 1: no weights make 50:50 of one and 60:40 of the other.
    found = rake(np.ones(4), [margin([0, 0, 1, 1], [1, 1]), margin([0, 0, 1, 1], [6, 4])])
    assert not found.converged
    assert found.gap == pytest.approx(0.1)


def test_margins_and_bounds_that_cannot_be_are_refused():
    for categories, targets in (([0], [-1, 2]), ([0], [0]), ([1], [1]), ([0], [NAN])):
        with pytest.raises(ValueError, match=r"target|shares"):
            margin(categories, targets)
    for bounds in ({"high": 0.5}, {"low": 1.5}):
        with pytest.raises(ValueError, match="bounds"):
            rake([1, 1], [], **bounds)


@given(st.integers(0, 10_000), st.floats(1, 4), st.floats(0, 1))
def test_no_factor_passes_a_bound_and_the_sum_stays(seed, high, low):
    draw = np.random.default_rng(seed)
    margins = [margin(draw.integers(0, 3, 40), draw.random(3) + 0.01), margin(draw.integers(-1, 2, 40), [0.3, 0.7])]
    weights = draw.integers(0, 3, 40)
    found = rake(weights, margins, low=low, high=high, passes=20)
    some = found.factors[weights > 0]
    assert some.max() <= high * (1 + 1e-9)
    assert some.min() >= low * (1 - 1e-9)
    assert (weights * found.factors).sum() == pytest.approx(weights.sum())
