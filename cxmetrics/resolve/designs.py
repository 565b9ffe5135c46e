"""How a survey was drawn: from which parts of the population, and how many units there are in these."""

from __future__ import annotations

from cxmetrics.codes import surveys as survey_codes
from cxmetrics.codes import yaml_files as codes
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
        found.append(report(codes.WRONG_VALUE, span, key="strata", expected="an `entity` beside it", found=name))
    columns.setdefault(name, ColumnSpec(name, "text", TEXT, name, span=span))
    return name


def resolve_population(draft: SourceDraft, columns: Columns, found: Found) -> str | None:
    """The column that says how many units that part has in all, as an integer unless declared otherwise."""
    if draft.population is None:
        return None
    name, span = draft.population.value, draft.population.span
    if draft.entity is None:
        found.append(report(codes.WRONG_VALUE, span, key="population", expected="an `entity` beside it", found=name))
    spec = columns.setdefault(name, ColumnSpec(name, "integer", NUMBER, name, span=span))
    if spec.privacy != "C3" and spec.type not in ("integer", "number"):
        found.append(report(survey_codes.POPULATION_NOT_NUMBER, span, name=name, found=spec.type))
        return None
    return name
