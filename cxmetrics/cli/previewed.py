"""A preview for people and for programs: the value, what it is made of, and which rows made it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cxmetrics.cli.branches import below
from cxmetrics.cli.describe import value_in_words
from cxmetrics.cli.figures import NONE, figure, figure_of, period_name, share, unit_named, whole
from cxmetrics.cli.latest import Latest
from cxmetrics.cli.session import Session
from cxmetrics.cli.tables import Column, as_table, plain
from cxmetrics.cli.terminal import ink
from cxmetrics.ir import Indicator, Pyramid
from cxmetrics.preview import Preview, Previewed, Rows
from cxmetrics.render.wording import visible
from cxmetrics.run.census import too_many

_MOST = 20  # slices that are printed
_NOT_OF_A_SAMPLE = ("change", "change_low", "change_high", "moved")  # the period before may be cut off
_NAMES = ("source", "sample", "dates", "read", "dropped", "duplicates", "rejected", "counted")


def told(found: Preview, pyramid: Pyramid, session: Session, *, colour: bool) -> Iterator[str]:
    """The lines about a preview."""
    indicator = pyramid.indicators[found.indicator]
    title = visible(session.title(indicator.title, found.indicator))
    yield f"{ink(title, 'strong', colour=colour)}  {ink(found.indicator, 'dim', colour=colour)}"
    rows = _totals(found)
    yield _value(found, rows, indicator, session)
    if not all(source.sample.whole for source in found.sources.values()):
        yield session.say("preview.sample")
    if found.by:
        slices = _slices(found)
        yield ""
        yield from _sliced(slices, found, indicator, session) if slices else (
            session.say("preview.unsplit", by=session.say("comma").join(found.by)),)
    if parts := below(indicator):
        yield ""
        yield ink(session.say("preview.made_of"), "strong", colour=colour)
        yield from _parts(parts, rows, pyramid, session)
    yield ""
    yield from _sources(found, session)
    yield from _doubts(found, session)
    for name, source in found.sources.items():
        if source.rows is not None:
            yield from _examples(name, source.rows, session, colour=colour)


def _totals(found: Preview) -> dict[str, dict[str, Any]]:
    return {row["indicator"]: row | dict.fromkeys(_NOT_OF_A_SAMPLE) for row in found.frame.iter_rows(named=True)
            if row["period"] == found.period and all(row[name] is None for name in found.by)}


def _slices(found: Preview) -> list[dict[str, Any]]:
    rows = [row | dict.fromkeys(_NOT_OF_A_SAMPLE) for row in found.frame.iter_rows(named=True)
            if row["indicator"] == found.indicator and row["period"] == found.period
            and all(row[name] is not None for name in found.by)]
    return sorted(rows, key=lambda row: [row[name] for name in found.by])


def _value(found: Preview, rows: Mapping[str, Mapping[str, Any]], indicator: Indicator, session: Session) -> str:
    year_start = found.plan.project.calendar.year_start
    if found.period is None:
        return session.say("preview.no_rows")
    row = rows.get(found.indicator)
    if row is None:
        period = f"{session.term('grain', found.grain)} {period_name(found.period, found.grain, year_start)}"
        return session.say("preview.nothing", period=period)
    [line] = value_in_words(indicator, Latest(found.grain, found.period, rows, year_start), session)
    if row["gap"] is None:
        return line
    target = session.say("preview.target", target=figure_of(indicator, row["target"]),
                         gap=figure_of(indicator, row["gap"], difference=True))
    return f"{line}{session.say('comma')}{target}"


def _sliced(slices: Sequence[Mapping[str, Any]], found: Preview, indicator: Indicator,
            session: Session) -> Iterator[str]:
    measures = ("value", "n", "low", "high", "score", "status")
    heads = [*(Column(name) for name in found.by),
             *(Column(session.term("column", name), right=name != "status") for name in measures)]
    lines = [[*(str(row[name]) for name in found.by), *_numbers(row, indicator, session)] for row in slices[:_MOST]]
    yield from as_table(heads, lines)
    if len(slices) > _MOST:
        yield session.say("preview.more", count=whole(len(slices) - _MOST))


def _numbers(row: Mapping[str, Any], indicator: Indicator, session: Session) -> list[str]:
    ends = (figure_of(indicator, row.get(name)) for name in ("value", "low", "high"))
    value, low, high = ends
    status = row.get("status")
    return [value, whole(row.get("n")), low, high, figure(row.get("score"), unit_named("score")),
            NONE if status is None else session.term("status", status)]


def _parts(parts: Sequence[tuple[str, float | None]], rows: Mapping[str, Mapping[str, Any]], pyramid: Pyramid,
           session: Session) -> Iterator[str]:
    """Everything below, each once, indented under what it is first met in."""
    lines: list[list[str]] = []
    todo, seen = [(name, weight, 0) for name, weight in reversed(parts)], set[str]()
    while todo:
        name, weight, depth = todo.pop()
        if name not in seen and name in pyramid.indicators:
            seen.add(name)
            indicator = pyramid.indicators[name]
            lines.append(["  " * depth + session.title(indicator.title, name), name, share(weight),
                          *_numbers(rows.get(name, {}), indicator, session)])
            todo += [(child, part, depth + 1) for child, part in reversed(below(indicator))]
    names = ("title", "indicator", "weight", "value", "n", "low", "high", "score", "status")
    left = ("title", "indicator", "status")
    yield from as_table([Column(session.term("column", name), right=name not in left) for name in names], lines)


def _sources(found: Preview, session: Session) -> Iterator[str]:
    """What was read of each source, and what became of the rows."""
    heads = [Column(session.term("column", name), right=name not in _NAMES[:3]) for name in _NAMES]
    lines = []
    for name, source in found.sources.items():
        census, sample = source.census, source.sample
        read = session.say("preview.all" if sample.whole else "preview.last" if sample.rows else "preview.none",
                           rows=whole(sample.rows), files=sample.files, of=sample.of)
        days = NONE if source.days is None else " … ".join(day.isoformat() for day in source.days)
        lines.append([name, read, days, *(whole(count) for count in (
            census.read, census.dropped, census.duplicates, sum(census.rejected.values()),
            None if source.rows is None else source.rows.counted))])
    told = [column for column in range(len(_NAMES)) if any(line[column] != NONE for line in lines)]
    yield from as_table([heads[column] for column in told], [[line[column] for column in told] for line in lines])


def _doubts(found: Preview, session: Session) -> Iterator[str]:
    """What is to be known of the rows before the value is believed."""
    for name, source in found.sources.items():
        census = source.census
        for kind, counts in (("rejected", census.rejected), ("nulled", census.nulled)):
            for (column, reason), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
                yield session.say(f"preview.{kind}.{'one' if count == 1 else 'many'}", count=whole(count),
                                  source=name, column=column, reason=session.term("reason", reason))
        for flag, count in census.flagged.items():
            yield session.say("run.flagged", count=whole(count), source=name,
                              read=whole(census.read), flag=flag)
        if over := too_many(source.max_bad, census, everything=True):
            bad, days = over
            yield session.say("preview.bad", share=share(bad), source=name, days=days, limit=share(source.max_bad))
        yield from (session.say("preview.empty", column=column, source=name) for column in census.empty)
        if source.unraked:
            yield session.say("preview.unraked", source=name)


def _examples(name: str, rows: Rows, session: Session, *, colour: bool) -> Iterator[str]:
    """A few rows that count, then a few that were rejected, with why."""
    counting = [row for row in rows.examples if row.reason is None]
    others = [row for row in rows.examples if row.reason is not None]
    heads = [Column(column) for column in rows.columns]
    if counting:
        yield ""
        head = session.say("preview.counting", source=name, shown=len(counting), counted=whole(rows.counted))
        yield ink(head, "strong", colour=colour)
        yield from as_table(heads, [[NONE if cell is None else cell for cell in row.cells] for row in counting])
    if others:
        yield ""
        yield ink(session.say("preview.not_counting", source=name), "strong", colour=colour)
        yield from as_table([Column(session.term("column", "reason")), *heads], [
            [_why(row.column, row.reason, session), *(NONE if cell is None else cell for cell in row.cells)]
            for row in others])


def _why(column: str | None, reason: str | None, session: Session) -> str:
    if column is None:
        return session.say("preview.duplicate")
    return f"{column}: {session.term('reason', reason or '')}"


# --- for programs ------------------------------------------------------------------------------------------------


def as_record(found: Preview) -> dict[str, object]:
    """A preview as JSON has it: `values` have the columns of the table `values`."""
    rows = [row | dict.fromkeys(_NOT_OF_A_SAMPLE) for row in found.frame.iter_rows(named=True)]
    return {"indicator": found.indicator, "grain": found.grain, "period": plain(found.period), "by": list(found.by),
            "values": [{name: plain(cell) for name, cell in row.items()} for row in rows],
            "sources": [_source(name, source) for name, source in found.sources.items()]}


def _source(name: str, source: Previewed) -> dict[str, object]:
    census, sample, rows = source.census, source.sample, source.rows
    return {"source": name, "files": sample.files, "of_files": sample.of, "rows": sample.rows, "whole": sample.whole,
            "first": source.days and source.days[0].isoformat(), "last": source.days and source.days[1].isoformat(),
            "read": census.read, "kept": census.kept, "dropped": census.dropped, "duplicates": census.duplicates,
            "rejected": _by_reason(census.rejected), "nulled": _by_reason(census.nulled), "empty": list(census.empty),
            "flagged": dict(census.flagged),
            "raked": not source.unraked, "counted": rows and rows.counted,
            "columns": list(rows.columns) if rows else [],
            "examples": [{"counts": row.reason is None, "column": row.column, "reason": row.reason,
                          "cells": list(row.cells)} for row in (rows.examples if rows else ())]}


def _by_reason(counts: Mapping[tuple[str, str], int]) -> list[dict[str, object]]:
    return [{"column": column, "reason": reason, "count": count} for (column, reason), count in counts.items()]
