"""Dagster: an asset with a partition a day, made in a process of its own that reports through Dagster Pipes.

Set CXMETRICS_BANK to the project folder, and load with `dagster dev -f dagster_defs.py`.  A partition that is made again
changes nothing.  Two runs of one store cannot be at work at once: the second says who holds the lock, and is tried
again; the concurrency key lets Dagster see to it, where its instance limits the key to one.
"""

import os
import sys
from pathlib import Path

import dagster as dg

BANK = os.environ.get("CXMETRICS_BANK", "/srv/bank")
DAYS = dg.DailyPartitionsDefinition(start_date="2026-01-01", timezone="Asia/Shanghai")


@dg.asset(
    name="cx_values",
    partitions_def=DAYS,
    check_specs=[dg.AssetCheckSpec("every_source", asset="cx_values")],
    retry_policy=dg.RetryPolicy(max_retries=3, delay=60),
    op_tags={"dagster/concurrency_key": "cxmetrics"},
)
def cx_values(context: dg.AssetExecutionContext, pipes: dg.PipesSubprocessClient) -> dg.MaterializeResult:
    """All indicators of one day."""
    return pipes.run(
        context=context,
        command=[sys.executable, str(Path(__file__).with_name("dagster_run.py")), BANK],
    ).get_materialize_result()


morning = dg.build_schedule_from_partitioned_job(
    dg.define_asset_job("morning", selection=[cx_values], partitions_def=DAYS), hour_of_day=6, minute_of_hour=30)

defs = dg.Definitions(assets=[cx_values], schedules=[morning], resources={"pipes": dg.PipesSubprocessClient()})
