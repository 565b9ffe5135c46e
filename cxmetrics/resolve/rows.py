"""Row expressions: what stands inside an aggregate, over the columns of one source."""

from __future__ import annotations

from collections.abc import Mapping

from cxmetrics.codes import names as codes
from cxmetrics.codes import quotes
from cxmetrics.codes import units as unit_codes
from cxmetrics.diagnostics import DID_YOU_MEAN, Fix, Phrase, closest, report
from cxmetrics.functions import (
    AGGREGATES,
    ARITHMETIC,
    BOTH,
    EQUALITY,
    LOGIC,
    NUMBERS,
    OPERATORS,
    ORDER,
    PEER_FUNCTIONS,
    ROW_ANSWERS,
    ROW_TEXTS,
    ROW_TIMES,
    WINDOWS,
    NumberFunction,
)
from cxmetrics.ir import Aggregate, Apply, Column, ColumnSpec, ColumnType, Constant, Expr, Invalid, Silence
from cxmetrics.parse.arguments import Bound
from cxmetrics.resolve.literals import constant
from cxmetrics.resolve.names import Columns, Names, split_column, takes_its_arguments, unknown_function
from cxmetrics.source import Span
from cxmetrics.syntax import Broken, Call, Date, Items, Name, Node, Number, Text, Truth
from cxmetrics.units import BOOLEAN, DATE, NUMBER, TEXT, TIME, Unit

_KINDS: Mapping[type, ColumnType] = {Text: "text", Number: "number", Date: "time", Truth: "boolean"}
_ANY = "an aggregate"
_NOTHING = frozenset(("null", "none", "na", "nil", "empty"))
_COMPARING = EQUALITY | ORDER | {"in", "between"}


class Rows:
    """Row expressions of one aggregate (or of one source's own clauses): all columns are of one source."""

    def __init__(self, names: Names, source: str | None = None, implicit: Columns | None = None) -> None:
        self.names = names
        self.own = source is not None  # columns stand without the source's name
        self.source = source
        self.implicit = implicit
        self.failed = False

    def argument(self, node: Node, kind: str, function: str) -> Expr | None:
        """A positional argument; None for the source itself, all of whose rows are meant."""
        if kind == "rows" and isinstance(node, Name) and node.value in self.names.sources:
            self._belongs(node.value, node.span, function)
            return None
        return self.expr(node, "boolean" if kind == "condition" else "number")

    def option(self, name: str, node: Node) -> Expr:
        """The value of a named option; `by` may be a column without its source, which is known by then."""
        if name == "by":
            own = isinstance(node, Name) and self.source is not None and node.value in self.names.sources[self.source]
            return self._column(self.source, self.names.sources[self.source], node.value, node.span, "text") \
                if own and self.source is not None and isinstance(node, Name) else self.expr(node, "text")
        if isinstance(node, Name) and name != "failed":  # rule = hf6
            return Constant(node.value, TEXT, node.span)
        return self.expr(node, "boolean")

    def finish(self, node: Call, args: tuple[Expr, ...], where: Expr | None,
               options: tuple[tuple[str, Expr], ...]) -> Expr:
        """The aggregate, now that it is known which source it is of."""
        if self.failed or self.source is None:
            if not self.failed:
                self.names.found.append(report(codes.NO_ROWS_NAMED, node.span, function=node.function))
            return Invalid(node.span)
        return Aggregate(node.function, self.source, args, where, options, at=node.at, span=node.span)

    def expr(self, node: Node, hint: ColumnType) -> Expr:
        """A row expression; `hint` is the type of a column that nobody declared."""
        match node:
            case Call():
                return self._call(node, hint)
            case Name():
                return self._name(node, hint)
            case Text():
                return Constant(node.value, TEXT, node.span)
            case Broken():
                return self._invalid(node.span)
            case _:
                result = constant(node, self.names, lambda inner, _: self.expr(inner, "number"))
                self.failed |= isinstance(result, Invalid)
                return result

    def _invalid(self, span: Span) -> Expr:
        self.failed = True
        return Invalid(span)

    def _call(self, node: Call, hint: ColumnType) -> Expr:
        function = node.function
        if function in OPERATORS:
            if function in EQUALITY and self._without_quotes(node):
                return self._invalid(node.span)
            inner = hint if self.implicit is None else self._hint(node, hint)
            return Apply(function, tuple([self.expr(arg, inner) for arg in node.args]), node.span)
        if function in AGGREGATES and not (function in BOTH and len(node.args) > 1):
            self.names.found.append(report(codes.NESTED_AGGREGATE, node.span, inner=function, outer="an aggregate"))
            return self._invalid(node.span)
        if function in PEER_FUNCTIONS:
            self.names.found.append(report(codes.INDICATOR_IN_AGGREGATE, node.span, name=function))
            return self._invalid(node.span)
        if function in WINDOWS:
            self.names.found.append(report(codes.WINDOW_IN_ROWS, node.span, function=function))
            return self._invalid(node.span)
        row = NUMBERS.get(function) or ROW_TEXTS.get(function)
        if (told := ROW_TIMES.get(function) or ROW_ANSWERS.get(function)) is not None:
            row = NumberFunction(function, 1, 1, told)
        if row is None:
            self.failed = True
            return unknown_function(node, self.names)
        if not takes_its_arguments(node, row, self.names):
            return self._invalid(node.span)
        if function in ROW_ANSWERS:
            return self._answer(function, self.expr(node.args[0], "text"), node.span)
        inner = "time" if function in ROW_TIMES else "number"
        args = tuple(self.expr(arg, inner) for arg in node.args)
        return Apply("/" if function == "ratio" else function, args, node.span)

    def _answer(self, function: str, asked: Expr, span: Span) -> Expr:
        """Whether a column has an answer, or why not: the latter as a column of truths, read from the same cells."""
        if isinstance(asked, Invalid):
            return asked
        columns = self.names.sources[asked.source] if isinstance(asked, Column) else {}
        spec = columns.get(asked.name) if isinstance(asked, Column) else None
        if not isinstance(asked, Column) or spec is None or not spec.own:
            self.names.found.append(report(unit_codes.NOT_AN_ANSWER, asked.span or span, function=function))
            return self._invalid(span)
        if function == "answered":
            return Apply("is not missing", (asked,), span)
        if not spec.silences:
            self.names.found.append(report(codes.ANSWERS_NOT_TOLD, asked.span or span, column=spec.name))
            return self._invalid(span)
        name = f"{function}({spec.name})"
        reason = next((one for one in spec.silences if one.reason == function), None)
        columns.setdefault(name, ColumnSpec(name, "boolean", BOOLEAN, spec.physical, span=spec.span, silence=(
            reason or Silence("skipped", (), empty=False, type=spec.type))))
        return Column(asked.source, name, "boolean", BOOLEAN, span)

    @staticmethod
    def _hint(node: Call, hint: ColumnType) -> ColumnType:
        """What an undeclared column next to this operator has to be."""
        if node.function in LOGIC:
            return "boolean"
        if node.function in _COMPARING:
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
        if not self._belongs(split[0], node.span, _ANY):
            return self._invalid(node.span)
        return self._column(split[0], self.names.sources[split[0]], split[1], node.span, hint)

    def _belongs(self, source: str, span: Span, function: str) -> bool:
        if self.source is None:
            self.source = source
        if self.source == source:
            return True
        self.failed = True
        said = function if function == _ANY else f"`{function}`"
        self.names.found.append(report(codes.TWO_SOURCES, span, function=said, first=self.source, second=source))
        return False

    def _column(self, source: str, columns: Columns, name: str, span: Span, hint: ColumnType) -> Expr:
        spec = columns.get(name)
        if spec is None and self.implicit is not None:
            spec = ColumnSpec(name, hint, _plain_unit(hint), name, span=span)
            self.implicit[name] = spec
        if spec is None:
            guess = closest(name, columns, self.names.found)
            prefix = "" if self.own else f"{source}."
            fix = Fix(span, f"{prefix}{guess}") if guess else None
            if name not in self.names.cut:
                other = self._other(name) if not guess and not self.own else None
                help_ = DID_YOU_MEAN if guess else codes.OF_ANOTHER_SOURCE if other else None
                self.names.found.append(report(codes.UNKNOWN_COLUMN, span, help=help_, fix=fix, name=name,
                                               source=source, guess=guess or "", other=other or ""))
            return self._invalid(span)
        if spec.privacy == "C3":
            self.names.found.append(report(codes.SECRET_COLUMN, span, name=name, source=source))
            return self._invalid(span)
        return Column(source, spec.name, spec.type, spec.unit, span)

    def _other(self, column: str) -> str | None:
        """The only source that has a column of that name."""
        having = [source for source, columns in self.names.sources.items() if column in columns]
        return having[0] if len(having) == 1 else None

    def _without_quotes(self, node: Call) -> bool:
        """Whether a name that nobody knows, or a value of the column, stands where a text belongs; it is reported."""
        for one, other in (node.args, node.args[::-1]):
            column = split_column(one.value, self.names.sources) if isinstance(one, Name) else None
            spec = self.names.sources[column[0]].get(column[1]) if column else None
            if not isinstance(one, Name) or spec is None or spec.type != "text" or not self._is_bare(other, spec):
                continue
            assert isinstance(other, Name)
            text, help_, fix = other.span.text, None, Fix(other.span, f"'{other.value}'")
            if isinstance(text, Bound) and other.value in text.arguments:
                help_, fix = quotes.A_PARAMETER, Fix(other.span, f"${other.value}")
            nothing = other.value.lower() in _NOTHING
            self.names.found.append(report(
                quotes.TEXT_WITHOUT_QUOTES, other.span, help=quotes.NOTHING_IS_MISSING if nothing else help_,
                fix=None if nothing else fix, name=other.value, column=one.value))
            return True
        return False

    def _is_bare(self, node: Node, spec: ColumnSpec) -> bool:
        """Whether a name means a text: a value of the column, or something that is nothing else."""
        if not isinstance(node, Name) or "$" in node.value or "." in node.value:
            return False
        names = self.names
        known = node.value in names.sources or any(node.value in columns for columns in names.sources.values())
        return not known and (node.value in (spec.values or ()) or node.value not in names.indicators) \
            and not names.cut

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
        guess = closest(source, self.names.sources, self.names.found)
        fix = Fix(node.span, f"{guess}.{column}" if column else guess) if guess else None
        help_: Phrase | None = DID_YOU_MEAN if guess else None
        self.names.found.append(report(codes.UNKNOWN_SOURCE, node.span, help=help_, fix=fix, name=source,
                                       guess=guess or ""))


def _plain_unit(kind: ColumnType) -> Unit:
    return {"text": TEXT, "boolean": BOOLEAN, "time": TIME, "date": DATE}.get(kind, NUMBER)
