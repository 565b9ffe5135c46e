"""Quantiles and distincts, exact and with an accuracy: the same project twice, and how far apart the numbers are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from benchmarks.projects import write_head
from cxmetrics.store import Store

EXACT, NEAR = "exact", "with an accuracy"
FORMULAS: Mapping[str, tuple[str, float]] = {  # the aggregate, and what it is allowed
    "p95 of amounts": ("p95(events.amount{})", 0.01),
    "different customers": ("distinct(events.customer{})", 0.05),
}
SURE = 0.9  # the part of distincts that has to be within their accuracy: they are few, and share their customers


def write(project: Path, name: str, kind: str) -> None:
    """The project of one aggregate, in total and by segment."""
    formula, accuracy = FORMULAS[name]
    write_head(project, cuts=[["segment"]], evidence=False)
    allowed = f", accuracy = {100 * accuracy:g}%" if kind == NEAR else ""
    text = f'indicators:\n  asked: {{formula: "{formula.format(allowed)}"}}\n'
    (project / "asked.yaml").write_text(text, encoding="utf-8")


def compare(stores: Mapping[str, str], name: str, exact: str) -> dict[str, object]:
    """How many numbers there are, and what is further from the `exact` ones than is allowed, by contender."""
    accuracy, place = FORMULAS[name][1], ["grain", "period", "segment"]
    read = {one: _values(Path(project)) for one, project in stores.items()}
    compared, differs = {}, {}
    for one, frame in read.items():
        both = read[exact].join(frame, on=place, nulls_equal=True, how="full", coalesce=True)
        off = (pl.col("value_right") - pl.col("value")).abs() / pl.col("value").abs()
        within = both.select(((off <= accuracy) | (pl.col("value") == pl.col("value_right"))).fill_null(
            pl.col("value").is_null() & pl.col("value_right").is_null()))
        part = within.to_series().mean()
        assert isinstance(part, float)
        least = SURE if one.startswith(NEAR) and "distinct" in FORMULAS[name][0] else 1.0
        compared[one], differs[one] = both.height, "" if part >= least else f"only {part:.2%} are within {accuracy:g}"
    return {"compared": compared, "differs": differs}


def _values(project: Path) -> pl.DataFrame:
    with Store.open(project / "store") as store:
        return store.values().select("grain", "period", "segment", "value")
