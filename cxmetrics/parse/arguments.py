"""What the parameters of templates and the variables of `for` stand for, and formulas with them put in.

Parameters are put in as nodes of the tree, never as text into text: an argument cannot change how a formula is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

from cxmetrics.codes import names as codes
from cxmetrics.diagnostics import DID_YOU_MEAN, Diagnostic, Fix, Label, Phrase, closest, report
from cxmetrics.quick import quick
from cxmetrics.source import Located, Span
from cxmetrics.syntax import Broken, Call, Date, Items, Name, Node, Number, Range, Text, Truth

_TEXTUAL = frozenset(("=", "!=", "contains", "starts_with", "matches", "in"))  # a bare word beside these is text
_PART = re.compile(r"\w+(\.\w+)*\Z")
_FROM_PARAMETER = re.compile(r"[${]")


@dataclass(frozen=True, slots=True)
class Argument:
    """What a parameter stands for.

    `text` is how it reads in an id or a title.  `word`: text that nobody put between single quotes, so that it may
    also be a part of a name.
    """

    node: Node
    text: str
    word: bool = False


@dataclass(frozen=True, slots=True)
class Use:
    """Where a template is used, or the value a `for` gives to a variable; and what the parameters are there."""

    span: Span
    parameters: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Arguments by the names of their parameters, and what gave them."""

    arguments: Mapping[str, Argument]
    uses: tuple[Use, ...]


@quick
@dataclass(frozen=True, eq=False, slots=True)
class Bound(Located):
    """A scalar of a template or below a `for`, with what its parameters stand for.

    Its places keep it, so that a finding in it can be told with the use (`told`).
    """

    arguments: Mapping[str, Argument] = field(kw_only=True, repr=False)
    uses: tuple[Use, ...] = field(kw_only=True, repr=False)

    @property
    def span(self) -> Span:
        """The whole scalar, as a place that knows its use."""
        return Span(self, 0, len(self.value))

    def in_file(self, start: int, end: int) -> Span:
        """The place in the file; the whole scalar where the value is not what was written."""
        return Located(self.value, self.source, self.start, self.end, self.style).in_file(start, end)


def bind(written: Located, scope: Scope, value: str | None = None) -> Bound:
    """A scalar in a scope, inside the scopes it is in already; with another value where one is given."""
    arguments, uses = scope.arguments, scope.uses
    if isinstance(written, Bound):
        arguments, uses = {**written.arguments, **arguments}, written.uses + uses
    return Bound(written.value if value is None else value, written.source, written.start, written.end, written.style,
                 arguments=arguments, uses=uses)


def fill(node: Node, arguments: Mapping[str, Argument], found: list[Diagnostic]) -> Node:
    """A formula with its parameters put in; nodes put in stand at the place of their parameter."""
    match node:
        case Name():
            return _name(node, arguments, found) if "$" in node.value else node
        case Call():
            return _call(node, arguments, found)
        case Items():
            return Items(tuple([_as_text(item, fill(item, arguments, found)) for item in node.items]), node.span)
        case Range():
            return Range(fill(node.low, arguments, found), fill(node.high, arguments, found), node.span)
        case Number() | Text() | Truth() | Date() | Broken():
            return node
        case _:
            assert_never(node)


def moved(node: Node, text: Located) -> Node:
    """The same tree of another scalar that says the same: of the next use of a template."""
    return _placed(node, lambda span: Span(text, span.start, span.end))


def _placed(node: Node, place: Callable[[Span], Span]) -> Node:
    """The same tree, each place in it another."""
    span = place(node.span)
    match node:
        case Name(value):
            return Name(value, span)
        case Text(value):
            return Text(value, span)
        case Number(value, multiplier, unit):
            return Number(value, multiplier, unit, span)
        case Call(function, args, _, at, where, over, moment):
            inner = tuple([_placed(arg, place) for arg in args])
            return Call(function, inner, span, place(at), None if where is None else _placed(where, place),
                        None if over is None else _placed(over, place), moment)
        case Items(items):
            return Items(tuple([_placed(item, place) for item in items]), span)
        case Range(low, high):
            return Range(_placed(low, place), _placed(high, place), span)
        case Truth() | Date() | Broken():
            return replace(node, span=span)
        case _:
            assert_never(node)


def _call(node: Call, arguments: Mapping[str, Argument], found: list[Diagnostic]) -> Call:
    args = tuple([fill(arg, arguments, found) for arg in node.args])
    if node.function in _TEXTUAL and not _sets_option(node) \
            and not any(isinstance(arg, Number | Date | Truth | Range) for arg in args):
        args = tuple(map(_as_text, node.args, args))
    where = None if node.where is None else fill(node.where, arguments, found)
    over = None if node.over is None else fill(node.over, arguments, found)
    return Call(node.function, args, node.span, node.name_span, where, over, node.at)


def _sets_option(node: Call) -> bool:
    """`across = $dimension`: what an option takes is the option's to say."""
    first = node.args[0]
    return node.function == "=" and isinstance(first, Name) and "." not in first.value and "$" not in first.value


def _as_text(written: Node, filled: Node) -> Node:
    """A bare word that a parameter stands for, as text."""
    if isinstance(written, Name) and written.value.startswith("$") and isinstance(filled, Name) \
            and "." not in written.value and "." not in filled.value:
        return Text(filled.value, filled.span)
    return filled


def _name(node: Name, arguments: Mapping[str, Argument], found: list[Diagnostic]) -> Node:
    parts = node.value.split(".")
    for part in parts:
        if part.startswith("$") and part[1:] not in arguments:
            found.append(unknown_parameter(part[1:], _of_part(node, part), arguments))
            return Broken(node.span)
    if len(parts) == 1:
        return _placed(arguments[parts[0][1:]].node, lambda _: node.span)  # at the place of the parameter
    names = [_part(arguments[part[1:]]) if part.startswith("$") else part for part in parts]
    for part, name in zip(parts, names, strict=True):
        if name is None:
            argument = arguments[part[1:]]
            found.append(report(codes.PARAMETER_NOT_A_NAME, _of_part(node, part), name=part, found=argument.text))
            return Broken(node.span)
    return Name(".".join(name for name in names if name is not None), node.span)


def _part(argument: Argument) -> str | None:
    """An argument as a part of a name; None where it cannot be one."""
    match argument.node:
        case Name(value):
            return value
        case Text(value) if argument.word and _PART.match(value):
            return value
        case Number(_, "", "") if _PART.match(argument.text):
            return argument.text
        case _:
            return None


def unknown_parameter(name: str, span: Span, known: Iterable[str], signs: str = "$") -> Diagnostic:
    """The finding that `name` is no parameter here; `signs` stand around it: `$` before, or `{}` on both sides."""
    before, after = signs[:1], signs[1:]
    guess, said = closest(name, known), f"{before}{name}{after}"
    instead = f"{before}{guess}{after}" if guess else ""
    fix = Fix(span, instead) if guess and _says(span, said) else None
    help_ = DID_YOU_MEAN if guess else None
    return report(codes.UNKNOWN_PARAMETER, span, help=help_, fix=fix, name=said, guess=instead)


def _says(span: Span, text: str) -> bool:
    return isinstance(span.text, Located) and span.text.value[span.start:span.end] == text


def _of_part(node: Name, part: str) -> Span:
    """The place of one part of a name."""
    if not _says(node.span, node.value):
        return node.span
    start = node.span.start + node.value.index(part)
    return Span(node.span.text, start, start + len(part))


def told(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Findings with the uses of the templates they are in; one cause in a template is told once, at its first use."""
    result: list[Diagnostic] = []
    seen: set[tuple[str, Span, tuple[tuple[str, str], ...]]] = set()
    for finding in found:
        span = finding.span
        if span is None or not isinstance(span.text, Bound):
            result.append(finding)
            continue
        key = (finding.code.id, span.in_file(), tuple(finding.facts.items()))
        if key not in seen:
            seen.add(key)
            result.append(_with_uses(finding, span))
    return tuple(result)


def _with_uses(finding: Diagnostic, span: Span) -> Diagnostic:
    facts, labels = dict(finding.facts), list(finding.related)
    for number, use in enumerate(_uses(span)):
        field_name = f"use_{number}"
        facts[field_name] = use.parameters
        phrase = Phrase(f"used here with `{{{field_name}}}`", f"在此使用：`{{{field_name}}}`") if use.parameters \
            else Phrase("used here", "在此使用")
        labels.append(Label(use.span, phrase))
    return replace(finding, facts=facts, related=tuple(labels), fix=_still(finding.fix))


def _uses(span: Span) -> Iterator[Use]:
    """The uses around a place, from the inside out, each once."""
    seen: set[tuple[Span, str]] = set()
    waiting = [span]
    while waiting:
        text = waiting.pop(0).text
        for use in text.uses if isinstance(text, Bound) else ():
            if (use.span.in_file(), use.parameters) not in seen:
                seen.add((use.span.in_file(), use.parameters))
                waiting.append(use.span)
                yield use


def _still(fix: Fix | None) -> Fix | None:
    """A fix that is right for all uses: one that replaces no parameter, in text that is as it was written."""
    if fix is None or not isinstance(fix.span.text, Bound):
        return fix
    value, source = fix.span.text.value, fix.span.text.source
    old, here = value[fix.span.start:fix.span.end], fix.span.in_file()
    parameter = _FROM_PARAMETER.search(old) and not _FROM_PARAMETER.search(fix.replacement)
    return None if parameter or source.text[here.start:here.end] != old else fix
