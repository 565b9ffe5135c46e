"""The catalogue of findings: every `Code` by its id, and the page that explains it.

CX0xx files and YAML, 1xx syntax, 2xx names, 3xx units, 4xx the pyramid,
6xx engines, 7xx data at run time, 8xx the store, CX900 a fault of cxmetrics.  An id is never
used again for something else.
"""

from __future__ import annotations

from importlib.resources import files
from types import ModuleType

from cxmetrics.codes import (
    backends,
    benchmarks,
    bindings,
    data,
    days,
    faults,
    names,
    pyramid,
    quotes,
    stores,
    surveys,
    syntax,
    units,
    unused,
    yaml_files,
)
from cxmetrics.diagnostics import Code

MODULES: tuple[ModuleType, ...] = (
    yaml_files, syntax, names, days, quotes, unused, benchmarks, bindings, units, surveys, pyramid, backends, data,
    stores, faults)


def rows(module: ModuleType) -> dict[str, Code]:
    """The codes a module of the catalogue defines, by the name of their constant."""
    return {name: row for name, row in vars(module).items() if isinstance(row, Code)}


CODES: dict[str, Code] = {code.id: code for module in MODULES for code in rows(module).values()}


def page(code_id: str) -> str | None:
    """The page of a code as Markdown; None where there is none."""
    if code_id not in CODES:
        return None
    at = files(__name__) / f"{code_id}.md"
    return at.read_text(encoding="utf-8") if at.is_file() else None
