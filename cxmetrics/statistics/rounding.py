"""Decimal rounding of binary numbers.

A binary number can only come near most decimals: 1.005 is stored as 1.00499999999999989. What a definition means is
the decimal. So a number that lies within a billionth (relative) of a decimal boundary counts as lying on it, and
0.29 · 100 = 28.999999999999996 is 29. The slack is at most a millionth of the last kept place, or what storing the
number in float64 costs where that is more.
All functions keep NaN and infinities, never return −0, and take a negative `decimals` for tens and hundreds.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from cxmetrics.statistics.arrays import Array, Numbers, floats, quiet


@quiet
def half_up(x: Numbers, decimals: int = 0) -> Array:
    """Round to the nearest decimal, ties away from zero: 43.25 → 43.3, −2.5 → −3."""
    return _unscaled(_nearest(_scaled(floats(x), decimals)), floats(x), decimals)


@quiet
def half_even(x: Numbers, decimals: int = 0) -> Array:
    """Round to the nearest decimal, ties to the even digit: 2.5 → 2, 3.5 → 4."""
    scaled = _scaled(floats(x), decimals)
    up = _nearest(scaled)
    on_tie = abs(abs(scaled) % 1 - 0.5) <= _slack(scaled)
    return _unscaled(np.where(on_tie & (up % 2 != 0), up - np.sign(up), up), floats(x), decimals)


@quiet
def truncate(x: Numbers, decimals: int = 0) -> Array:
    """Cut the digits after the last kept place, towards zero: 1.999 → 1.99, −1.999 → −1.99."""
    scaled = _scaled(floats(x), decimals)
    return _unscaled(np.copysign(np.floor(abs(scaled) + _slack(scaled)), scaled), floats(x), decimals)


@quiet
def to_step(x: Numbers, step: float) -> Array:
    """Round to the nearest multiple of `step`, ties away from zero: 43.2 by 0.5 → 43.0.

    Raises ValueError unless `step` is finite and above zero.
    """
    if not 0 < step < np.inf:
        raise ValueError("a rounding step must be above zero")
    given = floats(x)
    _, digits, exponent = Decimal(repr(float(step))).as_tuple()
    numerator = float(int("".join(map(str, digits))))
    if numerator > 1e9:  # a step such as 1/3 is no decimal
        return half_up(given / step) * step
    # A multiple of a decimal step is whole · numerator / 10^k, which keeps 3 · 0.1 at 0.3.
    places = -int(exponent)
    whole = _nearest(_scaled(given, places) / numerator)
    return _unscaled(whole * numerator, given, places)


def _scaled(x: Array, decimals: int) -> Array:
    return x * 10.0**decimals if decimals >= 0 else x / 10.0**-decimals


def _unscaled(whole: Array, x: Array, decimals: int) -> Array:
    """Undo the scaling; a number too large to have the digit in question stays as it is."""
    back = whole / 10.0**decimals if decimals >= 0 else whole * 10.0**-decimals
    untouched = ~np.isfinite(back) | (abs(whole) >= 2.0**52)
    return np.where(untouched, x, back) + 0.0


def _slack(scaled: Array) -> Array:
    """Return how far from a boundary still counts as on it, in units of the last kept place."""
    noise = np.minimum(abs(scaled) * 5e-16, 0.25)  # two units in the last place: storing x, and scaling it
    return np.maximum(np.minimum(abs(scaled) * 1e-9, 1e-6), noise)


def _nearest(scaled: Array) -> Array:
    return np.copysign(np.floor(abs(scaled) + 0.5 + _slack(scaled)), scaled)
