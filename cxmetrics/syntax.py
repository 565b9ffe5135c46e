"""Formulas as they were written: trees of names, numbers and calls, nothing resolved.

Operators are calls too (`a + b` is `Call("+", (a, b))`), so there are few kinds for ever.
`span` is left out of equality: two formulas are equal when they say the same.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

from cxmetrics.quick import quick
from cxmetrics.source import Span
from cxmetrics.windows import Moment


@quick
@dataclass(frozen=True, slots=True)
class Number:
    """`99.5%`, `500 ms`, `10 万`, `1e4`: a value as written, a multiplier (万, 亿 or none) and a unit."""

    value: Decimal
    multiplier: str  # "", "万" or "亿"
    unit: str  # "", "%", "ms", "CNY", …
    span: Span = field(compare=False, repr=False)


@quick
@dataclass(frozen=True, slots=True)
class Text:
    """`'success'`."""

    value: str
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Truth:
    """`true`, `false`."""

    value: bool
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Date:
    """`2026-10-01`."""

    value: dt.date
    span: Span = field(compare=False, repr=False)


@quick
@dataclass(frozen=True, slots=True)
class Name:
    """`answers.score`, `raw.$item`, `$page`: dotted parts as one text; a part that starts with `$` is a parameter."""

    value: str
    span: Span = field(compare=False, repr=False)


@quick
@dataclass(frozen=True, slots=True)
class Items:
    """`['success', 'timeout']`."""

    items: tuple[Node, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Range:
    """`9..10`, both ends in it."""

    low: Node
    high: Node
    span: Span = field(compare=False, repr=False)


@quick
@dataclass(frozen=True, slots=True)
class Call:
    """A function or operator with its arguments, and the clauses of an aggregate.

    Operators by name: `+ - * / ^` (unary minus is `negate`), `= != < <= > >=`, `and or not`,
    `in`, `between`, `is missing`, `is not missing`, `contains`, `starts_with`, `matches`.
    `not in` is `not` of `in`.  A named option (`top = 2`) is a call of `=` on a bare name:
    whether it is an option is the function's to say, not the grammar's.
    `name_span` is the function's name or the operator's sign.
    """

    function: str
    args: tuple[Node, ...]
    span: Span = field(compare=False, repr=False)
    name_span: Span = field(compare=False, repr=False)
    where: Node | None = None
    over: Node | None = None
    at: Moment | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """What could not be read; the fault has been reported."""

    span: Span = field(compare=False, repr=False)


Node = Number | Text | Truth | Date | Name | Items | Range | Call | Broken
