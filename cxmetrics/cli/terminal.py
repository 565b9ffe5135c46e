"""Where the command writes: data to standard output, everything else to standard error.

A reader that leaves early (`cxmetrics query … | head`) is no fault: what it did not want is not written.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from typing import TextIO

_STYLES = {"strong": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36", "error": "1;31"}


def prepare() -> None:
    """Make both streams take any text: UTF-8 where nobody looks, and escapes for what a terminal cannot show."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            encoding = stream.encoding if stream.isatty() else "utf-8"
            reconfigure(encoding=encoding, errors="backslashreplace", newline="\n")


def emit(text: str) -> None:
    """Write data, and a line break, to standard output."""
    emit_parts((text, "\n"))


def emit_lines(lines: Iterable[str]) -> None:
    """Write lines to standard output as they come."""
    emit_parts(f"{line}\n" for line in lines)


def emit_parts(parts: Iterable[str]) -> None:
    """Write data to standard output part by part, as it comes."""
    try:
        for part in parts:
            sys.stdout.write(part)
        sys.stdout.flush()
    except BrokenPipeError:
        _stop(sys.stdout)


def tell(text: str) -> None:
    """Write a line for people to standard error."""
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except BrokenPipeError:
        _stop(sys.stderr)


def flush() -> None:
    """Write out what is still held back; what cannot be written has been told of, and must not be tried again."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _stop(stream)


def _stop(stream: TextIO) -> None:
    """Send what is still to come nowhere, so that the end of the program does not fall over it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def coloured(stream: TextIO) -> bool:
    """Whether colours are wanted: on a terminal, unless NO_COLOR is set (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width(stream: TextIO) -> int | None:
    """The columns of the terminal; None where the stream is none."""
    return shutil.get_terminal_size().columns if stream.isatty() else None


def draws(stream: TextIO, signs: str) -> bool:
    """Whether the stream's encoding has all these signs."""
    try:
        signs.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def ink(text: str, style: str, *, colour: bool) -> str:
    """`text` in a style, where there is colour."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if colour and style and text else text
