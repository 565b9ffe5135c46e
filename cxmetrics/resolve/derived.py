"""Derived columns of a source: their formulas, in no circle, and no more work than a row can bear.

Engines put the formula of a column wherever the column is used, so a few columns, each made twice of the one before,
could ask for more than any machine does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from cxmetrics.codes import names as name_codes
from cxmetrics.codes import yaml_files as codes
from cxmetrics.diagnostics import Diagnostic, report
from cxmetrics.functions import row_functions
from cxmetrics.ir import Apply, Expr, Lookup, columns_in
from cxmetrics.parse import parse
from cxmetrics.resolve.formulas import resolve_condition
from cxmetrics.resolve.names import Columns, Names
from cxmetrics.schema import ColumnDraft, SourceDraft
from cxmetrics.source import Key, Located

StandsOn = Mapping[str, str | None]  # lookup -> the column whose values are held against its key
_CALL = re.compile(r"([a-z_]+)\s*\(.*\)\s*\Z", re.DOTALL)
MAX_DEPTH = 40
MAX_SIZE = 1_000


class _Work(NamedTuple):
    """What a column comes to with the columns it is made of put in: operations on top of each other, and in all."""

    depth: int
    size: int


def resolve_derived(key: Key, draft: SourceDraft, columns: Columns, lookups: Iterable[Lookup], names: Names) -> None:
    """Put into `columns` the formulas of the derived ones; those that are refused are left without.

    Columns that are looked up can be part of a circle, too, by what their lookup stands on.
    """
    formulas = {str(name): column.formula for name, column in draft.columns.items()
                if isinstance(column, ColumnDraft) and column.formula is not None}
    formulas |= {str(name): written for name, written in draft.dimensions.items() if is_formula(written, columns)}
    for name, written in formulas.items():
        node, problems = parse(written)
        names.found.extend(problems)
        formula = resolve_condition(node, str(key), columns, names, implicit=False)
        columns[name] = replace(columns[name], formula=formula)
    known: dict[str, _Work] = {}
    stands_on = {lookup.id: lookup.on for lookup in lookups}
    for start in columns:
        while (refused := _first_refused(start, columns, stands_on, known)) is not None:
            at, finding = refused
            names.found.append(finding)
            columns[at] = replace(columns[at], formula=None, lookup=None)


def is_formula(written: Located, columns: Columns) -> bool:
    """Whether what makes a dimension is computed, and not the name of a column."""
    call = _CALL.match(written.value)
    return written.value not in columns and call is not None and call[1] in row_functions()


def _first_refused(start: str, columns: Columns, stands_on: StandsOn,
                   known: dict[str, _Work]) -> tuple[str, Diagnostic] | None:
    """A column at or below `start` that is made of itself, or of too much; what is well is `known` from then on."""
    path = {start: _below(start, columns, stands_on)}
    while path:
        name = next(reversed(path))
        below = next(path[name], None)
        if below is None:
            known[name] = work = _work(columns[name].formula, known)
            if work.depth > MAX_DEPTH or work.size > MAX_SIZE:
                del known[name]
                what, limit = ("nesting", MAX_DEPTH) if work.depth > MAX_DEPTH else (
                    "the number of operations of a derived column", MAX_SIZE)
                return name, report(codes.TOO_LARGE, columns[name].span, what=what, limit=f"{limit:,}")
            del path[name]
        elif below in path:
            names = list(path)
            circle = [*names[names.index(below):], below]
            looked_up = any(columns[one].lookup is not None for one in circle)
            code = name_codes.CYCLE_OF_LOOKUPS if looked_up else name_codes.CYCLE_OF_COLUMNS
            return below, report(code, columns[below].span, path=" → ".join(circle))
        elif below not in known:
            path[below] = _below(below, columns, stands_on)
    return None


def _below(name: str, columns: Columns, stands_on: StandsOn) -> Iterator[str]:
    spec = columns[name]
    made_of = {column.name for column in columns_in(spec.formula)}
    on = None if spec.lookup is None else stands_on.get(spec.lookup)
    return iter(sorted((made_of if on is None else made_of | {on}) & columns.keys()))


def _work(formula: Expr | None, known: dict[str, _Work]) -> _Work:
    if formula is None:
        return _Work(0, 1)
    below = [known.get(column.name, _Work(0, 1)) for column in columns_in(formula)]
    return _Work(1 + max((work.depth for work in below), default=0),
                 _operations(formula) + sum(work.size for work in below))


def _operations(expr: Expr) -> int:
    return 1 + sum(map(_operations, expr.args)) if isinstance(expr, Apply) else 0
