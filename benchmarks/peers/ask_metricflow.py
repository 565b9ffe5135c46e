"""The factors and composites of a task as metrics of MetricFlow; run in an environment that has it."""

import json
import sys
from pathlib import Path
from time import perf_counter

import duckdb
from metricflow.data_table.mf_table import MetricFlowDataTable
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantic_interfaces.parsing.dir_to_model import (
    parse_yaml_files_to_validation_ready_semantic_manifest,
)
from metricflow_semantic_interfaces.parsing.objects import YamlConfigFile
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

MEASURES = {"count": ("sum", "1"), "mean": ("average", "latency_ms"),
            "share": ("average", "CASE WHEN score >= 9 THEN 1.0 WHEN score IS NOT NULL THEN 0.0 END")}


class Client:
    """DuckDB, as MetricFlow asks for it."""

    def __init__(self, files):
        self.sql_engine_type = SqlEngine.DUCKDB
        self.sql_plan_renderer = DuckDbSqlPlanRenderer()
        self._connection = duckdb.connect()
        listed = ", ".join(f"'{path}'" for path in files)
        self.execute("CREATE SCHEMA IF NOT EXISTS bench")
        self.execute(f"CREATE VIEW bench.events AS SELECT * FROM read_parquet([{listed}])")
        self.execute("CREATE TABLE bench.days AS SELECT DATE '2026-01-01' AS ds")

    def query(self, stmt, _sql_bind_parameter_set=None):
        """The rows of a statement."""
        found = self._connection.execute(stmt)
        return MetricFlowDataTable.create_from_rows([each[0] for each in found.description], found.fetchall())

    def execute(self, stmt, _sql_bind_parameter_set=None):
        """Carry out a statement."""
        self._connection.execute(stmt)

    dry_run = execute

    def close(self):
        """Let go of the database."""
        self._connection.close()

    def render_bind_parameter_key(self, bind_parameter_key):
        """As DuckDB has it."""
        return f"${bind_parameter_key}"


def documents(task):
    """The semantic model and its metrics in YAML; JSON is YAML."""
    yield {"project_configuration": {"time_spine_table_configurations": [
        {"location": "bench.days", "column_name": "ds", "grain": "day"}]}}
    measures = [{"name": kind, "agg": agg, "expr": expr, "create_metric": False}
                for kind, (agg, expr) in MEASURES.items()]
    yield {"semantic_model": {
        "name": "events", "node_relation": {"schema_name": "bench", "alias": "events"},
        "defaults": {"agg_time_dimension": "event_time"},
        "entities": [{"name": "event", "type": "primary", "expr": "event_id"}],
        "dimensions": [{"name": "event_time", "type": "time", "type_params": {"time_granularity": "day"}},
                       {"name": "touchpoint", "type": "categorical"}, {"name": "result", "type": "categorical"},
                       {"name": "kind", "type": "categorical", "expr": "event"}],
        "measures": measures}}
    for one in task["factors"]:
        some = ", ".join(f"'{result}'" for result in one["results"])
        where = (f"{{{{ Dimension('event__touchpoint') }}}} = '{one['touchpoint']}' AND "
                 f"{{{{ Dimension('event__kind') }}}} = '{one['event']}' AND "
                 f"{{{{ Dimension('event__result') }}}} IN ({some})")
        yield {"metric": {"name": one["id"], "type": "simple", "filter": where,
                          "type_params": {"measure": one["kind"]}}}
    anchors = {one["id"]: one["anchors"] for one in task["factors"]}
    for one in task["composites"]:
        total = sum(weight for _, weight in one["children"])
        terms = []
        for child, weight in one["children"]:
            worst, best = anchors.get(child, (0, 100))
            terms.append(f"({child} - {worst}) * {weight * 100 / (best - worst) / total!r}")
        yield {"metric": {"name": one["id"], "type": "derived", "type_params": {
            "expr": " + ".join(terms), "metrics": [{"name": child} for child, _ in one["children"]]}}}


def main():
    """Ask, and tell how long it took."""
    task = json.loads(Path(sys.argv[1]).read_text())
    began = perf_counter()
    client = Client(task["files"])
    text = "\n---\n".join(json.dumps(document) for document in documents(task))
    built = parse_yaml_files_to_validation_ready_semantic_manifest(
        [YamlConfigFile(filepath="events.yaml", contents=text)])
    engine = MetricFlowEngine(SemanticManifestLookup(built.semantic_manifest), client)
    names = [one["id"] for one in (*task["factors"], *task["composites"])]
    plan = engine.explain(MetricFlowQueryRequest.create(metric_names=names))
    compiled = perf_counter()
    table = client.query(plan.sql_statement.sql)
    executed = perf_counter()
    told = {name: float(table.get_cell_value(0, table.column_name_index(name))) for name in names}
    Path(task["answer"]).write_text(json.dumps(told))
    print(json.dumps({"compile": compiled - began, "execute": executed - compiled}))


if __name__ == "__main__":
    main()
