"""What is asked of a run, and what it says that it did."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

from cxmetrics.backends.cells import Census
from cxmetrics.diagnostics import Diagnostic

Engine = Literal["duckdb", "polars"]
_BYTES = {"MB": 10**6, "GB": 10**9}


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What to run: days from `first` to before `last` (all that the sources have, by default).

    Days that are stored already are kept true whatever is asked for: where their files or definitions have changed,
    they are computed anew.  `full`: compute the days asked for even if nothing has changed.
    `strict`: a source that cannot be read stops the run, and nothing is committed.  `now`: the moment that freshness is
    judged at, if not the present.  `memory`: how much DuckDB, cells, states and values may take, such as `4GB`; the
    rest goes to the disk, and a run that held more says so (CX735).  `renamed_from`: the name that the project had in
    the run before, if another.
    """

    first: dt.date | None = None
    last: dt.date | None = None
    engine: Engine = "duckdb"
    full: bool = False
    dry_run: bool = False
    strict: bool = False
    now: dt.datetime | None = None
    memory: str | None = None
    renamed_from: str | None = None

    @property
    def limited(self) -> bool:
        """Whether only some days are asked for."""
        return self.first is not None or self.last is not None

    @property
    def room(self) -> int | None:
        """The bytes of `memory`; None where nothing is said of it."""
        return None if self.memory is None else int(float(self.memory[:-2]) * _BYTES[self.memory[-2:]])

    def among(self, days: frozenset[dt.date]) -> frozenset[dt.date]:
        """Those of some days that are asked for."""
        return frozenset(day for day in days if (self.first is None or day >= self.first)
                         and (self.last is None or day < self.last))


@dataclass(frozen=True, slots=True)
class ThinDay:
    """A day with far fewer rows than usual."""

    day: dt.date
    rows: int
    usual: float


@dataclass(frozen=True, slots=True)
class Effort:
    """What a scan took.  `bytes`: of the files that were opened, of which the engine read some columns.

    `cubes`: groupings of the rows; `cells`: their groups; `states`: the rows of states that these became.  `decoded`:
    of the files, those of text that is not UTF-8, and was read as GB18030.
    """

    bytes: int = 0
    cubes: int = 0
    cells: int = 0
    states: int = 0
    decoded: int = 0
    seconds: float = 0.0


NO_SCAN = Effort()


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What became of the rows of a source in a run; `rejected` and `nulled` count by "column: reason".

    `flagged`: of the rows read, those for which a flag holds.  `thin`: days with far fewer rows than usual: how many,
    and how many are usual.
    """

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
    status: Literal["ok", "failed", "stale"] = "ok"
    thin: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    effort: Effort = NO_SCAN
    flagged: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RakeReport:
    """How the rows of a source were raked in a stretch of days; `gap`: the largest miss of a margin, in shares.

    `trimmed`: rows whose factor is held at a bound; `design_effect`: that of the weights (Kish).  `ok` is false where
    there are no weights.
    """

    source: str
    first: dt.date
    last: dt.date
    rows: int
    passes: int
    gap: float | None
    trimmed: int
    design_effect: float | None
    ok: bool


@dataclass(frozen=True, slots=True)
class PairReport:
    """An indicator and the one it is triangulated with: whether both changed alike in their last period.

    `agreement`: `agree`, `diverge` or `not shown`.
    """

    indicator: str
    against: str
    grain: str
    period: dt.date
    agreement: str


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What an indicator tells of how a survey was answered, in its last period.

    `kind`: `response`, `skipping`, `speeding`, `straight_lining`, `alpha`, or `saturated` of an item of which all
    answers are the best.
    """

    indicator: str
    kind: str
    grain: str
    period: dt.date
    value: float
    n: int


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did: `stages` in seconds; `values` and `states` in rows written; `statuses` of the values.

    `processor`: seconds of all threads a stage, which are more than its own where several worked.
    `run`: its id; where nothing was to do and so nothing was `committed`, that of the run which had done it.
    `restated`: how many published values it changed, by why; `refused`: how many it left, because they are frozen.
    `troubles`: why sources failed or are stale, while all else went on.  `raked`: how rows were weighted, where any
    that are raked together have changed.  `triangulated`: pairs of indicators whose values were computed;
    `quality`: what they tell of how surveys were answered.
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
    processor: Mapping[str, float] = field(default_factory=dict)
    restated: Mapping[str, int] = field(default_factory=dict)
    refused: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()
    troubles: tuple[Diagnostic, ...] = ()
    raked: tuple[RakeReport, ...] = ()
    triangulated: tuple[PairReport, ...] = ()
    quality: tuple[QualityReport, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether every source could be read, and none is stale."""
        return not self.troubles

    def as_json(self) -> dict[str, object]:
        """The report for machines."""
        plain = {key: value for key, value in asdict(replace(self, diagnostics=(), troubles=())).items()
                 if key not in ("diagnostics", "troubles")}
        readable: dict[str, object] = json.loads(json.dumps(plain, default=str))
        return readable | {"warnings": [d.code.id for d in self.diagnostics],
                           "troubles": [d.code.id for d in self.troubles]}


def source_report(name: str, files: int, census: Census, days: int,
                  status: Literal["ok", "failed", "stale"] = "ok", thin: Iterable[ThinDay] = (),
                  effort: Effort = NO_SCAN) -> SourceReport:
    """The report of a source: its files, what became of its rows, the days computed, how it is, what it took."""
    return SourceReport(
        name, files, days, census.read, census.kept, census.dropped, census.duplicates,
        {f"{column}: {reason}": count for (column, reason), count in census.rejected.items()},
        {f"{column}: {reason}": count for (column, reason), count in census.nulled.items()}, census.first, census.last,
        status, {one.day.isoformat(): (one.rows, one.usual) for one in thin}, effort, census.flagged)
