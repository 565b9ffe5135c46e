"""A project that compiles, and findings told from where one stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cxmetrics.cli.places import seen_from
from cxmetrics.compile import Compiled, compile_project
from cxmetrics.diagnostics import Fault
from cxmetrics.folders import PROJECT_FILE
from cxmetrics.load import no_project
from cxmetrics.plan import Plan


def compiled(project: Path) -> tuple[Compiled, Plan]:
    """What the definitions came to.  Raises `Fault` with all findings where there are errors."""
    result = compile_project(project)
    if result.plan is None:
        raise Fault(*seen_from(Path.cwd(), project, result.diagnostics))
    return result, result.plan


@contextmanager
def places_of(project: Path) -> Iterator[None]:
    """Let faults raised inside name their files as seen from where one stands.  Raises `Fault` where there is none."""
    if not (project / PROJECT_FILE).is_file():
        raise Fault(no_project(project))
    try:
        yield
    except Fault as fault:
        raise Fault(*seen_from(Path.cwd(), project, fault.diagnostics)) from fault.__cause__
