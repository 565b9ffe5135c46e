"""What is asked of a run, and what it says that it did."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

from cxmetrics.backends.cells import Census
from cxmetrics.diagnostics import Diagnostic

Engine = Literal["duckdb", "polars"]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What to run: days from `first` to before `last` (all that the sources have, by default).

    Days that are stored already are kept true whatever is asked for: where their files or definitions have changed,
    they are computed anew.  `full`: compute the days asked for even if nothing has changed.
    """

    first: dt.date | None = None
    last: dt.date | None = None
    engine: Engine = "duckdb"
    full: bool = False
    dry_run: bool = False

    @property
    def limited(self) -> bool:
        """Whether only some days are asked for."""
        return self.first is not None or self.last is not None

    def among(self, days: frozenset[dt.date]) -> frozenset[dt.date]:
        """Those of some days that are asked for."""
        return frozenset(day for day in days if (self.first is None or day >= self.first)
                         and (self.last is None or day < self.last))


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What became of the rows of a source in a run; `rejected` and `nulled` count by "column: reason"."""

    id: str
    files: int
    days: int
    read: int = 0
    kept: int = 0
    dropped: int = 0
    duplicates: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    nulled: Mapping[str, int] = field(default_factory=dict)
    first: dt.date | None = None
    last: dt.date | None = None


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did: `stages` in seconds; `values` and `states` in rows written; `statuses` of the values.

    `restated`: how many published values it changed, by why; `refused`: how many it left, because they are frozen.
    """

    run: str
    engine: str
    first: dt.date | None
    last: dt.date | None
    seconds: float
    stages: Mapping[str, float]
    sources: tuple[SourceReport, ...]
    scans: int
    states: int
    values: int
    committed: bool
    statuses: Mapping[str, int]
    restated: Mapping[str, int] = field(default_factory=dict)
    refused: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The report for machines."""
        plain = {key: value for key, value in asdict(replace(self, diagnostics=())).items() if key != "diagnostics"}
        readable: dict[str, object] = json.loads(json.dumps(plain, default=str))
        return readable | {"warnings": [d.code.id for d in self.diagnostics]}


def source_report(name: str, files: int, census: Census, days: int) -> SourceReport:
    """The report of a source: its files, what became of its rows, and the days computed."""
    return SourceReport(
        name, files, days, census.read, census.kept, census.dropped, census.duplicates,
        {f"{column}: {reason}": count for (column, reason), count in census.rejected.items()},
        {f"{column}: {reason}": count for (column, reason), count in census.nulled.items()}, census.first, census.last)
