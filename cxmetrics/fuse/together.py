"""Which conditions share a grouping: as long as the combinations of their classes stay few."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from operator import itemgetter

from cxmetrics.fuse.classify import Atoms, Classified
from cxmetrics.fuse.combinations import Asked, Combinations
from cxmetrics.plan import Classifier

TRIED = 8  # groups that a condition is tried with, the last ones: the work must not grow with their number
Codes = tuple[int, ...]
Look = Callable[[tuple[Classifier, ...]], Mapping[Codes, int]]  # how many rows of a sample are in each combination


def together(wheres: Mapping[int, Collection[int]], known: Atoms, limit: int,
             look: Look | None = None) -> Iterator[list[int]]:
    """Conditions, each with its atoms, in groups of at most `limit` combinations, if all occur or as a sample tells.

    Codes of errors, say, belong to one touchpoint each: of all their combinations with touchpoints few occur.
    `look` is called at most once; where it sees nothing, any combination counts as one that occurs.
    """
    apart = {where: known.by_subject(atoms) for where, atoms in wheres.items()}
    every = Combinations(known)
    for own in apart.values():
        every.add(own)
    if every.size <= limit:
        yield from [list(apart)] if apart else []
        return
    occurring = None if look is None else _occurring(Classified.of(known, every.atoms), look)
    groups: list[tuple[Combinations, list[int]]] = []
    too_many: list[AbstractSet[int]] = []  # of what few conditions look at, if more occurs than is allowed
    for where in _sorted(apart, known):
        for group, members in groups[:-TRIED - 1:-1]:
            size = group.with_(apart[where])
            subjects = group.subjects | apart[where].keys()
            if size > limit and occurring is not None and not any(many <= subjects for many in too_many):
                size = min(size, occurring(subjects))
                if size > limit:  # whatever is told apart besides
                    too_many = [subjects, *(many for many in too_many if not subjects <= many)]
            if size <= limit or size == group.size:
                group.add(apart[where])
                members.append(where)
                break
        else:
            groups.append((Combinations(known), [where]))
            groups[-1][0].add(apart[where])
    yield from (members for _, members in groups)


def _sorted(apart: Mapping[int, Asked], known: Atoms) -> list[int]:
    """The conditions that look at most first, those that look at the same values beside each other."""

    def looks_at(where: int) -> tuple[int, list[tuple[int, list[str]]]]:
        own = apart[where]
        return -len(own), sorted((subject, sorted(str(value) for atom in atoms for value in known.every[atom].values))
                                 for subject, atoms in own.items())

    return sorted(apart, key=looks_at)


def _occurring(classified: Classified, look: Look) -> Callable[[Collection[int]], int] | None:
    """How many combinations of the classes of some subjects there are among all rows, by those of a sample.

    Those that no row of the sample has are told from those that one or two have (Chao 1984).  None without a sample.
    """
    sample = [codes for codes, count in look(classified.keys).items() for _ in range(count)]
    if not sample:
        return None

    @cache
    def among(places: Sequence[int]) -> int:
        rows = Counter(map(itemgetter(*places), sample)) if places else {(): len(sample)}
        once, twice = (sum(count == times for count in rows.values()) for times in (1, 2))
        return len(rows) + (once**2 // (2 * twice) if twice else once * (once - 1) // 2)

    return lambda subjects: among(tuple(sorted(classified.places[subject] for subject in subjects)))
