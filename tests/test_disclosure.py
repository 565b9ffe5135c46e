"""Hidden cells do not follow from shown ones: an attack on random cuts with plain linear algebra.

The attacker knows the numbers of every cell that is shown, which cells are empty, and how cells hang together.
"""

import datetime as dt
import math
import random
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cxmetrics.crews import relief
from cxmetrics.disclosure import Cut, Memo, conceal, memo
from cxmetrics.disclosure.cells import joined
from cxmetrics.disclosure.elimination import PRIME, Basis

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


def answered(known, question, unit):
    with relief(1, math.inf) as nobody:
        return known.conceal(*question, unit, nobody)()


def test_what_was_found_to_be_hidden_is_not_sought_again(monkeypatch):
    """The units of time are the numbers of seeds; a question of before is answered with what was kept of it."""
    asked = {}
    for seed in range(8):
        rows, parts, pairs, least = drawn(seed)
        cuts = built(rows, parts, pairs)[0]
        bounds = max(high for _, high in pairs) + 1
        asked[dt.date(2026, 1, seed + 1)] = cuts, bounds, [(cut.n > 0) & (cut.n < least) for cut in cuts]
    first = Memo()
    found = {day: answered(first, question, (day, day)) for day, question in asked.items()}
    for day, question in asked.items():
        for one, other in zip(found[day], conceal(*question), strict=True):
            np.testing.assert_array_equal(one, other, strict=True)
    kept = list(asked)[-2:]  # of the last two units of time
    again = Memo(first.lasting)
    monkeypatch.setattr(memo, "conceal", None)
    for day in kept:
        for one, other in zip(answered(again, asked[day], (day, day)), found[day], strict=True):
            np.testing.assert_array_equal(one, other, strict=True)
    assert again.lasting == first.lasting
    with pytest.raises(TypeError, match="not callable"):
        answered(again, asked[dt.date(2026, 1, 1)], (kept[0], kept[0]))


def test_processes_find_what_one_finds_alone():
    questions = []
    for seed in range(8):
        rows, parts, pairs, least = drawn(seed)
        cuts = built(rows, parts, pairs)[0]
        questions.append((cuts, max(high for _, high in pairs) + 1, [(cut.n > 0) & (cut.n < least) for cut in cuts]))
    known, unit = Memo(), (dt.date(2026, 1, 1), dt.date(2026, 2, 1))
    with relief(2, 0) as relieved:
        asked = [known.conceal(*question, unit, relieved) for question in questions]
        for answer, question in zip(asked, questions, strict=True):
            for found, own in zip(answer(), conceal(*question), strict=True):
                np.testing.assert_array_equal(found, own, strict=True)


@pytest.mark.parametrize("change", ["rows", "small", "bounds", "up"])
def test_another_question_is_answered_anew(change):
    """Cells of three slices that a total of two days has: whatever it is that differs, the answer is its own."""
    low, high = np.array([0, 1, 0]), np.array([1, 2, 2])
    total = Cut(None, np.zeros(1, np.int64), low, high, np.array([[9, 9, 18]]))
    parts = Cut(0, np.zeros(3, np.int64), low, high, np.array([[1, 4, 5], [4, 3, 7], [4, 2, 6]]))
    one = [total, parts], 3, [total.n < 2, parts.n < 2]
    other = {"rows": ([total, replace(parts, n=parts.n + 10 * (parts.n > 4))], 3, one[2]),
             "small": ([total, parts], 3, [total.n < 3, parts.n < 3]),
             "bounds": ([replace(cut, high=cut.high + (cut.high == 2)) for cut in one[0]], 4, one[2]),
             "up": ([total, total, replace(parts, parent=1)], 3, [total.n < 2, total.n < 2, parts.n < 2])}[change]
    known, unit = Memo(), (dt.date(2026, 1, 1), dt.date(2026, 2, 1))
    answered(known, one, unit)
    again = Memo(known.lasting)
    for found, own in zip(answered(again, other, unit), conceal(*other), strict=True):
        np.testing.assert_array_equal(found, own, strict=True)
    assert again.lasting.keys().isdisjoint(known.lasting)


def some_columns(draw):
    """Columns of links between rows, of rows by themselves, and of more numbers; some of them depend on others."""
    rows, kinds = draw.choice([2, 5, 9]), ([1, -1], [1, -1], [1], [-1], [1, -1, 1], [1, -1, 1, -1], [2, 3], [5, -5])
    chosen = [draw.choice(kinds) for _ in range(draw.randrange(14))]
    return [dict(zip(draw.sample(range(rows), len(kind)), (number % PRIME for number in kind), strict=True))
            for kind in chosen if len(kind) <= rows], rows


def summed(columns, multiples):
    found = {}
    for name, times in multiples.items():
        for row, number in columns[name].items():
            found[row] = (found.get(row, 0) + times * number) % PRIME
    return {row: number for row, number in found.items() if number}


@pytest.mark.parametrize("seed", range(200))
def test_a_basis_spans_what_its_columns_sum_to_and_nothing_else(seed):
    draw = random.Random(seed)
    columns, rows = some_columns(draw)
    basis = Basis(columns)
    for column in [*columns, summed(columns, {name: draw.randrange(PRIME) for name in range(len(columns))})]:
        assert basis.spans(column)
        assert summed(columns, basis.solve(column)) == column
    whole = np.zeros((rows, len(columns)))
    for name, column in enumerate(columns):
        whole[list(column), name] = [number if number < PRIME // 2 else number - PRIME for number in column.values()]
    for row in range(rows):
        one = np.zeros((rows, 1))
        one[row] = 1
        depends = np.linalg.matrix_rank(np.hstack([whole, one])) == np.linalg.matrix_rank(whole)
        assert basis.spans({row: 1}) == depends
    with pytest.raises(ValueError, match="no sum of the columns"):
        basis.solve({rows: 1})


@pytest.mark.parametrize("seed", range(40))
def test_bounds_are_joined_as_the_components_of_a_graph(seed):
    draw = np.random.default_rng(seed)
    slices, bounds, cells = (int(draw.integers(low, high)) for low, high in ((1, 5), (2, 12), (1, 20)))
    low = draw.integers(0, bounds - 1, cells)
    high = np.array([draw.integers(each + 1, bounds) for each in low])
    cut = Cut(None, np.zeros(slices, np.int64), low, high, np.ones((slices, cells), np.int64))
    known = draw.random((slices, cells)) < draw.random() / 2
    for row, labels in enumerate(joined(cut, known, bounds)):
        edges = coo_array((np.ones(known[row].sum()), (low[known[row]], high[known[row]])), shape=(bounds, bounds))
        _, found = connected_components(edges, directed=False)
        assert labels.tolist() == [row * bounds + found.tolist().index(each) for each in found]
