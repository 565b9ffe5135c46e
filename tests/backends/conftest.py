"""Every test of a module that uses `made.cells` is asked of every engine; those of PostgreSQL share a real server."""

import importlib.util

import made
import pytest
import server

from cxmetrics.backends.polars import Polars

BACKENDS = {"polars": Polars}
if importlib.util.find_spec("cxmetrics.backends.duckdb"):
    from cxmetrics.backends.duckdb import DuckDB

    BACKENDS["duckdb"] = DuckDB


@pytest.fixture(autouse=True)
def engine(request, monkeypatch):
    """The engine that `made.cells` asks: each in turn, in modules that use it."""
    chosen = BACKENDS[getattr(request, "param", "polars")]
    monkeypatch.setattr(made, "Polars", chosen)
    return chosen


def pytest_generate_tests(metafunc):
    """Give each test of a module that uses `made.cells` every engine."""
    if getattr(metafunc.module, "cells", None) is made.cells:
        metafunc.parametrize("engine", [*BACKENDS], indirect=True)


@pytest.fixture(scope="module")
def bank():
    """A real PostgreSQL server, for the tests of one module."""
    with server.running() as running:
        yield running


@pytest.fixture
def password(monkeypatch):
    """The server's password, where the product looks for it."""
    monkeypatch.setenv("PGPASSWORD", server.PASSWORD)
