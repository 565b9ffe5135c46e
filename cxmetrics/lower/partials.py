"""Partial states as they are asked for, each once, and the totals made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import reduce

from cxmetrics.functions import AT_END, AT_START, WHOSE
from cxmetrics.ir import Apply, Column, Constant, Expr
from cxmetrics.lower.conditions import all_of
from cxmetrics.lower.types import integral
from cxmetrics.plan import COARSER, FACTOR, FRACTION, Leaf, Op, Partial, Total
from cxmetrics.units import NUMBER
from cxmetrics.windows import Moment

# Weights are multiplied by it, which is exact and leaves every estimate as it is: so that of small ones, and of their
# squares, enough digits are above the last place of a sum.
FINER = Constant(1024.0, NUMBER)
NONE = Constant(0, NUMBER)


class States:
    """Partials in the order they are first asked for; equal ones are one.

    `weights`: the column of the weights, by the sources whose rows are weighted; None where they weigh the same before
    they are raked.  `raked`: the sources whose rows are.
    """

    def __init__(self, weights: Mapping[str, Column | None], raked: frozenset[str] = frozenset()) -> None:
        self.partials: dict[Partial, int] = {}
        self.weights, self.raked = weights, raked

    def partial(self, source: str, op: Op, arg: Expr | None, where: Expr | None, by: Expr | None = None,
                power: int = 0, per: Expr | None = None) -> int:
        """The place of a partial."""
        return self.place(Partial(source, op, arg, where, by, power=power, per=per))

    def place(self, partial: Partial) -> int:
        """The place of a partial as it is."""
        return self.partials.setdefault(partial, len(self.partials))

    def twin(self, partial: Partial, by: Expr) -> int:
        """The place of the same partial with a state for each text of `by`."""
        return self.place(replace(partial, by=by))

    def one(self, source: str, op: Op, arg: Expr | None, where: Expr | None, power: int = 0) -> Total:
        """A single partial as a total."""
        return Total(((self.partial(source, op, arg, where, power=power), 1.0 / FACTOR if power else 1.0),))

    def count(self, source: str, where: Expr | None, arg: Expr | None = None) -> Total:
        """How many rows there are, with a value of `arg` if it is given."""
        return self.one(source, "count", arg, where)

    def values(self, source: str, where: Expr | None, value: Expr) -> Total:
        """How many rows each value has."""
        return Total(((self.partial(source, "count", None, where, per=value), 1.0),))

    def texts(self, source: str, by: Expr, where: Expr | None) -> Total:
        """How many rows each text of `by` has."""
        return Total(((self.partial(source, "count", None, where, by), 1.0),))

    def total(self, source: str, arg: Expr, where: Expr | None, *, squares: bool = False, power: int = 0) -> Total:
        """Σ arg or Σ arg², exactly: one integer state, or the whole parts and the fractions."""
        if integral(arg):
            return self.one(source, "squares" if squares else "sum", arg, where, power)
        whole: Op = "squares_whole" if squares else "whole"
        fraction: Op = "squares_fraction" if squares else "fraction"
        coarser = COARSER if power else 1.0
        rest = self.partial(source, fraction, arg, where, power=power)
        return Total((*self.one(source, whole, arg, where, power).parts,
                      (rest, coarser / FRACTION / (FACTOR if power else 1.0))))

    def weighing(self, source: str, where: Expr | None) -> Expr | None:
        """The condition, and of a source with weights that the row has one above 0: others say nothing."""
        weight = self.weights.get(source)
        return where if weight is None else all_of(where, Apply(">", (weight, NONE)))

    def moment(self, source: str, where: Expr | None, *factors: Expr, power: int = 1) -> Total:
        """Σ w^power · Π factors of rows that weigh something; of a source without weights Σ Π factors."""
        return self._moment(source, where, factors, power, power if source in self.raked else 0)

    def _moment(self, source: str, where: Expr | None, factors: tuple[Expr, ...], power: int, raked: int) -> Total:
        weight = self.weights.get(source)
        if weight is not None:
            fine = Apply("*", (weight, FINER))
            return self.total(source, product(*(fine,) * power, *factors), where, power=raked)
        if not factors:
            return self.one(source, "count", None, where, raked)
        if len(factors) == 2 and factors[0] == factors[1]:
            return self.total(source, factors[0], where, squares=True, power=raked)
        return self.total(source, product(*factors), where, power=raked)

    def unraked(self, source: str) -> tuple[Total, Total, Total]:
        """How many rows weigh something, Σw and Σw² of the weights that they have before they are raked."""
        where = self.weighing(source, None)
        return (self.count(source, where), self._moment(source, where, (), 1, 0),
                self._moment(source, where, (), 2, 0))

    def sizes(self, source: str, where: Expr | None) -> tuple[Total, Total, Total]:
        """How many rows there are, Σw and Σw²: without weights all the same."""
        return self.count(source, where), self.moment(source, where), self.moment(source, where, power=2)


class StatesBy(States):
    """The partials that have states of their own for each text."""

    def __init__(self, states: States, by: Expr) -> None:
        self.partials, self.weights, self.raked = states.partials, states.weights, states.raked
        self._by = by

    def partial(self, source: str, op: Op, arg: Expr | None, where: Expr | None, by: Expr | None = None,
                power: int = 0, per: Expr | None = None) -> int:
        """The place of a partial."""
        return super().partial(source, op, arg, where, self._by if by is None else by, power, per)


class MomentStates(States):
    """The partials of rows at one end of a period: those of each text's last or first moment of a day, kept by text."""

    def __init__(self, states: States, by: Expr, at: Moment) -> None:
        self.partials, self.weights, self.raked = states.partials, states.weights, states.raked
        self._by, self._at = Apply(WHOSE, (by,)), at

    def partial(self, source: str, op: Op, arg: Expr | None, where: Expr | None, by: Expr | None = None,
                power: int = 0, per: Expr | None = None) -> int:
        """The place of a partial."""
        if by is not None:
            message = "an aggregate of rows of one moment that has states by text itself"
            raise ValueError(message)
        mark = Apply(AT_END if self._at == "end" else AT_START, (self._by,))
        return self.place(Partial(source, op, arg, all_of(where, mark), self._by, self._at, power, per))

    def with_presence(self, leaf: Leaf) -> Leaf:
        """The leaf with the days on which each text has rows, whatever `where` says: its n takes no part of them."""
        n, *rest = leaf.inputs
        presence = self.partial(leaf.source, "count", None, None)
        parts = n.parts if n.parts == ((presence, 1.0),) else (*n.parts, (presence, 0.0))
        return replace(leaf, inputs=(Total(parts), *rest))


def per_value(total: Total, value: Expr, states: States) -> Total:
    """The total with a state for each value of its rows."""
    listed = list(states.partials)
    return Total(tuple((states.place(replace(listed[part], per=value)), factor) for part, factor in total.parts))


def product(*factors: Expr) -> Expr:
    """Their product in a row."""
    return reduce(lambda left, right: Apply("*", (left, right)), factors)
