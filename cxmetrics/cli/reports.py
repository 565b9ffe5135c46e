"""What a run did, in a few lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from cxmetrics.cli.figures import whole
from cxmetrics.cli.profiles import work_line
from cxmetrics.cli.session import Session
from cxmetrics.cli.tables import Column, as_table
from cxmetrics.render.wording import visible

if TYPE_CHECKING:
    from cxmetrics.run import RunReport, SourceReport

_PLANNED = ("files", "days")
_COUNTED = (*_PLANNED, "read", "kept", "dropped", "duplicates", "rejected")
_MOST_REASONS = 20
_TINY = 0.0001


def told(report: RunReport, session: Session, *, dry: bool) -> Iterator[str]:
    """The lines of a report: a table of sources, reasons of rejection, and what came out."""
    busy = [source for source in report.sources if source.days]
    if busy:
        columns = _PLANNED if dry else _COUNTED
        heads = [Column(session.term("column", name), right=name != "source") for name in ("source", *columns)]
        yield from as_table(heads, [[source.id, *(whole(_count(source, n)) for n in columns)] for source in busy])
        yield from _reasons(busy, session)
        yield from _flags(busy, session)
        yield from (session.say(f"run.decoded.{'one' if source.effort.decoded == 1 else 'many'}", source=source.id,
                                count=whole(source.effort.decoded)) for source in busy if source.effort.decoded)
        yield ""
    yield _outcome(report, session, dry=dry)
    if report.scans and not dry:
        yield work_line(report, session)
    for status in ("failed", "stale"):
        names = [source.id for source in report.sources if source.status == status]
        if names:
            key = "run.failed_alone" if status == "failed" and not report.committed else f"run.{status}"
            yield session.say(key, sources=session.say("comma").join(names))
    last = {each.source: each for each in report.raked if each.ok}
    yield from (session.say("run.raked.trimmed" if each.trimmed else "run.raked", source=each.source, first=each.first,
                            last=each.last, rows=whole(each.rows), passes=each.passes, trimmed=whole(each.trimmed),
                            gap=f"{each.gap:.1e}" if each.gap and each.gap < _TINY else f"{each.gap or 0:.2%}",
                            effect=f"{each.design_effect:.2f}") for each in last.values())
    if report.restated:
        why = session.say("comma").join(f"{session.term('why', name)} {whole(count)}"
                                        for name, count in report.restated.items())
        yield session.say("run.restated", count=whole(sum(report.restated.values())), why=why)


def _count(source: SourceReport, name: str) -> int:
    if name == "rejected":
        return sum(source.rejected.values())
    return int(getattr(source, name))


def _reasons(sources: list[SourceReport], session: Session) -> Iterator[str]:
    """How many rows went for which reason, the most frequent first."""
    lines = [(count, kind, source.id, reason) for source in sources
             for kind, counts in (("rejected", source.rejected), ("nulled", source.nulled))
             for reason, count in counts.items()]
    lines.sort(key=lambda line: (-line[0], *line[1:]))
    if lines:
        yield ""
    for count, kind, source_id, reason in lines[:_MOST_REASONS]:
        yield session.say(f"run.{kind}.{'one' if count == 1 else 'many'}", count=whole(count), source=source_id,
                          reason=_reason(reason, session))
    if len(lines) > _MOST_REASONS:
        yield session.say("run.more", count=len(lines) - _MOST_REASONS)


def _flags(sources: list[SourceReport], session: Session) -> Iterator[str]:
    """For how many rows which flag holds, the most frequent first."""
    lines = sorted((-count, source.id, flag, source.read) for source in sources
                   for flag, count in source.flagged.items())
    if lines:
        yield ""
    for count, source_id, flag, read in lines[:_MOST_REASONS]:
        yield session.say("run.flagged", count=whole(-count), read=whole(read),
                          source=source_id, flag=flag)
    if len(lines) > _MOST_REASONS:
        yield session.say("run.more.flags", count=len(lines) - _MOST_REASONS)


def _reason(text: str, session: Session) -> str:
    column, _, reason = text.rpartition(": ")
    return f"{visible(column)}: {session.term('reason', reason)}"


def _outcome(report: RunReport, session: Session, *, dry: bool) -> str:
    span = session.say("run.span", first=report.first, last=report.last) if report.first else ""
    facts = {"engine": report.engine, "span": span, "scans": session.count("scans", report.scans),
             "seconds": f"{report.seconds:.1f}"}
    if dry:
        return session.say("run.dry", **facts)
    if not report.committed:
        failed = any(source.status == "failed" for source in report.sources)
        return session.say("run.nothing_new" if failed else "run.nothing", **facts)
    return session.say("run.done", run=report.run, values=whole(report.values),
                       statuses=_statuses(report.statuses, session), **facts)


def _statuses(statuses: Mapping[str, int], session: Session) -> str:
    ranked = sorted(statuses.items(), key=lambda pair: (pair[0] != "ok", -pair[1], pair[0]))
    return session.say("comma").join(f"{session.term('status', name)} {whole(count)}" for name, count in ranked)
