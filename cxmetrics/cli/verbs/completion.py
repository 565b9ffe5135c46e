"""`cxmetrics completion`: what a shell has to know to complete the command."""

from __future__ import annotations

import click

from cxmetrics.cli.options import language_option
from cxmetrics.cli.session import Session
from cxmetrics.cli.terminal import emit
from cxmetrics.cli.usage import Verb

SHELLS = ("bash", "zsh", "fish")
_SHORT = {  # the other name of the command completes alike
    "bash": "complete -o nosort -F _cxmetrics_completion cxm",
    "zsh": "compdef _cxmetrics_completion cxm",
    "fish": "complete --command cxm --wraps cxmetrics",
}


@click.command("completion", cls=Verb)
@click.argument("shell", type=click.Choice(SHELLS))
@language_option
@click.pass_obj
def completion(session: Session, shell: str) -> int:  # noqa: ARG001 - the script speaks no language
    """Print the script that a shell reads to complete `cxmetrics`."""
    from click.shell_completion import get_completion_class

    from cxmetrics.cli.command import command

    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(command, {}, "cxmetrics", "_CXMETRICS_COMPLETE").source()
    emit(f"{script.strip()}\n{_SHORT[shell]}")
    return 0
