"""`cxmetrics query`: any slice, at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cxmetrics.cli.completing import dimension_names, indicator_names
from cxmetrics.cli.options import (
    as_of_option,
    dimensions,
    engine_option,
    format_option,
    from_option,
    grain_option,
    interval,
    language_option,
    to_option,
)
from cxmetrics.cli.session import Refusal, Session
from cxmetrics.cli.terminal import emit_lines, emit_parts, tell
from cxmetrics.cli.usage import Verb
from cxmetrics.folders import PROJECT_FILE

if TYPE_CHECKING:
    from cxmetrics.cli.tables import Shape
    from cxmetrics.run import Engine


@click.command("query", cls=Verb)
@click.argument("indicators", nargs=-1, required=True, metavar="[PROJECT] INDICATOR...",
                shell_complete=indicator_names)
@click.option("--by", multiple=True, metavar="DIM,...", shell_complete=dimension_names)
@grain_option
@from_option
@to_option
@click.option("--where", metavar="EXPR")
@click.option("--ranks", is_flag=True)
@engine_option
@as_of_option
@format_option
@language_option
@click.pass_obj
def query(session: Session, indicators: tuple[str, ...], by: tuple[str, ...], grain: str | None, first: str | None,
          last: str | None, where: str | None, ranks: bool, engine: Engine, as_of: str | None,
          shape: Shape) -> int:
    """Print values."""
    from cxmetrics.cli.compiled import places_of
    from cxmetrics.cli.tables import shaped
    from cxmetrics.query import query as ask

    start, end = interval(first, last)
    project, names = parted(indicators)
    across = dimensions(by)
    if ranks and not across:
        raise Refusal("query.ranks")
    with places_of(project):
        frame = ask(project.resolve(), names, by=across, grain=grain, first=start, last=end, where=where, engine=engine,
                    as_of=as_of, ranks=ranks)
    if shape == "table":
        from cxmetrics.cli.answers import told

        emit_lines(told(project, frame.columns, list(frame.iter_rows(named=True)), session))
    else:
        emit_parts(shaped(shape, frame.columns, frame.iter_rows(), watched=sys.stdout.isatty()))
    if not frame.height:
        tell(session.say("query.nothing_by" if across else "query.nothing", by=session.say("comma").join(across)))
    return 0


def parted(words: tuple[str, ...]) -> tuple[Path, tuple[str, ...]]:
    """The project folder and the indicators: the first word is the folder, if it is one."""
    folder = Path(words[0])
    if not (folder / PROJECT_FILE).is_file() or (len(words) == 1 and _is_indicator(words[0])):
        return Path(), words
    if len(words) == 1:
        raise Refusal("query.which", project=words[0])
    return (Path(), words) if _is_indicator(words[0]) else (folder, words[1:])


def _is_indicator(name: str) -> bool:
    """Whether the project in which one stands has an indicator of that name."""
    from cxmetrics.compile import compile_project

    return Path(PROJECT_FILE).is_file() and name in compile_project(Path()).pyramid.indicators
