"""What a store holds, published to a database: as it is after its last run, and as often as one likes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from cxmetrics.addresses import Address
from cxmetrics.backends.databases import open_sink
from cxmetrics.store import Store
from cxmetrics.store.frames import RUN

if TYPE_CHECKING:
    from cxmetrics.backends.databases.sink import Sink


_TABLES = ("values", "runs", "rejects", "definitions", "restatements", "freezes")


def publish(store: Store, address: Address, schema: str, project: str) -> dict[str, int] | None:
    """Write the tables of a store to a schema of PostgreSQL, all in one transaction; the rows of each.

    None where its last run stands there already.  Of values, only periods that later runs wrote are sent, unless what
    stands there is of no run of this store, or is not all that was sent.  Raises `Fault` CX747, CX748, CX725, CX803.
    """
    runs = store.runs()
    last = runs.row(-1, named=True)
    with open_sink(address, schema, project) as there:
        before = there.published(_TABLES)
        if before == (last["number"], last["id"]):
            return None
        known = before is not None and before in set(runs.select("number", "id").iter_rows())
        counts = {"values": _values(store, there, runs, before[0] if known and before else None)}
        others = {"runs": runs.drop("project"), "rejects": store.rejects(), "definitions": store.definitions(),
                  "restatements": store.restatements(), "freezes": store.freezes()}
        for name, frame in others.items():
            there.put(name, frame)
            counts[name] = frame.height
        there.mark(last["number"], last["id"], _TABLES)
    return counts


def _values(store: Store, there: Sink, runs: pl.DataFrame, since: int | None) -> int:
    """Send the values of the periods that were written since a commit; None: all."""
    if since is None:
        frame = store.values()
        there.put("values", frame)
        return frame.height
    later = set(runs.filter(pl.col("number") > since)["id"])
    changed: dict[str, set[dt.date]] = {}
    for grain, period, run in store.written():
        if run in later:
            changed.setdefault(grain, set()).add(period)
    frame = _of(store, changed, later)
    there.put("values", frame, changed)
    return frame.height


def _of(store: Store, changed: Mapping[str, set[dt.date]], later: set[str]) -> pl.DataFrame:
    if not changed:
        return store.values().clear()
    first = min(min(days) for days in changed.values())
    return store.values(first=first).filter(pl.col(RUN).is_in(sorted(later)))
