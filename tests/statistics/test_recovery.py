"""Intervals of wholes from those of their parts, against published ones and plain arithmetic."""

import numpy as np
import pytest

from cxmetrics.statistics.intervals import share_interval
from cxmetrics.statistics.recovery import arms


def test_of_two_independent_shares_it_is_newcombes_interval():
    """56/70 − 48/80: .0524 to .3339 (Newcombe 1998, Statistics in Medicine 17, 873-890, method 10)."""
    a, b, n, m = 0.8, 0.6, 70, 80
    (low_a, high_a), (low_b, high_b) = share_interval(a, n), share_interval(b, m)
    errors = [[(a * (1 - a) / n) ** 0.5], [(b * (1 - b) / m) ** 0.5]]
    below, above = arms([[a - low_a], [high_b - b]], [[high_a - a], [b - low_b]], errors, np.hypot(*errors))
    assert (0.2 - below[0], 0.2 + above[0]) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_parts_that_go_together_reach_further_and_others_less():
    """Two parts with arms 3 and 4 below, 1 and 1 above, and errors of 1 each."""
    lower, upper, errors = [[3.0] * 4, [4.0] * 4], [[1.0] * 4, [1.0] * 4], [[1.0] * 4, [1.0] * 4]
    below, above = arms(lower, upper, errors, [2**0.5, 2, 1, 5])
    assert below == pytest.approx([5, 50**0.5, 12.5**0.5, 50**0.5])  # times 2/2, 4/2, 1/2, and no more than 2
    assert above == pytest.approx([2**0.5, 2, 1, 2])


def test_what_no_error_sees_counts_as_independent():
    """The third whole is sure, its parts are not; of the fourth nothing is unsure; of the last nothing is told."""
    lower, upper = [[3.0, 0, 3, 0, 3], [4, 4, 4, 0, 4]], [[0.0] * 5] * 2
    below, above = arms(lower, upper, [[0, 0, 1, 0, 1], [0.0, 1, 1, 0, 1]], [0, 1, 0, 0, np.nan])
    assert below == pytest.approx([5, 4, np.nan, np.nan, np.nan], nan_ok=True)
    assert above == pytest.approx([0, 0, np.nan, np.nan, np.nan], nan_ok=True)
