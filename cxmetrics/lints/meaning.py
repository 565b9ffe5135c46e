"""The same thing said twice: indicators of one meaning under two names."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from cxmetrics.codes import pyramid as codes
from cxmetrics.diagnostics import Diagnostic, Label, report
from cxmetrics.ir import Aggregate, Apply, Column, Constant, Expr, Indicator, Pyramid, Ref, Windowed

_ANY_ORDER = frozenset(("+", "*", "and", "or", "min", "max", "=", "!="))


def duplicates(pyramid: Pyramid) -> Iterator[Diagnostic]:
    """Indicators that come to the number of another, whatever they are called and however they are scored."""
    first: dict[Hashable, Indicator] = {}
    for indicator in pyramid.indicators.values():
        key = _key(indicator)
        if key is None:
            continue
        other = first.setdefault(key, indicator)
        if other is not indicator:
            one, again = sorted((other, indicator), key=_where)
            related = (Label(one.span, codes.SAME_MEANING),) if one.span else ()
            yield report(codes.DUPLICATE_MEANING, again.span, related=related, id=again.id, other=one.id)


def _where(indicator: Indicator) -> tuple[str, int]:
    """Where an indicator is written: the one further down is the second."""
    span = indicator.span
    return (span.source.path, span.in_file().start) if span else ("", 0)


def _key(indicator: Indicator) -> Hashable:
    """What an indicator means as a value, up to the order of what may stand in any; None where it only names one."""
    if indicator.versions or indicator.valid != (None, None) or (indicator.peers and indicator.peers.computed):
        return None
    if indicator.children:
        edges = frozenset((edge.child, round(edge.weight, 12)) for edge in indicator.combined)
        return (edges, indicator.combine, indicator.missing, indicator.require, indicator.use_total,
                indicator.rounding)
    if isinstance(indicator.formula, Aggregate | Apply | Windowed):
        return meaning(indicator.formula), indicator.unit, indicator.rounding
    return None


def meaning(expr: Expr | None) -> Hashable:
    """A formula without its places, and without the order of what may stand in any."""
    match expr:
        case Column():
            return expr.name  # of one source, which the aggregate names
        case Constant():
            value = expr.value
            return frozenset(value) if isinstance(value, tuple) else (type(value), value, expr.unit)
        case Apply():
            parts = [meaning(arg) for arg in expr.args]
            if expr.function in _ANY_ORDER:
                parts.sort(key=hash)
            return expr.function, *parts
        case Ref():
            return (expr.indicator,)
        case Aggregate():
            options = frozenset((name, meaning(option)) for name, option in expr.options)
            return (expr.function, expr.source, tuple(map(meaning, expr.args)), meaning(expr.where), options, expr.at)
        case Windowed(step, arg):
            return step, meaning(arg)
        case _:
            return expr
