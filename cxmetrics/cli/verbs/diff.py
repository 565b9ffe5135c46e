"""`cxmetrics diff`: what changed in meaning between two revisions of the definitions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from cxmetrics.cli.options import language_option, project_option
from cxmetrics.cli.session import Session
from cxmetrics.cli.terminal import coloured, emit, tell
from cxmetrics.cli.usage import Verb

if TYPE_CHECKING:
    from cxmetrics.revisions import Revision

FORMATS = ("text", "markdown", "json")


@click.command("diff", cls=Verb)
@click.argument("old", default="HEAD")
@click.argument("new", required=False)
@project_option
@click.option("--fail-on", "limit", type=click.Choice(("cosmetic", "added", "restating", "breaking")))
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@language_option
@click.pass_obj
def diff(session: Session, old: str, new: str | None, project: Path, limit: str | None,
         form: Literal["text", "markdown", "json"]) -> int:
    """Compare two revisions."""
    from cxmetrics.cli.revised import as_markdown, as_record, told
    from cxmetrics.revisions import EFFECTS, changes, worst

    before, after = _revision(session, old, project), _revision(session, new or str(project), project)
    found = changes(before, after)
    match form:
        case "text":
            if found:
                emit(told(found, before, after, session, colour=coloured(sys.stdout)))
        case "markdown":
            emit(as_markdown(found, before, after, session))
        case "json":
            emit(as_record(found, before, after, session))
    counts = {effect: sum(change.effect == effect for change in found) for effect in reversed(EFFECTS)}
    said = [session.say("diff.count", count=count, effect=session.term("effect", effect))
            for effect, count in counts.items() if count]
    tell(session.say("comma").join(said) or session.say("diff.same"))
    gravest = worst(found)
    return int(limit is not None and gravest is not None and EFFECTS.index(gravest) >= EFFECTS.index(limit))


def _revision(session: Session, name: str, project: Path) -> Revision:
    """The definitions in a folder with a project file, or else those of the project at a revision of Git."""
    import tempfile

    from cxmetrics.cli.compiled import compiled
    from cxmetrics.cli.git import check_out
    from cxmetrics.diagnostics import Fault
    from cxmetrics.folders import PROJECT_FILE
    from cxmetrics.revisions import Revision

    if (Path(name) / PROJECT_FILE).is_file():
        result, plan = compiled(Path(name))
        return Revision(result.pyramid, plan)
    with tempfile.TemporaryDirectory(prefix="cxmetrics-") as scratch:
        folder = Path(scratch) / name.replace("/", "_")
        folder.mkdir()
        check_out(project, name, folder)
        try:
            result, plan = compiled(folder)
        except Fault:
            tell(session.say("diff.in", revision=name))  # the findings name only the files
            raise
        return Revision(result.pyramid, plan)
