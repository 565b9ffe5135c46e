"""`cxmetrics init`: a small project that checks and runs, or one over a library that ships."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from cxmetrics.cli.options import language_option
from cxmetrics.cli.session import Refusal, Session
from cxmetrics.cli.terminal import tell
from cxmetrics.cli.usage import Verb

PACKS = ("app_web_vitals", "complaint_coding", "contact_centre", "employee", "mystery_visits", "programme",
         "regulator_it", "retail_bank", "small_bank")


@click.command("init", cls=Verb)
@click.argument("folder", default=".", metavar="[DIR]", type=click.Path(path_type=Path))
@click.option("--pack", type=click.Choice(PACKS), metavar="PACK")
@language_option
@click.pass_obj
def init(session: Session, folder: Path, pack: str | None) -> int:
    """Write a project; what is there already is never written over."""
    wanted = _files(session, pack)
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
    tell(session.say("init.packed" if pack else "init.done", count=len(wanted), folder=folder, step=step))
    return 0


def _files(session: Session, pack: str | None) -> Mapping[str, str]:
    if pack is not None:
        from cxmetrics.cli.packs import pack_files

        return pack_files(pack, session)
    from cxmetrics.cli.starter import files

    return files(session)
