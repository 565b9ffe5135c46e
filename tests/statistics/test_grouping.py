"""Tables and sorting find the same; sums are the same to the last bit in whatever order the amounts come."""

from __future__ import annotations

import numpy as np
import pytest

from cxmetrics.statistics.grouping import among, counted, distinct, numbered, summed

_KINDS = {"none": (0, 0, 1), "one": (1, 7, 8), "close": (500, 0, 300), "far apart": (500, 0, 10**12),
          "below 0": (500, -40, 40), "just too far": (10, 0, 10**3)}


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("kind", list(_KINDS))
def test_whole_numbers_are_found_as_by_sorting(kind: str, ordered: bool) -> None:
    size, low, high = _KINDS[kind]
    values = np.random.default_rng(3).integers(low, high, size)
    if ordered:
        values.sort()
    found, places = numbered(values)
    each, counts = counted(values)
    for one in (found, each, distinct(values)):
        assert one.tolist() == sorted(set(values.tolist()))
    assert found[places].tolist() == values.tolist()
    assert counts.tolist() == [values.tolist().count(one) for one in each.tolist()]


def test_distinct_takes_any_shape() -> None:
    assert distinct(np.array([[3, 1], [1, 2]])).tolist() == [1, 2, 3]


@pytest.mark.parametrize("most", [5, 200, 10**12])
@pytest.mark.parametrize("others", [0, 1, 100])
def test_among_others_in_order(most: int, others: int) -> None:
    drawn = np.random.default_rng(4)
    ordered = np.sort(drawn.integers(0, most, others))
    values = np.concatenate([drawn.integers(-most, 2 * most, 100), ordered[:3]])
    held = set(ordered.tolist())
    assert among(values, ordered).tolist() == [one in held for one in values.tolist()]


@pytest.mark.parametrize(("size", "length"), [(0, 3), (5, 1), (40, 9), (1000, 3), (5000, 40), (200, 70_000)])
@pytest.mark.parametrize("kind", ["whole", "numbers", "missing", "nothing"])
@pytest.mark.parametrize("ordered", [False, True])
def test_sums_are_from_the_least_to_the_greatest(size: int, length: int, kind: str, ordered: bool) -> None:
    drawn = np.random.default_rng(5)
    places = drawn.integers(0, length, size)
    amounts = {"whole": np.floor(drawn.normal(0, 9, size)), "numbers": drawn.normal(0, 1, size) * 10.0 ** places,
               "missing": np.where(drawn.random(size) < 0.1, np.nan, drawn.normal(0, 1, size)),
               "nothing": np.where(drawn.random(size) < 0.5, -0.0, 0.1)}[kind] if length < 300 else drawn.random(size)
    if ordered:
        order = np.argsort(places, kind="stable")
        places, amounts = places[order], amounts[order]
    expected = np.zeros(length)
    for place, amount in sorted(zip(places.tolist(), amounts.tolist(), strict=True), key=lambda pair: (
            np.isnan(pair[1]), pair[1])):
        expected[place] += amount
    found = summed(places, amounts, length)
    assert found.tobytes() == expected.tobytes()
    mixed = drawn.permutation(size)
    assert summed(places[mixed], amounts[mixed], length).tobytes() == expected.tobytes()
