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
from cxmetrics.diagnostics import DID_YOU_MEAN, Code, Diagnostic, Fault, Phrase, closest, listed, report
from cxmetrics.ir import GRAINS, ColumnSpec, Expr, Grain, columns_in
from cxmetrics.parse import parse
from cxmetrics.plan import Plan
from cxmetrics.resolve.formulas import resolve_condition
from cxmetrics.resolve.names import Names
from cxmetrics.run.stale import Day, Family
from cxmetrics.source import Located, Source
from cxmetrics.units import TEXT

_WHERE = "--where"
_SIGNS = frozenset(("=", "!=", "<", ">", "<=", ">=", "and", "or", "in", "=="))  # of a condition without quotes
_IN_QUOTES = Phrase("put the whole condition into quotes: `--where \"region = 'east'\"`",
                    "请用引号括住整个条件：`--where \"region = 'east'\"`")
_A_DIMENSION = Phrase("`{name}` is a dimension: it goes behind `--by`, several with a comma and no blank between",
                      "`{name}` 是维度，应写在 `--by` 之后；多个维度用逗号相连，不加空格")
_DIMENSIONS = Phrase("the sources have the dimensions {known}", "数据源的维度有：{known}")
_A_TEXT = Phrase("a text goes between single quotes: `'{name}'`; what is asked about is a dimension",
                 "文本要加单引号：`'{name}'`；条件中只能用维度")


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
    _all_known(indicators, plan.shown, codes.UNKNOWN_INDICATOR, dimensions)
    _all_known(by, dimensions, codes.UNKNOWN_DIMENSION)
    chosen = coarsest(plan.project.grains) if grain is None else grain
    if chosen not in GRAINS:
        raise Fault(report(yaml_codes.WRONG_VALUE, None, key="grain", expected=", ".join(GRAINS), found=chosen))
    condition_, looked_at = _where(where, dimensions)
    across = tuple(name for name in dimensions if name in by or name in looked_at)
    kept = tuple(name for name in dimensions if name in by)
    return Question(tuple(dict.fromkeys(indicators)), kept, chosen, first, last, condition_, across)


def _all_known(names: Sequence[str], known: Collection[str], code: Code, dimensions: Collection[str] = ()) -> None:
    """Raise `Fault` for the first name that is not known; `dimensions`: what may stand among them by a slip."""
    for name in names:
        if name not in known:
            guess = closest(name, known)
            help_ = _A_DIMENSION if name in dimensions else _IN_QUOTES if name in _SIGNS else \
                DID_YOU_MEAN if guess else _DIMENSIONS if code is codes.UNKNOWN_DIMENSION and known else None
            raise Fault(report(code, None, help=help_, name=name, guess=guess or "", known=listed(tuple(known))))


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
    return replace(finding, code=codes.UNKNOWN_DIMENSION, help=finding.help or _A_TEXT)
