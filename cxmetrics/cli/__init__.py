"""The command line: one verb a job.  The only door to click and rich.

Verbs import what they need when they are called, so that `check` and `--help` never wait for an engine.
Exit status: 0 clean; 1 the definitions, the data or the tests are at fault; 2 misuse, or a fault of the machine
or of cxmetrics; 130 interrupted, 143 terminated.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

# Polars gives memory back to the system half a second after it is done with it, only to ask for it again: a tenth of
# the processor time of a day that is added.  What it is to do instead has to be said before it is imported.
ALLOCATION = "_RJEM_MALLOC_CONF", "dirty_decay_ms:10000"


def main() -> NoReturn:
    """The entry of the scripts `cxmetrics` and `cxm`."""
    os.environ.setdefault(*ALLOCATION)
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
