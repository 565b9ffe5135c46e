"""The factors and composites of a task as metrics of Sidemantic; run in an environment that has it."""

import json
import sys
from pathlib import Path
from time import perf_counter

from sidemantic import Metric, Model, SemanticLayer

ANSWERS = "CASE WHEN score >= 9 THEN 1.0 WHEN score IS NOT NULL THEN 0.0 END"
AGGREGATES = {"count": ("count", None), "mean": ("avg", "latency_ms"), "share": ("avg", ANSWERS)}


def factor(one):
    """A metric under its own filter."""
    aggregate, column = AGGREGATES[one["kind"]]
    return Metric(name=one["id"], agg=aggregate, sql=column, filters=[one["where"]])


def scored(one):
    """From 0 to 100, as SQL over the metric; nothing of the benchmark is beyond."""
    worst, best = one["anchors"]
    return f"((events.{one['id']} - {worst}) * {100 / (best - worst)!r})"


def composite(one, scores):
    """The weighted mean of other metrics."""
    total = sum(weight for _, weight in one["children"])
    terms = (f"{scores.get(child, child)} * {weight / total!r}" for child, weight in one["children"])
    return Metric(name=one["id"], type="derived", sql=" + ".join(terms))


def main():
    """Ask, and tell how long it took."""
    task = json.loads(Path(sys.argv[1]).read_text())
    began = perf_counter()
    layer = SemanticLayer()
    listed = ", ".join(f"'{path}'" for path in task["files"])
    layer.add_model(Model(name="events", sql=f"SELECT * FROM read_parquet([{listed}])", primary_key="event_id",
                          metrics=[factor(one) for one in task["factors"]]))
    scores = {one["id"]: scored(one) for one in task["factors"]}
    for one in task["composites"]:
        layer.add_metric(composite(one, scores))
    ids = [one["id"] for one in task["factors"]]
    names = [f"events.{name}" for name in ids] + [one["id"] for one in task["composites"]]
    query = layer.compile(metrics=names)
    compiled = perf_counter()
    found = layer.adapter.execute(query)
    columns, row = [each[0] for each in found.description], found.fetchone()
    executed = perf_counter()
    told = {name.rpartition(".")[2]: None if value is None else float(value)
            for name, value in zip(columns, row, strict=True)}
    Path(task["answer"]).write_text(json.dumps(told))
    print(json.dumps({"compile": compiled - began, "execute": executed - compiled}))


if __name__ == "__main__":
    main()
