"""What the project asks of its indicators (`must_have`) and some lack: an owner, a target, a test."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from cxmetrics.check.declared_tests import MetricTest
from cxmetrics.codes import pyramid as codes
from cxmetrics.diagnostics import Diagnostic, report
from cxmetrics.ir import Indicator, Pyramid
from cxmetrics.walks import made_of


def lacking(pyramid: Pyramid, tests: Collection[MetricTest]) -> Iterator[Diagnostic]:
    """Indicators that lack what is asked.

    An owner answers for all that is below; a target is asked of what is scored or combined; a test of what is above
    tests what it is made of.
    """
    asked = pyramid.project.must_have
    if not asked:
        return
    above = _parents(pyramid)
    tested = {expected.indicator for test in tests for expected in test.expected}
    owned = {name for name, one in pyramid.indicators.items() if one.owner}
    for name in reversed(tuple(pyramid.indicators)):  # what is above stands behind what it is made of
        owned |= {name} if above[name] & owned else set()
        tested |= {name} if above[name] & tested else set()
    for name, indicator in pyramid.indicators.items():
        has = {"owner": name in owned, "test": name in tested,
               "target": not _is_judged(indicator) or any(era.target is not None for era in indicator.eras)}
        for what in asked:
            if not has[what]:
                yield report(codes.INDICATOR_LACKS, indicator.span, id=name, what=what)


def _is_judged(indicator: Indicator) -> bool:
    return bool(indicator.children) or indicator.score is not None


def _parents(pyramid: Pyramid) -> Mapping[str, set[str]]:
    """The indicators that are made of each, by their children or by their formulas."""
    above: dict[str, set[str]] = {name: set() for name in pyramid.indicators}
    for name, indicator in pyramid.indicators.items():
        for era in indicator.eras:
            for below in made_of(era):
                above.get(below, set()).add(name)
    return above
