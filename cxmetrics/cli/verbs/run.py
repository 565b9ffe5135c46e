"""`cxmetrics run`: compute what is missing or stale, and commit it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from cxmetrics.cli.options import (
    day,
    engine_option,
    from_option,
    grain_option,
    interval,
    language_option,
    project_argument,
    to_option,
)
from cxmetrics.cli.progress import watched
from cxmetrics.cli.session import Refusal, Session
from cxmetrics.cli.terminal import emit, tell
from cxmetrics.cli.usage import Verb

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from cxmetrics.diagnostics import Diagnostic, Fault
    from cxmetrics.ir import Grain
    from cxmetrics.run import Engine, RunOptions, RunReport

Log = Literal["text", "json"]
_MEMORY = re.compile(r"\d+(\.\d+)? ?[MG]B")


@click.command("run", cls=Verb)
@project_argument
@from_option
@to_option
@click.option("--period", metavar="DATE")
@grain_option
@engine_option
@click.option("--memory", metavar="SIZE")
@click.option("--full", is_flag=True)
@click.option("--renamed-from", metavar="NAME")
@click.option("--dry-run", is_flag=True)
@click.option("--strict", is_flag=True)
@click.option("--profile", is_flag=True)
@click.option("--json", "into", metavar="FILE")
@click.option("--prometheus", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--openlineage", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--log", "log", type=click.Choice(("text", "json")), default="text", show_default=True)
@language_option
@click.pass_obj
def run(session: Session, project: Path, first: str | None, last: str | None, period: str | None,
        grain: Grain | None, engine: Engine, memory: str | None, full: bool,
        renamed_from: str | None, dry_run: bool, strict: bool,
        profile: bool, into: str | None, prometheus: Path | None, openlineage: Path | None, log: Log) -> int:
    """Run the project and report."""
    from cxmetrics.cli.openlineage import followed
    from cxmetrics.cli.profiles import profiled
    from cxmetrics.cli.whole_files import try_to_write
    from cxmetrics.diagnostics import Fault
    from cxmetrics.run import RunOptions

    for path in (into, prometheus, openlineage):
        if path not in (None, "-"):
            try_to_write(Path(path))
    report: RunReport | None = None
    try:
        start, end = _days(project, first, last, period, grain)
        options = RunOptions(start, end, engine, full, dry_run, strict, memory=_size(memory),
                             renamed_from=renamed_from)
        with followed(None if dry_run else openlineage, project, options) as done:
            report = carry_out(session, project, options, log)
            done(report)
        if profile and log == "text":
            tell("\n".join(profiled(report, session)))
    except Fault as fault:
        if into is not None:
            _write(into, {"committed": False} | _errors(fault.diagnostics, session))
        if log == "json":
            return _logged(fault, session)
        raise
    finally:
        if prometheus is not None:
            _measure(prometheus, project, report)
    if into is not None:
        _write(into, report.as_json() | _errors(report.troubles, session))
    return 0 if report.whole else 1


def _days(project: Path, first: str | None, last: str | None, period: str | None,
          grain: Grain | None) -> tuple[dt.date | None, dt.date | None]:
    """The interval asked for: between two days, or the period that one day is in.  Raises `Fault`."""
    if period is None:
        if grain is not None:
            raise Refusal("run.grain")
        return interval(first, last)
    if first is not None or last is not None:
        raise Refusal("run.period")
    from cxmetrics.calendars import end, start
    from cxmetrics.cli.compiled import compiled

    asked = day(period)
    if asked is None:
        return None, None
    begin = start(asked, grain or "day", compiled(project)[1].project.calendar)
    return begin, end(begin, grain or "day")


def _size(memory: str | None) -> str | None:
    """How much memory a run is to take."""
    if memory is not None and not _MEMORY.fullmatch(memory):
        raise Refusal("run.memory", memory=memory)
    return memory


def carry_out(session: Session, project: Path, options: RunOptions, log: Log = "text") -> RunReport:
    """Run, with a bar on a terminal or lines of a log, and say on standard error what was done."""
    from cxmetrics.cli.compiled import places_of
    from cxmetrics.cli.faults import show
    from cxmetrics.cli.logs import log as write
    from cxmetrics.cli.logs import log_findings, log_step
    from cxmetrics.cli.places import seen_from
    from cxmetrics.cli.reports import told
    from cxmetrics.run import run as run_project

    if log == "json":
        with places_of(project):
            report = run_project(project.resolve(), options, log_step)
        log_findings(seen_from(Path.cwd(), project, (*report.troubles, *report.diagnostics)), session)
        write("run", "info" if report.whole else "error", **report.as_json())
        return report
    with watched(session) as progress, places_of(project):
        report = run_project(project.resolve(), options, progress)
    said = (*report.troubles, *report.diagnostics)
    if said:
        show(seen_from(Path.cwd(), project, said), session)
    tell("\n".join(told(report, session, dry=options.dry_run)))
    return report


def _logged(fault: Fault, session: Session) -> int:
    from cxmetrics.cli.faults import status_of_fault
    from cxmetrics.cli.logs import log, log_findings

    log_findings(fault.diagnostics, session)
    log("run", "error", committed=False)
    return status_of_fault(fault)


def _measure(path: Path, project: Path, report: RunReport | None) -> None:
    from cxmetrics.cli.metrics import write_metrics
    from cxmetrics.compile import compile_project

    write_metrics(path, compile_project(project).pyramid.project.id, report)


def _errors(found: Sequence[Diagnostic], session: Session) -> dict[str, object]:
    import json

    from cxmetrics.render import render

    return {"errors": json.loads(render(found, format="json", language=session.language))} if found else {}


def _write(into: str, report: dict[str, object]) -> None:
    """Write a report to a file, or to standard output for `-`."""
    import json

    from cxmetrics.cli.whole_files import write_whole

    text = json.dumps(report, ensure_ascii=False, indent=2)
    if into == "-":
        emit(text)
    else:
        write_whole(Path(into), f"{text}\n")
