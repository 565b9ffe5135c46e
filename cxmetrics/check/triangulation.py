"""Pairs of indicators that look at one thing from two sides: an opinion, say, and what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cxmetrics.codes import names as codes
from cxmetrics.codes import surveys
from cxmetrics.diagnostics import DID_YOU_MEAN, Fix, closest, report
from cxmetrics.ir import Indicator
from cxmetrics.load.scalars import Found
from cxmetrics.resolve import Resolved
from cxmetrics.walks import references_in


def triangulated(indicators: Mapping[str, Indicator], resolved: Resolved, found: Found) -> dict[str, Indicator]:
    """The indicators, those that are held against another with its id."""
    result = dict(indicators)
    for name, outline in resolved.outlines.items():
        written = outline.draft.triangulate
        if written is None:
            continue
        other = written.value
        if other not in indicators:
            guess = closest(other, indicators, found)
            fix = Fix(written.span, guess) if guess else None
            found.append(report(codes.UNKNOWN_INDICATOR, written.span, help=DID_YOU_MEAN if guess else None, fix=fix,
                                name=other, guess=guess or ""))
        elif other in _below(name, indicators) or name in _below(other, indicators):
            found.append(report(surveys.TRIANGULATED_WITH_ITSELF, written.span, indicator=name, other=other))
        else:
            result[name] = replace(indicators[name], triangulate=other)
    return result


def _below(name: str, indicators: Mapping[str, Indicator]) -> set[str]:
    """An indicator and all that it is made of."""
    found, todo = set[str](), [name]
    while todo:
        one = todo.pop()
        if one in indicators and one not in found:
            found.add(one)
            for era in indicators[one].eras:
                todo += [edge.child for edge in era.combined]
                todo += [] if era.formula is None else [ref.indicator for ref in references_in(era.formula)]
    return found
