"""What of the data feeds nothing, and which indicators lack data, as people and programs are told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from cxmetrics.cli.session import Session
from cxmetrics.cli.tables import Column, as_table
from cxmetrics.coverage import Gap
from cxmetrics.ir import Pyramid

NAMES = ("kind", "state", "source", "column", "name", "count", "because")
_TOLD = 8  # values of a column, and columns of a source, in one line


def records(gaps: Sequence[Gap]) -> Iterator[Mapping[str, object]]:
    """A record each, with the keys `NAMES`."""
    for gap in gaps:
        yield {name: getattr(gap, name) for name in NAMES}


def told(gaps: Sequence[Gap], pyramid: Pyramid, session: Session) -> Iterator[str]:
    """The gaps in tables, one a kind and state, with a line a column of codes."""
    blocks = [("table.unread", _tables), ("column.unread", _columns), ("value.feeds_nothing", _values),
              ("value.not_named", _values), ("value.never_seen", _values)]
    first = True
    for name, table in blocks:
        chosen = [gap for gap in gaps if f"{gap.kind}.{gap.state}" == name]
        if chosen:
            yield from [session.say(f"coverage.{name}")] if first else ["", session.say(f"coverage.{name}")]
            yield ""
            yield from table(chosen, session)
            first = False
    lacking = [gap for gap in gaps if gap.kind == "indicator"]
    if lacking:
        yield from [] if first else [""]
        yield session.say("coverage.indicator")
        yield ""
        yield from _indicators(lacking, pyramid, session)


def _tables(gaps: Sequence[Gap], session: Session) -> Iterator[str]:
    rows = [[gap.name, f"{gap.count:,}"] for gap in gaps]
    return as_table([Column(session.term("column", "pattern")), Column(session.term("column", "n"), right=True)], rows)


def _columns(gaps: Sequence[Gap], session: Session) -> Iterator[str]:
    rows = [[source or "", _listed([gap.name for gap in of], session)]
            for source, of in groupby(gaps, lambda gap: gap.source)]
    return as_table([Column(session.term("column", name)) for name in ("source", "column_names")], rows)


def _values(gaps: Sequence[Gap], session: Session) -> Iterator[str]:
    rows = []
    for (source, column), of in groupby(gaps, lambda gap: (gap.source, gap.column)):
        names = [gap.name if gap.count is None else
                 session.say("coverage.counted", name=gap.name, count=f"{gap.count:,}") for gap in of]
        rows.append([source or "", column or "", _listed(names, session)])
    return as_table([Column(session.term("column", name)) for name in ("source", "column", "value_names")], rows)


def _indicators(gaps: Sequence[Gap], pyramid: Pyramid, session: Session) -> Iterator[str]:
    rows = [[gap.name, session.title(pyramid.indicators[gap.name].title, gap.name),
             session.say(f"coverage.{gap.state}", source=gap.source, because=gap.because)] for gap in gaps]
    return as_table([Column(session.term("column", name)) for name in ("indicator", "title", "because")], rows)


def _listed(names: Sequence[str], session: Session) -> str:
    more = [session.say("coverage.more", count=len(names) - _TOLD)] if len(names) > _TOLD else []
    return session.say("comma").join([*names[:_TOLD], *more])
