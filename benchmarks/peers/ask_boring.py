"""The factors and composites of a task as measures of Boring Semantic Layer; run in an environment that has it."""

import json
import sys
from functools import reduce
from operator import add
from pathlib import Path
from time import perf_counter

import ibis
from boring_semantic_layer import to_semantic_table


def factor(one):
    """A measure under its own filter."""
    def measure(t):
        where = (t.touchpoint == one["touchpoint"]) & (t.event == one["event"]) & t.result.isin(one["results"])
        match one["kind"]:
            case "count":
                return t.count(where=where)
            case "mean":
                return t.latency_ms.mean(where=where)
            case _:
                return (t.score >= 9).mean(where=where)
    return measure


def scored(one):
    """From 0 to 100; nothing of the benchmark is beyond."""
    worst, best = one["anchors"]
    return lambda t: (t[one["id"]] - worst) * (100.0 / (best - worst))


def composite(one, prefix):
    """The weighted mean of other measures."""
    total = sum(weight for _, weight in one["children"])
    return lambda t: reduce(add, (t[prefix.get(child, child)] * (weight / total) for child, weight in one["children"]))


def main():
    """Ask, and tell how long it took."""
    task = json.loads(Path(sys.argv[1]).read_text())
    began = perf_counter()
    table = to_semantic_table(ibis.duckdb.connect().read_parquet(task["files"]), name="events")
    table = table.with_measures(**{one["id"]: factor(one) for one in task["factors"]})
    names = [one["id"] for one in task["factors"]]
    if task["composites"]:
        prefix = {one["id"]: f"score_{one['id']}" for one in task["factors"]}
        table = table.with_measures(**{prefix[one["id"]]: scored(one) for one in task["factors"]})
        for one in task["composites"]:
            table = table.with_measures(**{one["id"]: composite(one, prefix)})
        names += [one["id"] for one in task["composites"]]
    query = table.aggregate(*names)
    query.sql()
    compiled = perf_counter()
    row = query.execute().iloc[0]
    executed = perf_counter()
    Path(task["answer"]).write_text(json.dumps({name: float(row[name]) for name in names}))
    print(json.dumps({"compile": compiled - began, "execute": executed - compiled}))


if __name__ == "__main__":
    main()
