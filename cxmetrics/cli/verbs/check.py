"""`cxmetrics check`: every problem of the definitions, at its place."""

from __future__ import annotations

import datetime as dt
import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cxmetrics.cli.options import language_option, project_argument
from cxmetrics.cli.session import Session
from cxmetrics.cli.terminal import coloured, emit, tell
from cxmetrics.cli.usage import Verb

if TYPE_CHECKING:
    from cxmetrics.diagnostics import Diagnostic
    from cxmetrics.render import Format

FORMATS = ("text", "concise", "json", "sarif", "github", "gitlab", "junit")


@click.command("check", cls=Verb)
@project_argument
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@language_option
@click.pass_obj
def check(session: Session, project: Path, form: Format) -> int:
    """Compile the project and print what is wrong."""
    gc.disable()  # a short life: what could be collected is gone with the process soon enough
    from cxmetrics.cli.remembered import Clean, recall, remember, state_of
    from cxmetrics.render import render, summary

    state = state_of(project)
    found: tuple[Diagnostic, ...] = ()
    clean, failed = recall(project, state), False
    if clean is None:
        from cxmetrics.cli.places import seen_from
        from cxmetrics.compile import compile_project

        compiled = compile_project(project)
        clean, failed = Clean(len(compiled.sources), len(compiled.pyramid.indicators)), compiled.failed
        found = seen_from(Path.cwd(), project, compiled.reviewed(dt.datetime.now(dt.UTC).date()))
        if compiled.alone and not found:
            remember(project, state, clean)
    text = render(found, format=form, language=session.language, colour=coloured(sys.stdout))
    if text:
        emit(text)
    files, indicators = session.count("files", clean.files), session.count("indicators", clean.indicators)
    tell(session.say("check.summary", findings=summary(found, session.language), files=files, indicators=indicators))
    return int(failed)
