"""Composites by a formula: its names are the children, each as it gives to its parent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from cxmetrics.check.matching import Proof
from cxmetrics.check.prove import prove
from cxmetrics.check.scores import earns
from cxmetrics.codes import pyramid as codes
from cxmetrics.codes import units as unit_codes
from cxmetrics.diagnostics import DID_YOU_MEAN, Fix, closest, report
from cxmetrics.functions import AGGREGATES, BOTH, NUMBERS, OPERATORS, PEER_FUNCTIONS, WINDOWS
from cxmetrics.ir import Apply, Blend, Constant, Expr, Indicator, Invalid, Ref
from cxmetrics.load.scalars import Found
from cxmetrics.resolve import Outline
from cxmetrics.resolve.expand import formula_text
from cxmetrics.resolve.formulas import resolve_formula
from cxmetrics.resolve.names import Names
from cxmetrics.source import Located
from cxmetrics.syntax import Call, Items, Name, Node, Range
from cxmetrics.units import NUMBER, UNKNOWN, Unit
from cxmetrics.walks import references_in


def is_blend(node: Node, rules: Sequence[str], children: Sequence[str]) -> bool:
    """Whether what is written under `combine` is a formula, and not a rule (perhaps misspelt)."""
    match node:
        case Name(value):
            return value not in rules and value in children
        case Call(function) if function in NUMBERS:  # `weighted_mean(a, 3, b, 1)` too
            return True
        case Call(function):
            return function not in rules and function in (OPERATORS | AGGREGATES.keys() | WINDOWS.keys())
        case _:
            return True


def blend(outline: Outline, node: Node, written: Located, below: Mapping[str, Indicator],
          found: Found) -> tuple[Blend | None, Unit]:
    """The formula of a composite with its units settled, and its unit; None where it is reported."""
    children = {child.id: child for child in outline.children}
    before = len(found)
    _only_children(node, outline.id, list(children), found)
    if len(found) > before:
        return None, UNKNOWN
    names = Names({}, children, found=found)
    resolved = resolve_formula(node, names)
    units = {name: earns(below[name]) for name in children if name in below}
    formula, unit = prove(resolved, Proof({}, units, found))
    used = {ref.indicator for ref in references_in(resolved)}
    for name, child in children.items():
        if name not in used:
            found.append(report(codes.CHILD_UNUSED, child.span, child=name, parent=outline.id))
    if isinstance(formula, Invalid) or len(found) > before:
        return None, UNKNOWN
    if not unit.numeric and unit.kind != "unknown":
        found.append(report(unit_codes.NOT_A_NUMBER_EXPRESSION, node.span, function="combine", found=unit))
        return None, UNKNOWN
    kinds = set(units.values())
    if unit == NUMBER and len(kinds) == 1 and _degree(formula) == 1:
        (unit,) = kinds
    return Blend(formula, formula_text(written)), unit


def _only_children(node: Node, parent: str, children: Sequence[str], found: Found) -> None:
    """Report names that are no children, and functions of rows."""
    for part in _parts(node):
        match part:
            case Name(value) if value not in children:
                guess = closest(value, children)
                found.append(report(
                    codes.NAMED_NOT_CHILD, part.span, help=DID_YOU_MEAN if guess else None, name=value, parent=parent,
                    fix=Fix(part.span, guess) if guess else None, guess=guess or ""))
            case Call(function) if function in WINDOWS or function in PEER_FUNCTIONS or _is_of_rows(part):
                found.append(report(codes.ROWS_IN_COMBINE, part.span, function=function, parent=parent))
                return
            case _:
                pass


def _is_of_rows(node: Call) -> bool:
    return node.function in AGGREGATES and not (node.function in BOTH and len(node.args) > 1)


def _parts(node: Node) -> Iterator[Node]:
    """A formula and all that it is made of, from the left."""
    yield node
    inner: Sequence[Node] = ()
    match node:
        case Call() if not _is_of_rows(node):
            inner = node.args
        case Items(items):
            inner = items
        case Range(low, high):
            inner = (low, high)
        case _:
            pass
    for part in inner:
        yield from _parts(part)


def _degree(expr: Expr) -> float | None:
    """How often children are multiplied with each other: with 1, doubled children give a doubled result.

    A constant beside a sum or among others is one of their kind.  None where there is no such number.
    """
    match expr:
        case Ref():
            return 1.0
        case Constant():
            return 0.0
        case Apply("if", (_, *args)):
            degrees = [_degree(arg) for arg in args]
            return None if None in degrees else _alike([degree or 0.0 for degree in degrees], args)
        case Apply(function, args):
            return _degree_of(function, [_degree(arg) for arg in args], args)
        case _:
            return None


def _degree_of(function: str, degrees: Sequence[float | None], args: Sequence[Expr]) -> float | None:
    if any(degree is None for degree in degrees):
        return None
    known = [degree for degree in degrees if degree is not None]
    match function:
        case "*":
            return sum(known)
        case "/":
            return known[0] - known[1]
        case "sqrt":
            return known[0] / 2
        case "^":
            exponent = args[1].value if isinstance(args[1], Constant) else None
            return known[0] * exponent if isinstance(exponent, int | float) else None
        case "negate" | "abs" | "round":
            return known[0]
        case "weighted_mean":
            return _alike(known[::2], args[::2]) if not any(known[1::2]) else None
        case "+" | "-" | "min" | "max" | "clamp" | "coalesce" | "geomean":
            return _alike(known, args)
        case _:
            return None


def _alike(degrees: Sequence[float], args: Sequence[Expr]) -> float | None:
    """The one degree of several; constants take that of the others."""
    found = {degree for degree, arg in zip(degrees, args, strict=True) if not isinstance(arg, Constant)}
    return found.pop() if len(found) == 1 else None if found else 0.0


def settled(rule: Blend, factor: float) -> Blend:
    """The formula with what it gives taken into another unit."""
    if factor == 1:
        return rule
    return replace(rule, formula=Apply("convert", (rule.formula, Constant(factor, NUMBER)), rule.formula.span))
