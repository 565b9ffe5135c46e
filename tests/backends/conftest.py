"""Every test that asks `made.cells` is asked of every engine."""

import importlib.util

import made
import pytest

from cxmetrics.backends.polars import Polars

BACKENDS = {"polars": Polars}
if importlib.util.find_spec("duckdb"):
    from cxmetrics.backends.duckdb import DuckDB

    BACKENDS["duckdb"] = DuckDB


@pytest.fixture
def engine(request, monkeypatch):
    """The engine that `made.cells` asks."""
    monkeypatch.setattr(made, "Polars", BACKENDS[request.param])
    return BACKENDS[request.param]


def pytest_generate_tests(metafunc):
    """Run the tests of modules that use `made.cells` on every engine."""
    if getattr(metafunc.module, "cells", None) is made.cells and "engine" not in metafunc.fixturenames:
        metafunc.fixturenames.append("engine")
        metafunc.parametrize("engine", [*BACKENDS], indirect=True)
