"""Formulas with names resolved: from syntax to expressions over columns, indicators and constants.

Outside an aggregate a name is an indicator; inside, it is a column of one source.  Nothing about
units is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import assert_never

from cxmetrics.codes import names as codes
from cxmetrics.codes import units as unit_codes
from cxmetrics.diagnostics import DID_YOU_MEAN, Diagnostic, Fix, Phrase, closest, report
from cxmetrics.functions import (
    AGGREGATES,
    ARITHMETIC,
    CONDITIONS,
    EQUALITY,
    LOGIC,
    NUMBERS,
    ORDER,
    ROW_TIMES,
    AggregateFunction,
    all_names,
)
from cxmetrics.ir import Aggregate, Apply, Column, ColumnSpec, ColumnType, Constant, Expr, Invalid, Ref, Scalar
from cxmetrics.source import Span
from cxmetrics.syntax import Broken, Call, Date, Items, Name, Node, Number, Range, Text, Truth
from cxmetrics.units import BOOLEAN, DATE, MULTIPLIERS, NUMBER, TEXT, TIME, UNKNOWN, Unit, literal_unit

Columns = dict[str, ColumnSpec]
_OPERATORS = ARITHMETIC | CONDITIONS
_BOTH = ("min", "max")  # of one column's rows, or of several numbers
_KINDS: Mapping[type, ColumnType] = {Text: "text", Number: "number", Date: "time", Truth: "boolean"}


@dataclass(frozen=True, slots=True)
class Names:
    """All names a formula may use, and what was found wrong so far.

    `cut` are names whose definition was reported and left out: using them is no second fault.
    """

    sources: Mapping[str, Columns]
    indicators: Mapping[str, object]
    cut: frozenset[str] = frozenset()
    found: list[Diagnostic] = field(default_factory=list)


def resolve_formula(node: Node, names: Names) -> Expr:
    """A formula of an indicator."""
    match node:
        case Call():
            return _call(node, names)
        case Name():
            return _outer_name(node, names)
        case Number() | Text() | Date() | Truth() | Items() | Range():
            return _constant(node, names)
        case Broken():
            return Invalid(node.span)
        case _:
            assert_never(node)


def resolve_condition(node: Node, source: str, columns: Columns, names: Names, *, implicit: bool) -> Expr:
    """A row expression over one source whose columns stand without its name (`keep`, derived columns).

    With `implicit`, a column that is not declared is taken to be of the type its use asks for.
    """
    return _Rows(names, source, columns if implicit else None).expr(node, "boolean")


def _call(node: Call, names: Names) -> Expr:
    function = node.function
    if function in _OPERATORS:
        return Apply(function, tuple(resolve_formula(arg, names) for arg in node.args), node.span)
    if function in AGGREGATES and not (function in _BOTH and len(node.args) > 1):
        return _aggregate(node, AGGREGATES[function], names)
    if function in NUMBERS:
        return _number_function(node, names)
    return _unknown_function(node, names)


def _unknown_function(node: Call, names: Names) -> Expr:
    guess = closest(node.function, all_names())
    fix = Fix(node.name_span, guess) if guess else None
    names.found.append(report(codes.UNKNOWN_FUNCTION, node.name_span, help=DID_YOU_MEAN if guess else None, fix=fix,
                              name=node.function, guess=guess or ""))
    return Invalid(node.span)


def _number_function(node: Call, names: Names) -> Expr:
    row = NUMBERS[node.function]
    if not _no_clauses(node, names) or not _count_is_right(node, row.least, row.most, names):
        return Invalid(node.span)
    args = tuple(resolve_formula(arg, names) for arg in node.args)
    return Apply("/" if node.function == "ratio" else node.function, args, node.span)


def _no_clauses(node: Call, names: Names) -> bool:
    clauses = [("where", node.where), ("over", node.over), ("at end", node if node.at_end else None)]
    for clause, written in clauses:
        if written is not None:
            names.found.append(report(codes.CLAUSE_NOT_ALLOWED, written.span, function=node.function, clause=clause))
            return False
    return True


def _count_is_right(node: Call, least: int, most: int | None, names: Names, given: int | None = None) -> bool:
    count = len(node.args) if given is None else given
    if count >= least and (most is None or count <= most):
        return True
    expected = f"{least}" if least == most else f"{least} or more" if most is None else f"{least} to {most}"
    names.found.append(report(codes.WRONG_ARGUMENT_COUNT, node.span, function=node.function, expected=expected,
                              found=count))
    return False


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
        guess = closest(name, names.indicators)
        fix = Fix(node.span, guess) if guess else None
        names.found.append(report(codes.UNKNOWN_INDICATOR, node.span, help=DID_YOU_MEAN if guess else None, fix=fix,
                                  name=name, guess=guess or ""))
    return Invalid(node.span)


def split_column(name: str, sources: Mapping[str, object]) -> tuple[str, str] | None:
    """`a.b.c` as (source, column), by the longest source that fits; None where there is none."""
    parts = name.split(".")
    for size in range(len(parts) - 1, 0, -1):
        source = ".".join(parts[:size])
        if source in sources:
            return source, ".".join(parts[size:])
    return None


def _constant(node: Number | Text | Date | Truth | Items | Range, names: Names) -> Expr:
    match node:
        case Number():
            unit = literal_unit(node.unit)
            if unit is None:
                names.found.append(report(codes.UNKNOWN_LITERAL_UNIT, node.span, unit=node.unit))
                return Invalid(node.span)
            value = node.value * MULTIPLIERS[node.multiplier] / (100 if node.unit == "%" else 1)
            return Constant(_plain(value), unit, node.span)
        case Text():
            return Constant(node.value, TEXT, node.span)
        case Date():
            return Constant(node.value, DATE, node.span)
        case Truth():
            return Constant(node.value, BOOLEAN, node.span)
        case Items():
            return _list(node, names)
        case Range():
            ends = [resolve_formula(end, names) for end in (node.low, node.high)]
            wrong = [end for end in ends if not (isinstance(end, Constant) and isinstance(end.value, int | float))]
            for end in wrong:
                if not isinstance(end, Invalid):
                    names.found.append(report(unit_codes.NOT_A_NUMBER_EXPRESSION, end.span, function="..",
                                              found="an expression"))
            if wrong:
                return Invalid(node.span)
            return Apply("range", tuple(ends), node.span)
        case _:
            assert_never(node)


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() and abs(value) < 2**53 else float(value)


def _list(node: Items, names: Names) -> Expr:
    items = [resolve_formula(item, names) for item in node.items]
    values: list[Scalar] = []
    unit = UNKNOWN
    for item in items:
        if not isinstance(item, Constant) or isinstance(item.value, tuple):
            return Invalid(node.span)
        unit = item.unit
        values.append(item.value)
    return Constant(tuple(values), unit, node.span)


def _aggregate(node: Call, row: AggregateFunction, names: Names) -> Expr:
    rows = _Rows(names)
    options: list[tuple[str, Expr]] = []
    args: list[Node] = []
    for arg in node.args:
        option = _option(arg)
        if option is None:
            args.append(arg)
        elif option[0] in row.options:
            options.append((option[0], rows.option(option[1], condition=option[0] == "failed")))
        elif split_column(option[0], names.sources) or row.arguments[0] == "condition":
            args.append(arg)
        else:
            names.found.append(report(codes.UNKNOWN_OPTION, arg.span, function=row.name, option=option[0]))
    for clause, written in (("over", node.over), ("at end", node if node.at_end else None)):
        if written is not None:
            names.found.append(report(codes.CLAUSE_NOT_ALLOWED, written.span, function=row.name, clause=clause))
    if not _count_is_right(node, row.least, row.most, names, len(args)):
        return Invalid(node.span)
    resolved = tuple(rows.argument(arg, kind, row.name) for arg, kind in zip(args, row.arguments, strict=False))
    where = None if node.where is None else rows.expr(node.where, "boolean")
    return rows.finish(node, tuple(arg for arg in resolved if arg is not None), where, tuple(options))


def _option(node: Node) -> tuple[str, Node] | None:
    """`top = 2` as (name, value)."""
    if isinstance(node, Call) and node.function == "=" and isinstance(node.args[0], Name) \
            and "." not in node.args[0].value and "$" not in node.args[0].value:
        return node.args[0].value, node.args[1]
    return None


class _Rows:
    """Row expressions of one aggregate (or of one source's own clauses): all columns are of one source."""

    def __init__(self, names: Names, source: str | None = None, implicit: Columns | None = None) -> None:
        self.names = names
        self.own = source is not None  # columns stand without the source's name
        self.source = source
        self.implicit = implicit
        self.failed = False

    def argument(self, node: Node, kind: str, function: str) -> Expr | None:
        if kind == "rows" and isinstance(node, Name) and node.value in self.names.sources:
            self._belongs(node.value, node.span, function)
            return None
        return self.expr(node, "boolean" if kind == "condition" else "number")

    def option(self, node: Node, *, condition: bool) -> Expr:
        if isinstance(node, Name) and not condition:  # rule = hf6
            return Constant(node.value, TEXT, node.span)
        return self.expr(node, "boolean")

    def finish(self, node: Call, args: tuple[Expr, ...], where: Expr | None,
               options: tuple[tuple[str, Expr], ...]) -> Expr:
        if self.failed or self.source is None:
            if not self.failed:
                self.names.found.append(report(codes.NO_ROWS_NAMED, node.span, function=node.function))
            return Invalid(node.span)
        return Aggregate(node.function, self.source, args, where, options, node.span)

    def expr(self, node: Node, hint: ColumnType) -> Expr:
        match node:
            case Call():
                return self._call(node, hint)
            case Name():
                return self._name(node, hint)
            case Broken():
                return self._invalid(node.span)
            case _:
                result = _constant(node, self.names)
                self.failed |= isinstance(result, Invalid)
                return result

    def _invalid(self, span: Span) -> Expr:
        self.failed = True
        return Invalid(span)

    def _call(self, node: Call, hint: ColumnType) -> Expr:
        function = node.function
        if function in _OPERATORS:
            inner = self._hint(node, hint)
            return Apply(function, tuple(self.expr(arg, inner) for arg in node.args), node.span)
        if function in AGGREGATES and not (function in _BOTH and len(node.args) > 1):
            self.names.found.append(report(codes.NESTED_AGGREGATE, node.span, inner=function, outer="an aggregate"))
            return self._invalid(node.span)
        row = NUMBERS.get(function)
        least, most = (row.least, row.most) if row and row.in_rows else (1, 1)
        if not (row and row.in_rows) and function not in ROW_TIMES:
            self.failed = True
            return _unknown_function(node, self.names)
        if not _no_clauses(node, self.names) or not _count_is_right(node, least, most, self.names):
            return self._invalid(node.span)
        inner = "time" if function in ROW_TIMES else "number"
        return Apply(function, tuple(self.expr(arg, inner) for arg in node.args), node.span)

    @staticmethod
    def _hint(node: Call, hint: ColumnType) -> ColumnType:
        """What an undeclared column next to this operator has to be."""
        if node.function in LOGIC:
            return "boolean"
        if node.function in EQUALITY | ORDER | {"in", "between"}:
            others = [item for arg in node.args for item in (arg.items if isinstance(arg, Items) else (arg,))]
            return next((_KINDS[type(arg)] for arg in others if type(arg) in _KINDS), "number")
        return "text" if node.function in ("contains", "starts_with", "matches", "is missing", "is not missing") \
            else "number" if node.function in ARITHMETIC else hint

    def _name(self, node: Name, hint: ColumnType) -> Expr:
        if "$" in node.value:
            self.names.found.append(report(codes.UNKNOWN_PARAMETER, node.span, name=node.value))
            return self._invalid(node.span)
        split = split_column(node.value, self.names.sources)
        if self.own and self.source is not None:
            columns = self.names.sources[self.source]
            name = split[1] if split and split[0] == self.source else node.value
            return self._column(self.source, columns, name, node.span, hint)
        if split is None:
            return self._unplaced(node)
        if not self._belongs(split[0], node.span, "an aggregate"):
            return self._invalid(node.span)
        return self._column(split[0], self.names.sources[split[0]], split[1], node.span, hint)

    def _belongs(self, source: str, span: Span, function: str) -> bool:
        if self.source is None:
            self.source = source
        if self.source == source:
            return True
        self.failed = True
        self.names.found.append(report(codes.TWO_SOURCES, span, function=function, first=self.source, second=source))
        return False

    def _column(self, source: str, columns: Columns, name: str, span: Span, hint: ColumnType) -> Expr:
        spec = columns.get(name)
        if spec is None and self.implicit is not None:
            spec = ColumnSpec(name, hint, _plain_unit(hint), name, span=span)
            self.implicit[name] = spec
        if spec is None:
            guess = closest(name, columns)
            prefix = "" if self.own else f"{source}."
            fix = Fix(span, f"{prefix}{guess}") if guess else None
            if name not in self.names.cut:
                self.names.found.append(report(codes.UNKNOWN_COLUMN, span, help=DID_YOU_MEAN if guess else None,
                                               fix=fix, name=name, source=source, guess=guess or ""))
            return self._invalid(span)
        if spec.privacy == "C3":
            self.names.found.append(report(codes.SECRET_COLUMN, span, name=name, source=source))
            return self._invalid(span)
        return Column(source, spec.name, spec.type, spec.unit, span)

    def _unplaced(self, node: Name) -> Expr:
        """A name in an aggregate that is no `source.column`."""
        name, names = node.value, self.names
        owners = [source for source, columns in names.sources.items() if name in columns]
        if name in names.sources:
            names.found.append(report(codes.SOURCE_AS_VALUE, node.span, name=name))
        elif self.source in owners or len(owners) == 1:
            owner = self.source if self.source in owners else owners[0]
            fix = Fix(node.span, f"{owner}.{name}")
            names.found.append(report(codes.BARE_COLUMN, node.span, fix=fix, name=name, source=owner))
        elif name in names.indicators:
            names.found.append(report(codes.INDICATOR_IN_AGGREGATE, node.span, name=name))
        elif name.split(".")[0] not in names.cut:
            self._unknown_source(node)
        return self._invalid(node.span)

    def _unknown_source(self, node: Name) -> None:
        source, _, column = node.value.partition(".")
        guess = closest(source, self.names.sources)
        fix = Fix(node.span, f"{guess}.{column}" if column else guess) if guess else None
        help_: Phrase | None = DID_YOU_MEAN if guess else None
        self.names.found.append(report(codes.UNKNOWN_SOURCE, node.span, help=help_, fix=fix, name=source,
                                       guess=guess or ""))


def _plain_unit(kind: ColumnType) -> Unit:
    return {"text": TEXT, "boolean": BOOLEAN, "time": TIME, "date": DATE}.get(kind, NUMBER)
