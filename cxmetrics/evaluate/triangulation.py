"""Indicators held against another look at the same thing: whether both got better or worse, as far as can be told.

Of each period it is said whether both changed beyond chance (`moved`), and in the same direction for good or bad:
that different methods converge is what makes either believable (Campbell, Fiske 1959, Psychological Bulletin 56(2)).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import polars as pl

from cxmetrics.plan import Plan
from cxmetrics.statistics.association import kendall_tau

COLUMNS = ("against", "agreement")
_BETTER = {("up", "up"): 1, ("up", "down"): -1, ("down", "up"): -1, ("down", "down"): 1}  # by (direction, moved)


def pairs_of(plan: Plan, names: Collection[str]) -> dict[str, str]:
    """Those of some indicators that are held against another, each with the other."""
    return {name: other for name in names if (other := plan.nodes[name].indicator.triangulate) is not None}


def better(row: Mapping[str, object], plan: Plan) -> int | None:
    """Whether a row of `values` got better (1), worse (-1) or neither can be told (0); None without a change."""
    moved = row.get("moved")
    direction = plan.nodes[str(row["indicator"])].indicator.direction
    return None if moved is None else _BETTER.get((direction, str(moved)), 0)


def agreement(first: Mapping[str, object], second: Mapping[str, object], plan: Plan) -> str | None:
    """`agree`, `diverge` or `not shown`, of two rows of one period and slice; None where one has no change."""
    ways = better(first, plan), better(second, plan)
    if None in ways:
        return None
    return "not shown" if 0 in ways else "agree" if ways[0] == ways[1] else "diverge"


def held_against(frame: pl.DataFrame, plan: Plan, pairs: Mapping[str, str], dimensions: Sequence[str]) -> pl.DataFrame:
    """Rows of `values` with the columns `COLUMNS`; the frame has the rows of the others too."""
    place = ["grain", "period", *dimensions]
    rows = {(row["indicator"], *(row[name] for name in place)): row for row in frame.iter_rows(named=True)}
    told = []
    for (name, *here), row in rows.items():
        other = rows.get((pairs.get(name), *here))
        told.append((name, *here, pairs.get(name), None if other is None else agreement(row, other, plan)))
    schema = {name: frame.schema[name] for name in ("indicator", *place)} | dict.fromkeys(COLUMNS, pl.String())
    verdicts = pl.DataFrame(told, schema=schema, orient="row")
    return frame.join(verdicts, on=["indicator", *place], how="left", nulls_equal=True, maintain_order="left")


def concordance(rows: Sequence[Mapping[str, Any]], name: str, other: str) -> tuple[float, int]:
    """How the values of two indicators go together over the periods that both have: Kendall's tau-b, and how many.

    `rows`: of `values`, of one grain and slice.
    """
    first, second = ({row["period"]: row["value"] for row in rows
                      if row["indicator"] == each and row["value"] is not None} for each in (name, other))
    both = sorted(first.keys() & second.keys())
    return kendall_tau([first[period] for period in both], [second[period] for period in both]), len(both)
