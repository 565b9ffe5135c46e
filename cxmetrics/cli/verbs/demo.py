"""`cxmetrics demo`: the sample bank, run, and its pyramid."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cxmetrics.cli.options import engine_option, language_option
from cxmetrics.cli.session import Session
from cxmetrics.cli.terminal import tell
from cxmetrics.cli.usage import Verb

if TYPE_CHECKING:
    from cxmetrics.run import Engine


class _Scale(click.IntRange):
    """A number of rows: digits, or with k, m or b for thousands, millions and billions."""

    name = "rows"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        """The number, as click asks for it.  Raises `click.BadParameter`."""
        if isinstance(value, str) and (written := _SCALE.fullmatch(value.strip().lower().replace("_", ""))):
            value = int(written[1]) * _MANY[written[2]]
        return super().convert(value, param, ctx)


_SCALE = re.compile(r"([0-9]{1,12})([kmb]?)")
_MANY = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}


@click.command("demo", cls=Verb)
@click.argument("folder", default="demo-bank", metavar="[DIR]", type=click.Path(path_type=Path))
@click.option("--scale", type=_Scale(1_000, 1_000_000_000), default="2m", metavar="ROWS", show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**62), default=20260101, show_default=True)
@engine_option
@click.option("--fresh", is_flag=True)
@click.option("--data-only", is_flag=True)
@language_option
@click.pass_obj
def demo(session: Session, folder: Path, scale: int, seed: int, engine: Engine, fresh: bool,
         data_only: bool) -> int:
    """Make the bank, run it, draw its pyramid."""
    from cxmetrics.cli.progress import watched
    from cxmetrics.cli.sample_bank import Wanted, make
    from cxmetrics.cli.verbs.run import carry_out
    from cxmetrics.cli.verbs.tree import draw
    from cxmetrics.run import RunOptions

    with watched(session) as progress:
        anew = make(folder, Wanted(scale, seed), fresh=fresh, progress=progress)
    tell(session.say("demo.made" if anew else "demo.kept", folder=folder))
    if data_only:
        tell(session.say("demo.data", data=folder / "data"))
        return 0
    carry_out(session, folder, RunOptions(engine=engine))
    draw(session, folder, "table")
    tell(session.say("demo.done", folder=folder, store=folder / "store"))
    return 0
