"""The command line: one verb a job.  The only door to click and rich.

Verbs import what they need when they are called, so that `check` and `--help` never wait for an engine.
Exit status: 0 clean; 1 the definitions, the data or the tests are at fault; 2 misuse, or a fault of the machine
or of cxmetrics; 130 interrupted, 143 terminated.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

# Polars gives memory back to the system half a second after it is done with it, only to ask for it again: a tenth of
# the processor time of a day that is added.  What it is to do instead has to be said before it is imported.
ALLOCATION = "_RJEM_MALLOC_CONF", "dirty_decay_ms:10000"
# Who asks for little memory is not to find in it what is no longer needed; to give all back at once takes half as long
# again.
BOUNDED = "dirty_decay_ms:100"


def main() -> NoReturn:
    """The entry of the scripts `cxmetrics` and `cxm`."""
    name, kept = ALLOCATION
    os.environ.setdefault(name, BOUNDED if _bounded(sys.argv[1:]) else kept)
    try:
        from cxmetrics.cli.command import status_of  # takes long enough for somebody to press Ctrl-C
        from cxmetrics.cli.signals import listen
        from cxmetrics.cli.terminal import flush, prepare

        listen()
        prepare()
        status = status_of(sys.argv[1:])
        flush()
    except KeyboardInterrupt:
        os._exit(130)
    # All has been said and closed.  At its end the interpreter would take apart what it holds, thing by thing: a good
    # tenth of the time of a check, and DuckDB's binding would tell of leaks.
    os._exit(status)


def _bounded(words: Sequence[str]) -> bool:
    """Whether a command is asked to keep within some memory: told by its words, for it is not read yet."""
    return any(word.partition("=")[0] == "--memory" for word in words)
