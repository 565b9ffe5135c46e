"""`cxmetrics tree`: the pyramid, with weights, and with values once there are some."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cxmetrics.cli.options import as_of_option, day, format_option, grain_option, language_option, project_argument
from cxmetrics.cli.session import Session
from cxmetrics.cli.terminal import emit_lines, emit_parts, tell
from cxmetrics.cli.usage import Verb

if TYPE_CHECKING:
    from cxmetrics.cli.tables import Shape
    from cxmetrics.ir import Grain


@click.command("tree", cls=Verb)
@project_argument
@grain_option
@click.option("--period", metavar="DATE")
@click.option("--depth", type=click.IntRange(min=1), metavar="LEVELS")
@as_of_option
@format_option
@language_option
@click.pass_obj
def tree(session: Session, project: Path, grain: Grain | None, period: str | None, depth: int | None,
         as_of: str | None, shape: Shape) -> int:
    """Draw the pyramid."""
    draw(session, project, shape, grain, period, depth, as_of)
    return 0


def draw(session: Session, project: Path, shape: Shape, grain: Grain | None = None, period: str | None = None,
         depth: int | None = None, as_of: str | None = None) -> None:
    """Write the pyramid of a project to standard output."""
    from cxmetrics.cli.compiled import compiled
    from cxmetrics.cli.latest import latest
    from cxmetrics.cli.tables import records as ordered
    from cxmetrics.cli.tables import shaped
    from cxmetrics.cli.tree import NAMES, drawing, paper_of, records

    when = day(period)
    result, plan = compiled(project)
    found = latest(project, plan, grain=grain, period=when, as_of=as_of)
    if shape == "table":
        emit_lines(drawing(result.pyramid, found, session, paper_of(sys.stdout), depth))
    else:
        rows = ordered(records(result.pyramid, found, session, depth), NAMES)
        emit_parts(shaped(shape, NAMES, rows, watched=sys.stdout.isatty()))
    if not found.rows:
        tell(session.say("tree.no_period" if when or grain else "tree.no_values"))
