"""Partial states as they are asked for, each once, and the totals made of them."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

from cxmetrics.functions import AT_END, WHOSE
from cxmetrics.ir import Apply, Expr
from cxmetrics.lower.conditions import all_of
from cxmetrics.lower.types import integral
from cxmetrics.plan import FRACTION, Leaf, Op, Partial, Total


class States:
    """Partials in the order they are first asked for; equal ones are one."""

    def __init__(self) -> None:
        self.partials: dict[Partial, int] = {}

    def partial(self, source: str, op: Op, arg: Expr | None, where: Expr | None, by: Expr | None = None) -> int:
        """The place of a partial."""
        partial = Partial(source, op, arg, where, by)
        return self.partials.setdefault(partial, len(self.partials))

    def one(self, source: str, op: Op, arg: Expr | None, where: Expr | None) -> Total:
        """A single partial as a total."""
        return Total(((self.partial(source, op, arg, where), 1.0),))

    def count(self, source: str, where: Expr | None, arg: Expr | None = None) -> Total:
        """How many rows there are, with a value of `arg` if it is given."""
        return self.one(source, "count", arg, where)

    def texts(self, source: str, by: Expr, where: Expr | None) -> Total:
        """How many rows each text of `by` has."""
        return Total(((self.partial(source, "count", None, where, by), 1.0),))

    def total(self, source: str, arg: Expr, where: Expr | None, *, squares: bool = False) -> Total:
        """Σ arg or Σ arg², exactly: one integer state, or the whole parts and the fractions."""
        if integral(arg):
            return self.one(source, "squares" if squares else "sum", arg, where)
        whole: Op = "squares_whole" if squares else "whole"
        fraction: Op = "squares_fraction" if squares else "fraction"
        return Total(((self.partial(source, whole, arg, where), 1.0),
                      (self.partial(source, fraction, arg, where), 1.0 / FRACTION)))


class StatesBy(States):
    """The partials that have states of their own for each text."""

    def __init__(self, states: States, by: Expr) -> None:
        self.partials = states.partials
        self._by = by

    def partial(self, source: str, op: Op, arg: Expr | None, where: Expr | None, by: Expr | None = None) -> int:
        """The place of a partial."""
        return super().partial(source, op, arg, where, self._by if by is None else by)


class LastStates(States):
    """The partials of rows at the end of a period: those of each text's last moment of a day, kept by text."""

    def __init__(self, states: States, by: Expr) -> None:
        self.partials = states.partials
        self._by = Apply(WHOSE, (by,))

    def partial(self, source: str, op: Op, arg: Expr | None, where: Expr | None, by: Expr | None = None) -> int:
        """The place of a partial."""
        if by is not None:
            message = "an aggregate of the last rows that has states by text itself"
            raise ValueError(message)
        partial = Partial(source, op, arg, all_of(where, Apply(AT_END, (self._by,))), self._by, last=True)
        return self.partials.setdefault(partial, len(self.partials))

    def with_presence(self, leaf: Leaf) -> Leaf:
        """The leaf with the days on which each text has rows, whatever `where` says: its n takes no part of them."""
        n, *rest = leaf.inputs
        presence = self.partial(leaf.source, "count", None, None)
        parts = n.parts if n.parts == ((presence, 1.0),) else (*n.parts, (presence, 0.0))
        return replace(leaf, inputs=(Total(parts), *rest))


def product(*factors: Expr) -> Expr:
    """Their product in a row."""
    return reduce(lambda left, right: Apply("*", (left, right)), factors)
