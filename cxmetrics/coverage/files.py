"""Files of data under a project that no source reads."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

_DATA = re.compile(r"\.(parquet|csv|tsv|jsonl|ndjson|json|duckdb|sqlite3?|db)(\.gz)?\Z", re.I)
_MOST = 200_000  # files that are looked at
_OURS = ("ledger.sqlite",)  # of a store
_NOTE = "data/made.json"  # of the sample bank, about itself


def unread_files(root: Path, used: Collection[str], definitions: Collection[str]) -> Iterator[tuple[str, int]]:
    """Patterns of files that nothing reads, a folder and kind each, and how many they are; links are not followed.

    `used`: the paths of those that sources and lookups read, from the project folder; `definitions`: those of tables
    that are part of the definitions.
    """
    known = {place.split("//")[0] for place in used} | set(definitions)
    found: Counter[str] = Counter()
    for number, path in enumerate(_files(root)):
        if number >= _MOST:
            break
        place = path.relative_to(root).as_posix()
        kind = _DATA.search(path.name)
        if kind is not None and place != _NOTE and place not in known and path.as_posix() not in known:
            found[f"{path.parent.relative_to(root).as_posix()}/*{kind[0]}".removeprefix("./")] += 1
    yield from sorted(found.items())


def _files(root: Path) -> Iterator[Path]:
    for name, folders, files in os.walk(root):
        folder = Path(name)
        folders[:] = sorted(inner for inner in folders if not inner.startswith((".", "__"))
                            and not any((folder / inner / own).exists() for own in _OURS))
        yield from (folder / file for file in sorted(files) if not file.startswith("."))
