"""From the tree of a formula back to text: one way to write each formula, with no bracket it can do without.

`parse(write(tree))` is `tree` for every tree that `parse` can give, and `write(parse(text))` of canonical text is that
text again.  Blanks, superfluous brackets and digits that say nothing (`007`) are lost; nothing else is.
"""

from __future__ import annotations

from decimal import Decimal
from enum import IntEnum
from typing import assert_never

from cxmetrics.source import Located, Span
from cxmetrics.syntax import Broken, Call, Date, Items, Name, Node, Number, Range, Text, Truth


class _Tie(IntEnum):
    """How strongly the parts of a node hold together, from the weakest, as in the grammar."""

    RANGE = 0
    OR = 1
    AND = 2
    CONDITION = 3
    SUM = 4
    PRODUCT = 5
    SIGNED = 6
    ATOM = 7


_COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">=", "in", "contains", "starts_with", "matches"})
_WORDS = frozenset({"in", "contains", "starts_with", "matches", "between"})  # `not` may stand before the word itself
_LEFT = {"or": _Tie.OR, "and": _Tie.AND, "+": _Tie.SUM, "-": _Tie.SUM, "*": _Tie.PRODUCT, "/": _Tie.PRODUCT}
_TAKES_RANGE = frozenset({"=", "in"})


def write(node: Node) -> str:
    """The canonical text of a formula, on one line."""
    return _written(node, _Tie.RANGE)


def _written(node: Node, least: _Tie) -> str:
    """The text of `node`, in brackets where it holds together less than its place asks."""
    text, tie = _text(node)
    return text if tie >= least else f"({text})"


def _text(node: Node) -> tuple[str, _Tie]:
    match node:
        case Number():
            return _number(node), _Tie.ATOM
        case Text():
            return "'" + node.value.replace("'", "''") + "'", _Tie.ATOM
        case Truth():
            return "true" if node.value else "false", _Tie.ATOM
        case Date():
            return node.value.isoformat(), _Tie.ATOM
        case Name():
            return node.value, _Tie.ATOM
        case Items():
            return f"[{_list(node.items)}]", _Tie.ATOM
        case Range():
            return f"{_written(node.low, _Tie.SUM)}..{_written(node.high, _Tie.SUM)}", _Tie.RANGE
        case Call():
            return _call(node)
        case Broken():
            return _as_it_was(node.span), _Tie.ATOM
        case _:
            assert_never(node)


def _call(node: Call) -> tuple[str, _Tie]:
    match node.function, node.args:
        case ("or" | "and" | "+" | "-" | "*" | "/") as sign, (left, right):
            tie = _LEFT[sign]
            return f"{_written(left, tie)} {sign} {_written(right, _Tie(tie + 1))}", tie
        case "^", (base, exponent):
            return f"{_written(base, _Tie.ATOM)}^{_written(exponent, _Tie.SIGNED)}", _Tie.SIGNED
        case "negate", (operand,):
            return f"-{_written(operand, _Tie.SIGNED)}", _Tie.SIGNED
        case "not", (operand,):
            return _negation(operand), _Tie.CONDITION
        case ("is missing" | "is not missing") as test, (tested,):
            return f"{_written(tested, _Tie.SUM)} {test}", _Tie.CONDITION
        case "between", (_, _, _):
            return _comparison(node, ""), _Tie.CONDITION
        case sign, (_, _) if sign in _COMPARISONS:
            return _comparison(node, ""), _Tie.CONDITION
        case _:
            return _function(node), _Tie.ATOM


def _negation(operand: Node) -> str:
    if isinstance(operand, Call) and operand.function in _WORDS:
        return _comparison(operand, "not ")
    return f"not {_written(operand, _Tie.CONDITION)}"


def _comparison(node: Call, negation: str) -> str:
    left, *others = node.args
    least = _Tie.RANGE if node.function in _TAKES_RANGE else _Tie.SUM
    right = " and ".join(_side(other, least) for other in others)
    return f"{_written(left, _Tie.SUM)} {negation}{node.function} {right}"


def _side(node: Node, least: _Tie) -> str:
    """The right side of a comparison: a calculation, and after some signs a range."""
    return _written(node, least if isinstance(node, Range) else _Tie.SUM)


def _function(node: Call) -> str:
    parts = [_list(node.args)] if node.args else []
    if node.where is not None:
        parts.append(f"where {_written(node.where, _Tie.OR)}")
    if node.over is not None:
        parts.append(f"over {write(node.over)}")
    if node.at is not None:
        parts.append(f"at {node.at}")
    return f"{node.function}({' '.join(parts)})"


def _list(nodes: tuple[Node, ...]) -> str:
    return ", ".join(write(node) for node in nodes)


def _number(number: Number) -> str:
    if number.unit == "%":
        return f"{_digits(number.value)}%"
    return " ".join(part for part in (_digits(number.value), number.multiplier, number.unit) if part)


def _digits(value: Decimal) -> str:
    return str(value).replace("E+", "e").replace("E", "e")


def _as_it_was(span: Span) -> str:
    """What could not be read, as it was written."""
    whole = span.text.value if isinstance(span.text, Located) else span.text.text
    return whole[span.start:span.end]
