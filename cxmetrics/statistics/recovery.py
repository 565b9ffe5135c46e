"""The interval of what is made of several estimates, from the intervals of these."""

from __future__ import annotations

from functools import reduce

import numpy as np

from cxmetrics.statistics.arrays import Array, Numbers, floats, quiet


@quiet
def arms(lower: Numbers, upper: Numbers, errors: Numbers, error: Numbers) -> tuple[Array, Array]:
    """Return how far below and above a whole [...] its interval reaches, from its parts [parts, ...].

    `lower`, `upper`: how far the whole falls and rises where one part alone goes to an end of its own interval;
    `errors`: the standard error of the whole were that part alone uncertain; `error`: of the whole, which knows how
    parts vary together.  Of independent parts the squares of arms add up (the method of variance estimates recovery:
    Zou and Donner 2008, Statistics in Medicine 27(10), 1693-1702).  Of others the sum grows as the variance does,
    error²/Σ errors²: what parts have in common on the whole is taken to hold for their arms.  Where no error sees any
    spread, parts count as independent.
    NaN where parts are uncertain and the whole is not, or the reverse.
    """
    below, above, single = (reduce(np.add, floats(each) ** 2) for each in (lower, upper, errors))
    square, most = floats(error) ** 2, floats(errors).shape[0]  # parts that vary as one make it as many times as large
    unseen = (single == 0) & (square == 0)
    grown = np.where(unseen, 1.0, np.minimum(square / np.where(single > 0, single, np.nan), most))
    known = np.where(((below > 0) | (above > 0)) & (grown > 0), grown, np.nan)
    return np.sqrt(below * known), np.sqrt(above * known)
