"""Airflow 3: a run every morning for the day before.

With a cron timetable both ends of the data interval are the moment of the run, so an interval made of them would be
empty.  `--period` takes one day and finds the other end by itself.  That day is told in the zone of the project: `ds`
is a day of UTC, and at half past six in Shanghai that is still the day before.  A task that is run again changes nothing.
"""

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

ZONE = "Asia/Shanghai"
YESTERDAY = "{{ logical_date.in_timezone('Asia/Shanghai').subtract(days=1).to_date_string() }}"

with DAG(
    dag_id="cxmetrics",
    schedule="30 6 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz=ZONE),
    catchup=False,
    max_active_runs=1,
):
    run = BashOperator(
        task_id="run",
        bash_command=f"cxmetrics run $BANK --period {YESTERDAY} --log json",
        append_env=True,
    )
    verify = BashOperator(task_id="verify", bash_command="cxmetrics store verify $BANK", append_env=True)
    run >> verify
