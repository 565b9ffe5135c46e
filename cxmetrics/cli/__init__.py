"""The command line: one verb a job.  The only door to click and rich.

Verbs import what they need when they are called, so that `check` and `--help` never wait for an engine.
Exit status: 0 clean; 1 the definitions, the data or the tests are at fault; 2 misuse, or a fault of the machine
or of cxmetrics; 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """The entry of the scripts `cxmetrics` and `cxm`."""
    try:
        from cxmetrics.cli.command import status_of  # takes long enough for somebody to press Ctrl-C
        from cxmetrics.cli.terminal import flush, prepare

        prepare()
        status = status_of(sys.argv[1:])
        flush()
    except KeyboardInterrupt:
        os._exit(130)
    if "duckdb" in sys.modules:
        # At the end of the interpreter DuckDB's binding tells of leaks, though everything has been closed.
        os._exit(status)
    sys.exit(status)
