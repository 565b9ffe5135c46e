"""The verbs put together, and how a call of one ends."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from cxmetrics import __version__
from cxmetrics.cli.faults import broken, faulty, interrupted, refused
from cxmetrics.cli.options import language_option
from cxmetrics.cli.session import Refusal, Session, language_of
from cxmetrics.cli.signals import ended
from cxmetrics.cli.terminal import tell
from cxmetrics.cli.usage import Verbs, complaint, dress
from cxmetrics.cli.verbs.check import check
from cxmetrics.cli.verbs.completion import completion
from cxmetrics.cli.verbs.coverage import coverage
from cxmetrics.cli.verbs.demo import demo
from cxmetrics.cli.verbs.diff import diff
from cxmetrics.cli.verbs.explain import explain
from cxmetrics.cli.verbs.fmt import fmt
from cxmetrics.cli.verbs.init import init
from cxmetrics.cli.verbs.lsp import lsp
from cxmetrics.cli.verbs.preview import preview
from cxmetrics.cli.verbs.query import query
from cxmetrics.cli.verbs.replay import replay
from cxmetrics.cli.verbs.run import run
from cxmetrics.cli.verbs.schema import schema
from cxmetrics.cli.verbs.show import show
from cxmetrics.cli.verbs.store import store
from cxmetrics.cli.verbs.test import test
from cxmetrics.cli.verbs.tree import tree
from cxmetrics.diagnostics import Fault


@click.group("cxmetrics", cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@language_option
@click.version_option(__version__, prog_name="cxmetrics", message="%(prog)s %(version)s")
def command() -> None:
    """Take the options that stand before the verb."""


for _verb in (demo, init, check, fmt, diff, test, preview, tree, run, query, show, coverage, store, replay, explain,
              schema, lsp, completion):
    command.add_command(_verb)


def status_of(args: Sequence[str]) -> int:
    """Carry out a call of the command; its exit status."""
    session = Session(language_of(args, os.environ))
    dress(command, session)
    try:
        status = command.main(list(args), prog_name="cxmetrics", standalone_mode=False, obj=session)
        return status if isinstance(status, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        tell(error.format_message())
        return 2
    except click.ClickException as error:
        tell(complaint(error, session))
        return 2
    except Refusal as refusal:
        return refused(refusal, session)
    except Fault as fault:
        return faulty(fault, session)
    except (click.Abort, KeyboardInterrupt):
        return ended()
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 - a traceback is never an answer, and engines raise more than errors
        return ended() if interrupted(error) else broken(error, session)
