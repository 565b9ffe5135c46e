"""What a run reads and writes, as events of OpenLineage 2-0-2 (https://openlineage.io), one JSON object a line.

Two a run: START, and COMPLETE, FAIL or ABORT.  They are appended to a file, and sent nowhere: who collects them reads
it.
Datasets are named as its naming rules say: files by their path, with the pattern that a source reads; tables of servers
by host, database and table, without the user.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from cxmetrics import __version__

if TYPE_CHECKING:
    from cxmetrics.compile import Compiled
    from cxmetrics.diagnostics import Diagnostic
    from cxmetrics.ir import Origin
    from cxmetrics.run import RunOptions, RunReport

PRODUCER: Final = f"pkg:pypi/cxmetrics@{__version__}"
SPEC: Final = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/"
FACETS: Final = "https://openlineage.io/spec/facets/"
_SCHEMAS: Final = {  # the schema of each facet; of one of our own, that of all of its kind
    "errorMessage": f"{FACETS}1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet",
    "nominalTime": f"{FACETS}1-0-1/NominalTimeRunFacet.json#/$defs/NominalTimeRunFacet",
    "processing_engine": f"{FACETS}1-1-1/ProcessingEngineRunFacet.json#/$defs/ProcessingEngineRunFacet",
    "cxmetrics_run": f"{SPEC}RunFacet",
    "jobType": f"{FACETS}2-0-4/JobTypeJobFacet.json#/$defs/JobTypeJobFacet",
    "inputStatistics": f"{FACETS}1-0-0/InputStatisticsInputDatasetFacet.json#/$defs/InputStatisticsInputDatasetFacet",
    "outputStatistics":
        f"{FACETS}1-0-2/OutputStatisticsOutputDatasetFacet.json#/$defs/OutputStatisticsOutputDatasetFacet",
}
Facets = dict[str, object]
Done = Callable[["RunReport"], None]


@contextmanager
def followed(path: Path | None, project: Path, options: RunOptions) -> Iterator[Done]:
    """Append the events of what is done inside to a file; it calls what it is given with the report.

    None: no events.  A run that ends without a report has failed, or was told to stop.
    """
    from cxmetrics.diagnostics import Fault

    if path is None:
        yield _unheard
        return
    from cxmetrics.compile import compile_project

    events = _Events(path, project.resolve(), compile_project(project), options, str(uuid4()))
    events.tell("START")
    reports: list[RunReport] = []
    try:
        yield reports.append
    except KeyboardInterrupt:
        events.tell("ABORT")
        raise
    except Fault as fault:
        events.tell("FAIL", errorMessage=_message(fault.diagnostics))
        raise
    except BaseException as error:
        events.tell("FAIL", errorMessage={"message": type(error).__name__, "programmingLanguage": "Python"})
        raise
    events.done(reports[0])


def _unheard(_report: RunReport) -> None:
    """A report that nobody follows."""


@dataclass(frozen=True, slots=True)
class _Events:
    """The events of one run, which is known by a UUID: its own id is not known before its inputs are."""

    path: Path
    root: Path
    compiled: Compiled
    options: RunOptions
    uuid: str

    def tell(self, kind: str, report: RunReport | None = None, **facets: Mapping[str, object]) -> None:
        """Append an event."""
        own = {"processing_engine": {"name": self.options.engine, "version": __version__}, **self._nominal(), **facets}
        event = {
            "eventType": kind, "eventTime": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
            "producer": PRODUCER, "schemaURL": f"{SPEC}RunEvent",
            "run": {"runId": self.uuid, "facets": _facets(own)},
            "job": {"namespace": "cxmetrics", "name": self.compiled.pyramid.project.id or self.root.name,
                    "facets": _facets({"jobType": {"processingType": "BATCH", "integration": "CXMETRICS",
                                                   "jobType": "RUN"}})},
            "inputs": [self._input(origin, report) for origin in self._read()],
            "outputs": self._outputs(report),
        }
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(event, ensure_ascii=False) + "\n")

    def done(self, report: RunReport) -> None:
        """The last event of a run that came to its end; sources that failed are told of."""
        own = {"id": report.run, "committed": report.committed, "statuses": dict(report.statuses)}
        wrong = {"errorMessage": _message(report.troubles)} if report.troubles else {}
        self.tell("COMPLETE", report, cxmetrics_run=own, **wrong)

    def _read(self) -> list[Origin]:
        plan = self.compiled.plan
        if plan is None:
            return []
        return [plan.sources[name] for name in sorted({partial.source for partial in plan.partials})]

    def _nominal(self) -> dict[str, Mapping[str, object]]:
        """The days asked for, as moments of the project."""
        first, last = self.options.first, self.options.last
        if first is None:
            return {}
        from zoneinfo import ZoneInfo

        zone = ZoneInfo(self.compiled.pyramid.project.time_zone)
        ends = {"nominalStartTime": first, "nominalEndTime": last}
        return {"nominalTime": {name: dt.datetime.combine(day, dt.time(), zone).isoformat()
                                for name, day in ends.items() if day is not None}}

    def _input(self, origin: Origin, report: RunReport | None) -> dict[str, object]:
        namespace, name = dataset_of(origin, self.root)
        facts = {source.id: source for source in report.sources}.get(origin.id) if report is not None else None
        counted: Facets = {} if facts is None else {
            "inputStatistics": {"rowCount": facts.read, "fileCount": facts.files}}
        return {"namespace": namespace, "name": name, "facets": {}, "inputFacets": _facets(counted)}

    def _outputs(self, report: RunReport | None) -> list[dict[str, object]]:
        store = self.root / self.compiled.pyramid.project.store
        counted: Facets = {} if report is None else {
            "outputStatistics": {"rowCount": report.values if report.committed else 0}}
        return [{"namespace": "file", "name": f"{store.as_posix()}/values", "facets": {},
                 "outputFacets": _facets(counted)}]


def dataset_of(origin: Origin, root: Path) -> tuple[str, str]:
    """Namespace and name of what a source reads."""
    from cxmetrics.addresses import Address, is_address, read_address

    table = "" if origin.table is None else origin.table.name
    if is_address(origin.read):
        found = read_address(origin.read)
        if not isinstance(found, Address):
            return "unknown", table
        scheme, port = ("mysql", 3306) if found.scheme == "mysql" else ("postgres", 5432)
        schema = "public." if scheme == "postgres" and "." not in table else ""
        return f"{scheme}://{found.host}:{found.port or port}", f"{found.database}.{schema}{table}"
    return "file", (root / origin.read).as_posix() + (f"/{table}" if table else "")


def _facets(found: Mapping[str, Any]) -> Facets:
    """Facets with who made them and what they are."""
    return {name: {"_producer": PRODUCER, "_schemaURL": _SCHEMAS[name], **facts} for name, facts in found.items()}


def _message(found: tuple[Diagnostic, ...]) -> Facets:
    """Findings as one error: their codes and headlines, which quote no data."""
    from cxmetrics.render.wording import words

    told = "; ".join(f"{one.code.id}: {words(one, 'en').message}" for one in found)
    return {"message": told, "programmingLanguage": "Python"}
