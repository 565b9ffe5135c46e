"""Sparse columns of whole numbers modulo a prime: which depend on which."""

from __future__ import annotations

from collections.abc import Mapping

PRIME = 2**31 - 1
EDGE = 2  # numbers of a column that links two rows
GROUND = -1  # a row beyond all others, of which nothing is asked
Sparse = Mapping[int, int]  # row → number, none of them 0


class Basis:
    """Independent columns, put into echelon form as they come.

    Most columns are edges: +1 at one row and −1 at another.  What edges span is seen by which rows they link (a column
    is in it if its numbers sum to 0 over each set of linked rows), and need not be worked out.
    """

    __slots__ = ("_links", "_rows")

    def __init__(self) -> None:
        """Begin with none."""
        self._rows: dict[int, tuple[Sparse, Sparse]] = {}  # leading row → (column, what it is made of)
        self._links: dict[int, int] = {}  # row → another that it is linked to; to GROUND: it may change by itself

    def add(self, name: int, column: Sparse) -> None:
        """Take a column in, if it depends on none of those before."""
        if self._linked(column):
            return
        rest, used = self._reduced(column)
        if not rest:
            return
        lead = max(rest)
        scale = pow(rest[lead], -1, PRIME)
        made = {other: -number * scale % PRIME for other, number in used.items()}
        made[name] = scale
        self._rows[lead] = {row: number * scale % PRIME for row, number in rest.items()}, made
        if len(column) == 1 or (len(column) == EDGE and sum(column.values()) % PRIME == 0):
            one, other = (*column, GROUND)[:EDGE]
            one, other = self._root(one), self._root(other)
            self._links[min(one, other, key=_not_ground)] = max(one, other, key=_not_ground)

    def spans(self, column: Sparse) -> bool:
        """Whether a column depends on those in the basis."""
        return self._linked(column) or not self._reduced(column)[0]

    def _linked(self, column: Sparse) -> bool:
        if len(column) == EDGE:  # as most are
            (one, first), (other, second) = column.items()
            root = self._root(one)
            return root == self._root(other) and (root == GROUND or (first + second) % PRIME == 0)
        sums: dict[int, int] = {}
        for row, number in column.items():
            root = self._root(row)
            sums[root] = sums.get(root, 0) + number
        return all(root == GROUND or number % PRIME == 0 for root, number in sums.items())

    def _root(self, row: int) -> int:
        links = self._links
        while (above := links.get(row, row)) != row:
            links[row] = links.get(above, above)
            row = above
        return row

    def solve(self, column: Sparse) -> Sparse:
        """The multiples of columns of the basis that sum to a column, which depends on them."""
        rest, used = self._reduced(column)
        if rest:
            raise ValueError("no sum of the columns of the basis")
        return used

    def _reduced(self, column: Sparse) -> tuple[Sparse, Sparse]:
        """What is left of a column (nothing: it depends on those in the basis), and the multiples taken off it."""
        rest, used = dict(column), dict[int, int]()
        while rest:
            lead = max(rest)
            if lead not in self._rows:
                break
            factor = rest[lead]
            own, made = self._rows[lead]
            _take_off(rest, own, factor)
            _take_off(used, made, PRIME - factor)
        return rest, used


def _take_off(column: dict[int, int], other: Sparse, factor: int) -> None:
    for row, number in other.items():
        left = (column.get(row, 0) - factor * number) % PRIME
        if left:
            column[row] = left
        else:
            column.pop(row, None)


def _not_ground(row: int) -> tuple[bool, int]:
    return row == GROUND, row
