"""Values to so many binary digits, by which a quantile with an `accuracy` counts them.

A value is rounded to the nearest number of so many significant binary digits.  Those numbers are the middles of
buckets that are equally wide between two powers of two and twice as wide above the next, 2^(digits − 1) of them an
octave; zero and whole numbers of no more digits stay what they are, and so does the order of values.

The rounding is a product, two differences and no logarithm (Veltkamp's splitting, Dekker 1971, Numerische Mathematik
18; proved to round to nearest by Boldo 2006): in IEEE doubles every engine does them alike, to the last bit.
"""

from __future__ import annotations

import math

NEAR = "near"  # a row function: a number to so many binary digits
FINEST, COARSEST = 0.0001, 0.2  # the accuracies that quantiles take
LARGE = 2.0**900  # values beyond it stay as they are: products with them may be no numbers
_DIGITS = 53  # of a double


def digits_for(accuracy: float) -> int:
    """The least number of binary digits with which no value is off by more than `accuracy`, a part of it."""
    return 1 - math.frexp(accuracy)[1]


def error_of(digits: int) -> float:
    """The part of a value that its rounding to so many digits takes or adds at most."""
    return 0.5**digits


def splitter(digits: int) -> float:
    """What a value is multiplied with to be rounded: `wide - (wide - x)`, where `wide` is x times this."""
    return 2.0 ** (_DIGITS - digits) + 1.0
