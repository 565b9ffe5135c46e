"""Benchmarks that time has passed by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from cxmetrics.benchmarks import Benchmark
from cxmetrics.codes import benchmarks as codes
from cxmetrics.diagnostics import Diagnostic, report
from cxmetrics.ir import Pyramid

YEARS = 3  # yearly figures come out late in the year after, and are replaced by those of the next


def stale_benchmarks(pyramid: Pyramid, today: dt.date) -> Iterator[Diagnostic]:
    """The last record of each peer, where its period ended more than three years before this month began."""
    begun = today.replace(day=1)
    limit = begun.replace(year=begun.year - YEARS)
    for name, indicator in pyramid.indicators.items():
        last: dict[str, Benchmark] = {}
        for record in indicator.peers.records if indicator.peers else ():
            if record.counts and (record.peer not in last or record.last > last[record.peer].last):
                last[record.peer] = record
        for peer, record in last.items():
            if record.last < limit:
                yield report(codes.STALE_BENCHMARK, record.span, indicator=name, peer=peer, period=record.period,
                             years=YEARS)
