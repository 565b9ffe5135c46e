"""Columns defined one upon another, and the chain of selects that computes them.

SQL has no `let`: an expression that is looked at twice would be written twice, and nested formulas would
grow without bound.  So such an expression becomes a column of an earlier step.  A column stands
in the first step in which all it looks at is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cxmetrics.backends.sql import Join, Literal, Name, Node, Select, Star, Values, names, show


class Steps:
    """A growing chain of definitions over the columns `first` of a first select."""

    def __init__(self, first: Iterable[str]) -> None:
        self._level = dict.fromkeys(first, 0)
        self._layers: list[list[tuple[Node, str]]] = []
        self._joins: list[tuple[int, Join]] = []
        self._tables: list[tuple[str, Values]] = []
        self._bound: dict[str, Name] = {}  # by their SQL: as constants, 1 and true are equal

    def define(self, name: str, node: Node) -> Name:
        """The expression as a column of that name."""
        return self._place(name, node, max((self._level[used] for used in names(node)), default=0))

    def bind(self, node: Node) -> Node:
        """The expression as a column that may be named any number of times."""
        if isinstance(node, Name | Literal):
            return node
        text = show(node)
        if text not in self._bound:
            self._bound[text] = self.define(f"t{len(self._bound)}", node)
        return self._bound[text]

    def join(self, relation: str, key: Node, at: str, columns: Mapping[str, str]) -> None:
        """Columns `name -> column` of a relation's one row whose column `at` is `key`; null where there is none."""
        left = self._bound_name(key)
        self._join(Join("LEFT", relation, ((left, at),)), self._level[left], columns)

    def join_since(self, relation: str, key: tuple[Node, str] | None, since: tuple[Node, str],
                   columns: Mapping[str, str]) -> None:
        """As `join`, but the row of that key whose column of `since` is the last not after the time given there."""
        keys = () if key is None else ((self._bound_name(key[0]), key[1]),)
        moment = self._bound_name(since[0])
        level = max(self._level[left] for left in (moment, *(left for left, _ in keys)))
        self._join(Join("LEFT", relation, keys, (moment, since[1])), level, columns)

    def _bound_name(self, node: Node) -> str:
        if isinstance(node, Literal):
            return self.define(f"t{len(self._bound)} constant", node).name
        bound = self.bind(node)
        assert isinstance(bound, Name)
        return bound.name

    def _join(self, join: Join, level: int, columns: Mapping[str, str]) -> None:
        self._joins.append((level, join))
        for name, column in columns.items():
            self._place(name, Name(column, join.relation), level)

    def table(self, values: Values) -> str:
        """The name of a relation of rows written out."""
        name = f"list{len(self._tables)}"
        self._tables.append((name, values))
        return name

    def has(self, name: str) -> bool:
        """Whether there is such a column."""
        return name in self._level

    def column(self, name: str) -> Name:
        """A column that is there."""
        assert name in self._level
        return Name(name)

    def chain(self, first: Select) -> tuple[tuple[str, Select | Values], ...]:
        """The steps, `first` first; the last one has every column."""
        steps: list[tuple[str, Select | Values]] = [*self._tables, ("step0", first)]
        for level, layer in enumerate(self._layers):
            joins = tuple(join for at, join in self._joins if at == level)
            items: tuple[tuple[Node, str | None], ...] = ((Star(f"step{level}"), None), *layer)
            steps.append((f"step{level + 1}", Select(items, f"step{level}", joins)))
        return tuple(steps)

    @property
    def last(self) -> str:
        """The name of the last step."""
        return f"step{len(self._layers)}"

    def _place(self, name: str, node: Node, level: int) -> Name:
        while len(self._layers) <= level:
            self._layers.append([])
        self._layers[level].append((node, name))
        self._level[name] = level + 1
        return Name(name)
