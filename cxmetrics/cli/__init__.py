"""The command line: one verb a job.  The only door to click and rich.

Verbs import what they need when they are called, so that `check` and `--help` never wait for an engine.
Exit status: 0 clean; 1 the definitions, the data or the tests are at fault; 2 misuse, or a fault of the machine
or of cxmetrics; 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from cxmetrics import __version__
from cxmetrics.cli.faults import broken, faulty, interrupted, refused
from cxmetrics.cli.options import language_option
from cxmetrics.cli.session import Refusal, Session, language_of
from cxmetrics.cli.terminal import flush, prepare, tell
from cxmetrics.cli.usage import Verbs, complaint, dress
from cxmetrics.cli.verbs.check import check
from cxmetrics.cli.verbs.demo import demo
from cxmetrics.cli.verbs.explain import explain
from cxmetrics.cli.verbs.init import init
from cxmetrics.cli.verbs.query import query
from cxmetrics.cli.verbs.run import run
from cxmetrics.cli.verbs.schema import schema
from cxmetrics.cli.verbs.show import show
from cxmetrics.cli.verbs.tree import tree
from cxmetrics.diagnostics import Fault

__all__ = ["command", "main", "status_of"]


@click.group("cxmetrics", cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@language_option
@click.version_option(__version__, prog_name="cxmetrics", message="%(prog)s %(version)s")
def command() -> None:
    """Take the options that stand before the verb."""


for _verb in (demo, init, check, tree, run, query, show, explain, schema):
    command.add_command(_verb)


def main() -> NoReturn:
    """The entry of the scripts `cxmetrics` and `cxm`."""
    prepare()
    status = status_of(sys.argv[1:])
    if "duckdb" in sys.modules:
        # At the end of the interpreter DuckDB's binding tells of leaks, though everything has been closed.
        flush()
        os._exit(status)
    sys.exit(status)


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
        return 130
    except Exception as error:  # noqa: BLE001 - a traceback is never an answer
        return 130 if interrupted(error) else broken(error, session)
