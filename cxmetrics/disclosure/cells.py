"""Cells: the slices of a cut at intervals of days, and how they hang together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cxmetrics.statistics.arrays import Flags

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Cut:
    """The cells of a cut: each slice at each of some intervals.

    `parent`: the place of the coarser cut that it divides, which stands before it; None for the total.  `up` [slices]:
    the slice there that each is part of; those of a slice sum to it.  `low`, `high` [cells]: the bounds of the
    intervals, as places among all bounds in order; every bound but the first and the last ends some interval.
    `n` [slices, cells]: how many rows.
    """

    parent: int | None
    up: Ints
    low: Ints
    high: Ints
    n: Ints


def joined(cut: Cut, known: Flags, bounds: int) -> Ints:
    """Labels [slices, bounds], the same for two bounds of a slice between which the sum is known: the first of these.

    A label is slice · bounds + bound.  `known` [slices, cells]: the cells whose sums are known, besides those without
    rows.  What is known between two bounds, and between the second and a third, is known between the first and the
    third: the bounds of a slice are vertices, its known cells edges.
    """
    row, cell = np.nonzero(known)
    own, step = np.nonzero(_without_rows(cut, bounds))
    one = np.concatenate([row * bounds + cut.low[cell], own * bounds + step])
    other = np.concatenate([row * bounds + cut.high[cell], own * bounds + step + 1])
    first = np.arange(cut.n.shape[0] * bounds)
    while (apart := first[one] != first[other]).any():  # the later of two labels becomes the earlier
        one, other = one[apart], other[apart]
        least = np.minimum(first[one], first[other])
        for side in (one, other):
            np.minimum.at(first, first[side], least)
        while ((above := first[first]) != first).any():
            first = above
    return first.reshape(cut.n.shape[0], bounds)


def alike(cut: Cut, bounds: int) -> Ints:
    """The labels of `joined` where nothing is known but of cells without rows."""
    place = np.arange(cut.n.shape[0] * bounds).reshape(cut.n.shape[0], bounds)
    begins = np.concatenate([np.ones((len(place), 1), np.bool_), ~_without_rows(cut, bounds)], axis=1)
    return np.asarray(np.maximum.accumulate(np.where(begins, place, 0), axis=1), np.int64)


def joined_anew(cut: Cut, known: Flags, before: tuple[Flags, Ints]) -> Ints:
    """The labels of `joined`, of which those are worked out where other cells are known than `before`."""
    was, labels = before
    rows = np.flatnonzero((known != was).any(axis=1))
    if not len(rows):
        return labels
    bounds, result = labels.shape[1], labels.copy()
    some = joined(replace(cut, up=cut.up[rows], n=cut.n[rows]), known[rows], bounds)
    result[rows] = some + ((rows - np.arange(len(rows))) * bounds)[:, None]
    return result


def _without_rows(cut: Cut, bounds: int) -> Flags:
    """The stretches from bound to bound in which a slice has no rows, as some cell tells, [slices, bounds − 1]."""
    empty = (cut.n == 0).T.astype(np.int64)
    open_ = np.zeros((bounds, cut.n.shape[0]), np.int64)
    np.add.at(open_, cut.low, empty)
    np.subtract.at(open_, cut.high, empty)
    return np.asarray(open_.cumsum(axis=0)[:-1].T > 0, np.bool_)


def touching(cut: Cut, row: int, bound: int, empty: Ints) -> Flags:
    """The cells of a slice that have rows and begin or end at a bound, or at one that is the same for want of rows.

    `empty`: the labels of `joined` where nothing is known but of cells without rows.
    """
    here = empty[row, bound]
    return np.asarray(((empty[row, cut.low] == here) != (empty[row, cut.high] == here)) & (cut.n[row] > 0), np.bool_)


def costs(cut: Cut, shown: Flags, empty: Ints) -> Ints:
    """How many days of shown cells begin or end at each bound of a slice, [slices, bounds]."""
    slices, bounds = empty.shape
    days = np.where(shown & (cut.n > 0), (cut.high - cut.low)[None, :], 0)
    at = np.zeros((bounds, slices), np.int64)
    np.add.at(at, cut.low, days.T)
    np.add.at(at, cut.high, days.T)
    summed = np.zeros(int(empty.max(initial=0)) + 1, np.int64)
    np.add.at(summed, empty, at.T)
    return summed[empty]


def children(cuts: Sequence[Cut], place: int) -> list[int]:
    """The places of the cuts that divide a cut."""
    return [other for other, cut in enumerate(cuts) if cut.parent == place]
