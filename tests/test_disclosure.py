"""Hidden cells do not follow from shown ones: an attack on random cuts with plain linear algebra.

The attacker knows the numbers of every cell that is shown, which cells are empty, and how cells hang together.
"""

import random
from itertools import product

import numpy as np
import pytest

from cxmetrics.disclosure import Cut, conceal

WEEK, MONTHS = 7, (10, 21)  # a small calendar of 21 days: weeks of 7, months of 10 and 11 days, a year of all


def intervals(days, grains):
    """Bounds of the periods of some grains."""
    found = []
    if "day" in grains:
        found += [(day, day + 1) for day in range(days)]
    if "week" in grains:
        found += [(day, min(day + WEEK, days)) for day in range(0, days, WEEK)]
    if "month" in grains:
        found += [(0, min(days, MONTHS[0])), (MONTHS[0], MONTHS[1])]
    if "year" in grains:
        found += [(0, days)]
    if "trailing" in grains:
        found += [(max(day - 5, 0), day + 1) for day in range(days)]
    return [pair for pair in found if pair[1] <= days]


def drawn(seed):
    """Rows by branch, segment and day, and the cuts total, region, branch (of a region) and segment."""
    draw = random.Random(seed)
    branches, segments, days = draw.choice([1, 2, 4, 6]), draw.choice([1, 2, 3]), draw.choice([4, 10, 21])
    region = np.array([draw.randrange(max(branches // 2, 1)) for _ in range(branches)])
    region = np.unique(region, return_inverse=True)[1]
    busy, share = draw.choice([0.5, 2, 6]), draw.random()
    rows = np.array([[[draw.choice([0, 1, 2, 3, 9]) * (draw.random() < share) if draw.random() < busy / 6 else
                       round(busy * draw.random() * 2) for _ in range(days)] for _ in range(segments)]
                     for _ in range(branches)], np.int64)
    grains = draw.choice([("day",), ("day", "week"), ("day", "week", "month", "year"), ("month",), ("week", "month"),
                          ("month", "year"), ("day", "trailing"), ("day", "month")])
    parts = [(None, np.zeros(branches, np.int64)), (0, region), (1, np.arange(branches))]
    return rows, parts, intervals(days, grains), draw.choice([2, 3, 5, 12])


def built(rows, parts, pairs):
    """The cuts, and by cut the atoms (branch, segment, day) of each of their cells."""
    low, high = (np.array([pair[i] for pair in pairs], np.int64) for i in (0, 1))
    cuts, atoms = [], []
    for parent, of in [*parts, (0, None)]:
        kinds = rows.shape[1] if of is None else int(of.max()) + 1
        own = np.zeros((kinds, len(pairs), *rows.shape), np.int8)
        for kind, (cell, (first, after)) in product(range(kinds), enumerate(pairs)):
            where = (slice(None), kind) if of is None else (of == kind,)
            own[kind, cell][where] = 1
            own[kind, cell][:, :, :first] = own[kind, cell][:, :, after:] = 0
        up = np.zeros(kinds, np.int64) if parent in (None, 0) else \
            np.array([parts[parent][1][of == kind][0] for kind in range(kinds)])
        cuts.append(Cut(parent, up, low, high, (own * rows).sum(axis=(2, 3, 4))))
        atoms.append(own.reshape(kinds, len(pairs), -1))
    return cuts, atoms


def beyond(known, cells):
    """The part of each cell that the known ones do not span, as its length."""
    _, sizes, axes = np.linalg.svd(known, full_matrices=False)
    spanned = axes[sizes > 1e-9 * max(known.shape) * max(sizes.max(initial=0), 1)]
    return np.linalg.norm(cells - cells @ spanned.T @ spanned, axis=1)


@pytest.mark.parametrize("seed", range(200))
def test_an_attack_with_linear_algebra_finds_no_hidden_cell(seed):
    rows, parts, pairs, least = drawn(seed)
    cuts, atoms = built(rows, parts, pairs)
    hidden = conceal(cuts, max(high for _, high in pairs) + 1, [(cut.n > 0) & (cut.n < least) for cut in cuts])
    # An atom in an empty cell is known to be nothing; how the rows of others lie below the cells is not known.
    empty = np.zeros(rows.size, np.bool_)
    for cut, own in zip(cuts, atoms, strict=True):
        empty |= own[cut.n == 0].any(axis=0)
    shown, secret = (np.concatenate([own[chosen(flags)] for own, flags in zip(atoms, hidden, strict=True)])[:, ~empty]
                     .astype(float) for chosen in (np.logical_not, np.asarray))
    assert (beyond(shown, secret) > 1e-6).all()
    for cut, flags in zip(cuts, hidden, strict=True):
        assert flags[(cut.n > 0) & (cut.n < least)].all()
        assert not flags[cut.n == 0].any()
