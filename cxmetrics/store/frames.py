"""The tables of a ledger about runs, as frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import polars as pl

from cxmetrics.store.commits import RunRow
from cxmetrics.store.ledger.records import Records

RUN = "run"
# What a restatement says, but for the dimensions of the slice, which stand after the period.
RESTATED = {
    RUN: pl.String(), "indicator": pl.String(), "grain": pl.String(), "period": pl.Date(),
    "old_value": pl.Float64(), "new_value": pl.Float64(), "old_score": pl.Float64(), "new_score": pl.Float64(),
    "old_n": pl.Int64(), "new_n": pl.Int64(), "old_status": pl.String(), "new_status": pl.String(),
    "old_run": pl.String(), "why": pl.String(), "inputs": pl.String(), "refused": pl.Boolean(),
}
_PLACE = (RUN, "indicator", "grain", "period")
_INSTANT = "%Y-%m-%dT%H:%M:%S%.f%:z"


def runs(records: Records) -> pl.DataFrame:
    """The table `runs`."""
    texts = {each.name: pl.String() for each in fields(RunRow)}
    found = pl.DataFrame(records.runs(), schema={"number": pl.Int64(), **texts}, orient="row")
    instants = pl.col("started", "finished").str.to_datetime(_INSTANT)
    return found.with_columns(instants.cast(pl.Datetime("us", "UTC")), pl.col("first", "last").str.to_date("%Y-%m-%d"))


def names(records: Records) -> list[tuple[int, str]]:
    """The number and the id of each run, the oldest first."""
    return [(row[0], row[1]) for row in records.runs()]


def rejects(records: Records, run: str | None) -> pl.DataFrame:
    """The table `rejects`, of one run or of all."""
    texts = dict.fromkeys((RUN, "source", "column", "reason", "kind"), pl.String())
    return pl.DataFrame(records.rejects(run), schema={**texts, "count": pl.Int64()}, orient="row")


def definitions(records: Records) -> pl.DataFrame:
    """The table `definitions`."""
    texts = dict.fromkeys(("fingerprint", "indicator", "meaning", RUN), pl.String())
    return pl.DataFrame(records.definitions(), schema=texts, orient="row")


def freezes(records: Records) -> pl.DataFrame:
    """The table `freezes`: `run` is the last one of then."""
    texts = dict.fromkeys((RUN, "before", "who", "at", "why"), pl.String())
    found = pl.DataFrame(records.freezes(), schema=texts, orient="row")
    return found.with_columns(pl.col("before").str.to_date("%Y-%m-%d"),
                              pl.col("at").str.to_datetime(_INSTANT).cast(pl.Datetime("us", "UTC")))


def restatements(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The table `restatements` from those of its runs, each with the dimensions that it has."""
    found = pl.concat([pl.DataFrame(schema=RESTATED), *parts], how="diagonal")
    dimensions = sorted(set(found.columns) - set(RESTATED))
    return found.select(*_PLACE, *dimensions, *(name for name in RESTATED if name not in _PLACE))
