"""What a run took: a line of every report, and the tables of `--profile`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cxmetrics.cli.figures import NONE, size, whole
from cxmetrics.cli.session import Session
from cxmetrics.cli.tables import Column, as_table

if TYPE_CHECKING:
    from cxmetrics.run import RunReport, SourceReport


def work_line(report: RunReport, session: Session) -> str:
    """Scans, rows, bytes, states, and seconds a stage."""
    stages = (session.say("run.seconds", stage=session.term("stage", name), seconds=f"{seconds:.1f}")
              for name, seconds in report.stages.items())
    return session.say(
        "run.work", scans=session.count("scans", report.scans), rows=whole(sum(one.read for one in report.sources)),
        size=size(sum(one.effort.bytes for one in report.sources)), states=whole(report.states),
        stages=session.say("comma").join(stages))


def profiled(report: RunReport, session: Session) -> Iterator[str]:
    """A table of stages, and one of scans, the slowest first."""
    yield ""
    yield from as_table(_heads(session, "stage", "seconds", "processor"), [
        [session.term("stage", name), _seconds(took), _seconds(report.processor[name])]
        for name, took in report.stages.items()])
    scans = sorted((one for one in report.sources if one.effort.cubes), key=lambda one: -one.effort.seconds)
    if scans:
        yield ""
        yield from as_table(
            _heads(session, "source", "files", "bytes", "read", "cubes", "cells", "states", "seconds", "speed"),
            [_scan(one) for one in scans])


def _heads(session: Session, first: str, *others: str) -> list[Column]:
    return [Column(session.term("column", first)), *(Column(session.term("column", name), right=True)
                                                     for name in others)]


def _scan(source: SourceReport) -> list[str]:
    took = source.effort
    speed = whole(round(source.read / took.seconds)) if took.seconds else NONE
    return [source.id, whole(source.files), size(took.bytes), whole(source.read), whole(took.cubes), whole(took.cells),
            whole(took.states), _seconds(took.seconds), speed]


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"
