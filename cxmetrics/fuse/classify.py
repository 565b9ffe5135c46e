"""Conditions taken apart into atoms, and the row expressions they look at sorted into classes.

An *atom* is a condition without `and`, `or`, `not`.  Atoms that compare one expression with literals
share a classifier: its classes are the coarsest parts of the values that no atom tells apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, assert_never, cast

from cxmetrics.functions import LOGIC, PRESENCE
from cxmetrics.ir import Apply, Column, Constant, Expr
from cxmetrics.plan import Cell, Classifier, Condition, Logic

Kind = Literal["text", "number", "condition"]
_COMPARISONS = frozenset(("=", "!=", "<", "<=", ">", ">=", "between", "in"))
_TESTS = frozenset(("contains", "starts_with", "matches", "on_days"))
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
Number = int | float
Value = Number | str
Subject = tuple[Expr, Kind]


@dataclass(frozen=True, slots=True)
class Atom:
    """A test of one expression: how the expression is classified, and which test it is."""

    subject: Expr
    kind: Kind
    test: str  # a comparison, "is missing", "is not missing" or "holds"
    values: tuple[Value, ...] = ()


Test = int | tuple[Literal["and", "or", "not"], tuple["Test", ...]]
"""A condition over the numbers of its atoms."""


class Atoms:
    """The atoms of many conditions, each once and by number: conditions are many, and what they are made of is few."""

    __slots__ = ("_known", "_numbers", "_subject", "_subjects", "every")

    def __init__(self) -> None:
        self.every: list[Atom] = []
        self._numbers: dict[Atom, int] = {}
        self._subjects: dict[Subject, int] = {}
        self._subject: list[int] = []  # that of each atom
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
                self._subject.append(self._subjects.setdefault((atom.subject, atom.kind), len(self._subjects)))
        return found

    @property
    def subjects(self) -> Sequence[Subject]:
        """What atoms look at, by number."""
        return tuple(self._subjects)

    def by_subject(self, numbers: Iterable[int]) -> Mapping[int, Sequence[int]]:
        """Atoms by the number of what they look at."""
        found: dict[int, list[int]] = {}
        for number in sorted(numbers):
            found.setdefault(self._subject[number], []).append(number)
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
class Classified:
    """Classifiers, and what each atom is over their classes; turns conditions over rows into conditions over classes.

    `places`: those of the classifiers, by the number of what they look at; `cells`: by the number of the atom.
    """

    keys: tuple[Classifier, ...]
    places: Mapping[int, int]
    cells: Mapping[int, Cell]

    @staticmethod
    def of(known: Atoms, numbers: Iterable[int]) -> Classified:
        """The classifiers that tell some atoms apart, in a fixed order."""
        apart = known.by_subject(numbers)
        order = sorted(apart, key=lambda subject: repr(known.subjects[subject]))
        keys, cells = list[Classifier](), dict[int, Cell]()
        for place, subject in enumerate(order):
            own = {number: known.every[number] for number in apart[subject]}
            keys.append(_classifier(*known.subjects[subject], frozenset(own.values())))
            codes = _codes(keys[-1])
            cells |= {number: _cell(atom, place, keys[-1], codes) for number, atom in own.items()}
        return Classified(tuple(keys), {subject: place for place, subject in enumerate(order)}, cells)

    def condition(self, test: Test) -> Condition:
        """The same condition, over classes."""
        return self.cells[test] if isinstance(test, int) else Logic(test[0], tuple(map(self.condition, test[1])))


def _cell(atom: Atom, key: int, classifier: Classifier, codes: Mapping[Value, int]) -> Cell:
    """An atom over the classes of its classifier, which has that place; `codes` as `_codes` gives them."""
    present = frozenset(range(1, classifier.classes))
    if atom.test == "is missing":
        return Cell(key, frozenset((0,)), frozenset())
    if atom.test == "is not missing":
        return Cell(key, present, frozenset())
    match atom.kind:
        case "condition":
            holding = frozenset((2,))
        case "text":
            named = frozenset(codes[value] for value in atom.values)
            holding = named if atom.test in ("=", "in") else present - named
        case "number":
            holding = frozenset(code for value, code in codes.items() if _holds(atom, cast("Number", value)))
        case _:
            assert_never(atom.kind)
    return Cell(key, holding, frozenset((0,)))


def _classifier(expr: Expr, kind: Kind, atoms: frozenset[Atom]) -> Classifier:
    if kind == "condition":
        return Classifier(expr)
    values = {value for atom in atoms for value in atom.values}
    if kind == "text" or not values:
        return _of_texts(expr, atoms)
    breaks = tuple(sorted(float(value) for value in cast("set[Number]", values)))
    codes: list[int] = []
    last: frozenset[Atom] | None = None
    for point in _points(breaks):
        truth = frozenset(atom for atom in atoms if _holds(atom, point))
        codes.append(codes[-1] + (truth != last) if codes else 1)
        last = truth
    return Classifier(expr, breaks=breaks, codes=tuple(codes), classes=codes[-1] + 1)


def _of_texts(expr: Expr, atoms: Iterable[Atom]) -> Classifier:
    """Literals that no atom tells apart are one class."""
    naming: dict[Value, list[int]] = {}
    for number, atom in enumerate(atoms):
        for value in dict.fromkeys(atom.values):
            naming.setdefault(value, []).append(number)
    alike: dict[tuple[int, ...], list[str]] = {}
    for value in sorted(cast("dict[str, list[int]]", naming)):
        alike.setdefault(tuple(naming[value]), []).append(value)
    return Classifier(expr, literals=tuple(map(tuple, alike.values())), classes=len(alike) + 2)


def _codes(classifier: Classifier) -> Mapping[Value, int]:
    """Of texts the class of each literal; of numbers a value in each class."""
    if classifier.breaks is None or classifier.codes is None:
        return dict[Value, int]() | classifier.texts
    return dict(zip(_points(classifier.breaks), classifier.codes, strict=True))


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


def _holds(atom: Atom, value: Number) -> bool:
    """Whether the test holds for a present number."""
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
