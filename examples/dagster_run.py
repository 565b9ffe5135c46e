"""One day of a project, for Dagster Pipes: needs the packages cxmetrics and dagster-pipes, and no Dagster.

What the run said of itself becomes metadata of the asset.  A source that failed or is stale fails the asset's check, for
all else was published; the asset itself fails where nothing was.
"""

import json
import subprocess
import sys

from dagster_pipes import open_dagster_pipes

PLAIN = ("run", "engine", "committed", "values", "seconds", "refused")
NESTED = ("statuses", "restated")


def main(bank: str) -> int:
    """Run the partition's day, and report."""
    with open_dagster_pipes() as pipes:
        command = ["cxmetrics", "run", bank, "--period", pipes.partition_key, "--log", "json", "--json", "-"]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=False, text=True)  # noqa: S603  # no shell
        report = json.loads(done.stdout or "{}")
        for finding in report.get("errors", ()):
            pipes.log.error("%s: %s", finding["code"], finding["message"])
        if "run" not in report:
            raise RuntimeError(f"cxmetrics run ended with status {done.returncode}")
        pipes.report_asset_materialization(
            metadata={name: report[name] for name in PLAIN}
            | {name: {"raw_value": report[name], "type": "json"} for name in NESTED},
            data_version=report["run"])
        pipes.report_asset_check(
            check_name="every_source", passed=done.returncode == 0,
            metadata={source["id"]: f"{source['status']}, {source['read']} rows" for source in report["sources"]})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
