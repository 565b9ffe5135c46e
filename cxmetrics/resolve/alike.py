"""Formulas that differ in texts only: what has been found out about one holds for all of them.

Of thousands of indicators most are of a few dozen shapes: `share(txn.result = 'success' where txn.page = 'transfer')`,
for one page after another.  So a formula is cut at its texts.  Where what stands between them stood between those of a
formula before, the tree is the same but for texts and places, if each text that is another is held against a column
that may hold any text: neither names nor units hang on what such a text says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate

from cxmetrics.ir import Aggregate, Apply, Column, Constant, Expr, Windowed
from cxmetrics.parse import parse
from cxmetrics.parse.arguments import Bound
from cxmetrics.parse.write import write
from cxmetrics.quick import quick
from cxmetrics.resolve.expand import formula_text
from cxmetrics.resolve.formulas import resolve_formula
from cxmetrics.resolve.names import Columns, Names
from cxmetrics.source import Located, Span
from cxmetrics.syntax import Node
from cxmetrics.units import TEXT

_LONGEST = 5_000  # characters: longer formulas may be refused for their length, which hangs on their texts
_TEXT = re.compile("'((?:[^']|'')*)'")  # as in the grammar
_HELD = frozenset(("=", "!=", "in"))
_placed = partial(tuple.__new__, Span)  # past the constructor, which takes twice the time

Place = Callable[[Located, Sequence[int]], Span | None]
Maker = Callable[[Located, Sequence[int], Sequence[str]], Expr]


class Shape:
    """Formulas that are alike: the tree of one of them, its texts, and where the parts between these start.

    `loose`: the numbers of the texts that may be others.
    """

    __slots__ = ("_maker", "formula", "loose", "starts", "texts", "tree")

    def __init__(self, tree: Expr, formula: Located, starts: Sequence[int], texts: Sequence[str],
                 loose: frozenset[int] = frozenset()) -> None:
        self.tree, self.formula, self.starts, self.texts, self.loose = tree, formula, starts, texts, loose
        self._maker: Maker | None = None

    def made(self, like: Like) -> Expr:
        """The tree of a formula of this shape."""
        if like.formula is self.formula:
            return self.tree
        if self._maker is None:
            self._maker = _maker(self.tree, self)
        return self._maker(like.formula, like.starts, like.texts)

    def of(self, tree: Expr, like: Like) -> Shape:
        """The same formulas, by another tree of one of them."""
        return Shape(tree, like.formula, like.starts, like.texts, self.loose)


@quick
@dataclass(frozen=True, eq=False, slots=True)
class Like:
    """A formula with its names resolved, of a shape: its tree is made when it is asked for.  No indicator is in it."""

    shape: Shape
    formula: Located
    starts: Sequence[int]
    texts: Sequence[str]

    def made(self) -> Expr:
        """Its tree."""
        return self.shape.made(self)


@dataclass(frozen=True, slots=True)
class _Family:
    """Formulas with the same parts between their texts: the numbers of the texts that make shapes of them."""

    fixed: tuple[int, ...]
    shapes: dict[tuple[str, ...], Shape]


class Alike:
    """Resolves the formulas of a project, those that are alike once."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._read_last: tuple[Located, Node | None] | None = None
        self._families: dict[tuple[str, ...], _Family | Like | None] = {}  # the first, until there is another

    def resolve(self, written: Located) -> Expr | Like:
        """A formula with its names resolved."""
        if type(written) is not Located or len(written.value) > _LONGEST:
            return self._read(written)
        parts = _TEXT.split(written.value)
        texts, between = parts[1::2], tuple(parts[::2])
        starts = [0, *accumulate([len(part) + len(text) + 2 for part, text in zip(between, texts, strict=False)])]
        if between not in self._families:
            first = self._first(written, starts, texts)
            self._families[between] = first if isinstance(first, Like) else None
            return first
        family = self._families[between]
        if family is None:
            return self._read(written)
        if isinstance(family, Like):
            self._families[between] = family = self._family(family)
        key = tuple([texts[number] for number in family.fixed])
        if (shape := family.shapes.get(key)) is not None:
            return Like(shape, written, starts, texts)
        first = self._first(written, starts, texts)
        if isinstance(first, Like):
            loose = frozenset(range(len(texts))).difference(family.fixed)
            family.shapes[key] = shape = Shape(first.shape.tree, written, starts, texts, loose)
            return Like(shape, written, starts, texts)
        return first

    def text(self, written: Located) -> str:
        """The formula that was resolved last as people read it: as it was written, or with its parameters put in."""
        if not isinstance(written, Bound):
            return written.value
        last, node = self._read_last or (None, None)
        return formula_text(written) if last is not written else written.value if node is None else write(node)

    def _first(self, written: Located, starts: Sequence[int], texts: Sequence[str]) -> Expr | Like:
        """The first formula of a shape; its tree where something was found in it that others would lack."""
        before = len(self.names.found)
        tree = self._read(written)
        if len(self.names.found) > before or not _is_of_rows(tree):
            return tree
        return Like(Shape(tree, written, starts, texts), written, starts, texts)

    def _family(self, first: Like) -> _Family:
        shape = first.shape
        shape.loose = frozenset(_loose(shape.tree, shape, self.names.sources))
        fixed = tuple(number for number in range(len(first.texts)) if number not in shape.loose)
        return _Family(fixed, {tuple(first.texts[number] for number in fixed): shape})

    def _read(self, written: Located) -> Expr:
        node, problems = parse(written)
        self._read_last = written, None if problems else node
        self.names.found.extend(problems)
        return resolve_formula(node, self.names)


def _is_of_rows(tree: Expr) -> bool:
    """Whether a tree is of rows and numbers only, with no other indicator in it."""
    match tree:
        case Constant() | Column() | Aggregate():
            return True
        case Apply():
            return all(map(_is_of_rows, tree.args))
        case Windowed():
            return _is_of_rows(tree.arg)
        case _:
            return False


def _loose(tree: Expr | None, shape: Shape, sources: Mapping[str, Columns]) -> Iterator[int]:
    """The numbers of the texts that rows are chosen by, each held against a column that may hold any text."""
    match tree:
        case Aggregate(function, _, args):
            yield from _loose(tree.where, shape, sources)
            if function == "share":
                yield from _loose(args[0], shape, sources)
        case Apply(function, (Column() as column, Constant() as held)) if function in _HELD:
            spec = sources[column.source].get(column.name)
            if spec is not None and spec.own and spec.values is None and spec.type == "text" and spec.unit == TEXT:
                yield from _numbers(held, shape)
        case Apply():
            for arg in tree.args:
                yield from _loose(arg, shape, sources)
        case Windowed():
            yield from _loose(tree.arg, shape, sources)
        case _:
            return


def _numbers(held: Constant, shape: Shape) -> tuple[int, ...]:
    """The numbers of the texts that a constant consists of; none where it does not consist of texts."""
    values = held.value if isinstance(held.value, tuple) else (held.value,)
    if held.span is None or held.span.text is not shape.formula:
        return ()
    ends = zip(shape.starts[1:], shape.texts, strict=True)
    inside = tuple(number for number, (end, text) in enumerate(ends)
                   if held.span.start <= end - len(text) - 2 and end <= held.span.end)
    return inside if tuple(_said(shape.texts[number]) for number in inside) == values else ()


def _said(text: str) -> str:
    """What a text between quotes says."""
    return text.replace("''", "'")


def _maker(tree: Expr, shape: Shape) -> Maker:
    """What makes a tree like this one for another formula of the shape."""
    span = _place(tree.span, shape)
    match tree:
        case Constant():
            return _constant(tree, span, shape)
        case Column(source, name, kind, unit):
            return lambda formula, starts, _: Column(source, name, kind, unit, span(formula, starts))
        case Apply(function, args):
            makers = [_maker(arg, shape) for arg in args]
            return lambda formula, starts, texts: Apply(
                function, tuple([make(formula, starts, texts) for make in makers]), span(formula, starts))
        case Aggregate():
            return _aggregate(tree, span, shape)
        case Windowed(step, arg):
            inner = _maker(arg, shape)
            return lambda formula, starts, texts: Windowed(step, inner(formula, starts, texts), span(formula, starts))
        case _:
            raise AssertionError(tree)


def _aggregate(tree: Aggregate, span: Place, shape: Shape) -> Maker:
    function, source, at = tree.function, tree.source, tree.at
    args = [_maker(arg, shape) for arg in tree.args]
    where = None if tree.where is None else _maker(tree.where, shape)
    options = [(name, _maker(value, shape)) for name, value in tree.options]
    return lambda formula, starts, texts: Aggregate(
        function, source, tuple([make(formula, starts, texts) for make in args]),
        None if where is None else where(formula, starts, texts),
        tuple([(name, make(formula, starts, texts)) for name, make in options]), at=at,
        span=span(formula, starts))


def _constant(tree: Constant, span: Place, shape: Shape) -> Maker:
    value, unit = tree.value, tree.unit
    spans = [_place(each, shape) for each in tree.spans]
    numbers = _numbers(tree, shape)
    if not shape.loose.issuperset(numbers) or not numbers:
        return lambda formula, starts, _: Constant(
            value, unit, span(formula, starts), tuple([place(formula, starts) for place in spans]))
    if isinstance(value, tuple):
        return lambda formula, starts, texts: Constant(
            tuple([_said(texts[number]) for number in numbers]), unit, span(formula, starts),
            tuple([place(formula, starts) for place in spans]))
    (only,) = numbers
    return lambda formula, starts, texts: Constant(_said(texts[only]), unit, span(formula, starts))


def _place(span: Span | None, shape: Shape) -> Place:
    """What gives for a place in the formula of a shape the same one in another."""
    if span is None or span.text is not shape.formula:
        return lambda _, __: span
    (first, start), (last, end) = _at(span.start, shape), _at(span.end, shape)
    return lambda formula, starts: _placed((formula, starts[first] + start, starts[last] + end))


def _at(offset: int, shape: Shape) -> tuple[int, int]:
    """The number of the part between texts that an offset lies in, or at the ends of, and how far in."""
    for number, start in enumerate(shape.starts):
        length = shape.starts[number + 1] - len(shape.texts[number]) - 2 if number < len(shape.texts) else offset
        if start <= offset <= length:
            return number, offset - start
    raise AssertionError(offset)
