"""The array types of the package, and the one guard against floating-point warnings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Numbers = ArrayLike

AT_ONCE = 65_536  # numbers in one step of a long computation: its many arrays stay near the processor
T = TypeVar("T")

quiet = np.errstate(all="ignore")
"""Decorator: division by zero, overflow and NaN pass through as values, without a warning."""


def floats(values: Numbers) -> Array:
    """Return `values` as a float64 array; None becomes NaN."""
    return np.asarray(values, dtype=np.float64)


def batched(items: Sequence[T], width: int) -> Iterator[Sequence[T]]:
    """Yield runs of items that have `width` numbers each, at most AT_ONCE of these together, or single ones."""
    size = max(AT_ONCE // max(width, 1), 1)
    for first in range(0, len(items), size):
        yield items[first:first + size]


def codes(values: Numbers) -> Codes:
    """Return `values` as int64 codes; a negative code stands for "in no group"."""
    return np.asarray(values, dtype=np.int64)


def crossing(rows: Sequence[int], columns: Ints) -> tuple[Ints, Ints]:
    """Return the index of an array of two axes at which some rows and some columns cross."""
    return np.array(rows, np.int64)[:, None], columns[None, :]


def distinct(values: Ints) -> Ints:
    """Return the values, each once, in order; by sorting, which is many times faster than the table of `np.unique`."""
    ordered = np.sort(values, axis=None)
    if not len(ordered):
        return ordered
    return codes(ordered[np.concatenate((np.ones(1, np.bool_), ordered[1:] != ordered[:-1]))])


def summed(places: Ints, amounts: Array, length: int) -> Array:
    """Return the sums of `amounts` at each place [length]: to the same bits in whatever order they come."""
    return summed_of(places, amounts, None, length)[0]


def summed_of(places: Ints, amounts: Array, some: Flags | None, length: int) -> tuple[Array, Array]:
    """Return the sums of `amounts` at each place [length], and those of `some` of them alone: see `summed`."""
    if _whole(amounts):
        where, what, chosen = places, amounts, some
    else:
        order = np.argsort(amounts)  # each place then takes its own from the least to the greatest
        where, what, chosen = places[order], amounts[order], None if some is None else some[order]
    every = floats(np.bincount(where, what, length))
    if chosen is None:
        return every, every
    return every, floats(np.bincount(where[chosen], what[chosen], length))


def _whole(amounts: Array) -> bool:
    """Whether all sums of the amounts are whole numbers that floats hold: in whatever order, they are the same."""
    few = amounts[:16]
    if not (few == np.rint(few)).all() or not (amounts == np.rint(amounts)).all():
        return False
    return bool(np.abs(amounts).sum() < 2**53)


def lined_up(weights: Numbers, values: Array) -> Array:
    """Return weights of shape [K] or [K, ...] broadcast to `values` of shape [K, ...], along axis 0."""
    given = floats(weights)
    missing_axes = values.ndim - given.ndim
    if given.ndim and missing_axes > 0:
        given = given.reshape(given.shape + (1,) * missing_axes)
    return np.broadcast_to(given, values.shape)
