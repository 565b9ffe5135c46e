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


def lined_up(weights: Numbers, values: Array) -> Array:
    """Return weights of shape [K] or [K, ...] broadcast to `values` of shape [K, ...], along axis 0."""
    given = floats(weights)
    missing_axes = values.ndim - given.ndim
    if given.ndim and missing_axes > 0:
        given = given.reshape(given.shape + (1,) * missing_axes)
    return np.broadcast_to(given, values.shape)
