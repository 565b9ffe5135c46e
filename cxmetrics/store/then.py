"""Which commit was the last at a time in the life of a store."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from cxmetrics.codes import data
from cxmetrics.diagnostics import Fault, report
from cxmetrics.store.folder import no_run
from cxmetrics.store.ledger import Ledger

AsOf = str | dt.datetime
"""A time in the life of a store: the id of a run, or a moment (which knows its zone)."""


def look_at(ledger: Ledger, then: AsOf | None, path: Path) -> None:
    """Turn an open ledger to a time.  Raises `Fault` CX804, CX752, CX753."""
    if not ledger.records.has_runs():
        raise no_run(path)
    if then is not None:
        ledger.records.at = _commit_of(ledger, then)


def _commit_of(ledger: Ledger, then: AsOf) -> int:
    """The commit that was the last at a time.  Raises `Fault` CX752, CX753."""
    number = named(ledger, then)
    if not ledger.records.is_whole(number):
        raise Fault(report(data.NOT_KEPT, None, then=ledger.records.id_of(number)))
    return number


def named(ledger: Ledger, then: AsOf) -> int:
    """The commit that was the last at a time, be its files kept or not.  Raises `Fault` CX752."""
    number = ledger.records.number_of(then)
    if number is None:
        asked = then if isinstance(then, str) else f"{then.replace(tzinfo=None).isoformat(' ', 'seconds')} {then:%Z}"
        raise Fault(report(data.NOT_KNOWN_THEN, None, then=asked))
    return number
