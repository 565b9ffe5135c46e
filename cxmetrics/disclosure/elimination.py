"""Sparse columns of whole numbers modulo a prime: which depend on which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

PRIME = 2**31 - 1
EDGE = 2  # numbers of a column that links two rows
_OWN = frozenset((1, PRIME - 1))  # 1 and -1, each its own inverse
GROUND = -1  # a row beyond all others, of which nothing is asked
Sparse = Mapping[int, int]  # row → number, none of them 0


class Basis:
    """The first independent columns of some: edges before others, short ones before long ones.

    Most columns are edges: a number at one row and its opposite at another, or one number, which links its row to
    `GROUND`.  Those that are independent are a forest, and span what sums to 0 over each set of linked rows.  Of other
    columns only these sums are put into echelon form.
    """

    def __init__(self, columns: Sequence[Sparse]) -> None:
        """Take in every column that depends on none before it."""
        self._columns = columns
        self._links: dict[int, int] = {}  # row → another that it is linked to; to GROUND: it may change by itself
        self._forest: dict[int, list[tuple[int, int]]] = {}  # row → (row beside it, the number of their edge)
        self._rows: dict[int, tuple[Sparse, Sparse]] = {}  # leading set of rows → (sums, what they are made of)
        edges = [_is_edge(column) for column in columns]
        for name in sorted(range(len(columns)), key=lambda name: (not edges[name], len(columns[name]), name)):
            if edges[name]:
                self._link(name, columns[name])
            else:
                self._add(name, columns[name])

    def _link(self, name: int, column: Sparse) -> None:
        one, other = (*column, GROUND)[:EDGE]
        root, beside = self._root(one), self._root(other)
        if root != beside:
            low, high = (beside, root) if root == GROUND else (root, beside)
            self._links[low] = high
            self._forest.setdefault(one, []).append((other, name))
            self._forest.setdefault(other, []).append((one, name))

    def _add(self, name: int, column: Sparse) -> None:
        rest, used = self._reduced(self._sums(column))
        if rest:
            lead = max(rest)
            scale = pow(rest[lead], -1, PRIME)
            made = {other: -number * scale % PRIME for other, number in used.items()}
            made[name] = scale
            self._rows[lead] = {row: number * scale % PRIME for row, number in rest.items()}, made

    def spans(self, column: Sparse) -> bool:
        """Whether a column depends on those in the basis."""
        sums = self._sums(column)
        return not sums or not self._reduced(sums)[0]

    def solve(self, column: Sparse) -> Sparse:
        """The multiples of columns of the basis that sum to a column, which depends on them."""
        rest, used = self._reduced(self._sums(column))
        if rest:
            raise ValueError("no sum of the columns of the basis")
        left = dict(column)
        for name, number in used.items():
            _take_off(left, self._columns[name], number)
        for row, above, name, scale in self._upwards:  # what a row has left goes over its edge to the next
            if number := left.pop(row, 0):
                used[name] = number * scale % PRIME
                left[above] = (left.get(above, 0) + number) % PRIME
        return used

    @cached_property
    def _upwards(self) -> list[tuple[int, int, int, int]]:
        """The edges of the forest, those farthest from its roots first: row, that above it, edge, 1 / its number."""
        return list(self._downwards())[::-1]

    def _downwards(self) -> Iterator[tuple[int, int, int, int]]:
        known = set[int]()
        for root in sorted(self._forest):  # GROUND before all
            waiting = [] if root in known else [root]
            known.add(root)
            while waiting:
                above = waiting.pop()
                for row, name in self._forest[above]:
                    if row not in known:
                        known.add(row)
                        waiting.append(row)
                        number = self._columns[name][row]
                        yield row, above, name, number if number in _OWN else pow(number, -1, PRIME)

    def _sums(self, column: Sparse) -> Sparse:
        """The sums of a column over sets of linked rows, by their roots; none that are 0, or not asked of."""
        if len(column) == EDGE:  # as most are
            (one, first), (other, second) = column.items()
            root = self._root(one)
            if root == self._root(other) and (root == GROUND or (first + second) % PRIME == 0):
                return {}
        sums: dict[int, int] = {}
        for row, number in column.items():
            root = self._root(row)
            sums[root] = sums.get(root, 0) + number
        sums.pop(GROUND, None)
        return {root: number % PRIME for root, number in sums.items() if number % PRIME}

    def _root(self, row: int) -> int:
        links = self._links
        while (above := links.get(row, row)) != row:
            links[row] = links.get(above, above)
            row = above
        return row

    def _reduced(self, sums: Sparse) -> tuple[Sparse, dict[int, int]]:
        """What is left of sums (nothing: they depend on those in the basis), and the multiples taken off them."""
        rest, used = dict(sums), dict[int, int]()
        while rest:
            lead = max(rest)
            if lead not in self._rows:
                break
            factor = rest[lead]
            own, made = self._rows[lead]
            _take_off(rest, own, factor)
            _take_off(used, made, PRIME - factor)
        return rest, used


def _is_edge(column: Sparse) -> bool:
    return len(column) == 1 or (len(column) == EDGE and sum(column.values()) % PRIME == 0)


def _take_off(column: dict[int, int], other: Sparse, factor: int) -> None:
    for row, number in other.items():
        left = (column.get(row, 0) - factor * number) % PRIME
        if left:
            column[row] = left
        else:
            column.pop(row, None)
