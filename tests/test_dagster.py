"""The example for Dagster: what it says through Pipes; and, where there is a Dagster, that it makes the asset.

`CXMETRICS_DAGSTER` names a Python that has the package `dagster`; it need not have this one.
"""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from shop import opened

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
DAGSTER = os.environ.get("CXMETRICS_DAGSTER")
# Stands for the package of that name: writes down what it is told.
PIPES = """
import json, logging, os
from contextlib import contextmanager

class Pipes:
    partition_key, log = "2026-03-02", logging.getLogger("pipes")
    def report_asset_materialization(self, metadata, data_version):
        self.told["asset"] = [metadata, data_version]
    def report_asset_check(self, check_name, passed, metadata):
        self.told["check"] = [check_name, passed, metadata]

@contextmanager
def open_dagster_pipes():
    pipes = Pipes()
    pipes.told = {}
    yield pipes
    open(os.environ["TOLD"], "w").write(json.dumps(pipes.told))
"""
MADE = """
import sys
import dagster as dg, dagster_defs
dg.Definitions.validate_loadable(dagster_defs.defs)
made = dg.materialize([dagster_defs.cx_values], partition_key="2026-03-02", raise_on_error=False,
                      resources={"pipes": dg.PipesSubprocessClient()})
(asset,), (check,) = made.asset_materializations_for_node("cx_values"), made.get_asset_check_evaluations()
print(made.success, asset.metadata["committed"].value, asset.metadata["values"].value, check.passed)
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "bank").mkdir()
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin/cxmetrics"
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec {sys.executable} -m cxmetrics "$@"\n')
    command.chmod(0o755)
    return opened(tmp_path / "bank")


def around(root, **more):
    return os.environ | {"PATH": f"{root.parent / 'bin'}:{os.environ['PATH']}", **more}


def told(root, status=0):
    """What the example says of a day."""
    (root.parent / "dagster_pipes.py").write_text(PIPES)
    into = root.parent / "told.json"
    done = subprocess.run([sys.executable, str(EXAMPLES / "dagster_run.py"), str(root)], check=False,
                          capture_output=True, text=True,
                          env=around(root, PYTHONPATH=str(root.parent), TOLD=str(into)))
    assert done.returncode == status, done.stderr
    return (json.loads(into.read_text()) if not status else {}), done.stderr


def test_a_day_and_its_sources(root):
    found, _ = told(root)
    metadata, version = found["asset"]
    assert (metadata["committed"], metadata["run"]) == (True, version)
    assert metadata["statuses"] == {"raw_value": {"ok": 14}, "type": "json"}
    assert found["check"] == ["every_source", True, {"calls": "ok, 1 rows", "visits": "ok, 2 rows"}]
    again, _ = told(root)
    assert (again["asset"][0]["committed"], again["asset"][1]) == (False, version)  # made again, nothing changes


def test_a_source_that_fails_fails_the_check(root):
    (root / "data/calls-2.csv").write_text("")
    found, said = told(root)
    assert found["check"][1] is False
    assert "CX710: " in said


def test_a_run_that_comes_to_nothing_fails_the_asset(root):
    (root / "cxmetrics.yaml").write_text("project: [")
    assert "ended with status 1" in told(root, status=1)[1]


def test_the_definitions_name_what_the_run_reports():
    tree = ast.parse((EXAMPLES / "dagster_defs.py").read_text())
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert {"cx_values", "every_source", "dagster_run.py"} <= texts


@pytest.mark.skipif(DAGSTER is None, reason="CXMETRICS_DAGSTER names no Python that has Dagster")
def test_dagster_makes_the_asset(root):
    done = subprocess.run([DAGSTER, "-c", MADE], check=False, capture_output=True, text=True, env=around(
        root, PYTHONPATH=str(EXAMPLES), CXMETRICS_BANK=str(root), DAGSTER_DISABLE_TELEMETRY="1"))
    assert done.stdout.splitlines()[-1:] == ["True True 14 True"], done.stderr[-2000:]
