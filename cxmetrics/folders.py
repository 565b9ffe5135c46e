"""Which files of a folder are definitions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PROJECT_FILE = "cxmetrics.yaml"
_NOT_LOOKED_INTO = ("data", "store", "node_modules", "lost+found")


def definition_files(root: Path) -> Iterator[Path]:
    """The YAML files under the folder of a project; hidden folders, data and run results are left out."""
    for name, folders, names in os.walk(root):
        folder = Path(name)
        folders[:] = sorted(inner for inner in folders if not _skipped(folder / inner))
        yield from (folder / name for name in names if name.endswith((".yaml", ".yml")) and not name.startswith(".")
                    and not _never_ends(folder / name))


def is_looked_at(root: Path, relative: str) -> bool:
    """Whether a file would be found among the definitions under the folder of a project, if it is there."""
    path = root / relative
    above = [folder for folder in path.parents if folder != root and root in folder.parents]
    return path.name.endswith((".yaml", ".yml")) and not path.name.startswith(".") and not any(map(_skipped, above))


def projects_near(folder: Path) -> tuple[Path, ...]:
    """The project folders that stand in a folder that is none itself; without any, the one it stands inside."""
    below: list[Path] = []
    with suppress(OSError), os.scandir(folder) as entries:  # what cannot be looked into has none to offer
        below = sorted(folder / entry.name for entry in entries if (folder / entry.name / PROJECT_FILE).is_file())
    if below:
        return tuple(below)
    above = folder.resolve().parents
    return tuple(one for one in above if (one / PROJECT_FILE).is_file())[:1]


def _never_ends(path: Path) -> bool:
    """What is there and no file: a pipe or a device, which would be read for ever."""
    return path.exists() and not path.is_file()


def _skipped(folder: Path) -> bool:
    """Hidden folders, data, stores of runs, and projects inside the project."""
    return folder.name.startswith((".", "__")) or folder.name in _NOT_LOOKED_INTO \
        or (folder / "ledger.sqlite").exists() or (folder / PROJECT_FILE).exists()
