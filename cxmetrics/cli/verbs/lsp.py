"""`cxmetrics lsp`: the language server."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from cxmetrics.cli.options import language_option
from cxmetrics.cli.session import Session
from cxmetrics.cli.terminal import tell
from cxmetrics.cli.usage import Verb

if TYPE_CHECKING:
    from typing import BinaryIO


@click.command("lsp", cls=Verb)
@click.option("--stdio", is_flag=True)
@language_option
@click.pass_obj
def lsp(session: Session, stdio: bool) -> int:  # noqa: ARG001 - there is no other way
    """Answer an editor until it leaves."""
    from cxmetrics.cli.hovers import told_of
    from cxmetrics.lsp import Server
    from cxmetrics.lsp.wire import Wire

    if sys.stdin.isatty():
        tell(session.say("lsp.waits"))
    return Server(Wire(sys.stdin.buffer, _alone()), session.language, told_of).serve()


def _alone() -> BinaryIO:
    """Standard output for the messages only: whatever else is printed goes to standard error."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    sys.stdout.flush()
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return out
