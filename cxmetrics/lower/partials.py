"""Partial states as they are asked for, each once, and the totals made of them."""

from __future__ import annotations

from functools import reduce

from cxmetrics.ir import Apply, Column, Constant, Expr
from cxmetrics.plan import FRACTION, Op, Partial, Total


class States:
    """Partials in the order they are first asked for; equal ones are one."""

    def __init__(self) -> None:
        self.partials: dict[Partial, int] = {}

    def partial(self, source: str, op: Op, arg: Expr | None, where: Expr | None) -> int:
        """The place of a partial."""
        partial = Partial(source, op, arg, where)
        return self.partials.setdefault(partial, len(self.partials))

    def one(self, source: str, op: Op, arg: Expr | None, where: Expr | None) -> Total:
        """A single partial as a total."""
        return Total(((self.partial(source, op, arg, where), 1.0),))

    def count(self, source: str, where: Expr | None, arg: Expr | None = None) -> Total:
        """How many rows there are, with a value of `arg` if it is given."""
        return self.one(source, "count", arg, where)

    def total(self, source: str, arg: Expr, where: Expr | None, *, squares: bool = False) -> Total:
        """Σ arg or Σ arg², exactly: one integer state, or the whole parts and the fractions."""
        if _integral(arg):
            return self.one(source, "squares" if squares else "sum", arg, where)
        whole: Op = "squares_whole" if squares else "whole"
        fraction: Op = "squares_fraction" if squares else "fraction"
        return Total(((self.partial(source, whole, arg, where), 1.0),
                      (self.partial(source, fraction, arg, where), 1.0 / FRACTION)))


def product(*factors: Expr) -> Expr:
    """Their product in a row."""
    return reduce(lambda left, right: Apply("*", (left, right)), factors)


def _integral(expr: Expr) -> bool:
    """Whether the values of a row expression are whole numbers for sure."""
    match expr:
        case Column():
            return expr.type in ("integer", "boolean")
        case Constant():
            return isinstance(expr.value, int)
        case Apply():
            return expr.function in ("+", "-", "*", "negate", "abs") and all(_integral(arg) for arg in expr.args) \
                and not any(isinstance(arg, Column) and arg.type in ("time", "date") for arg in expr.args)
        case _:
            return False
