"""What checks of projects found: a project is not compiled again while nothing about it has changed.

What is kept, in the cache folder of the user, is one small file a project: a digest of all that the outcome hangs on
(each definition file, byte by byte, cxmetrics itself, and the day), the two counts that a check tells, and what was
found, as it is before it is told: in every format and language, with and without a baseline, it is told from that.
`CXMETRICS_CACHE` names another folder; empty, nothing is kept.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from cxmetrics.assets import definitions, grammar_folder
from cxmetrics.diagnostics import Diagnostic
from cxmetrics.folders import definition_files

VARIABLE = "CXMETRICS_CACHE"
_LARGEST = 20_000_000  # bytes of a file: of larger definitions, which the check itself refuses, and of what is kept
_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check tells of a project."""

    files: int
    indicators: int
    found: tuple[Diagnostic, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether there are errors."""
        return any(one.code.severity == "error" for one in self.found)


@dataclass(frozen=True, slots=True)
class State:
    """A digest of all that the outcome of a check hangs on, and the definitions as they were read for it."""

    digest: str
    files: Mapping[str, bytes] = field(default_factory=dict)


def state_of(project: Path, today: dt.date) -> State | None:
    """How a project stands on a day; None where nothing is to be kept, or to be read."""
    if _folder() is None:
        return None
    digest = sha256(f"{sys.version} {today}".encode())  # benchmarks grow stale
    files: dict[str, bytes] = {}
    try:
        for line in _program():
            digest.update(line)
        for path in sorted(definition_files(project)):
            if path.stat().st_size > _LARGEST:
                return None
            inside = path.relative_to(project)
            name, content = os.fsencode(inside), path.read_bytes()
            leads = os.fsencode(path.resolve()) if path.is_symlink() else b""  # links out of the project are refused
            digest.update(b"\0%b\0%b\0%d\0" % (name, leads, len(content)))
            digest.update(content)
            files[inside.as_posix()] = content
    except OSError:
        return None
    return State(digest.hexdigest(), files)


def recall(project: Path, state: State | None) -> Outcome | None:
    """What the last check told, if it was of this state."""
    place = _place(project)
    if place is None or state is None:
        return None
    with suppress(OSError, ValueError, RecursionError):
        with place.open("rb") as file:
            seal, _, body = file.read(2 * _LARGEST).partition(b"\n")
        if seal.decode() == _seal(state, body):
            return _outcome(json.loads(body), state)
    return None


def remember(project: Path, state: State | None, today: dt.date, outcome: Outcome) -> None:
    """Keep what was found, if the project is still in the state it was in before; silent where that fails."""
    place = _place(project)
    if place is None or state is None:
        return
    try:
        body = _written(outcome, state)
    except ValueError:  # found in a file that is none of the project
        return
    now = state_of(project, today) if len(body) < _LARGEST else None
    if now is None or now.digest != state.digest:
        return
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, written = tempfile.mkstemp(dir=place.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_seal(state, body).encode() + b"\n" + body)
            Path(written).replace(place)
        except OSError:
            Path(written).unlink(missing_ok=True)


def _seal(state: State, body: bytes) -> str:
    """What stands over an outcome: it is whole, and of this state."""
    return sha256(state.digest.encode() + body).hexdigest()


def _written(outcome: Outcome, state: State) -> bytes:
    kept: dict[str, object] = {"files": outcome.files, "indicators": outcome.indicators}
    if outcome.found:
        from cxmetrics.cli.written_down import written_down

        kept["told"] = written_down(outcome.found, _texts(state))
    return json.dumps(kept).encode()


def _outcome(kept: object, state: State) -> Outcome | None:
    match kept:
        case {"files": int(files), "indicators": int(indicators), "told": dict(told)}:
            from cxmetrics.cli.written_down import read_back

            return Outcome(files, indicators, read_back(told, _texts(state)))
        case {"files": int(files), "indicators": int(indicators)}:
            return Outcome(files, indicators)
        case _:
            return None


def _texts(state: State) -> dict[str, str]:
    return {path: content.decode("utf-8-sig") for path, content in state.files.items()}


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
