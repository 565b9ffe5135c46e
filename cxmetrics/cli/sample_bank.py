"""The sample bank in a folder: its definitions and its data, made anew only when they have to be.

`data/made.json` says what was made, and that it was finished: a folder without it is not ours to write in.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cxmetrics import __version__
from cxmetrics.assets import definitions
from cxmetrics.cli.session import Refusal

Progress = Callable[[str, int, int], None]
_MADE = "data/made.json"
_LIBRARY = "retail_bank"
_OLD = ("data", "store")  # what is made anew


@dataclass(frozen=True, slots=True)
class Wanted:
    """What bank to make."""

    rows: int
    seed: int


def make(folder: Path, wanted: Wanted, *, fresh: bool, progress: Progress) -> bool:
    """Write the bank to `folder`; whether its data were made anew.

    Raises `Refusal` for a folder that holds something else.
    """
    before = _made(folder)
    if before is None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refusal("demo.occupied", 1, folder=folder)
    made = {"rows": wanted.rows, "seed": wanted.seed, "version": __version__}
    known = before or {}
    stale = fresh or any(known.get(key) != value for key, value in made.items()) or not known.get("finished")
    if stale:
        _ask_for_room(folder, wanted.rows)
        for name in _OLD:
            shutil.rmtree(folder / name, ignore_errors=True)
    written = _define(folder, {} if fresh else _digests(known))
    state = {**made, "definitions": written}
    if stale:
        _note(folder, {**state, "finished": False})
        _generate(folder, wanted, progress)
    _note(folder, {**state, "finished": True})
    return stale


def _ask_for_room(folder: Path, rows: int) -> None:
    """See that the disk holds so many rows in place of those that are there.  Raises `Refusal`."""
    from cxmetrics.cli.figures import size
    from cxmetrics.sample.bank import BYTES_A_ROW

    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    old = sum(path.stat().st_size for name in _OLD for path in (folder / name).rglob("*") if path.is_file())
    needed, free = rows * BYTES_A_ROW, shutil.disk_usage(there).free + old
    if needed > free:
        raise Refusal("demo.space", folder=folder, free=size(free), needed=size(needed))


def _made(folder: Path) -> dict[str, object] | None:
    try:
        found = json.loads((folder / _MADE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _digests(made: Mapping[str, object]) -> Mapping[str, str]:
    """What the definitions were when they were written."""
    found = made.get("definitions")
    return {str(name): str(digest) for name, digest in found.items()} if isinstance(found, dict) else {}


def _note(folder: Path, state: Mapping[str, object]) -> None:
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / _MADE).write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")


def _define(folder: Path, before: Mapping[str, str]) -> dict[str, str]:
    """Copy the definitions; a file that somebody has changed since it was written stays.  Digests by path."""
    library = definitions() / _LIBRARY
    digests: dict[str, str] = {}
    for path in sorted(library.rglob("*")):
        if not path.is_file():
            continue
        name = path.relative_to(library).as_posix()
        target, content = folder / name, path.read_bytes()
        digests[name] = sha256(content).hexdigest()
        if name in before and target.is_file() and sha256(target.read_bytes()).hexdigest() != before[name]:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return digests


def _generate(folder: Path, wanted: Wanted, progress: Progress) -> None:
    from cxmetrics.sample.bank import write_bank

    write_bank(folder, rows=wanted.rows, seed=wanted.seed,
               progress=lambda theme, step, of: progress(f"write {theme}", step, of))
