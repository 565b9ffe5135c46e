"""Whether contenders found the same numbers: a benchmark that measures a wrong answer fails.

What is expected comes from the cells of the query written by hand, and from nothing of cxmetrics.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks import trees
from benchmarks.definitions import KINDS, Mix, indicators
from cxmetrics.store import Store

TOLERANCE = 1e-9  # relative
YEAR = dt.date(2026, 1, 1)  # all days lie in it: the total
_KEYS = ("indicator", "grain", "period")


def compare(args: Mapping[str, Any]) -> dict[str, object]:
    """How many numbers were compared, and what differs, by contender ("" where nothing does).

    `stores`: projects that cxmetrics ran, by contender; `each`: answers of one query an indicator; `peers`: answers of
    other systems, by name, in total.
    """
    dimensions: list[str] = args["dimensions"]
    expected = _expected(pl.read_parquet(args["hand"]), args["indicators"], args["mix"], dimensions)
    if args.get("shape") == "tree":
        expected = pl.concat([expected, _composites(expected, args["indicators"])])
    compared, differs = {}, {}
    for name, project in args["stores"].items():
        found = _of_store(Path(project), dimensions)
        if args.get("shape") == "tree":  # of days, where some child may have no rows, the factors are compared
            found = found.filter(~pl.col("indicator").str.starts_with("floor") | (pl.col("grain") == "year"))
        compared[name], differs[name] = _difference(expected, found, dimensions)
    whole = expected.filter(grain="year")
    for name, path in args.get("peers", {}).items():
        if Path(path).exists():
            compared[name], differs[name] = _difference(whole, _of_peer(Path(path)), dimensions)
    if args.get("each"):
        answer = _periods(pl.read_parquet(args["each"]), dimensions)
        answer = answer.filter(pl.col("value").is_not_null() & pl.col("value").is_not_nan())  # 0 / 0 is missing
        part = expected.join(answer.select("indicator").unique(), on="indicator", how="semi")
        compared["each"], differs["each"] = _difference(part, answer, dimensions)
    return {"compared": compared, "differs": differs}


def _of_store(project: Path, dimensions: Sequence[str]) -> pl.DataFrame:
    with Store.open(project / "store") as store:
        return store.values().select(*_KEYS, *dimensions, "value")


def _of_peer(answer: Path) -> pl.DataFrame:
    told = json.loads(answer.read_text("utf-8"))
    values = [None if value is None else float(value) for value in told.values()]
    return pl.DataFrame({"indicator": list(told), "grain": "year", "period": YEAR, "value": values})


def _difference(expected: pl.DataFrame, found: pl.DataFrame, dimensions: Sequence[str]) -> tuple[int, str]:
    """How many numbers were compared, and the first that differs; what is not expected must be 0 or missing."""
    both = expected.join(found, on=[*_KEYS, *dimensions], how="full", nulls_equal=True, coalesce=True, suffix="_found")
    want, have = pl.col("value"), pl.col("value_found")
    close = (want - have).abs() <= TOLERANCE * pl.max_horizontal(want.abs(), pl.lit(1.0))
    right = pl.when(want.is_null()).then(have.is_null() | (have == 0)).otherwise(close.fill_null(value=False))
    wrong = both.filter(~right)
    return both.height, "" if wrong.is_empty() else f"{wrong.height} of {both.height}, such as {wrong.row(0)}"


def _expected(cells: pl.DataFrame, count: int, mix: Mix, dimensions: Sequence[str]) -> pl.DataFrame:
    """The values of all indicators, from cells of day × touchpoint × event × result."""
    own = pl.DataFrame([(one.id, one.kind, one.touchpoint, one.event, result)
                        for one in indicators(count, mix) for result in one.results],
                       schema=["indicator", "kind", "touchpoint", "event", "result"], orient="row")
    rows = own.join(cells, on=["touchpoint", "event", "result"])
    daily = rows.filter(pl.col("day").is_not_null())
    total = daily.with_columns(pl.lit(None, pl.Date).alias("day"))
    parts = [_values(daily, mix, dimensions), _values(total, mix, dimensions)]
    if "p95" in KINDS[mix]:
        apart = pl.col("kind").is_in(["p95", "distinct"])
        parts[1] = parts[1].filter(~apart)
        whole = rows.filter(pl.col("day").is_null(), apart)
        parts.append(_values(whole, mix, dimensions))
    found = pl.concat(parts).filter(pl.col("value").is_not_null() & pl.col("value").is_not_nan())
    return _periods(found.drop("kind"), dimensions)


def _composites(leaves: pl.DataFrame, count: int) -> pl.DataFrame:
    """The values of composites in total; without cuts."""
    kinds = {one.id: one.kind for one in indicators(count, "uniform")}
    total = dict(leaves.filter(grain="year").select("indicator", "value").iter_rows())
    found = trees.climbed(list(kinds), {name: trees.score(kinds[name], value) for name, value in total.items()})
    return pl.DataFrame({"indicator": list(found), "grain": "year", "period": YEAR, "value": list(found.values())})


def _values(rows: pl.DataFrame, mix: Mix, dimensions: Sequence[str]) -> pl.DataFrame:
    def total(name: str) -> pl.Expr:
        return pl.col(name).sum().cast(pl.Float64)

    formulas = {"count": total("n"), "mean": total("latency") / total("n_latency"),
                "share": total("high") / total("n_score")}
    if mix == "mixed":
        formulas |= {"amount": total("amount") / total("n_amount"), "p95": pl.col("p95").max().cast(pl.Float64),
                     "distinct": total("customers"), "nps": 100.0 * (total("high") - total("low")) / total("n_score")}
    keys = ["indicator", "kind", "day", *dimensions]
    parts = [rows.filter(pl.col("kind") == kind).group_by(keys).agg(formula.alias("value"))
             for kind, formula in formulas.items()]
    return pl.concat(parts)


def _periods(rows: pl.DataFrame, dimensions: Sequence[str]) -> pl.DataFrame:
    grain = pl.when(pl.col("day").is_null()).then(pl.lit("year")).otherwise(pl.lit("day"))
    period = pl.col("day").cast(pl.Date).fill_null(YEAR)
    return rows.select("indicator", grain.alias("grain"), period.alias("period"), *dimensions, "value")
