"""How a call ends that could not do what was asked: what is said, and the exit status."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from cxmetrics.cli.session import Refusal, Session
from cxmetrics.cli.terminal import coloured, tell
from cxmetrics.diagnostics import Diagnostic, Fault

_MACHINE = ("CX6", "CX801", "CX808", "CX9")  # codes that are no fault of definitions, data or store
_LONGEST = 200
_ENGINES = ("polars", "pyo3_runtime", "duckdb", "_duckdb")


def refused(refusal: Refusal, session: Session) -> int:
    """Say what the verb will not do."""
    from cxmetrics.render.wording import visible

    tell(session.say("refused", problem=visible(session.say(refusal.key, **refusal.facts))))
    return refusal.status


def faulty(fault: Fault, session: Session) -> int:
    """Show findings that ended the call."""
    show(fault.diagnostics, session)
    return status_of_fault(fault)


def status_of_fault(fault: Fault) -> int:
    """1 where definitions, data or the store are at fault, 2 where it is the machine or cxmetrics."""
    return 2 if all(found.code.id.startswith(_MACHINE) for found in fault.diagnostics) else 1


def show(found: Sequence[Diagnostic], session: Session) -> None:
    """Show findings to people, on standard error; files below the folder they are in are named from there."""
    from cxmetrics.render import render

    here = f"{Path.cwd()}{os.sep}"
    told = [replace(one, facts={name: fact.removeprefix(here) for name, fact in one.facts.items()}) for one in found]
    tell(render(told, format="text", language=session.language, colour=coloured(sys.stderr)))


def interrupted(error: BaseException) -> bool:
    """Whether an engine passed on that somebody pressed Ctrl-C."""
    return (type(error).__name__ == "InterruptException" or isinstance(error.__context__, KeyboardInterrupt)
            or (isinstance(error, RuntimeError) and f"{error}" == "Query interrupted"))  # of DuckDB, through Arrow


def broken(error: BaseException, session: Session) -> int:
    """Say that the machine failed, or that cxmetrics has a fault, and where the traceback is."""
    from cxmetrics.codes.faults import INTERNAL
    from cxmetrics.diagnostics import report

    if os.environ.get("CXMETRICS_DEBUG") == "1":
        traceback.print_exception(error)
    elif isinstance(error, OSError) and (error.strerror or error.args):
        place = f": {error.filename}" if error.filename else ""
        tell(session.say("refused", problem=f"{error.strerror or _head(error)}{place}"))  # engines give no number
    elif isinstance(error, MemoryError):
        tell(session.say("refused", problem=session.say("memory")))
    else:
        head = "" if _quotes_data(error) else _head(error)
        show([report(INTERNAL, None, problem=f"{type(error).__name__}: {head}".removesuffix(": "))], session)
        tell(session.say("traceback", path=_kept(error)))
    return 2


def _head(error: BaseException) -> str:
    return " ".join(str(error).split())[:_LONGEST]


def _quotes_data(error: BaseException) -> bool:
    """Whether it quotes the value that it stumbles over, which may be personal: those of engines do, and of values."""
    return isinstance(error, ValueError | LookupError) or type(error).__module__.partition(".")[0] in _ENGINES


def _lines(error: BaseException) -> Iterator[str]:
    """The traceback, of what came before first, without what may be data; `CXMETRICS_DEBUG` shows that too."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _lines(before)
        yield "\n"
    yield from traceback.format_tb(error.__traceback__)
    yield type(error).__name__ + ("" if _quotes_data(error) else f": {error}") + "\n"


def _kept(error: BaseException) -> str:
    """Where the traceback has been written."""
    text = "".join(_lines(error))
    try:
        with tempfile.NamedTemporaryFile("w", prefix="cxmetrics-fault-", suffix=".txt", delete=False,
                                         encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
            return file.name
    except OSError as fault:
        return str(fault)
