"""How many combinations of classes conditions tell apart, counted while conditions are put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import count
from math import prod
from typing import assert_never

from cxmetrics.fuse.classify import Atoms, Value

Asked = Mapping[int, Sequence[int]]
"""Atoms by what they look at, all as their numbers."""


class Combinations:
    """The atoms put together so far, as the classes that they sort each expression into.

    To ask and to add cost as much as the atoms have literals, however many there are already.
    """

    __slots__ = ("_known", "_parts", "size")

    def __init__(self, known: Atoms) -> None:
        """Begin with one class of all rows."""
        self._known = known
        self._parts: dict[int, _Parts] = {}
        self.size = 1

    def with_(self, asked: Asked) -> int:
        """How many combinations there were with these atoms too, at most."""
        more = [(self._parts.get(subject) or _Parts(self._known, subject), own) for subject, own in asked.items()]
        before = prod(parts.count for parts, _ in more if parts.atoms)
        return self.size // before * prod(parts.after(own) for parts, own in more)

    def add(self, asked: Asked) -> None:
        """Put these atoms to the others."""
        self.size = self.with_(asked)
        for subject, own in asked.items():
            self._parts.setdefault(subject, _Parts(self._known, subject)).add(own)

    @property
    def subjects(self) -> AbstractSet[int]:
        """What they look at."""
        return self._parts.keys()

    @property
    def atoms(self) -> Iterable[int]:
        """All of them."""
        return (atom for parts in self._parts.values() for atom in parts.atoms)


class _Parts:
    """The classes of one expression; `count`: how many, with one for what is missing and one for all other values.

    Of texts they are exact.  Numbers are told apart by the ends they are compared with, some of which need not be.
    """

    __slots__ = ("_kind", "_known", "_number", "_place", "_sizes", "atoms", "count")

    def __init__(self, known: Atoms, subject: int) -> None:
        self._known, self._kind = known, known.subjects[subject][1]
        self.atoms: set[int] = set()
        self._place: dict[Value, int] = {}  # the class of each literal, by a number that is not used again
        self._sizes: Counter[int] = Counter()  # how many literals each has
        self._number = count()
        self.count = self._counted(0)

    def after(self, atoms: Iterable[int]) -> int:
        """How many classes there were with these atoms too."""
        moved = self._moved(atoms)
        left = Counter(self._place[value] for value in moved if value in self._place)
        emptied = sum(self._sizes[place] == size for place, size in left.items())
        return self._counted(len(self._sizes) - emptied + len(set(moved.values())))

    def add(self, atoms: Iterable[int]) -> None:
        """Put these atoms to the others."""
        moved = self._moved(atoms)
        numbers = {target: next(self._number) for target in dict.fromkeys(moved.values())}
        left = Counter(self._place[value] for value in moved if value in self._place)
        for place, size in left.items():
            self._sizes[place] -= size
            if not self._sizes[place]:
                del self._sizes[place]
        self._sizes.update(numbers[target] for target in moved.values())
        self._place |= {value: numbers[target] for value, target in moved.items()}
        self.atoms.update(atoms)
        self.count = self._counted(len(self._sizes))

    def _moved(self, atoms: Iterable[int]) -> Mapping[Value, Hashable]:
        """Where the literals of atoms come to: told apart by their class so far, and by which atoms name them."""
        named = [frozenset(self._known.every[atom].values) for atom in atoms if atom not in self.atoms]
        values = frozenset[Value]().union(*named)
        if self._kind == "number":
            return {value: value for value in values}
        return {value: (self._place.get(value), *(i for i, own in enumerate(named) if value in own))
                for value in values}

    def _counted(self, classes: int) -> int:
        match self._kind:
            case "condition":
                return 3
            case "text":
                return classes + 2
            case "number":
                return 2 * classes + 2
            case _:
                assert_never(self._kind)
