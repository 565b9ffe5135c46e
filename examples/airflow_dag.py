"""Airflow 3: a run every morning for the day before.

With a cron timetable both ends of the data interval are the moment of the run, so an interval made of them would be
empty.  `--period` takes one day and finds the other end by itself.  A task that is run again changes nothing.
"""

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    dag_id="cxmetrics",
    schedule="30 6 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
):
    run = BashOperator(
        task_id="run",
        bash_command="cxmetrics run $BANK --period {{ macros.ds_add(ds, -1) }} --log json",
        append_env=True,
    )
    verify = BashOperator(task_id="verify", bash_command="cxmetrics store verify $BANK", append_env=True)
    run >> verify
