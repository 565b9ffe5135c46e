"""`cxmetrics run`: compute what is missing or stale, and commit it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cxmetrics.cli.options import (
    engine_option,
    from_option,
    interval,
    language_option,
    project_argument,
    to_option,
)
from cxmetrics.cli.progress import watched
from cxmetrics.cli.session import Session
from cxmetrics.cli.terminal import emit, tell
from cxmetrics.cli.usage import Verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cxmetrics.diagnostics import Diagnostic, Fault
    from cxmetrics.run import Engine, RunOptions, RunReport


@click.command("run", cls=Verb)
@project_argument
@from_option
@to_option
@engine_option
@click.option("--full", is_flag=True)
@click.option("--dry-run", is_flag=True)
@click.option("--strict", is_flag=True)
@click.option("--json", "into", metavar="FILE")
@language_option
@click.pass_obj
def run(session: Session, project: Path, first: str | None, last: str | None, engine: Engine, full: bool,
        dry_run: bool, strict: bool, into: str | None) -> int:
    """Run the project and report."""
    from cxmetrics.diagnostics import Fault
    from cxmetrics.run import RunOptions

    if into not in (None, "-"):
        Path(into).open("a").close()  # known before the work, not after it
    try:
        start, end = interval(first, last)
        report = carry_out(session, project, RunOptions(start, end, engine, full, dry_run, strict))
    except Fault as fault:
        if into is not None:
            _write(into, _failure(fault, session))
        raise
    if into is not None:
        _write(into, report.as_json() | _errors(report.troubles, session))
    return 0 if report.whole else 1


def carry_out(session: Session, project: Path, options: RunOptions) -> RunReport:
    """Run, with a bar on a terminal, and say on standard error what was done."""
    from cxmetrics.cli.compiled import places_of
    from cxmetrics.cli.faults import show
    from cxmetrics.cli.places import seen_from
    from cxmetrics.cli.reports import told
    from cxmetrics.run import run as run_project

    with watched(session) as progress, places_of(project):
        report = run_project(project.resolve(), options, progress)
    said = (*report.troubles, *report.diagnostics)
    if said:
        show(seen_from(Path.cwd(), project, said), session)
    tell("\n".join(told(report, session, dry=options.dry_run)))
    return report


def _failure(fault: Fault, session: Session) -> dict[str, object]:
    """The report of a run that did not come to its end."""
    return {"committed": False} | _errors(fault.diagnostics, session)


def _errors(found: Sequence[Diagnostic], session: Session) -> dict[str, object]:
    import json

    from cxmetrics.render import render

    return {"errors": json.loads(render(found, format="json", language=session.language))} if found else {}


def _write(into: str, report: dict[str, object]) -> None:
    """Write a report to a file, or to standard output for `-`."""
    import json

    text = json.dumps(report, ensure_ascii=False, indent=2)
    if into == "-":
        emit(text)
    else:
        Path(into).write_text(f"{text}\n", encoding="utf-8")
