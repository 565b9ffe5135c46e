"""Whether the rows a scan found can be trusted: nothing beautiful is computed from rows that are not there."""

from __future__ import annotations

from cxmetrics.backends.cells import Census
from cxmetrics.codes import data as codes
from cxmetrics.diagnostics import Fault, report
from cxmetrics.ir import Origin, columns_in
from cxmetrics.plan import Plan
from cxmetrics.run.stale import Task


def judge(plan: Plan, origin: Origin, task: Task, census: Census) -> None:
    """Raise `Fault` where all rows were rejected, too many were bad, or a column that is used has no value."""
    if census.read == 0:
        if task.everything:
            raise Fault(report(codes.NO_ROWS, origin.span, source=origin.id))
        return
    rejected = sum(census.rejected.values())
    if rejected == census.read and task.everything:  # a day of bad rows among others is a day without rows
        (column, reason), _ = max(census.rejected.items(), key=lambda item: item[1])
        raise Fault(report(codes.ALL_ROWS_REJECTED, origin.span, source=origin.id, reason=f"{column}: {reason}"))
    # Nulled values are counted by column: one row may have several.
    bad = min(rejected + sum(census.nulled.values()), census.read)
    if bad > origin.max_bad * census.read:
        raise Fault(report(codes.TOO_MANY_BAD, origin.span, source=origin.id, share=f"{bad / census.read:.1%}",
                           limit=f"{origin.max_bad:.1%}"))
    used = _used_columns(plan, origin)
    empty = [name for name in census.empty if name in used]
    if empty and task.everything:
        raise Fault(*(report(codes.COLUMN_ALL_NULL, origin.columns[name].span, source=origin.id, column=name)
                      for name in empty))


def _used_columns(plan: Plan, origin: Origin) -> set[str]:
    """The columns that any partial of the source looks at, derived ones with what they are made of."""
    names: set[str] = set()
    todo = [expr for partial in plan.partials if partial.source == origin.id
            for expr in partial.exprs]
    while todo:
        for name in {column.name for column in columns_in(todo.pop())}:
            spec = origin.columns.get(name)
            if name not in names and spec is not None and spec.formula is not None:
                todo.append(spec.formula)
            names.add(name)
    return names
