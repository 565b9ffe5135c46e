"""What a reviewer would ask of definitions that compile: things unused, said twice, out of date, or lacking."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator

from cxmetrics.check.declared_tests import MetricTest
from cxmetrics.codes import benchmarks, pyramid
from cxmetrics.codes import unused as unused_codes
from cxmetrics.diagnostics import Diagnostic
from cxmetrics.ir import Pyramid
from cxmetrics.lints.lacking import lacking
from cxmetrics.lints.meaning import duplicates
from cxmetrics.lints.stale import stale_benchmarks
from cxmetrics.lints.touchpoints import mapped_twice
from cxmetrics.lints.unused import unused_parts, unused_templates
from cxmetrics.load import Drafts
from cxmetrics.source import Source

LINTS = frozenset(code.id for code in (
    unused_codes.UNUSED_SOURCE, unused_codes.UNUSED_COLUMN, unused_codes.UNUSED_TEMPLATE,
    pyramid.DUPLICATE_MEANING, pyramid.INDICATOR_LACKS, pyramid.TWO_TOUCHPOINTS, benchmarks.STALE_BENCHMARK))


def lints(drafts: Drafts, made: Pyramid, tests: Collection[MetricTest], own: Collection[Source],
          today: dt.date) -> Iterator[Diagnostic]:
    """All of it in the files `own`; what a library defines is not the project's to mend."""
    files = {id(source) for source in own}
    for finding in (*unused_parts(made), *unused_templates(drafts), *duplicates(made), *mapped_twice(made),
                    *lacking(made, tests), *stale_benchmarks(made, today)):
        if finding.span is not None and id(finding.span.source) in files:
            yield finding
