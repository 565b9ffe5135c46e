"""Whether the rows a scan found can be trusted: nothing beautiful is computed from rows that are not there."""

from __future__ import annotations

from collections.abc import Iterator

from cxmetrics.backends.cells import Census
from cxmetrics.codes import data as codes
from cxmetrics.diagnostics import Diagnostic, Fault, listed, report
from cxmetrics.ir import Origin, columns_in
from cxmetrics.plan import Plan
from cxmetrics.run.stale import Task
from cxmetrics.statistics.distributions import binomial_below

TELLING = 3  # rows of a day, all bad: one in a thousand days where one row of ten is bad
CHANCE = 0.01  # of a day as bad where bad rows are as many as allowed


def judge(plan: Plan, origin: Origin, task: Task, census: Census) -> None:
    """Raise `Fault` where all rows were rejected, too many were bad, or a column that is used has no value.

    Days are judged each by itself, the same whichever others are read with them; and all of a source together.
    """
    if census.read == 0:
        if task.everything:
            raise Fault(report(codes.NO_ROWS, origin.span, source=origin.id))
        return
    rejected, rows = sum(census.rejected.values()), census.read - census.dropped
    if 0 < rejected == rows and task.everything:
        (column, reason), _ = max(census.rejected.items(), key=lambda item: item[1])
        raise Fault(report(codes.ALL_ROWS_REJECTED, origin.span, source=origin.id, reason=f"{column}: {reason}"))
    if over := too_many(origin.max_bad, census, everything=task.everything):
        share, days = over
        raise Fault(report(codes.TOO_MANY_BAD, origin.span, source=origin.id, share=f"{share:.1%}", days=days,
                           limit=f"{origin.max_bad:.1%}"))
    used = _used_columns(plan, origin)
    empty = [name for name in census.empty if name in used]
    if empty and task.everything:
        raise Fault(*(report(codes.COLUMN_ALL_NULL, origin.columns[name].span, source=origin.id, column=name)
                      for name in empty))


def too_many(max_bad: float, census: Census, *, everything: bool) -> tuple[float, str] | None:
    """The share of bad rows where they are more than `max_bad`, and of which days; None where they are not.

    Of a day, and of some days of a source, they have to be more than chance explains: one of ten rows is no broken day.
    """
    over = {day: tally.bad / tally.rows for day, tally in census.bad.items()
            if _beyond_chance(max_bad, tally.bad, tally.rows)}
    if over:
        worst = max(over, key=over.__getitem__)
        return over[worst], f"{worst}" + (f" (+ {len(over) - 1})" if len(over) > 1 else "")
    rows = census.read - census.dropped
    bad = min(sum(census.rejected.values()) + sum(census.nulled.values()), rows)  # nulled values are counted by column
    if not (bad > max_bad * rows if everything else _beyond_chance(max_bad, bad, rows)):
        return None
    return bad / rows, "–" if census.first is None else "..".join(sorted({f"{census.first}", f"{census.last}"}))


def _beyond_chance(max_bad: float, bad: int, rows: int) -> bool:
    """Whether so many are hardly drawn where a share of `max_bad` is bad: the upper tail of the binomial."""
    return bad > max_bad * rows and 1 - float(binomial_below(bad - 1, rows, max_bad)) < CHANCE


def doubts(origin: Origin, census: Census) -> Iterator[Diagnostic]:
    """A warning where every row of a day was rejected: such a day looks like one that nobody was there."""
    days = [f"{day}" for day, tally in census.bad.items() if tally.rejected == tally.rows >= TELLING]
    if days:
        yield report(codes.DAY_REJECTED, origin.span, source=origin.id, days=listed(days))


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
