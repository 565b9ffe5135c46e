"""`cxmetrics coverage`: which data feed nothing, and which indicators lack data."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cxmetrics.cli.options import engine_option, format_option, language_option, project_argument
from cxmetrics.cli.session import Session
from cxmetrics.cli.terminal import emit_lines, emit_parts, tell
from cxmetrics.cli.usage import Verb

if TYPE_CHECKING:
    from cxmetrics.cli.tables import Shape
    from cxmetrics.run import Engine


@click.command("coverage", cls=Verb)
@project_argument
@engine_option
@format_option
@language_option
@click.pass_obj
def coverage(session: Session, project: Path, engine: Engine, shape: Shape) -> int:
    """Hold data and definitions against each other."""
    from cxmetrics.cli.compiled import compiled, places_of
    from cxmetrics.cli.covered import NAMES, records, told
    from cxmetrics.cli.tables import records as ordered
    from cxmetrics.cli.tables import shaped
    from cxmetrics.coverage import coverage as gaps_of

    result, _ = compiled(project)
    with places_of(project):
        gaps = gaps_of(project, result, engine)
    if shape == "table":
        emit_lines(told(gaps, result.pyramid, session))
    else:
        emit_parts(shaped(shape, NAMES, ordered(records(gaps), NAMES), watched=sys.stdout.isatty()))
    lacking = sum(gap.kind == "indicator" for gap in gaps)
    tell(session.say("coverage.summary", count=lacking, of=len(result.pyramid.indicators)))
    return 0
