"""What a run changes of values that an earlier one published, and why; and what of it is refused, being frozen.

A period that had not ended by the last day its sources had delivered was not published as whole: that it goes on is no
restatement.  What was never published, such as an indicator that is new, is none either.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import polars as pl

from cxmetrics.calendars import DAY, end, stretch
from cxmetrics.calendars import last as last_day
from cxmetrics.diagnostics import Fault
from cxmetrics.ir import Grain
from cxmetrics.plan import Node, Plan
from cxmetrics.run.against import against, beside_frozen
from cxmetrics.run.need import Need
from cxmetrics.store import Store, parts
from cxmetrics.store.commits import ValuesChange
from cxmetrics.store.frames import RESTATED, RUN
from cxmetrics.store.rewrite import is_dimension

# definition: the indicator or one below it means something else; corrected: a file that had been read was changed or
# withdrawn; late: a file brought rows of days that had been published; rules: the project's own, or another release of
# cxmetrics; days: some were computed that had been left out; thawed: what had been refused, being frozen, is no more.
Why = Literal["definition", "corrected", "late", "rules", "days", "thawed"]
_TOLD = ("value", "score", "n", "status")
_MOST_INPUTS = 3


@dataclass(frozen=True, slots=True)
class Restated:
    """The changes that hold, what they restate (`RESTATED` without `run`), counted by why, and what is refused."""

    changes: tuple[ValuesChange, ...]
    rows: pl.DataFrame | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    refused: int = 0


@dataclass(frozen=True, slots=True)
class _Cause:
    """Why the values of an indicator change where its meaning does not, and the files that did it."""

    why: Why
    inputs: str | None


def restate(plan: Plan, store: Store, needs: Mapping[str, Need], changes: Iterable[ValuesChange], *,
            otherwise: Why, mending: bool = False, most: int = parts.ROWS_AT_ONCE) -> Restated:
    """Hold new values against those published; frozen ones stay as they are.

    `otherwise`: why values change where neither definitions nor files did.  `mending`: all is computed anew, so that
    published values that are damaged need not be read, unless some are frozen.  `most`: rows at a time.

    Raises `Fault` CX803.
    """
    frozen = store.frozen_before()
    kept, found = list[ValuesChange](), list[pl.DataFrame]()
    closed = _closed(plan, needs)
    causes = _causes(plan, needs, otherwise)
    for change in changes:
        settled = [change]
        for names in _spans(change, most) if frozen is None else (None,):  # what is frozen is of all indicators
            old = _published(store, change, names, mending=mending and frozen is None)
            if not old.is_empty():
                new = change.frame if names is None else change.frame.filter(parts.among(names))
                both = _Both(change, new.collect(engine="streaming"), old, frozen)
                found.append(_rows(both, plan, closed, causes))
                settled = both.settled()
        kept += settled if frozen is None else [_against(each, store, plan, frozen) for each in settled]
    if not found:
        return Restated(tuple(kept))
    every = pl.concat(found, how="diagonal")
    dims = sorted(set(every.columns) - set(RESTATED))
    rows = every.sort("grain", "indicator", "period", *dims, maintain_order=True)
    taken = rows.filter(~pl.col("refused"))
    counts = dict(sorted(taken["why"].value_counts().iter_rows()))
    return Restated(tuple(kept), rows, counts, rows.height - taken.height)


def _against(change: ValuesChange, store: Store, plan: Plan, frozen: dt.date) -> ValuesChange:
    """A change to values, where the first period that is not frozen is held against that before as published."""
    last, free = beside_frozen(change.grain, frozen, plan.project.calendar)
    if last is None or free not in change.periods:
        return change
    added = change.frame.filter(pl.col("period") == last).collect(engine="streaming")
    published = pl.concat([store.values(grain=change.grain, first=last, last=last + DAY), added], how="diagonal")
    place = ["indicator", *(name for name in published.columns if is_dimension(name))]
    known = published.unique(place, keep="first")  # what is added is of what the store has not
    return replace(change, frame=against(change.frame, known, change.grain, free))


def _spans(change: ValuesChange, most: int) -> Sequence[list[str] | None]:
    """The indicators of a change in parts that memory holds; None: all at once."""
    height = change.frame.select(pl.len()).collect(engine="streaming").item()
    return (None,) if height <= most else parts.spans(change.frame, height, most)


def _published(store: Store, change: ValuesChange, names: list[str] | None, *, mending: bool) -> pl.DataFrame:
    """What is stored of the periods of a change and of some indicators, or of all.

    Nothing where it is damaged and need not be known.
    """
    first, final = min(change.periods), max(change.periods)
    after = final + DAY if final < dt.date.max else None
    try:
        found = store.values(grain=change.grain, indicators=names, first=first, last=after)
    except Fault:
        if not mending:
            raise
        return pl.DataFrame()
    return found.filter(pl.col("period").is_in(sorted(change.periods)))


@dataclass(frozen=True, slots=True)
class _Both:
    """The new and the old values of the same periods of a grain."""

    change: ValuesChange
    new: pl.DataFrame
    old: pl.DataFrame
    frozen: dt.date | None

    @property
    def dimensions(self) -> list[str]:
        names = [*self.old.columns, *self.new.columns]
        return sorted({name for name in names if is_dimension(name)})

    @property
    def fixed(self) -> list[dt.date]:
        """The periods that are frozen."""
        return sorted(each for each in self.change.periods
                      if self.frozen is not None and end(each, self.change.grain) <= self.frozen)

    def sides(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Old and new with the same dimensions, and `~cut`: which of them a row has."""
        return _cut(self.old, self.dimensions), _cut(self.new, self.dimensions)

    def settled(self) -> list[ValuesChange]:
        """The change as it may be: of a frozen period all that was published stays, and what is new is added.

        Periods of which nothing changes are left out, so that they go on to be of the run that published them.
        """
        if not self.fixed:
            return [self.change]
        old, new = self.sides()
        here = pl.col("period").is_in(self.fixed)
        own = self.old.filter(here)
        added = new.filter(here).join(old, on=["indicator", "period", "~cut"], how="anti").drop("~cut")
        changed = self.change.periods - set(self.fixed) | set(added["period"])
        stays = own.filter(pl.col("period").is_in(sorted(set(added["period"])))).drop(RUN)
        free = self.new.filter(~here)
        frame = pl.concat([free, stays, added], how="diagonal").select(
            *self.new.columns, *(name for name in stays.columns if name not in self.new.columns))
        drafts = self.change.drafts
        drafts = None if drafts is None else drafts.filter(pl.col("period").is_in(sorted(changed)))
        return [replace(self.change, periods=frozenset(changed), frame=frame.lazy(), drafts=drafts)] if changed else []


def _cut(frame: pl.DataFrame, dimensions: Sequence[str]) -> pl.DataFrame:
    lacking = [pl.lit(None, pl.String).alias(name) for name in dimensions if name not in frame.columns]
    frame = frame.with_columns(lacking)
    held = [pl.when(pl.col(name).is_not_null()).then(pl.lit("1")).otherwise(pl.lit("0")) for name in dimensions]
    return frame.with_columns((pl.concat_str(held) if held else pl.lit("")).alias("~cut"))


def _rows(both: _Both, plan: Plan, closed: Mapping[str, dt.date], causes: Mapping[str, _Cause]) -> pl.DataFrame:
    """The restatements of a change."""
    old, new = both.sides()
    group, dims = ["indicator", "period", "~cut"], both.dimensions
    # A slice that comes or goes restates what had been published in its cut; a cut that comes or goes does not.
    old_of = old.group_by(group).agg(pl.col("definition").first().alias("~definition"), pl.col(RUN).first())
    known = new.join(old_of.select(group), on=group, how="semi")
    left = old.join(new.select("indicator", "~cut").unique(), on=["indicator", "~cut"], how="semi")
    place = ["indicator", "grain", "period", *dims, "~cut"]
    pairs = left.select(*place, *(pl.col(name).alias(f"old_{name}") for name in _TOLD)).join(
        known.select(*place, *(pl.col(name).alias(f"new_{name}") for name in _TOLD)),
        on=place, how="full", coalesce=True, nulls_equal=True)
    differ = pl.any_horizontal(pl.col(f"old_{name}").ne_missing(pl.col(f"new_{name}")) for name in _TOLD)
    changed = pairs.filter(differ).join(old_of, on=group, how="left")
    return _told(changed, both, plan, closed, causes).select(
        "indicator", "grain", "period", *dims, *(f"{side}_{name}" for name in _TOLD for side in ("old", "new")),
        pl.col(RUN).alias("old_run"), "why", "inputs", "refused")


def _told(changed: pl.DataFrame, both: _Both, plan: Plan, closed: Mapping[str, dt.date],
          causes: Mapping[str, _Cause]) -> pl.DataFrame:
    """With why each value changed; of periods that had not ended, none."""
    grain: Grain = both.change.grain
    ends = pl.DataFrame([(each, last_day(each, grain)) for each in sorted(both.change.periods)], orient="row",
                        schema={"period": pl.Date, "~last": pl.Date})
    facts = pl.DataFrame(
        [(name, node.fingerprint, closed.get(name), causes[name].why, causes[name].inputs)
         for name, node in plan.shown.items()], orient="row",
        schema={"indicator": pl.String, "~now": pl.String, "~until": pl.Date, "why": pl.String, "inputs": pl.String})
    whole = [(name, each, _weighted_until(node, plan, last_day(each, grain)))
             for name, node in plan.shown.items() for each in sorted(both.change.periods)
             if any(plan.sources[source].rake for source in node.sources)]
    weighted = pl.DataFrame(whole, orient="row", schema={
        "indicator": pl.String, "period": pl.Date, "~whole": pl.Date})
    rows = changed.join(ends, on="period").join(facts, on="indicator").join(
        weighted, on=["indicator", "period"], how="left").filter(
        pl.max_horizontal("~last", "~whole") <= pl.col("~until"))
    other = pl.col("~definition") != pl.col("~now")
    return rows.with_columns(
        pl.when(other).then(pl.lit("definition")).otherwise(pl.col("why")).alias("why"),
        pl.when(other).then(None).otherwise(pl.col("inputs")).alias("inputs"),
        pl.col("period").is_in(both.fixed).alias("refused"))


def _weighted_until(node: Node, plan: Plan, last: dt.date) -> dt.date:
    """The last day whose rows take part in the weights of those of a day: before it, they are not settled."""
    rules = [rake for source in node.sources if (rake := plan.sources[source].rake) is not None]
    return max(stretch(last, rake.per, plan.project.calendar)[1] for rake in rules) - DAY


def _closed(plan: Plan, needs: Mapping[str, Need]) -> dict[str, dt.date]:
    """The last day that all sources of an indicator had told of before; indicators that had not all are left out."""
    until = {name: max(one.stored) for name, one in needs.items() if one.stored}
    return {name: min((until[source] for source in node.sources), default=dt.date.max)
            for name, node in plan.shown.items() if node.sources <= until.keys()}


def _causes(plan: Plan, needs: Mapping[str, Need], otherwise: Why) -> dict[str, _Cause]:
    """For each indicator what its sources brought that is new, or `otherwise`: why it changes where that is nothing."""
    other = {source: [path for path, file in one.before.items() if not file.holds_what(one.files.get(path))]
             for source, one in needs.items()}
    new = {source: [path for path in one.files if path not in one.before] for source, one in needs.items()}
    found: dict[str, _Cause] = {}
    for name, node in plan.shown.items():
        own = [source for source in sorted(node.sources) if source in needs]
        changed, arrived = ([path for source in own for path in paths[source]] for paths in (other, new))
        if changed:
            found[name] = _Cause("corrected", _listed(changed))
        elif arrived:
            found[name] = _Cause("late", _listed(arrived))
        else:
            found[name] = _Cause(otherwise, None)
    return found


def _listed(paths: Sequence[str]) -> str:
    each = list(dict.fromkeys(paths))
    more = ", …" if len(each) > _MOST_INPUTS else ""
    return ", ".join(each[:_MOST_INPUTS]) + more
