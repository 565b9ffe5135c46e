"""`cxmetrics init`: a small project that checks and runs."""

from __future__ import annotations

from pathlib import Path

import click

from cxmetrics.cli.options import language_option
from cxmetrics.cli.session import Refusal, Session
from cxmetrics.cli.terminal import tell
from cxmetrics.cli.usage import Verb


@click.command("init", cls=Verb)
@click.argument("folder", default=".", metavar="[DIR]", type=click.Path(path_type=Path))
@language_option
@click.pass_obj
def init(session: Session, folder: Path) -> int:
    """Write a project; what is there already is never written over."""
    from cxmetrics.cli.starter import files

    wanted = files(session)
    for name in wanted:
        if (folder / name).exists() or (folder / name).is_symlink():
            raise Refusal("init.exists", 1, path=folder / name)
    if folder.exists() and not folder.is_dir():
        raise Refusal("init.exists", 1, path=folder)
    for name, text in wanted.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    step = "" if folder == Path() else f"  cd {folder}\n"
    tell(session.say("init.done", count=len(wanted), folder=folder, step=step))
    return 0
