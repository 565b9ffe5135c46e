"""Files that need not be opened: their columns are known, and they have no rows of the days that are computed.

So that a day costs a day, however many files came before it.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from cxmetrics.backends.cells import Physical, Table
from cxmetrics.backends.text_files import is_text
from cxmetrics.plan import Days
from cxmetrics.run.seen import Seen
from cxmetrics.run.stale import Task, intervals
from cxmetrics.store.commits import InputFile

_NONE: frozenset[str] = frozenset()
_MARGIN = 2  # days, more than any time zone shifts one


def columns_of(table: Table, filled: Mapping[str, int]) -> str:
    """The columns of a file, to be kept with it, and in how many rows each is `filled`, where that is known."""
    return json.dumps({name: (kind, name in table.wider, filled.get(name)) for name, kind in table.columns.items()},
                      ensure_ascii=False)


def filled_in(file: InputFile) -> dict[str, int | None]:
    """The columns of a file in small letters, for case alone does not part them, and the rows with a value."""
    told: dict[str, tuple[Physical, bool, int | None]] = json.loads(file.columns or "{}")
    return {name.lower(): filled for name, (_, _, filled) in told.items()}


def unopened(seen: Mapping[str, Seen], known: Mapping[str, InputFile]) -> dict[str, Table]:
    """The files that look as they did when their columns were seen, each as a table without rows."""
    return {path: _table(file.columns) for path, look in seen.items()
            if (file := known.get(path)) is not None and file.columns and file.digest and look.looks_like(file)
            and not _columns_in_path(path)}


def _table(columns: str) -> Table:
    told: dict[str, tuple[Physical, bool, int | None]] = json.loads(columns)
    return Table((), {name: kind for name, (kind, _, _) in told.items()},
                 frozenset(name for name, (_, wider, _) in told.items() if wider))


def _columns_in_path(path: str) -> bool:
    """Whether folders give columns that are not in the file: text files are given them when they are converted."""
    return "=" in path and not is_text(Path(path))


def united(tables: Iterable[Table]) -> Table | None:
    """Tables as one; None where they differ in what a column is, or in the case of its name."""
    files, found, wider = list[Path](), dict[str, Physical](), set[str]()
    for table in tables:
        files += table.files
        for name, kind in table.columns.items():
            if name in found and (found[name], name in wider) != (kind, name in table.wider):
                return None
            found[name] = kind
        wider |= table.wider
    if len({name.lower() for name in found}) < len(found):
        return None
    return Table(tuple(files), found, frozenset(wider))


def wanted(files: Mapping[str, InputFile], left: Collection[str], task: Task, ahead: float,
           beside: Callable[[Sequence[Days]], frozenset[str]] = lambda _: _NONE) -> frozenset[str]:
    """Of files that were left unopened, those that a scan reads.

    Those with rows of its days, or of as many days after them as conditions look `ahead`; those `beside`, that bear on
    what becomes of these rows; and others so that every column is in one.
    """
    if task.everything or math.isinf(ahead):
        return frozenset(left)
    days = [(first, _later(end, int(ahead))) for first, end in intervals(task.days)]
    spans = [(first.toordinal() - _MARGIN, end.toordinal() + _MARGIN) for first, end in days]
    found = {path for path in left if _touches(files[path], spans)} | (beside(days) & frozenset(left))
    columns = {path: frozenset(_table(file.columns).columns) for path, file in files.items() if file.columns}
    had = frozenset[str]().union(*(names for path, names in columns.items() if path in found or path not in left))
    for path in sorted(left):
        if not columns[path] <= had:
            found.add(path)
            had |= columns[path]
    return frozenset(found)


def _later(day: dt.date, days: int) -> dt.date:
    return dt.date.fromordinal(min(day.toordinal() + days, dt.date.max.toordinal()))


def _touches(file: InputFile, spans: Iterable[tuple[int, int]]) -> bool:
    """Whether rows of a file may be in one of some half-open intervals of days, told by their ordinals."""
    if file.first is None or file.last is None:
        return False
    first, last = file.first.toordinal(), file.last.toordinal()
    return any(first < end and last >= begin for begin, end in spans)
