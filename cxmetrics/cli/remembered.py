"""Projects in which a check found nothing: they are not compiled again while nothing has changed.

What is kept, in the cache folder of the user, is one small file a project: a digest of all that the outcome hangs on
(each definition file, byte by byte, cxmetrics itself, and the month) and the two counts that a check tells.  Only the
outcome "nothing is wrong" is kept.  `CXMETRICS_CACHE` names another folder; empty, nothing is kept.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cxmetrics.assets import definitions, grammar_folder
from cxmetrics.folders import definition_files

VARIABLE = "CXMETRICS_CACHE"
_LARGEST = 20_000_000  # bytes of a file; larger ones are refused by the check itself
_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Clean:
    """What a check of a project without faults tells."""

    files: int
    indicators: int


def state_of(project: Path) -> str | None:
    """A digest of the definitions of a project and of cxmetrics; None where nothing is to be kept, or to be read."""
    if _folder() is None:
        return None
    month = dt.datetime.now(dt.UTC).strftime("%Y-%m")  # benchmarks grow stale
    digest = sha256(f"{sys.version} {month}".encode())
    try:
        for line in _program():
            digest.update(line)
        for path in sorted(definition_files(project)):
            if path.stat().st_size > _LARGEST:
                return None
            name, content = os.fsencode(path.relative_to(project)), path.read_bytes()
            digest.update(b"\0%b\0%d\0" % (name, len(content)))
            digest.update(content)
    except OSError:
        return None
    return digest.hexdigest()


def recall(project: Path, state: str | None) -> Clean | None:
    """What the last check told, if it was of this state and found nothing."""
    place = _place(project)
    if place is None or state is None:
        return None
    try:
        kept = json.loads(place.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    match kept:
        case {"state": str(known), "files": int(files), "indicators": int(indicators)} if known == state:
            return Clean(files, indicators)
        case _:
            return None


def remember(project: Path, state: str | None, clean: Clean) -> None:
    """Keep that nothing was found, if the project is still in the state it was in before; silent where that fails."""
    place = _place(project)
    if place is None or state is None or state_of(project) != state:
        return
    text = json.dumps({"state": state, "files": clean.files, "indicators": clean.indicators})
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, written = tempfile.mkstemp(dir=place.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(written).replace(place)
        except OSError:
            Path(written).unlink(missing_ok=True)


def _program() -> Iterator[bytes]:
    """What cxmetrics itself is: its files, by size and time."""
    for folder in (_PACKAGE, definitions(), grammar_folder()):
        for name, folders, names in os.walk(folder):
            folders[:] = sorted(inner for inner in folders if inner != "__pycache__")
            for one in sorted(names):
                path = Path(name, one)
                about = path.stat()
                yield b"%b\0%d\0%d\n" % (os.fsencode(path), about.st_size, about.st_mtime_ns)


def _folder() -> Path | None:
    asked = os.environ.get(VARIABLE)
    if asked is not None:
        return Path(asked) if asked else None
    users = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME")
    with suppress(RuntimeError):  # nobody's home
        return Path(users or Path.home() / ".cache") / "cxmetrics" / "checked"
    return None


def _place(project: Path) -> Path | None:
    folder = _folder()
    name = os.fsencode(project.resolve())
    return None if folder is None else folder / f"{sha256(name).hexdigest()[:32]}.json"
