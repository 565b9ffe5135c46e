"""Files that whoever reads them finds whole: as they were, or as they are."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Put a text in the place of a file, if there is one, whole or not at all; who may read it stays the same.

    A link stays one.  A device or a pipe (`/dev/stdout`) is no place for a file: the text is written to it.
    """
    if _is_no_place(path):
        path.write_text(text, encoding="utf-8", newline="\n")
        return
    path = path.resolve()
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("w", encoding="utf-8", newline="\n") as unfinished:
            unfinished.write(text)
        if path.exists():
            beside.chmod(path.stat().st_mode)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def try_to_write(path: Path) -> None:
    """Make the file, if it is not there; raises `OSError` where that cannot be, before the work and not after it."""
    if not _is_no_place(path):  # whoever reads a pipe would take it for the end
        path.open("a").close()


def _is_no_place(path: Path) -> bool:
    return path.exists() and not (path.is_file() or path.is_dir())
