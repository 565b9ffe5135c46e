"""`cxmetrics preview`: one indicator at once, on a sample, with the rows that made it."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from cxmetrics.cli.completing import dimension_names, indicator_names
from cxmetrics.cli.options import day, engine_option, grain_option, language_option, project_option
from cxmetrics.cli.session import Session
from cxmetrics.cli.terminal import coloured, emit, emit_lines
from cxmetrics.cli.usage import Verb

if TYPE_CHECKING:
    from cxmetrics.ir import Grain
    from cxmetrics.run import Engine

_MOST_ROWS = 10_000_000


@click.command("preview", cls=Verb)
@click.argument("indicator", shell_complete=indicator_names)
@project_option
@click.option("--period", metavar="DATE")
@grain_option
@click.option("--by", multiple=True, metavar="DIM,...", shell_complete=dimension_names)
@click.option("--rows", type=click.IntRange(1, _MOST_ROWS), metavar="N")
@engine_option
@click.option("--format", "shape", type=click.Choice(("table", "json")), default="table", show_default=True)
@language_option
@click.pass_obj
def preview(session: Session, indicator: str, project: Path, period: str | None, grain: Grain | None,
            by: tuple[str, ...], rows: int | None, engine: Engine, shape: Literal["table", "json"]) -> int:
    """Preview an indicator."""
    gc.disable()  # a short life, as that of a check
    import json

    from cxmetrics.cli.compiled import compiled, places_of
    from cxmetrics.cli.options import dimensions
    from cxmetrics.cli.previewed import as_record, told
    from cxmetrics.preview import preview as made

    when = day(period)
    result, plan = compiled(project)
    with places_of(project):
        found = made(project, plan, indicator, grain=grain, day=when, by=dimensions(by), rows=rows, engine=engine)
    if shape == "json":
        emit(json.dumps(as_record(found), ensure_ascii=False, indent=2))
    else:
        emit_lines(told(found, result.pyramid, session, colour=coloured(sys.stdout)))
    return 0
