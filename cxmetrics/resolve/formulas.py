"""Formulas with names resolved: from syntax to expressions over columns, indicators and constants.

Outside an aggregate a name is an indicator; inside, it is a column of one source.  Nothing about
units is decided here.
"""

from __future__ import annotations

from typing import assert_never

from cxmetrics.codes import benchmarks as benchmark_codes
from cxmetrics.codes import names as codes
from cxmetrics.diagnostics import DID_YOU_MEAN, Fix, closest, listed, report
from cxmetrics.functions import (
    AGGREGATES,
    BOTH,
    NO_END,
    NUMBERS,
    OPERATORS,
    PEER_FUNCTIONS,
    ROW_ANSWERS,
    ROW_TIMES,
    WINDOWS,
    AggregateFunction,
)
from cxmetrics.ir import Apply, Constant, Expr, Invalid, Ref, Windowed
from cxmetrics.resolve.literals import constant
from cxmetrics.resolve.names import (
    Columns,
    Names,
    count_is_right,
    no_clauses,
    split_column,
    takes_its_arguments,
    unknown_function,
)
from cxmetrics.resolve.rows import Rows
from cxmetrics.resolve.steps import span_of, step_of
from cxmetrics.syntax import Broken, Call, Date, Items, Name, Node, Number, Range, Text, Truth
from cxmetrics.units import TEXT
from cxmetrics.windows import Trailing

_OF_ROWS = {**{name: f"count(calls where {name}(calls.began))" for name in ("workday", "holiday")},
            **{name: f"count(calls where {name}(calls.began) = 9)" for name in ROW_TIMES
               if name not in ("workday", "holiday", "date")},
            "date": "count(calls where date(calls.began) >= 2026-10-01)",
            **{name: f"share({name}(answers.score))" for name in ROW_ANSWERS},
            "bands": "distinct(bands(answers.age, 30, 45))"}


def resolve_formula(node: Node, names: Names) -> Expr:
    """A formula of an indicator."""
    match node:
        case Call():
            return _call(node, names)
        case Name():
            return _outer_name(node, names)
        case Number() | Text() | Date() | Truth() | Items() | Range():
            return constant(node, names, resolve_formula)
        case Broken():
            return Invalid(node.span)
        case _:
            assert_never(node)


def resolve_condition(node: Node, source: str, columns: Columns, names: Names, *, implicit: bool) -> Expr:
    """A row expression over one source whose columns stand without its name (`keep`, derived columns).

    With `implicit`, a column that is not declared is taken to be of the type its use asks for.
    """
    return Rows(names, source, columns if implicit else None).expr(node, "boolean")


def _call(node: Call, names: Names) -> Expr:
    function = node.function
    if function in OPERATORS:
        return Apply(function, tuple([resolve_formula(arg, names) for arg in node.args]), node.span)
    if function in AGGREGATES and not (function in BOTH and len(node.args) > 1):
        return _aggregate(node, AGGREGATES[function], names)
    if function in NUMBERS:
        return _number_function(node, names)
    if function in PEER_FUNCTIONS:
        return _peer_function(node, names)
    if function in WINDOWS:
        return _window_function(node, names)
    if function in _OF_ROWS:
        names.found.append(report(codes.ROW_FUNCTION_OUTSIDE, node.name_span, function=function,
                                  example=_OF_ROWS[function]))
        return Invalid(node.span)
    return unknown_function(node, names)


def _window_function(node: Call, names: Names) -> Expr:
    row = WINDOWS[node.function]
    if not no_clauses(node, names) or not count_is_right(node, row.least, row.most, names):
        return Invalid(node.span)
    step = step_of(node, names)
    arg = resolve_formula(node.args[0], names)
    return Invalid(node.span) if step is None or isinstance(arg, Invalid) else Windowed(step, arg, node.span)


def _peer_function(node: Call, names: Names) -> Expr:
    """`peer(x, 'bank_a')`, `peers.median(x)`: of an indicator by its name; `peer` also of one of its peers."""
    count = 2 if node.function == "peer" else 1
    if not no_clauses(node, names) or not count_is_right(node, count, count, names):
        return Invalid(node.span)
    args = tuple(resolve_formula(arg, names) for arg in node.args)
    if any(isinstance(arg, Invalid) for arg in args):
        return Invalid(node.span)
    peer = args[1] if count == 2 else Constant("", TEXT)
    if not isinstance(args[0], Ref) or not isinstance(peer, Constant) or not isinstance(peer.value, str):
        expected = "an indicator and the name of a peer" if count == 2 else "an indicator"
        names.found.append(report(benchmark_codes.PEER_ARGUMENTS, node.span, function=node.function, expected=expected))
        return Invalid(node.span)
    return Apply(node.function, args, node.span)


def _number_function(node: Call, names: Names) -> Expr:
    if not takes_its_arguments(node, NUMBERS[node.function], names):
        return Invalid(node.span)
    args = tuple(resolve_formula(arg, names) for arg in node.args)
    return Apply("/" if node.function == "ratio" else node.function, args, node.span)


def _outer_name(node: Name, names: Names) -> Expr:
    name = node.value
    if "$" in name:
        names.found.append(report(codes.UNKNOWN_PARAMETER, node.span, name=name))
    elif name in names.indicators:
        return Ref(name, node.span)
    elif name in names.sources:
        names.found.append(report(codes.SOURCE_AS_VALUE, node.span, name=name))
    elif split_column(name, names.sources):
        names.found.append(report(codes.COLUMN_OUTSIDE_AGGREGATE, node.span, name=name))
    elif name not in names.cut:
        guess = closest(name, names.indicators, names.found)
        fix = Fix(node.span, guess) if guess else None
        names.found.append(report(codes.UNKNOWN_INDICATOR, node.span, help=DID_YOU_MEAN if guess else None, fix=fix,
                                  name=name, guess=guess or ""))
    return Invalid(node.span)


def _aggregate(node: Call, row: AggregateFunction, names: Names) -> Expr:
    rows = Rows(names)
    given: list[tuple[str, Node]] = []
    args: list[Node] = []
    for arg in node.args:
        option = _option(arg)
        if option is None:
            args.append(arg)
        elif option[0] in row.options:
            given.append(option)
        elif split_column(option[0], names.sources) or row.arguments[0] == "condition":
            args.append(arg)
        else:
            names.found.append(report(codes.UNKNOWN_OPTION, arg.span, function=row.name, option=option[0],
                                      known=listed(row.options) or "none"))
    if node.at and row.name in NO_END:
        names.found.append(report(codes.CLAUSE_NOT_ALLOWED, node.span, function=row.name, clause=f"at {node.at}"))
    span = None if node.over is None else span_of(node.over, names)
    if node.over is not None and span is None:
        return Invalid(node.span)
    if not count_is_right(node, row.least, row.most, names, len(args)):
        return Invalid(node.span)
    resolved = tuple(rows.argument(arg, kind, row.name) for arg, kind in zip(args, row.kinds(), strict=False))
    where = None if node.where is None else rows.expr(node.where, "boolean")
    options = [(name, rows.option(name, value)) for name, value in given]
    found = rows.finish(node, tuple(arg for arg in resolved if arg is not None), where, tuple(options))
    return found if span is None or isinstance(found, Invalid) else Windowed(Trailing(*span), found, node.span)


def _option(node: Node) -> tuple[str, Node] | None:
    """`top = 2` as (name, value)."""
    if isinstance(node, Call) and node.function == "=" and isinstance(node.args[0], Name) \
            and "." not in node.args[0].value and "$" not in node.args[0].value:
        return node.args[0].value, node.args[1]
    return None
