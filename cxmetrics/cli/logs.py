"""What a run does, as JSON: one object a line on standard error, for machines that gather logs."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cxmetrics.cli.terminal import tell

if TYPE_CHECKING:
    from cxmetrics.cli.session import Session
    from cxmetrics.diagnostics import Diagnostic


def log(event: str, level: str = "info", **facts: object) -> None:
    """One line."""
    line = {"time": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"), "level": level, "event": event, **facts}
    tell(json.dumps(line, ensure_ascii=False, default=str))


def log_step(what: str, step: int, of: int) -> None:
    """A step of a run: `bind`, `scan` and the source, `evaluate`, `commit`."""
    stage, _, source = what.partition(" ")
    log(stage, step=step, of=of, **({"source": source} if source else {}))


def log_findings(found: Iterable[Diagnostic], session: Session) -> None:
    """One line a finding."""
    from cxmetrics.render import render

    for one, told in zip(found, json.loads(render(list(found), format="json", language=session.language)),
                         strict=True):
        log("finding", one.code.severity, **told)
