"""The names a formula may use, and what is said of those that are wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cxmetrics.codes import names as codes
from cxmetrics.diagnostics import DID_YOU_MEAN, Diagnostic, Fix, closest, report
from cxmetrics.functions import NumberFunction, all_names
from cxmetrics.ir import ColumnSpec, Expr, Invalid
from cxmetrics.syntax import Call

Columns = dict[str, ColumnSpec]


@dataclass(frozen=True, slots=True)
class Names:
    """All names a formula may use, and what was found wrong so far.

    `cut` are names whose definition was reported and left out: using them is no second fault.
    """

    sources: Mapping[str, Columns]
    indicators: Mapping[str, object]
    cut: frozenset[str] = frozenset()
    found: list[Diagnostic] = field(default_factory=list)


def unknown_function(node: Call, names: Names) -> Expr:
    """Report a function that there is not."""
    guess = closest(node.function, all_names(), names.found)
    fix = Fix(node.name_span, guess) if guess else None
    names.found.append(report(codes.UNKNOWN_FUNCTION, node.name_span, help=DID_YOU_MEAN if guess else None, fix=fix,
                              name=node.function, guess=guess or ""))
    return Invalid(node.span)


def no_clauses(node: Call, names: Names) -> bool:
    """Whether a call has no `where`, `over` or `at end`; reports the first that it has."""
    clauses = [("where", node.where), ("over", node.over), ("at end", node if node.at_end else None)]
    for clause, written in clauses:
        if written is not None:
            names.found.append(report(codes.CLAUSE_NOT_ALLOWED, written.span, function=node.function, clause=clause))
            return False
    return True


def count_is_right(node: Call, least: int, most: int | None, names: Names, given: int | None = None) -> bool:
    """Whether a call has as many arguments (or `given`) as it takes; reports otherwise."""
    count = len(node.args) if given is None else given
    if count >= least and (most is None or count <= most):
        return True
    expected = f"{least}" if least == most else f"{least} or more" if most is None else f"{least} to {most}"
    names.found.append(report(codes.WRONG_ARGUMENT_COUNT, node.span, function=node.function, expected=expected,
                              found=count))
    return False


def takes_its_arguments(node: Call, row: NumberFunction, names: Names) -> bool:
    """Whether a function of numbers has neither clauses nor too many or too few arguments; reports otherwise."""
    if not no_clauses(node, names) or not count_is_right(node, row.least, row.most, names):
        return False
    if row.paired and len(node.args) % 2:
        names.found.append(report(codes.WRONG_ARGUMENT_COUNT, node.span, function=node.function,
                                  expected="pairs of a value and its weight", found=len(node.args)))
        return False
    return True


def split_column(name: str, sources: Mapping[str, object]) -> tuple[str, str] | None:
    """`a.b.c` as (source, column), by the longest source that fits; None where there is none."""
    at = name.rfind(".")
    while at >= 0:
        if name[:at] in sources:
            return name[:at], name[at + 1:]
        at = name.rfind(".", 0, at)
    return None
