"""`cxmetrics check`: every problem of the definitions, at its place."""

from __future__ import annotations

import datetime as dt
import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cxmetrics.cli.options import language_option, project_argument
from cxmetrics.cli.session import Refusal, Session
from cxmetrics.cli.terminal import coloured, emit, tell
from cxmetrics.cli.usage import Verb

if TYPE_CHECKING:
    from cxmetrics.cli.remembered import Outcome
    from cxmetrics.diagnostics import Diagnostic
    from cxmetrics.render import Format

FORMATS = ("text", "concise", "json", "sarif", "github", "gitlab", "junit")
BASELINE = "cxmetrics.baseline.json"  # beside the project file
_TOLD = 10  # findings that are gone


@click.command("check", cls=Verb)
@project_argument
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--strict", is_flag=True)
@click.option("--write-baseline", "write", is_flag=True)
@click.option("--no-baseline", "bare", is_flag=True)
@language_option
@click.pass_obj
def check(session: Session, project: Path, form: Format, strict: bool, write: bool, bare: bool) -> int:
    """Compile the project and print what is wrong."""
    gc.disable()  # a short life: what could be collected is gone with the process soon enough
    from cxmetrics.cli.remembered import recall

    today = dt.datetime.now(dt.UTC).date()
    outcome = recall(project, today) or _found(project, today)
    found, failed = outcome.found, outcome.failed
    if write:
        _write(project, found, session, failed=failed)
    left = found if bare else _without_known(project, found, session, failed=failed)
    _show(left, project, form, outcome.files, outcome.indicators, session)
    return int(failed or strict and bool(left))


def _found(project: Path, today: dt.date) -> Outcome:
    """What a project comes to; it is kept where all that the project names could be read."""
    from cxmetrics.cli.remembered import Outcome, reading_of, remember
    from cxmetrics.compile import compile_project

    compiled = compile_project(project)
    outcome = Outcome(len(compiled.sources), len(compiled.pyramid.indicators), compiled.reviewed(today))
    reading = reading_of(compiled.texts) if compiled.whole else None
    if reading is not None:
        remember(project, today, outcome, reading)
    return outcome


def _show(found: Sequence[Diagnostic], project: Path, form: Format, files: int, indicators: int,
          session: Session) -> None:
    """Print findings, and how many there are."""
    from cxmetrics.render import render, summary

    if found:
        from cxmetrics.cli.places import seen_from

        found = seen_from(Path.cwd(), project, found)
    text = render(found, format=form, language=session.language, colour=coloured(sys.stdout))
    if text:
        emit(text)
    tell(session.say("check.summary", findings=summary(found, session.language),
                     files=session.count("files", files), indicators=session.count("indicators", indicators)))


def _write(project: Path, found: Sequence[Diagnostic], session: Session, *, failed: bool) -> None:
    """Write the baseline anew.  Raises `Refusal` where it cannot be; with errors nothing is written."""
    if failed:
        tell(session.say("check.baseline_errors"))
        return
    from cxmetrics.render.baseline import written

    path = project / BASELINE
    beside = path.with_name(f"{BASELINE}.{os.getpid()}")
    try:
        beside.write_text(written(found), encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise Refusal("check.baseline_unwritten", path=path, problem=error.strerror or error) from None
    warnings = session.count("warnings", sum(one.code.severity == "warning" for one in found))
    tell(session.say("check.baseline_written", path=path, warnings=warnings))


def _without_known(project: Path, found: tuple[Diagnostic, ...], session: Session, *,
                   failed: bool) -> tuple[Diagnostic, ...]:
    """The findings that the project's baseline does not know, if it has one.  Raises `Refusal` for one that is none."""
    path = project / BASELINE
    if not path.is_file():
        return found
    from cxmetrics.render.baseline import LARGEST, compared, read

    try:
        with path.open("rb") as file:
            result = compared(found, read(file.read(LARGEST).decode()))
    except OSError as error:
        raise Refusal("check.baseline_unreadable", path=path, problem=error.strerror or error) from None
    except ValueError:
        raise Refusal("check.baseline_none", path=path) from None
    if result.known:
        tell(session.say("check.known", warnings=session.count("warnings", result.known), path=path))
    if result.gone and not failed:  # with errors the review waits, and what it would find is not gone
        tell(session.say("check.gone", warnings=session.count("warnings", len(result.gone)), path=path))
        for line in result.gone[:_TOLD]:
            tell(f"  {line}")
        if len(result.gone) > _TOLD:
            tell(session.say("check.gone_more", count=f"{len(result.gone) - _TOLD:,}"))
    return result.left
