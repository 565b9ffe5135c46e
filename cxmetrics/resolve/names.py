"""The names a formula may use, and what is said of those that are wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cxmetrics.codes import names as codes
from cxmetrics.codes import syntax as syntax_codes
from cxmetrics.diagnostics import DID_YOU_MEAN, Diagnostic, Fix, Phrase, closest, report
from cxmetrics.functions import AGGREGATES, NumberFunction, all_names
from cxmetrics.ir import ColumnSpec, Expr, Invalid
from cxmetrics.resolve.elsewhere import AGAINST_ZERO, RENAMED, SAID
from cxmetrics.source import Located, Span
from cxmetrics.syntax import Call

Columns = dict[str, ColumnSpec]
_GROUPED = re.compile(r"'[^']*'|(?P<digits>(?<![\w.,])[0-9]{1,3}(?:,[0-9]{3})+(?![\w.,]))")
_PERCENTILE = re.compile(r"[pP]([0-9]+(?:[._][0-9]+)?)\Z")
_EXAMPLES = {  # of functions that have none in their table
    "ratio": "ratio(count(a), count(b))", "clamp": "clamp(x, 0, 100)", "if": "if(x > 0, x, 0)",
    "coalesce": "coalesce(x, 0)", "round": "round(x, 1)", "min": "min(x, y)", "max": "max(x, y)",
    "geomean": "geomean(x, y)", "weighted_mean": "weighted_mean(x, 3, y, 1)", "prior": "prior(x, 1 month)",
    "rolling": "rolling(x, 28 d)", "peer": "peer(x, 'bank_a')", "bands": "bands(age, 30, 45, 60)"}


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
    part, said = _PERCENTILE.match(node.function), node.function.lower()
    rank, guess = 0.0, RENAMED.get(said)
    help_: Phrase | None = None
    if part is not None and 0 < float(part[1].replace("_", ".")) < 100:
        rank = float(part[1].replace("_", "."))
        guess = f"p{int(rank):02d}" if rank == int(rank) else None
        help_ = codes.AS_QUANTILE
    elif said in SAID or said in AGAINST_ZERO:
        help_ = codes.SAID_AS if said in SAID else codes.NO_ZERO
    elif guess is None:
        guess = closest(node.function, all_names(), names.found)
    fix = Fix(node.name_span, guess) if guess else None
    names.found.append(report(codes.UNKNOWN_FUNCTION, node.name_span, help=DID_YOU_MEAN if guess else help_, fix=fix,
                              name=node.function, guess=guess or "", part=f"{rank / 100:.10g}",
                              said=SAID.get(said, "")))
    return Invalid(node.span)


def no_clauses(node: Call, names: Names) -> bool:
    """Whether a call has no `where`, `over` or `at end`; reports the first that it has."""
    clauses = [("where", node.where), ("over", node.over), (f"at {node.at}", node if node.at else None)]
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
    _miscounted(node, expected, count, names)
    return False


def takes_its_arguments(node: Call, row: NumberFunction, names: Names) -> bool:
    """Whether a function of numbers has neither clauses nor too many or too few arguments; reports otherwise."""
    if not no_clauses(node, names) or not count_is_right(node, row.least, row.most, names):
        return False
    if row.paired and len(node.args) % 2:
        _miscounted(node, "pairs of a value and its weight", len(node.args), names)
        return False
    return True


def _miscounted(node: Call, expected: str, found: int, names: Names) -> None:
    grouped = _grouped(node.span)
    if grouped is not None:
        span, digits = grouped
        instead = digits.replace(",", "")
        names.found.append(report(syntax_codes.GROUPED_DIGITS, span, fix=Fix(span, instead), found=digits,
                                  instead=instead))
        return
    aggregate = AGGREGATES.get(node.function)
    example = aggregate.example if aggregate else _EXAMPLES.get(node.function, "")
    names.found.append(report(codes.WRONG_ARGUMENT_COUNT, node.span, help=codes.AS_IN if example else None,
                              function=node.function, expected=expected, found=found, example=example))


def _grouped(span: Span) -> tuple[Span, str] | None:
    """The first number of a call that is written `10,000`, which makes two arguments of it."""
    if not isinstance(span.text, Located):
        return None
    for one in _GROUPED.finditer(span.text.value, span.start, span.end):
        if one["digits"]:
            return span.text.part(*one.span()), one["digits"]
    return None


def split_column(name: str, sources: Mapping[str, object]) -> tuple[str, str] | None:
    """`a.b.c` as (source, column), by the longest source that fits; None where there is none."""
    at = name.rfind(".")
    while at >= 0:
        if name[:at] in sources:
            return name[:at], name[at + 1:]
        at = name.rfind(".", 0, at)
    return None
