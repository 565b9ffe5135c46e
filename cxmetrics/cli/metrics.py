"""What a run did, as a text file for Prometheus (the textfile collector of its node exporter)."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cxmetrics.cli.whole_files import write_whole

if TYPE_CHECKING:
    from cxmetrics.run import RunReport

Sample = tuple[Mapping[str, str], float]
_FATES = ("read", "kept", "dropped", "duplicates")


def write_metrics(path: Path, project: str, report: RunReport | None) -> None:
    """Put the file in place when it is whole, for it may be read at any moment; None: a run that came to nothing."""
    write_whole(path, "".join(_lines(project, report)))


def _lines(project: str, report: RunReport | None) -> Iterator[str]:
    own = {"project": project}
    whole = report is not None and report.whole
    yield from _metric("run_success", "Whether the last run ended well, and every source could be read.",
                       [(own, float(whole))])
    yield from _metric("run_timestamp_seconds", "When the last run ended, since 1970.", [(own, time.time())])
    if report is None:
        return
    yield from _metric("run_seconds", "How long it took, by stage.",
                       [(own | {"stage": name}, seconds) for name, seconds in report.stages.items()])
    yield from _metric("run_committed", "Whether it had anything to commit.", [(own, float(report.committed))])
    yield from _metric("values", "Values written, by status.",
                       [(own | {"status": name}, count) for name, count in report.statuses.items()])
    yield from _metric("restated_values", "Published values changed, by why.",
                       [(own | {"why": name}, count) for name, count in report.restated.items()])
    yield from _metric("refused_values", "Values that would have changed, were they not frozen.",
                       [(own, float(report.refused))])
    sources = [(source, own | {"source": source.id}) for source in report.sources]
    yield from _metric("source_ok", "Whether a source could be read and is fresh.",
                       [(labels, float(source.status == "ok")) for source, labels in sources])
    yield from _metric("source_thin_days", "Days with far fewer rows than usual.",
                       [(labels, float(len(source.thin))) for source, labels in sources])
    rows = [(labels | {"fate": fate}, float(getattr(source, fate))) for source, labels in sources for fate in _FATES]
    rows += [(labels | {"fate": "rejected"}, float(sum(source.rejected.values()))) for source, labels in sources]
    yield from _metric("source_flagged_rows", "Rows of a source for which a flag holds.", [
        (labels | {"flag": name}, float(hits)) for source, labels in sources for name, hits in source.flagged.items()])
    yield from _metric("source_rows", "Rows of a source, by what became of them.", rows)


def _metric(name: str, what: str, samples: Iterable[Sample]) -> Iterator[str]:
    listed = list(samples)
    if listed:
        yield f"# HELP cxmetrics_{name} {what}\n# TYPE cxmetrics_{name} gauge\n"
    for labels, value in listed:
        told = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        yield f"cxmetrics_{name}{{{told}}} {value:.17g}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
