"""What the values of row expressions are, known before any row is read."""

from __future__ import annotations

import datetime as dt
from typing import assert_never

from cxmetrics.functions import CONDITIONS, ROW_TEXTS, ROW_TIMES
from cxmetrics.ir import Aggregate, Apply, Column, ColumnType, Constant, Expr, Invalid, Ref, Windowed


def integral(expr: Expr) -> bool:
    """Whether the values of a row expression are whole numbers for sure."""
    match expr:
        case Column():
            return expr.type in ("integer", "boolean")
        case Constant():
            return isinstance(expr.value, int)
        case Apply():
            return expr.function in ("+", "-", "*", "negate", "abs") and all(integral(arg) for arg in expr.args) \
                and not any(isinstance(arg, Column) and arg.type in ("time", "date") for arg in expr.args)
        case _:
            return False


def type_of(expr: Expr) -> ColumnType:
    """The type of a row expression's values, as the engines find it too."""
    match expr:
        case Column():
            return expr.type
        case Constant(value):
            return _type_of_constant(value)
        case Apply(function, args):
            return _type_of_result(function, args)
        case Ref() | Aggregate() | Windowed() | Invalid():
            message = f"not an expression over the values of a row: {expr}"
            raise TypeError(message)
        case _:
            assert_never(expr)


def _type_of_constant(value: object) -> ColumnType:
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case str():
            return "text"
        case dt.datetime():
            return "time"
        case dt.date():
            return "date"
        case _:
            return "number"


def _type_of_result(function: str, args: tuple[Expr, ...]) -> ColumnType:
    if function in CONDITIONS:
        return "boolean"
    if function in ROW_TEXTS:
        return "text"
    if function in ROW_TIMES:
        return "integer"
    if function in ("if", "coalesce", "min", "max", "clamp"):
        types = {type_of(arg) for arg in (args[1:] if function == "if" else args)}
        return types.pop() if len(types) == 1 else "time" if types == {"date", "time"} else "number"
    return "integer" if integral(Apply(function, args)) else "number"
