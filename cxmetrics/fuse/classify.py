"""Conditions taken apart into atoms, and the row expressions they look at sorted into classes.

An *atom* is a condition without `and`, `or`, `not`.  Atoms that compare one expression with literals
share a classifier: its classes are the coarsest parts of the values that no atom tells apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Literal, cast

from cxmetrics.functions import LOGIC, PRESENCE
from cxmetrics.ir import Apply, Column, Constant, Expr
from cxmetrics.plan import Cell, Classifier, Condition, Logic

Kind = Literal["text", "number", "condition"]
_COMPARISONS = frozenset(("=", "!=", "<", "<=", ">", ">=", "between", "in"))
_TESTS = frozenset(("contains", "starts_with", "matches", "on_days"))
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
Number = int | float


@dataclass(frozen=True, slots=True)
class Atom:
    """A test of one expression: how the expression is classified, and which test it is."""

    subject: Expr
    kind: Kind
    test: str  # a comparison, "is missing", "is not missing" or "holds"
    values: tuple[Number | str, ...] = ()


Test = int | tuple[Literal["and", "or", "not"], tuple["Test", ...]]
"""A condition over the numbers of its atoms."""


class Atoms:
    """The atoms of many conditions, each once and by number: conditions are many, and what they are made of is few."""

    __slots__ = ("_known", "_numbers", "every")

    def __init__(self) -> None:
        self.every: list[Atom] = []
        self._numbers: dict[Atom, int] = {}
        self._known: dict[Expr, int] = {}  # as they are written

    def test(self, where: Expr) -> Test:
        """A condition taken apart."""
        if isinstance(where, Apply) and where.function in LOGIC:
            return cast("Literal['and', 'or', 'not']", where.function), tuple(map(self.test, where.args))
        found = self._known.get(where)
        if found is None:
            atom = atom_of(where)
            found = self._known[where] = self._numbers.setdefault(atom, len(self.every))
            if found == len(self.every):
                self.every.append(atom)
        return found


def atoms_in(test: Test) -> frozenset[int]:
    """The numbers of the atoms of a condition."""
    return frozenset((test,)) if isinstance(test, int) else frozenset().union(*map(atoms_in, test[1]))


def atom_of(condition: Expr) -> Atom:
    """A condition without `and`, `or`, `not` as an atom."""
    if isinstance(condition, Apply):
        if condition.function in PRESENCE:
            subject = condition.args[0]
            kind = _kind(subject)
            return Atom(subject, "text" if kind == "condition" and not _is_condition(subject) else kind,
                        condition.function)
        if condition.function in _COMPARISONS:
            atom = _comparison(condition)
            if atom is not None:
                return atom
    return Atom(condition, "condition", "holds")


def _comparison(condition: Apply) -> Atom | None:
    """A comparison of one expression with literals; None where it is something else."""
    test, args = condition.function, condition.args
    if isinstance(args[0], Constant) and len(args) == 2 and test in _FLIPPED:
        test, args = _FLIPPED[test], (args[1], args[0])
    subject, literals = args[0], args[1:]
    if isinstance(subject, Constant) or not all(isinstance(literal, Constant) for literal in literals):
        return None
    values: list[object] = []
    for literal in cast("tuple[Constant, ...]", literals):
        values += literal.value if isinstance(literal.value, tuple) else (literal.value,)
    if all(isinstance(value, str) for value in values) and _kind(subject) == "text":
        return Atom(subject, "text", test, tuple(cast("list[str]", values)))
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    if numbers and _kind(subject) == "number":
        return Atom(subject, "number", test, tuple(cast("list[Number]", values)))
    return None


def _kind(subject: Expr) -> Kind:
    """How an expression is classified; times and days as numbers are, which only matters where they are missing."""
    match subject:
        case Column():
            return "text" if subject.type == "text" else "condition" if subject.type == "boolean" else "number"
        case Apply() if subject.function in _TESTS or subject.function in _COMPARISONS:
            return "condition"
        case Apply() if subject.function == "bands":
            return "text"
        case Apply() if subject.function in ("if", "coalesce"):
            return _kind(subject.args[-1])
        case Constant():
            return "text" if isinstance(subject.value, str) else \
                "condition" if isinstance(subject.value, bool) else "number"
        case _:
            return "number"


def _is_condition(subject: Expr) -> bool:
    """Whether the values are true and false; times and dates are not, though no literal classifies them."""
    return not isinstance(subject, Column) or subject.type == "boolean"


@dataclass(frozen=True, slots=True)
class Keys:
    """The atoms of a group of partials, by number and by the expression they look at."""

    known: Atoms
    chosen: frozenset[int]
    atoms: Mapping[tuple[Expr, Kind], frozenset[Atom]]

    @staticmethod
    def of(known: Atoms, numbers: frozenset[int]) -> Keys:
        """The keys that tell the given atoms apart."""
        return Keys(known, frozenset(), {}).joined(numbers)

    def joined(self, numbers: frozenset[int]) -> Keys:
        """The keys that tell further atoms apart too; these themselves, if they do so already."""
        if numbers <= self.chosen:
            return self
        together = dict(self.atoms)
        for number in numbers - self.chosen:
            atom = self.known.every[number]
            key = atom.subject, atom.kind
            together[key] = together.get(key, frozenset()) | {atom}
        return Keys(self.known, self.chosen | numbers, together)

    def size(self) -> int:
        """How many combinations of classes there can be."""
        return reduce(lambda product, key: product * _bound(self.atoms[key], key[1]), self.atoms, 1)

    def classified(self) -> Classified:
        """The classifiers, in a fixed order."""
        order = sorted(self.atoms, key=repr)
        keys = tuple(_classifier(expr, kind, self.atoms[expr, kind]) for expr, kind in order)
        values = tuple({} if kind == "condition" else _representatives(key)
                       for key, (_, kind) in zip(keys, order, strict=True))
        index = {key: place for place, key in enumerate(order)}
        cells = {}
        for number in self.chosen:
            atom = self.known.every[number]
            place = index[atom.subject, atom.kind]
            cells[number] = _cell(atom, place, keys[place], values[place])
        return Classified(keys, cells)


def _bound(atoms: frozenset[Atom], kind: Kind) -> int:
    if kind == "condition":
        return 3
    values = {value for atom in atoms for value in atom.values}
    return len(values) + 2 if kind == "text" else 2 * len(values) + 2


@dataclass(frozen=True, slots=True)
class Classified:
    """Classifiers, and what each atom is over their classes; turns conditions over rows into conditions over classes.

    `cells`: by the number of the atom.
    """

    keys: tuple[Classifier, ...]
    cells: Mapping[int, Cell]

    def condition(self, test: Test) -> Condition:
        """The same condition, over classes."""
        return self.cells[test] if isinstance(test, int) else Logic(test[0], tuple(map(self.condition, test[1])))


def _cell(atom: Atom, key: int, classifier: Classifier, values: Mapping[int, Number | str | None]) -> Cell:
    """An atom over the classes of its classifier, which has that place; `values`: one of each class."""
    if atom.test == "is missing":
        return Cell(key, frozenset((0,)), frozenset())
    if atom.test == "is not missing":
        return Cell(key, frozenset(range(1, classifier.classes)), frozenset())
    if atom.kind == "condition":
        return Cell(key, frozenset((2,)), frozenset((0,)))
    return Cell(key, frozenset(code for code, value in values.items() if _holds(atom, value)), frozenset((0,)))


def _classifier(expr: Expr, kind: Kind, atoms: frozenset[Atom]) -> Classifier:
    if kind == "condition":
        return Classifier(expr)
    values = {value for atom in atoms for value in atom.values}
    if kind == "text" or not values:
        literals = tuple(sorted(cast("set[str]", values)))
        return Classifier(expr, literals=literals, classes=len(literals) + 2)
    breaks = tuple(sorted(float(value) for value in cast("set[Number]", values)))
    codes: list[int] = []
    last: frozenset[Atom] | None = None
    for point in _points(breaks):
        truth = frozenset(atom for atom in atoms if _holds(atom, point))
        codes.append(codes[-1] + (truth != last) if codes else 1)
        last = truth
    return Classifier(expr, breaks=breaks, codes=tuple(codes), classes=codes[-1] + 1)


def _points(breaks: tuple[float, ...]) -> list[float]:
    """A value out of each class: below the first break, on it, between it and the next, … above the last."""
    points = [breaks[0] - 1]
    for index, value in enumerate(breaks):
        following = breaks[index + 1] if index + 1 < len(breaks) else value + 2
        points += [value, value + (following - value) / 2]
    if points[0] == breaks[0]:  # so large that one less is the same number
        points[0] = float("-inf")
    if points[-1] == breaks[-1]:
        points[-1] = float("inf")
    return points


def _representatives(classifier: Classifier) -> dict[int, Number | str | None]:
    """A value of each class; None stands for any text that is no literal."""
    if classifier.literals is not None:
        values: dict[int, Number | str | None] = {i + 1: text for i, text in enumerate(classifier.literals)}
        values[len(classifier.literals) + 1] = None
        return values
    points = _points(classifier.breaks or ())
    return dict(zip(classifier.codes or (), points, strict=True))


def _holds(atom: Atom, value: Number | str | None) -> bool:
    """Whether the test holds for a present value."""
    if value is None or isinstance(value, str):
        within = value in atom.values
        return within if atom.test in ("=", "in") else not within if atom.test == "!=" else False
    numbers = cast("tuple[Number, ...]", atom.values)
    match atom.test:
        case "=" | "in":
            return value in numbers
        case "!=":
            return value not in numbers
        case "<":
            return value < numbers[0]
        case "<=":
            return value <= numbers[0]
        case ">":
            return value > numbers[0]
        case ">=":
            return value >= numbers[0]
        case "between":
            return numbers[0] <= value <= numbers[1]
        case _:
            return False
