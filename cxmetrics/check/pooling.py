"""Children whose rows are counted together: only where one aggregate could have seen the rows of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cxmetrics.check.matching import Proof, literal_value
from cxmetrics.check.versions import changes
from cxmetrics.codes import pyramid as codes
from cxmetrics.diagnostics import Diagnostic, Label, report
from cxmetrics.functions import WEIGHED, quantile_of
from cxmetrics.ir import Aggregate, Apply, Column, Constant, Expr, Indicator, Invalid, Merged
from cxmetrics.resolve import Child, Outline
from cxmetrics.units import UNKNOWN, Unit

# Those finished from counts, sums, extremes and counts of values, which are the same rows together or apart.
_POOLED = frozenset(("count", "sum", "mean", "ces", "stdev", "min", "max", "share", "top_box", "csat", "nps", "apdex",
                     "median", "quantile"))


@dataclass(frozen=True, slots=True)
class _Counted:
    """A child, the aggregates it is made of, and the factor into its unit."""

    child: Child
    unit: Unit
    merged: Merged
    weighted: frozenset[bool]  # whether its aggregates are weighted

    @property
    def kind(self) -> tuple[object, ...]:
        """What has to be the same for rows to be counted together."""
        return (*_kind(self.merged.parts[0]), self.unit, self.merged.factor, self.weighted)


def pool(outline: Outline, below: Mapping[str, Indicator], proof: Proof) -> tuple[Merged | None, Unit]:
    """The aggregates of all children, and their unit; None where they cannot be counted together."""
    found, before = proof.found, len(proof.found)
    counted: list[_Counted] = []
    for child in outline.children:
        indicator = below.get(child.id)
        if indicator is None or isinstance(indicator.formula, Invalid):
            continue  # has been reported
        merged = _merged(indicator)
        if changes(indicator):
            found.append(report(codes.VERSIONED_WITHIN, child.span, indicator=child.id, use="combine: pooled"))
        elif merged is None:
            found.append(report(codes.POOLED_NOT_ROWS, child.span, child=child.id, parent=outline.id))
        else:
            weighted = frozenset(part.function in WEIGHED and part.source in proof.weighted for part in merged.parts)
            counted.append(_Counted(child, indicator.unit, merged, weighted))
    for one in counted[1:]:
        if one.kind != counted[0].kind:
            found.append(_unlike(one, counted[0], outline.id))
    seen: dict[Aggregate, Child] = {}
    for one in counted:
        for part in one.merged.parts:
            if part in seen:
                related = (Label(seen[part].span, codes.COUNTED_HERE),)
                found.append(report(codes.POOLED_TWICE, one.child.span, related=related, child=one.child.id,
                                    other=seen[part].id))
            seen.setdefault(part, one.child)
    if len(found) > before or not counted:
        return None, UNKNOWN
    first = counted[0]
    return Merged(tuple(part for one in counted for part in one.merged.parts), first.merged.factor), first.unit


def _merged(indicator: Indicator) -> Merged | None:
    """The aggregates an indicator is made of, if it is one aggregate or pooled itself."""
    if isinstance(indicator.combine, Merged):
        return indicator.combine
    formula, factor = indicator.formula, 1.0
    while isinstance(formula, Apply) and formula.function == "convert" and isinstance(formula.args[1], Constant):
        by = formula.args[1].value
        formula, factor = formula.args[0], factor * (by if isinstance(by, int | float) else 1.0)
    if not isinstance(formula, Aggregate) or not _is_known(formula.function):
        return None
    return Merged((formula,), factor)


def _is_known(function: str) -> bool:
    return function in _POOLED or quantile_of(function) is not None


def _kind(part: Aggregate) -> tuple[object, ...]:
    """An aggregate without its source, rows and columns."""
    function = {"ces": "mean", "p50": "median"}.get(part.function, part.function)
    options = sorted((name, repr(value)) for name, value in part.options if name != "failed")
    scale = part.args[0].unit if part.args and isinstance(part.args[0], Column) else None
    rest = tuple(repr(arg) for arg in part.args[1:])
    return (function, part.at, *options, scale if part.function not in ("count", "share") else None, *rest)


def _unlike(one: _Counted, first: _Counted, parent: str) -> Diagnostic:
    return report(codes.POOLED_UNLIKE, one.child.span, related=(Label(first.child.span, codes.OTHER_KIND),),
                  child=one.child.id, other=first.child.id, parent=parent, kind=_told(one), other_kind=_told(first))


def _told(one: _Counted) -> str:
    """`nps(0..10)`, `p95(ms) in s`: what is compared."""
    part = one.merged.parts[0]
    first = part.args[0] if part.args else None
    given = [str(first.unit)] if isinstance(first, Column) and part.function not in ("count", "share") else []
    given += [_text(arg) for arg in part.args[1:]]
    given += [f"{name} = {_text(value)}" for name, value in part.options if name != "failed"]
    return f"{'weighted ' if True in one.weighted else ''}{part.function}({', '.join(given)}) → {one.unit}"


def _text(expr: Expr) -> str:
    if isinstance(expr, Apply):
        return "..".join(map(_text, expr.args))
    value = literal_value(expr)
    return f"{value:g}" if isinstance(value, int | float) else str(value)
