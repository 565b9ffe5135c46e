"""How a survey was drawn: from which parts of the population, and how many units there are in these."""

from __future__ import annotations

from cxmetrics.codes import surveys as codes
from cxmetrics.diagnostics import report
from cxmetrics.ir import ColumnSpec
from cxmetrics.load.scalars import Found
from cxmetrics.resolve.names import Columns
from cxmetrics.schema import SourceDraft
from cxmetrics.units import NUMBER, TEXT


def resolve_strata(draft: SourceDraft, columns: Columns, found: Found) -> str | None:
    """The column that says from which part of the population a unit was drawn, as text unless declared otherwise."""
    if draft.strata is None:
        return None
    name, span = draft.strata.value, draft.strata.span
    if draft.entity is None:
        found.append(report(codes.UNITS_UNTOLD, span, key="strata"))
    columns.setdefault(name, ColumnSpec(name, "text", TEXT, name, span=span))
    return name


def resolve_population(draft: SourceDraft, columns: Columns, found: Found) -> str | None:
    """The column that says how many units that part has in all, as an integer unless declared otherwise."""
    if draft.population is None:
        return None
    name, span = draft.population.value, draft.population.span
    if draft.entity is None and draft.strata is None:  # one cause, one finding
        found.append(report(codes.UNITS_UNTOLD, span, key="population"))
    spec = columns.setdefault(name, ColumnSpec(name, "integer", NUMBER, name, span=span))
    if spec.privacy != "C3" and spec.type not in ("integer", "number"):
        found.append(report(codes.POPULATION_NOT_NUMBER, span, name=name, found=spec.type))
        return None
    return name
