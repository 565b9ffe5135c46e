"""A bar on a terminal while something long is done, and nothing where nobody watches."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cxmetrics.cli.session import Session

Progress = Callable[[str, int, int], None]


@contextmanager
def watched(session: Session) -> Iterator[Progress]:
    """Give a function that hears what is done now, the step, and of how many."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield _unwatched
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda what, step, of: bar.update(task, description=_named(what, session), completed=step, total=of)


def _unwatched(_what: str, _step: int, _of: int) -> None:
    """Progress that nobody watches."""


def _named(what: str, session: Session) -> str:
    verb, _, rest = what.partition(" ")
    return f"{session.term('stage', verb)} {rest}".rstrip()
