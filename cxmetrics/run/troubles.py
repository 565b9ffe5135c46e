"""Sources that cannot be read, or tell of no recent day, and what that makes of the values over them.

Whatever else a project has is published.  Of a source that failed, what it had delivered before holds on: nothing of it
is computed, and nothing is thrown away.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from zoneinfo import ZoneInfo

import polars as pl

from cxmetrics.calendars import DAY
from cxmetrics.calendars import last as last_day
from cxmetrics.codes import data as codes
from cxmetrics.diagnostics import Diagnostic, Fault, report
from cxmetrics.evaluate.withholding import HIDING
from cxmetrics.fuse import all_cuts, families, held_in
from cxmetrics.ir import Origin
from cxmetrics.plan import Node, Plan, references_of
from cxmetrics.run.need import Need
from cxmetrics.run.stale import Day
from cxmetrics.store import Store

Kind = Literal["failed", "stale"]
_OF_DATA = "CX7"  # codes about one source: others are about the project, the engine or the store


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a source: it `failed`, or is `stale`; from the day `since` on it has told of nothing."""

    source: str
    kind: Kind
    since: Day
    found: tuple[Diagnostic, ...] = ()


Troubles = Mapping[str, Trouble]


def is_of_source(fault: Fault) -> bool:
    """Whether others than the source it was met in can go on."""
    return all(found.code.id.startswith(_OF_DATA) for found in fault.diagnostics)


def failed(source: str, fault: Fault, held: Need) -> Trouble:
    """A source that cannot be read; `held` is what is stored of it."""
    since = max(held.known) + DAY if held.known else Day.min
    return Trouble(source, "failed", since, fault.diagnostics)


def hold(plan: Plan, store: Store, source: str) -> Need | None:
    """A source as it is stored, with nothing to be done; None where that is of other definitions than these.

    Of a source of which nothing is stored, nothing is known.
    """
    before, has = store.inputs(source), store.coverage(source)
    if not has:
        return Need(None, before, (), frozenset(), frozenset(), frozenset(), None, before)
    stored = {family for family, _ in has}
    own = families(plan, source, all_cuts(plan), frozenset(name for family in stored for name in family))
    days = {has.get((family, plan.fingerprints[i]), frozenset()) for i, partial in enumerate(plan.partials)
            if partial.source == source for family in held_in(plan, i, own)}
    if set(own) != stored or len(days) != 1:
        return None
    (known,) = days
    return Need(None, before, own, known, frozenset(), known, None, before)


def nowhere(store: Store, source: str) -> Need:
    """A source that has no table: nothing is known of it, and nothing is wrong with it."""
    stored = frozenset(day for days in store.coverage(source).values() for day in days)
    return Need(None, {}, (), stored, None, frozenset(), None, store.inputs(source))


# --- freshness ---------------------------------------------------------------------------------------------------


def unfresh(origins: Iterable[Origin], lasts: Mapping[str, Day], now: dt.datetime, zone: str) -> dict[str, Trouble]:
    """The sources whose last day, by `lasts`, ended longer ago than they declare."""
    found: dict[str, Trouble] = {}
    for origin in origins:
        limit, last = origin.watch.fresh, lasts.get(origin.id)
        if limit is None or last is None or last == Day.max:
            continue
        ended = dt.datetime.combine(last + DAY, dt.time(), ZoneInfo(zone))
        if (now - ended).total_seconds() > limit:
            said = report(codes.SOURCE_STALE, origin.span, source=origin.id, last=last, limit=_said(limit))
            found[origin.id] = Trouble(origin.id, "stale", last + DAY, (said,))
    return found


def _said(seconds: float) -> str:
    days, rest = divmod(seconds, 86_400)
    return f"{days:.0f} d" if not rest else f"{seconds / 3_600:g} h"


# --- what a run leaves for the next ------------------------------------------------------------------------------


def as_left(troubles: Troubles) -> dict[str, list[str]]:
    """The troubles for the report of a run."""
    return {name: [one.kind, one.since.isoformat()] for name, one in sorted(troubles.items())}


def left_by(report_of_run: Mapping[str, Any]) -> dict[str, Trouble]:
    """The troubles that a report tells of."""
    listed = report_of_run.get("troubles") or {}
    return {name: Trouble(name, kind, Day.fromisoformat(since)) for name, (kind, since) in listed.items()}


def other_since(before: Troubles, now: Troubles) -> Day | None:
    """The first day of which the status of something has changed; None where nothing has."""
    states = [{(one.source, one.kind, one.since) for one in each.values()} for each in (before, now)]
    return min((since for _, _, since in states[0] ^ states[1]), default=None)


# --- what they make of values ------------------------------------------------------------------------------------


def marked(frame: pl.DataFrame, plan: Plan, troubles: Troubles) -> pl.DataFrame:
    """Values with the status of those that reach beyond what their sources told.

    Factors become `failed` or `stale`; what is computed from other indicators becomes `partial`, if it is a number.
    """
    if not troubles:
        return frame
    facts = [(name, *_sinces(node, troubles), _is_parent(plan, node)) for name, node in plan.shown.items()]
    of_node = pl.DataFrame(facts, orient="row", schema={
        "indicator": pl.String, "~failed": pl.Date, "~stale": pl.Date, "~parent": pl.Boolean})
    periods = frame.select("grain", "period").unique()
    ends = periods.with_columns(pl.Series("~last", [last_day(at, grain) for grain, at in periods.iter_rows()], pl.Date))
    rows = frame.join(of_node, on="indicator", how="left", maintain_order="left").join(
        ends, on=["grain", "period"], how="left", maintain_order="left")
    hit = {kind: pl.col("~last") >= pl.col(f"~{kind}") for kind in ("failed", "stale")}
    own, status = ~pl.col("~parent"), pl.col("status")
    open_ = ~status.is_in(HIDING)
    told = (pl.when(own & hit["failed"] & open_).then(pl.lit("failed"))
            .when(own & hit["stale"] & open_).then(pl.lit("stale"))
            .when(~own & (hit["failed"] | hit["stale"]) & (status == "ok")).then(pl.lit("partial"))
            .otherwise(status))
    return rows.with_columns(told.alias("status")).select(frame.columns)


def _sinces(node: Node, troubles: Troubles) -> tuple[Day | None, Day | None]:
    """The first day that failed, and the first that is stale, of the sources below a node."""
    own = [troubles[source] for source in node.sources if source in troubles]
    first, second = (min((one.since for one in own if one.kind == kind), default=None) for kind in ("failed", "stale"))
    return first, second


def _is_parent(plan: Plan, node: Node) -> bool:
    if node.versions:
        return any(_is_parent(plan, plan.nodes[name]) for _, name in node.versions)
    return bool(node.indicator.combined) or any(True for _ in references_of(node.formula))
