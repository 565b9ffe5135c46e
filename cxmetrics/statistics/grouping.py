"""Whole numbers put in order, found and summed at: by tables where they lie close together, else by sorting.

A table of some entries for each number is filled and read in a fraction of the time that sorting takes.
"""

from __future__ import annotations

import numpy as np

from cxmetrics.statistics.arrays import Array, Flags, Ints, codes, floats

_BYTES = 32  # of a table, for each number that is looked up there: beyond that, sorting is as fast and takes no more
_CROWD = 64  # amounts at a place, from which on those of each are sorted by themselves
_SMALL = 2**16  # places below are sorted by their digits


def distinct(values: Ints) -> Ints:
    """Return the values, each once, in order."""
    flat = codes(values).ravel()
    if not _in_order(flat):
        if _are_close(flat, _BYTES):
            return codes(np.flatnonzero(_marked(flat)))
        flat = np.sort(flat)
    return flat[_begins(flat)]


def numbered(values: Ints) -> tuple[Ints, Ints]:
    """Return the values, each once and in order, and the place of each value among them."""
    if _in_order(values):
        begins = _begins(values)
        return values[begins], np.cumsum(begins) - 1
    if not _are_close(values, _BYTES // 8):
        found, places = np.unique(values, return_inverse=True)
        return found, places
    marked = _marked(values)
    found = codes(np.flatnonzero(marked))
    table = np.empty(len(marked), np.int64)
    table[found] = np.arange(len(found))
    return found, table[values]


def counted(values: Ints) -> tuple[Ints, Ints]:
    """Return the values, each once and in order, and how many there are of each."""
    if not _are_close(values, _BYTES // 8):
        found, counts = np.unique(values, return_counts=True)
        return found, counts
    counts = np.bincount(values)
    found = codes(np.flatnonzero(counts))
    return found, counts[found]


def among(values: Ints, ordered: Ints) -> Flags:
    """Return which of the values are among others, which are in order and none below 0."""
    if not len(ordered):
        return np.zeros(len(values), np.bool_)
    most = int(ordered[-1])
    if most < _BYTES * len(values):
        table = np.zeros(most + 2, np.bool_)
        table[ordered] = True
        return np.asarray(table[np.clip(values, -1, most + 1)], np.bool_)  # where nothing is marked
    return np.asarray(ordered[np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)] == values, np.bool_)


def summed(places: Ints, amounts: Array, length: int) -> Array:
    """Return the sums of `amounts` at each place [length]: to the same bits in whatever order they come.

    Each place takes its own from the least to the greatest.
    """
    if _is_whole(amounts):
        return floats(np.bincount(places, amounts, length))
    if length * _CROWD > len(amounts) or length > _SMALL:
        order = np.argsort(amounts)
        return floats(np.bincount(places[order], amounts[order], length))
    if _in_order(places):
        rising, where = amounts.copy(), places
    else:
        order = np.argsort(places.astype(np.uint16), kind="stable")
        rising, where = amounts[order], places[order]
    begin = 0
    for end in np.bincount(where, minlength=length).cumsum().tolist():
        rising[begin:end].sort()
        begin = end
    return floats(np.bincount(where, rising, length))


def _is_whole(amounts: Array) -> bool:
    """Whether all sums of the amounts are whole numbers that floats hold: in whatever order, they are the same."""
    few = amounts[:16]
    if not (few == np.rint(few)).all() or not (amounts == np.rint(amounts)).all():
        return False
    return bool(np.abs(amounts).sum() < 2**53)


def _in_order(values: Ints) -> bool:
    return bool((values[1:] >= values[:-1]).all())


def _begins(ordered: Ints) -> Flags:
    """Where values in order are others than those before."""
    return np.append(np.ones(min(len(ordered), 1), np.bool_), ordered[1:] != ordered[:-1])


def _are_close(values: Ints, entries: int) -> bool:
    """Whether a table of values has less than so many entries for each; none of them may be below 0."""
    return bool(len(values)) and int(values.min()) >= 0 and int(values.max()) < entries * len(values)


def _marked(values: Ints) -> Flags:
    marked = np.zeros(int(values.max()) + 1, np.bool_)
    marked[values] = True
    return marked
