"""Templates and their arguments: heads such as `page_speed(page, good = 2.5 s)`, and the calls that use them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cxmetrics.codes import names as codes
from cxmetrics.codes import yaml_files as yaml_codes
from cxmetrics.diagnostics import DID_YOU_MEAN, Diagnostic, Fix, Label, closest, report
from cxmetrics.parse import read
from cxmetrics.parse.arguments import Argument, Bound, fill, unknown_parameter
from cxmetrics.parse.write import write
from cxmetrics.schema import IndicatorDraft
from cxmetrics.source import Key, Located, Span
from cxmetrics.syntax import Broken, Call, Date, Items, Name, Node, Number, Range, Text, Truth

Found = list[Diagnostic]
_SIMPLE = re.compile(r"[^\W\d]\w*\Z")


@dataclass(frozen=True, slots=True)
class Template:
    """A template: its parameters in order with their defaults (None: to be given), and the draft it stands for."""

    name: str
    key: Key
    parameters: Mapping[str, Argument | None]
    draft: IndicatorDraft


def read_templates(section: Mapping[Key, IndicatorDraft], found: Found) -> Iterator[Template]:
    """The templates of a section; heads that cannot be read are reported and left out."""
    for key, draft in section.items():
        head = _head(key, found)
        if head is not None:
            yield Template(head.function, key, _parameters(head, found), draft)


def _head(key: Key, found: Found) -> Call | None:
    node, problems = read(key.located)
    if problems:
        found += problems
        return None
    if isinstance(node, Name):
        node = Call(node.value, (), node.span, node.span)
    if not isinstance(node, Call) or not _plain_call(node) or "$" in node.function:
        found.append(report(codes.TEMPLATE_HEAD, key.span, head=key))
        return None
    for arg in node.args:
        name, _ = _option(arg)
        if name is None and not isinstance(arg, Name) or not _SIMPLE.match(_name_of(arg)):
            found.append(report(codes.TEMPLATE_HEAD, arg.span, head=key))
            return None
    return node


def _plain_call(node: Call) -> bool:
    """Whether a call was written as `name(…)`, without clauses: operators are calls too."""
    return node.name_span.start == node.span.start and node.where is None and node.over is None and not node.at \
        and all(part.isidentifier() for part in node.function.split("."))


def _option(node: Node) -> tuple[Name | None, Node]:
    """`good = 2.5 s` as (name, value); without a name where none is given."""
    if isinstance(node, Call) and node.function == "=" and isinstance(node.args[0], Name):
        return node.args[0], node.args[1]
    return None, node


def _name_of(node: Node) -> str:
    name, value = _option(node)
    return name.value if name is not None else value.value if isinstance(value, Name) else ""


def _parameters(head: Call, found: Found) -> dict[str, Argument | None]:
    result: dict[str, Argument | None] = {}
    for arg in head.args:
        name = _name_of(arg)
        option, value = _option(arg)
        if name in result:
            found.append(report(codes.REPEATED_PARAMETER, arg.span, name=name))
            continue
        wrong = Argument(Broken(value.span), "…", word=True)  # reported: what follows from it is no second fault
        result[name] = None if option is None else argument(name, value, {}, found) or wrong
    return result


def argument(name: str, node: Node, outer: Mapping[str, Argument], found: Found) -> Argument | None:
    """What is given for a parameter; `outer` are the parameters of the template it is given in.  None: reported."""
    if isinstance(node, Name) and node.value.startswith("$") and node.value[1:] in outer:
        return outer[node.value[1:]]
    filled = fill(node, outer, found)
    match filled:
        case Broken():
            return None
        case Items(items) if all(map(_single, items)):
            filled = Items(tuple(Text(item.value, item.span) if isinstance(item, Name) else item for item in items),
                           filled.span)
        case Range(low, high) if _single(low) and _single(high):
            pass
        case _ if _single(filled):
            pass
        case _:
            found.append(report(codes.ARGUMENT_KIND, node.span, parameter=name))
            return None
    return Argument(filled, filled.value if isinstance(filled, Text | Name) else write(filled))


def _single(node: Node) -> bool:
    if isinstance(node, Call):
        return node.function == "negate" and isinstance(node.args[0], Number)
    return isinstance(node, Number | Text | Truth | Date | Name)


def value_of_for(name: str, written: Located, found: Found) -> Argument | None:
    """What one item of a `for` stands for: a value of formulas, else a text.  None: reported."""
    outer = written.arguments if isinstance(written, Bound) else {}
    text = written.value.strip()
    as_text = Argument(Text(text, written.span), text, word=True)
    if written.style:
        return as_text
    node, problems = read(written)
    if problems or not (_single(node) or isinstance(node, Items | Range)):
        return as_text
    if "$" in text:
        return argument(name, node, outer, found)
    return Argument(node, text if not isinstance(node, Text) else node.value)


def read_use(use: Located, templates: Mapping[str, Template], unread: Collection[str],
             found: Found) -> tuple[Template, Call] | None:
    """The template a `use` names, and the call; None: reported, here or (`unread`) where the template is written."""
    node, problems = read(use)
    if problems:
        found += problems
        return None
    if isinstance(node, Name):
        node = Call(node.value, (), node.span, node.span)
    if not isinstance(node, Call) or not _plain_call(node):
        found.append(report(yaml_codes.WRONG_VALUE, use.span, key="use", found=use.value,
                            expected="a template with its arguments"))
        return None
    template = templates.get(node.function)
    if template is None and node.function not in unread:
        guess = closest(node.function, templates, found)
        fix = Fix(node.name_span, guess) if guess else None
        found.append(report(codes.UNKNOWN_TEMPLATE, node.name_span, help=DID_YOU_MEAN if guess else None, fix=fix,
                            name=node.function, guess=guess or ""))
    return None if template is None else (template, node)


def arguments_of(template: Template, call: Call, outer: Mapping[str, Argument],
                 found: Found) -> dict[str, Argument] | None:
    """The arguments of one use by parameter, defaults among them; None where something is wrong with them."""
    before = len(found)
    given: dict[str, tuple[Node, Span]] = {}
    names = list(template.parameters)
    for position, arg in enumerate(call.args):
        option, value = _option(arg)
        name = option.value if option is not None else names[position] if position < len(names) else None
        if name is None:
            most = len(names)
            found.append(report(codes.WRONG_ARGUMENT_COUNT, call.span, function=template.name,
                                expected=f"at most {most}" if most else "0", found=len(call.args)))
            return None
        if name not in template.parameters:
            found.append(unknown_parameter(name, option.span if option else arg.span, names, ""))
        elif name in given:
            first = (Label(given[name][1], yaml_codes.FIRST_HERE),)
            found.append(report(codes.REPEATED_PARAMETER, arg.span, related=first, name=name))
        else:
            given[name] = value, arg.span
    result = {name: argument(name, value, outer, found) for name, (value, _) in given.items()}
    if len(found) == before:
        found += _not_given(template, call, given)
    complete = {**{name: default for name, default in template.parameters.items() if default}, **result}
    known = {name: value for name, value in complete.items() if value is not None}
    return known if len(found) == before and len(known) == len(template.parameters) else None


def _not_given(template: Template, call: Call, given: Mapping[str, object]) -> Iterator[Diagnostic]:
    head = (Label(template.key.span, codes.DEFINED_HERE),)
    for name, default in template.parameters.items():
        if default is None and name not in given:
            yield report(codes.MISSING_ARGUMENT, call.span, related=head, template=template.name, parameter=name)


def listed(arguments: Mapping[str, Argument], order: Sequence[str]) -> str:
    """Arguments as a person would write them: `page = 'balance', good = 2.5 s`."""
    return ", ".join(f"{name} = {_shown(arguments[name])}" for name in order)


def _shown(argument: Argument) -> str:
    return argument.text if argument.word else write(argument.node)
