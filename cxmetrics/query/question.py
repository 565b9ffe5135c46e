"""What is asked for: indicators, a cut, a grain, days, and a condition over dimensions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from cxmetrics.calendars import coarsest
from cxmetrics.check.matching import Proof
from cxmetrics.check.prove import condition
from cxmetrics.codes import data as data_codes
from cxmetrics.codes import names as codes
from cxmetrics.codes import yaml_files as yaml_codes
from cxmetrics.diagnostics import DID_YOU_MEAN, Code, Diagnostic, Fault, closest, report
from cxmetrics.ir import GRAINS, ColumnSpec, Expr, Grain, columns_in
from cxmetrics.parse import parse
from cxmetrics.plan import Plan
from cxmetrics.resolve.formulas import resolve_condition
from cxmetrics.resolve.names import Names
from cxmetrics.run.stale import Day, Family
from cxmetrics.source import Located, Source
from cxmetrics.units import TEXT

_WHERE = "--where"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for."""

    indicators: tuple[str, ...]
    by: Family
    grain: Grain
    first: Day | None
    last: Day | None
    where: Expr | None
    across: Family  # `by` and the dimensions that `where` looks at


def question(plan: Plan, indicators: Sequence[str], by: Sequence[str], grain: str | None, first: Day | None,
             last: Day | None, where: str | None) -> Question:
    """A question that can be answered.  Raises `Fault` for names that are unknown and days that are none."""
    if first and last and first >= last:
        raise Fault(report(data_codes.EMPTY_INTERVAL, None, start=first, end=last))
    dimensions = dimensions_of(plan)
    _all_known(indicators, plan.shown, codes.UNKNOWN_INDICATOR)
    _all_known(by, dimensions, codes.UNKNOWN_DIMENSION)
    chosen = coarsest(plan.project.grains) if grain is None else grain
    if chosen not in GRAINS:
        raise Fault(report(yaml_codes.WRONG_VALUE, None, key="grain", expected=", ".join(GRAINS), found=chosen))
    condition_, looked_at = _where(where, dimensions)
    across = tuple(name for name in dimensions if name in by or name in looked_at)
    kept = tuple(name for name in dimensions if name in by)
    return Question(tuple(dict.fromkeys(indicators)), kept, chosen, first, last, condition_, across)


def _all_known(names: Sequence[str], known: Collection[str], code: Code) -> None:
    """Raise `Fault` for the first name that is not known."""
    for name in names:
        if name not in known:
            guess = closest(name, known)
            raise Fault(report(code, None, help=DID_YOU_MEAN if guess else None, name=name, guess=guess or ""))


def dimensions_of(plan: Plan) -> tuple[str, ...]:
    """All dimensions of the project's sources."""
    return tuple(dict.fromkeys(binding.dimension for origin in plan.sources.values() for binding in origin.bindings))


def _where(text: str | None, dimensions: Sequence[str]) -> tuple[Expr | None, set[str]]:
    """A condition over dimensions, and those it looks at."""
    if text is None:
        return None, set()
    written = Located(text, Source(_WHERE, text), 0, len(text))
    node, problems = parse(written)
    columns = {name: ColumnSpec(name, "text", TEXT, name) for name in dimensions}
    scope = Names({_WHERE: columns}, {}, found=list(problems))
    expr = resolve_condition(node, _WHERE, columns, scope, implicit=False)
    proved = condition(expr, Proof({_WHERE: columns}, {}, scope.found))
    if scope.found:
        raise Fault(*(_of_dimensions(finding) for finding in scope.found))
    return proved, {column.name for column in columns_in(proved)}


def _of_dimensions(finding: Diagnostic) -> Diagnostic:
    """What `--where` says of columns is about dimensions: there is no source to declare them in."""
    if finding.code is not codes.UNKNOWN_COLUMN:
        return finding
    return replace(finding, code=codes.UNKNOWN_DIMENSION)
