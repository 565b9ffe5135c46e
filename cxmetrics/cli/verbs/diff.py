"""`cxmetrics diff`: what changed in meaning between two revisions of the definitions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from cxmetrics.cli.options import ENGINES, grain_option, language_option, project_option
from cxmetrics.cli.session import Refusal, Session
from cxmetrics.cli.terminal import coloured, emit, emit_lines, tell
from cxmetrics.cli.usage import Verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cxmetrics.ir import Grain
    from cxmetrics.moves import Moves
    from cxmetrics.revisions import Change, Revision
    from cxmetrics.run import Engine

Form = Literal["text", "markdown", "json"]
FORMATS = ("text", "markdown", "json")


@click.command("diff", cls=Verb)
@click.argument("old", default="HEAD")
@click.argument("new", required=False)
@project_option
@click.option("--fail-on", "limit", type=click.Choice(("cosmetic", "added", "restating", "breaking")))
@click.option("--data", is_flag=True)
@click.option("--weeks", type=click.IntRange(1, 520), metavar="N")
@grain_option
@click.option("--engine", type=click.Choice(ENGINES))
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@language_option
@click.pass_obj
def diff(session: Session, old: str, new: str | None, project: Path, limit: str | None, data: bool,
         weeks: int | None, grain: Grain | None, engine: Engine | None, form: Form) -> int:
    """Compare two revisions."""
    from cxmetrics.revisions import EFFECTS, changes, worst

    for option, value in (("--weeks", weeks), ("--grain", grain), ("--engine", engine)):
        if value is not None and not data:
            raise Refusal("diff.needs_data", option=option)
    history = Path(new) if new and _is_project(new) and not _is_project(str(project)) else project
    before, after = _revision(session, old, history), _revision(session, new or str(project), history)
    found = changes(before, after)
    moved = _moved(project, new, before, after, grain, weeks, engine) if data else None
    _print(found, moved, before, after, session, form)
    counts = {effect: sum(change.effect == effect for change in found) for effect in reversed(EFFECTS)}
    said = [session.say("diff.count", count=count, effect=session.term("effect", effect))
            for effect, count in counts.items() if count]
    tell(session.say("comma").join(said) or session.say("diff.same"))
    gravest = worst(found)
    return int(limit is not None and gravest is not None and EFFECTS.index(gravest) >= EFFECTS.index(limit))


def _print(found: Sequence[Change], moved: Moves | None, before: Revision, after: Revision, session: Session,
           form: Form) -> None:
    """The changes, and below them the numbers that move, if these were asked for."""
    import json

    from cxmetrics.cli import revised

    colour = coloured(sys.stdout)
    match form:
        case "text" if found:
            emit(revised.told(found, before, after, session, colour=colour))
        case "markdown":
            emit(revised.as_markdown(found, before, after, session))
        case "json":
            record: object = revised.as_record(found, before, after, session)
            if moved is not None:
                from cxmetrics.cli.moved import as_record

                record = {"changes": record, "moves": as_record(moved)}
            emit(json.dumps(record, ensure_ascii=False, indent=2))
    if moved is not None and form != "json":
        from cxmetrics.cli.moved import as_markdown, told

        emit_lines(told(moved, before, after, session, colour=colour) if form == "text" else
                   as_markdown(moved, before, after, session))


def _moved(project: Path, new: str | None, before: Revision, after: Revision, grain: Grain | None, weeks: int | None,
           engine: Engine | None) -> Moves:
    """What moves on the data beside the new definitions, if these are a folder, else on the project's."""
    from cxmetrics.cli.compiled import places_of
    from cxmetrics.moves import WEEKS, moves

    root = Path(new) if new is not None and _is_project(new) else project
    with places_of(root):
        return moves(root, before, after, grain=grain, weeks=weeks or WEEKS, engine=engine or "duckdb")


def _revision(session: Session, name: str, project: Path) -> Revision:
    """The definitions in a folder with a project file, or else those of the project at a revision of Git."""
    from contextlib import suppress

    from cxmetrics.cli.compiled import compiled
    from cxmetrics.cli.git import check_out
    from cxmetrics.diagnostics import Fault
    from cxmetrics.folders import PROJECT_FILE
    from cxmetrics.revisions import Revision
    from cxmetrics.scratch import scratch_folder

    there = False
    with suppress(OSError, ValueError):  # names that no file can have
        there = (Path(name) / PROJECT_FILE).is_file()
    if there:
        result, plan = compiled(Path(name))
        return Revision(result.pyramid, plan)
    with scratch_folder() as scratch:
        folder = scratch / ("".join(char if char.isalnum() or char in "-~" else "_" for char in name[:80]) or "_")
        folder.mkdir()
        check_out(project, name, folder)
        try:
            result, plan = compiled(folder)
        except Fault:
            tell(session.say("diff.in", revision=name))  # the findings name only the files
            raise
        return Revision(result.pyramid, plan)


def _is_project(name: str) -> bool:
    """Whether a folder of that name has a project file."""
    from contextlib import suppress

    from cxmetrics.folders import PROJECT_FILE

    with suppress(OSError, ValueError):  # names that no file can have
        return (Path(name) / PROJECT_FILE).is_file()
    return False
