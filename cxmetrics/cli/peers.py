"""The peers of an indicator: who they are, what they came to, and whether they may be compared with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from cxmetrics.benchmarks import CENSUS, EVER, NOT_TOLD, Benchmark, in_force
from cxmetrics.calendars import last
from cxmetrics.cli.figures import NONE, figure, figure_of, whole
from cxmetrics.cli.latest import Latest
from cxmetrics.cli.session import Session
from cxmetrics.cli.tables import Column, as_table
from cxmetrics.ir import Indicator

Record = Mapping[str, object]
HEADINGS = ("peer", "value", "period", "n", "comparable", "publisher", "gap")


def peers_of(indicator: Indicator, found: Latest) -> Iterator[Record]:
    """A record a peer: its number in force in the period that is shown (else its last), with all that is known of it.

    `gap`: the value of that period less the number, good side positive; only of those that may be compared with.
    """
    peers = indicator.peers
    if peers is None:
        return
    row = found.rows.get(indicator.id, {})
    until = None if found.period is None else last(found.period, found.grain)
    sign = 1 if indicator.direction == "up" else -1
    for peer in dict.fromkeys(record.peer for record in peers.records):
        record = _chosen([one for one in peers.records if one.peer == peer], until)
        ours = row.get("value") if record.counts and (until is None or record.first <= until) else None
        yield _published(record) | {"gap": None if ours is None else sign * (ours - record.value)}
    names = peers.computed.names if peers.computed else ()
    for peer in names:
        told = peer == peers.named or peers.comparable == (peer,)  # then the row of values is about this one
        yield dict.fromkeys(_KEYS) | {
            "peer": peer, "comparable": "computed", "publisher": peers.computed.source if peers.computed else None,
            "value": row.get("peer") if told else None, "gap": row.get("peer_gap") if told else None,
            "unit": str(indicator.unit)}


_KEYS = (*HEADINGS, "unit", "from", "to", "census", "method", "date", "url", "note", "licence")


def _chosen(records: Sequence[Benchmark], until: dt.date | None) -> Benchmark:
    """What is in force; of a peer without anything comparable the last record."""
    comparable = [record for record in records if record.counts]
    ordered = sorted(comparable or records, key=lambda record: (record.first, record.last))
    return (None if until is None else in_force(iter(ordered), until)) or ordered[-1]


def _published(record: Benchmark) -> dict[str, object]:
    evidence = record.evidence
    dated = (record.first, record.last) != EVER
    return {
        "peer": record.peer, "value": record.value, "unit": str(record.unit), "period": record.period,
        "from": record.first.isoformat() if dated else None, "to": record.last.isoformat() if dated else None,
        "n": int(record.n) if NOT_TOLD < record.n < CENSUS else None, "census": record.n == CENSUS,
        "comparable": record.comparable,
        "method": dict(record.method), "publisher": evidence.publisher, "date": evidence.date, "url": evidence.url,
        "note": evidence.note, "licence": evidence.licence}


def peer_table(indicator: Indicator, found: Latest, session: Session) -> list[str]:
    """The lines of a table of the peers; none where there are none."""
    records = list(peers_of(indicator, found))
    if not records or indicator.peers is None:
        return []
    units = {record.peer: record.unit for record in indicator.peers.records if not record.counts}
    display = indicator.display or indicator.rounding
    rows = [[str(one["peer"]),
             figure(_number(one["value"]), units.get(str(one["peer"]), indicator.unit), display),
             str(one["period"] or NONE), session.say("show.census") if one["census"] else whole(_number(one["n"])),
             session.term("comparable", str(one["comparable"])), str(one["publisher"] or NONE),
             figure_of(indicator, _number(one["gap"]), difference=True)] for one in records]
    columns = [Column(session.term("column", name), right=name in ("value", "n", "gap")) for name in HEADINGS]
    return list(as_table(columns, rows))


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) else None
