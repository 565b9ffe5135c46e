"""Engines by name; each is imported only when it is asked for."""

from __future__ import annotations

from pathlib import Path

from cxmetrics.backends.cells import Backend
from cxmetrics.budgets import Budget
from cxmetrics.codes import backends as codes
from cxmetrics.diagnostics import Fault, report

ENGINES = ("duckdb", "polars")


def engine_named(name: str, scratch: Path, budget: Budget | None = None) -> Backend:
    """The engine called `name`, with a folder for what does not fit, be it in a `budget`.  Raises `Fault` CX602."""
    match name:
        case "duckdb":
            from cxmetrics.backends.duckdb import DuckDB

            return DuckDB(scratch, memory=None if budget is None else budget.engine)
        case "polars":
            from cxmetrics.backends.polars import Polars

            return Polars(scratch)
        case _:
            raise Fault(report(codes.ENGINE_MISSING, None, engine=name))
