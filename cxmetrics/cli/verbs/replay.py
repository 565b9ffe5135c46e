"""`cxmetrics replay`: compute a past run again, and compare every value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cxmetrics.cli.options import ENGINES, language_option, project_option
from cxmetrics.cli.session import Session
from cxmetrics.cli.terminal import emit, emit_lines, tell
from cxmetrics.cli.usage import Verb
from cxmetrics.cli.verbs.store import store_of

if TYPE_CHECKING:
    from cxmetrics.replay import Replay
    from cxmetrics.run import Engine

_MOST = 50  # differences that a table shows


@click.command("replay", cls=Verb)
@click.argument("run")
@project_option
@click.option("--engine", type=click.Choice(ENGINES))
@click.option("--format", "shape", type=click.Choice(("table", "json")), default="table", show_default=True)
@language_option
@click.pass_obj
def replay(session: Session, run: str, project: Path, engine: Engine | None, shape: str) -> int:
    """Replay a run."""
    from cxmetrics.cli.faults import show
    from cxmetrics.replay import replay as again

    found = again(project, store_of(project), run, engine)
    if shape == "json":
        emit(json.dumps(_recorded(found), ensure_ascii=False, indent=2))
    else:
        if found.drift:
            show(found.drift, session)
        _tell(found, session)
    return 0 if found.same else 1


def _rows(found: Replay) -> list[dict[str, Any]]:
    return [] if found.differences is None else list(found.differences.iter_rows(named=True))


def _recorded(found: Replay) -> dict[str, Any]:
    return {"run": found.run, "engine": found.engine, "same": found.same, "compared": found.compared,
            "frozen": found.frozen, "release_then": found.releases[0], "release_now": found.releases[1],
            "drift": [{"code": one.code.id, **{key: str(fact) for key, fact in one.facts.items()}}
                      for one in found.drift],
            "differences": [row | {"period": str(row["period"])} for row in _rows(found)]}


def _tell(found: Replay, session: Session) -> None:
    """The differences, and in a sentence what was compared."""
    from cxmetrics.cli.figures import NONE, whole
    from cxmetrics.cli.restated import place
    from cxmetrics.cli.tables import Column, as_table

    rows = _rows(found)
    if rows:
        names = ("indicator", "period", "slice", "column", "published", "replayed")
        heads = [Column(session.term("column", name), right=name in names[-2:]) for name in names]
        lines = [[*place(row, session), row["column"], row["published"] or NONE, row["replayed"] or NONE]
                 for row in rows[:_MOST]]
        emit_lines(as_table(heads, lines))
    if len(rows) > _MOST:
        tell(session.say("replay.more", count=whole(len(rows) - _MOST)))
    if found.releases[0] != found.releases[1]:
        tell(session.say("replay.release", then=found.releases[0], now=found.releases[1]))
    verdict = "replay.not_computed" if found.differences is None else "replay.same" if not rows else "replay.differs"
    tell(session.say(verdict, run=found.run, engine=found.engine, compared=whole(found.compared),
                     count=whole(len(rows)), files=whole(len(found.drift)), frozen=whole(found.frozen)))
