"""Where a unit came from: the indicators and columns that brought it, each where it was defined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cxmetrics.diagnostics import Label, Phrase
from cxmetrics.ir import Aggregate, Apply, Column, ColumnSpec, Expr, Indicator, Ref, Windowed
from cxmetrics.source import Span
from cxmetrics.units import Unit

_MOST = 3  # places that are shown of one side
_DEEPEST = 20  # indicators below each other that are looked into


class _Brought(NamedTuple):
    """A name that has a unit of its own, and where it got it."""

    name: str
    unit: Unit
    span: Span


def brought_by(expr: Expr, unit: Unit, columns: Mapping[str, Mapping[str, ColumnSpec]],
               indicators: Mapping[str, Indicator]) -> list[_Brought]:
    """The indicators in an expression, and the columns at their ends, with units of the same kind as `unit`."""
    found = dict.fromkeys(one for one in _walk(expr, columns, indicators, 0) if one.unit.kind == unit.kind)
    return list(found)[:_MOST]


def labels(sides: list[list[_Brought]]) -> tuple[list[Label], dict[str, str]]:
    """A label for each place, and the facts its sentence takes."""
    shown = list(dict.fromkeys(one for side in sides for one in side))
    facts = {key: fact for i, one in enumerate(shown)
             for key, fact in ((f"name_{i}", one.name), (f"unit_{i}", str(one.unit)))}
    return [Label(one.span, Phrase(f"`{{name_{i}}}` is {{unit_{i}}}: defined here",
                                   f"`{{name_{i}}}` 的单位 {{unit_{i}}} 由此而来")) for i, one in enumerate(shown)], facts


def _walk(expr: Expr, columns: Mapping[str, Mapping[str, ColumnSpec]], indicators: Mapping[str, Indicator],
          depth: int) -> Iterator[_Brought]:
    match expr:
        case Ref(name):
            known = indicators.get(name)
            if known is None or depth > _DEEPEST:
                return
            if known.span is not None:
                yield _Brought(name, known.unit, known.span)
            if known.formula is not None:
                yield from _walk(known.formula, columns, indicators, depth + 1)
        case Column(source, name):
            spec = columns.get(source, {}).get(name)
            if spec is not None and spec.span is not None:
                yield _Brought(f"{source}.{name}", spec.unit, spec.span)
        case Windowed(_, arg):
            yield from _walk(arg, columns, indicators, depth)
        case Apply(_, args) | Aggregate(_, _, args):
            for arg in args:
                yield from _walk(arg, columns, indicators, depth)
        case _:
            return
