"""Whether the rows a scan found can be trusted: nothing beautiful is computed from rows that are not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cxmetrics.backends.cells import Census
from cxmetrics.codes import data as codes
from cxmetrics.diagnostics import Diagnostic, Fault, listed, report
from cxmetrics.ir import Origin, columns_in
from cxmetrics.plan import Plan
from cxmetrics.run.stale import Task, told_as
from cxmetrics.statistics.distributions import binomial_below
from cxmetrics.store.commits import Tallied, TalliesChange

TELLING = 3  # rows of a day, all bad: one in a thousand days where one row of ten is bad
CHANCE = 0.01  # of a day as bad where bad rows are as many as allowed
NOTHING = Tallied()


def judge(plan: Plan, origin: Origin, task: Task, census: Census, known: Tallied = NOTHING) -> None:
    """Raise `Fault` where all rows were rejected, too many were bad, or a column that is used has no value.

    Days are judged each by itself, the same whichever others are read with them; and all of a source together, with
    those of before, which are `known`: so an added day is judged as it would be if all were read again.
    """
    if census.read == 0:
        if task.everything:
            raise Fault(report(codes.NO_ROWS, origin.span, source=origin.id))
        return
    rejected, rows = sum(census.rejected.values()), census.read - census.dropped
    if 0 < rejected == rows and task.everything:
        (column, reason), _ = max(census.rejected.items(), key=lambda item: item[1])
        raise Fault(report(codes.ALL_ROWS_REJECTED, origin.span, source=origin.id, reason=f"{column}: {reason}"))
    if over := too_many(origin.max_bad, census, known, everything=task.everything):
        share, days = over
        raise Fault(report(codes.TOO_MANY_BAD, origin.span, source=origin.id, share=f"{share:.1%}", days=days,
                           limit=f"{origin.max_bad:.1%}"))
    if not census.empty or not task.everything:
        return
    used = _used_columns(plan, origin, range(len(plan.partials)))
    if empty := [name for name in census.empty if name in used]:
        raise Fault(*(report(codes.COLUMN_ALL_NULL, origin.columns[name].span, source=origin.id, column=name)
                      for name in empty))


def too_many(max_bad: float, census: Census, known: Tallied = NOTHING, *,
             everything: bool) -> tuple[float, str] | None:
    """The share of bad rows where they are more than `max_bad`, and of which days; None where they are not.

    Of a day, of rows without one, and of some days where no others are known, they have to be more than chance
    explains: one of ten rows is no broken day.
    """
    over = {day: tally.bad / tally.rows for day, tally in census.by_day.items()
            if _beyond_chance(max_bad, tally.bad, tally.rows)}
    if over:
        worst = max(over, key=over.__getitem__)
        return over[worst], f"{worst}" + (f" (+ {len(over) - 1})" if len(over) > 1 else "")
    here = census.read - census.dropped
    undated = sum(census.rejected.values()) - sum(tally.rejected for tally in census.by_day.values())
    if _beyond_chance(max_bad, undated, here):
        return undated / here, "–"
    rows = here + known.rows
    bad = sum(tally.bad for tally in census.by_day.values()) + undated + known.bad
    if not (bad > max_bad * rows if everything or known.rows else _beyond_chance(max_bad, bad, rows)):
        return None
    days = [day for day in (known.first, census.first, census.last) if day is not None]
    return bad / rows, told_as(min(days), max(days)) if days else "–"


def _beyond_chance(max_bad: float, bad: int, rows: int) -> bool:
    """Whether so many are hardly drawn where a share of `max_bad` is bad: the upper tail of the binomial."""
    return bad > max_bad * rows and 1 - float(binomial_below(bad - 1, rows, max_bad)) < CHANCE


def doubts(origin: Origin, census: Census) -> Iterator[Diagnostic]:
    """A warning where every row of a day was rejected: such a day looks like one that nobody was there."""
    days = [f"{day}" for day, tally in census.by_day.items() if tally.rejected == tally.rows >= TELLING]
    if days:
        yield report(codes.DAY_REJECTED, origin.span, source=origin.id, days=listed(days))


def tallied(plan: Plan, origin: Origin, task: Task, census: Census) -> TalliesChange | None:
    """What is to be known of the days of a scan; None where it looked at fewer columns that can spoil a row than a
    scan for all indicators does.  It was then made for others' definitions, and what is known of the days holds.
    """
    every = frozenset(i for i, partial in enumerate(plan.partials) if partial.source == origin.id)
    if not every <= task.partials:
        lacking = _used_columns(plan, origin, every) - _used_columns(plan, origin, task.partials)
        own = {name for name, spec in origin.columns.items() if spec.own}
        if lacking and (origin.on_bad == "null" or not lacking <= own):
            return None
    return TalliesChange(task.days, {day: (tally.rows, tally.bad) for day, tally in census.by_day.items()
                                     if day in task.days})


def _used_columns(plan: Plan, origin: Origin, partials: Iterable[int]) -> set[str]:
    """The columns that some partials of the source look at, derived ones with what they are made of."""
    names: set[str] = set()
    todo = [expr for index in partials if plan.partials[index].source == origin.id
            for expr in plan.partials[index].exprs]
    while todo:
        for name in {column.name for column in columns_in(todo.pop())}:
            spec = origin.columns.get(name)
            if name not in names and spec is not None and spec.formula is not None:
                todo.append(spec.formula)
            names.add(name)
    return names
