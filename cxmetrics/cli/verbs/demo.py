"""`cxmetrics demo`: the sample bank, run, and its pyramid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cxmetrics.cli.options import engine_option, language_option
from cxmetrics.cli.session import Session
from cxmetrics.cli.terminal import tell
from cxmetrics.cli.usage import Verb

if TYPE_CHECKING:
    from cxmetrics.run import Engine


@click.command("demo", cls=Verb)
@click.argument("folder", default="demo-bank", metavar="[DIR]", type=click.Path(path_type=Path))
@click.option("--rows", type=click.IntRange(1_000, 100_000_000), default=1_000_000, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=20260101, show_default=True)
@engine_option
@click.option("--fresh", is_flag=True)
@language_option
@click.pass_obj
def demo(session: Session, folder: Path, rows: int, seed: int, engine: Engine, fresh: bool) -> int:
    """Make the bank, run it, draw its pyramid."""
    from cxmetrics.cli.progress import watched
    from cxmetrics.cli.sample_bank import Wanted, make
    from cxmetrics.cli.verbs.run import carry_out
    from cxmetrics.cli.verbs.tree import draw
    from cxmetrics.run import RunOptions

    with watched(session) as progress:
        anew = make(folder, Wanted(rows, seed), fresh=fresh, progress=progress)
    tell(session.say("demo.made" if anew else "demo.kept", folder=folder))
    carry_out(session, folder, RunOptions(engine=engine))
    draw(session, folder, "table")
    tell(session.say("demo.done", folder=folder, store=folder / "store"))
    return 0
