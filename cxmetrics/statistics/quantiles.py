"""Quantiles of many groups at once, from the distinct values of each group and how often each occurs."""

from __future__ import annotations

import numpy as np

from cxmetrics.statistics.arrays import Array, Codes, Numbers, codes, floats, quiet

CONTINUOUS: dict[str, tuple[float, float]] = {
    "hf4": (0.0, 1.0),
    "hf5": (0.5, 0.5),
    "hf6": (0.0, 0.0),
    "hf7": (1.0, 1.0),
    "hf8": (1 / 3, 1 / 3),
    "hf9": (3 / 8, 3 / 8),
}
"""Plotting positions (a, b) of the interpolating rules: the rank is a + q·(n + 1 − a − b)."""

DISCRETE = ("hf1", "hf2", "hf3")
RULES = (*DISCRETE, *CONTINUOUS)

# A product such as 0.29 · 100 falls a few units in the last place short of the whole rank it stands for.
SLACK = 4 * float(np.finfo(np.float64).eps)


@quiet
def weighted_quantiles(values: Numbers, counts: Numbers, starts: Numbers, q: Numbers, rule: str = "hf7") -> Array:
    """Return the quantile `q` of every group, by a rule of Hyndman and Fan (1996, The American Statistician 50(4)).

    `values` [V] are distinct and ascending within a group, `counts` [V] say how often each occurs, and group g holds
    the rows from `starts[g]` up to the next start. `q` (0..1) broadcasts against [G]: shape [Q, 1] gives [Q, G].
    The result is the quantile of the values written out `counts` times. NaN for an empty group and for q outside 0..1.
    Raises ValueError for a rule that is not in `RULES`.
    """
    if rule not in RULES:
        raise ValueError(f"unknown quantile rule {rule!r}")
    listed, begin, share = floats(values), codes(starts), floats(q)
    ends = np.append(begin, len(listed))[1:]
    running = np.append(np.int64(0), np.cumsum(codes(counts)))
    before = running[begin]
    size = running[ends] - before
    share = np.where((share >= 0) & (share <= 1) & (size > 0), share, np.nan)
    rank, part = position(size, share, rule)
    if not size.any():
        return np.full(share.shape, np.nan)
    lower = listed[_row(running, before, size, rank)]
    higher = listed[_row(running, before, size, rank + 1)]
    return np.where(np.isnan(share), np.nan, interpolated(lower, higher, part))


def interpolated(lower: Array, higher: Array, part: Array) -> Array:
    """Return what lies that part (0..1) of the way from one value to the next; equal values stay what they are."""
    between = lower + part * (higher - lower)
    return np.where((part == 0) | (lower == higher), lower, np.where(part == 1, higher, between))


@quiet
def at_rank(values: Numbers, counts: Numbers, starts: Numbers, rank: Numbers) -> Array:
    """Return the value of a rank (1..n, smallest first) of every group, as in `weighted_quantiles`; NaN for NaN."""
    listed, begin, given = floats(values), codes(starts), floats(rank)
    running = np.append(np.int64(0), np.cumsum(codes(counts)))
    before = running[begin]
    size = running[np.append(begin, len(listed))[1:]] - before
    known = np.isfinite(given) & (size > 0)
    found = listed[_row(running, before, size, codes(np.where(known, given, 1)))] if len(listed) else given
    return np.where(known, found, np.nan)


def position(n: Codes, q: Array, rule: str) -> tuple[Codes, Array]:
    """Return the rank j of the quantile `q` of `n` values, and how far to rank j + 1 it lies (0..1), by a rule."""
    if rule in CONTINUOUS:
        a, b = CONTINUOUS[rule]
        exact = a + q * (n + 1 - a - b)
    else:
        exact = n * q - (0.5 if rule == "hf3" else 0.0)
    whole = np.floor(exact + SLACK * np.maximum(abs(exact), 1))
    rest = exact - whole
    rest = np.where(abs(rest) < SLACK * np.maximum(abs(exact), 1), 0.0, rest)
    match rule:
        case "hf1":
            rest = np.where(rest > 0, 1.0, 0.0)
        case "hf2":
            rest = np.where(rest > 0, 1.0, 0.5)
        case "hf3":
            rest = np.where((rest > 0) | (whole % 2 != 0), 1.0, 0.0)
        case _:
            pass
    return np.nan_to_num(whole).astype(np.int64), rest


def _row(running: Codes, before: Codes, size: Codes, rank: Codes) -> Codes:
    """Return the row that holds the value of a rank, ranks outside 1..n taken as the nearest end."""
    inside = np.minimum(np.maximum(rank, 1), np.maximum(size, 1))
    row = np.searchsorted(running[1:], before + inside, side="left")
    return codes(np.minimum(row, len(running) - 2))
