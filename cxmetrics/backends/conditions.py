"""Conditions over classes, as conditions that are true or false: the same for all engines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, assert_never

from cxmetrics.plan import Cell, Classifier, Condition, Cube, Logic

MASKED = 63  # classes that are bits of a number
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Terms(Generic[T]):
    """How an engine says that a class is from the first to the last of some, that it is one of some, and of several."""

    between: Callable[[int, int, int], T]  # the key, and the classes
    among: Callable[[int, Sequence[int]], T]
    every: Callable[[Sequence[T]], T]
    some: Callable[[Sequence[T]], T]


def conditions_of(cube: Cube) -> tuple[Condition, ...]:
    """The conditions that slots of a cube have, each once."""
    return tuple(dict.fromkeys(slot.where for slot in cube.slots if slot.where is not None))


def told(where: Condition, keys: Sequence[Classifier], terms: Terms[T], *, truth: bool = True) -> T:
    """Whether a condition is true, or whether it is false: where it is missing it is neither."""
    match where:
        case Cell(key, true, missing):
            classes = frozenset(range(keys[key].classes))
            return _in_classes(key, sorted(true & classes if truth else classes - true - missing), terms)
        case Logic("not", (arg,)):
            return told(arg, keys, terms, truth=not truth)
        case Logic(function, args):
            parts = [told(arg, keys, terms, truth=truth) for arg in args]
            return terms.every(parts) if (function == "and") == truth else terms.some(parts)
        case _:
            assert_never(where)


def _in_classes(key: int, classes: Sequence[int], terms: Terms[T]) -> T:
    """Stretches of classes are compared with their ends, others looked up."""
    if not classes:
        return terms.some(())
    stretches: list[list[int]] = []
    for code in classes:
        if stretches and stretches[-1][-1] == code - 1:
            stretches[-1].append(code)
        else:
            stretches.append([code])
    if len(stretches) > 2 and classes[-1] < MASKED:
        return terms.among(key, classes)
    parts = [terms.between(key, own[0], own[-1]) for own in stretches]
    return parts[0] if len(parts) == 1 else terms.some(parts)
