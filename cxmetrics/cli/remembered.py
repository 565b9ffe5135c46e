"""What checks of projects found: a project is not compiled again while nothing about it has changed.

What is kept, in the cache folder of the user, is one small file a project: which libraries and CSV files it reads
besides its own definitions, the two counts that a check tells, and what was found, as it is before it is told: in every
format and language, with and without a baseline, it is told from that.  A seal over it is of all that the outcome hangs
on: each of these files, byte by byte, cxmetrics itself, and the day.
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
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from cxmetrics.assets import definitions, grammar_folder
from cxmetrics.diagnostics import Diagnostic
from cxmetrics.folders import definition_files

if TYPE_CHECKING:
    from cxmetrics.load.texts import Texts

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
class Beside:
    """What a project reads besides its own definitions: folders of libraries, and CSV files, as they are named."""

    folders: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """A digest of all that the outcome of a check hangs on, and the files as they were read for it."""

    digest: str
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a compilation has read, but for what ships with cxmetrics: where from, and the texts by their paths."""

    beside: Beside
    texts: Mapping[str, str]


def reading_of(texts: Texts) -> Reading | None:
    """What was read; None where a library is reached by links, which may come to lead elsewhere."""
    own = [one for one in texts.libraries if not all(file.shipped for file in one.sources)]
    if not all(one.straight for one in own):
        return None
    tables = [*texts.tables, *(f"{one.name}/{written}" for one in own for written in one.tables)]
    read = [*texts.sources, *texts.tables.values()]
    read += [file for one in own for file in (*one.sources, *one.tables.values())]
    return Reading(Beside(tuple(one.name for one in own), tuple(tables)), {file.path: file.text for file in read})


def recall(project: Path, today: dt.date) -> Outcome | None:
    """What the last check told, if nothing about the project is otherwise on this day."""
    place = _place(project)
    if place is None:
        return None
    with suppress(OSError, ValueError, RecursionError):
        with place.open("rb") as file:
            seal, _, kept = file.read(2 * _LARGEST).partition(b"\n")
        beside, _, body = kept.partition(b"\n")
        state = _state_of(project, today, _named(json.loads(beside)))
        if state is not None and seal.decode() == _seal(state, kept):
            return _outcome(json.loads(body), state.texts)
    return None


def remember(project: Path, today: dt.date, outcome: Outcome, reading: Reading) -> None:
    """Keep what was found, if the files still are as they were read; silent where that fails."""
    place = _place(project)
    if place is None:
        return
    with suppress(OSError, ValueError):  # ValueError: found in a file that is none of these
        state = _state_of(project, today, reading.beside)
        if state is None or state.texts != reading.texts:
            return
        kept = json.dumps(asdict(reading.beside)).encode() + b"\n" + _written(outcome, state.texts)
        if len(kept) >= _LARGEST:
            return
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, written = tempfile.mkstemp(dir=place.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_seal(state, kept).encode() + b"\n" + kept)
            Path(written).replace(place)
        except OSError:
            Path(written).unlink(missing_ok=True)


def _state_of(project: Path, today: dt.date, beside: Beside) -> State | None:
    """How a project stands on a day; None where something is too large.  Raises `OSError`, `ValueError`."""
    digest = sha256(f"{sys.version} {today}".encode())  # benchmarks grow stale
    for line in _program():
        digest.update(line)
    texts: dict[str, str] = {}
    for named, path, name in _files(project, beside):
        if path.stat().st_size > _LARGEST:
            return None
        content = path.read_bytes()
        digest.update(b"\0%b\0%b\0%d\0" % (os.fsencode(named), os.fsencode(name), len(content)))
        digest.update(content)
        texts[name] = content.decode("utf-8-sig")
    return State(digest.hexdigest(), texts)


def _files(project: Path, beside: Beside) -> Iterator[tuple[str, Path, str]]:
    """What is read: as it is named, where it is, and the path it goes by.

    What a link leads to is a part of its name, so that another end is seen.  Raises `ValueError` for one out of the
    project, which is refused.
    """
    root = project.resolve()
    for folder in ("", *beside.folders):
        for path in sorted(definition_files(project / folder)):
            leads = path.resolve() if path.is_symlink() or folder else ""
            inside = path.relative_to(project).as_posix()
            yield f"{inside} {leads}", path, inside
    for written in beside.tables:
        path = (project / written).resolve()
        if not path.is_file():
            raise FileNotFoundError(written)
        yield written, path, path.relative_to(root).as_posix()


def _named(kept: object) -> Beside:
    match kept:
        case {"folders": list(folders), "tables": list(tables)}:
            return Beside(tuple(map(str, folders)), tuple(map(str, tables)))
    raise ValueError


def _seal(state: State, kept: bytes) -> str:
    """What stands over an outcome: it is whole, and of this state."""
    return sha256(state.digest.encode() + kept).hexdigest()


def _written(outcome: Outcome, texts: Mapping[str, str]) -> bytes:
    kept: dict[str, object] = {"files": outcome.files, "indicators": outcome.indicators}
    if outcome.found:
        from cxmetrics.cli.written_down import written_down

        kept["told"] = written_down(outcome.found, texts)
    return json.dumps(kept).encode()


def _outcome(kept: object, texts: Mapping[str, str]) -> Outcome | None:
    match kept:
        case {"files": int(files), "indicators": int(indicators), "told": dict(told)}:
            from cxmetrics.cli.written_down import read_back

            return Outcome(files, indicators, read_back(told, texts))
        case {"files": int(files), "indicators": int(indicators)}:
            return Outcome(files, indicators)
        case _:
            return None


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
