"""Privacy classes: C3 is never read, and what tells of a person (C2) is in no slice, for slices are written down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from cxmetrics.codes import names as codes
from cxmetrics.codes import units as unit_codes
from cxmetrics.diagnostics import Label, report
from cxmetrics.functions import CONDITIONS, ROW_ANSWERS, ROW_TEXTS, ROW_TIMES
from cxmetrics.ir import Apply, Binding, Column, ColumnSpec, Expr
from cxmetrics.load.scalars import Found
from cxmetrics.resolve.names import Columns
from cxmetrics.schema import SourceDraft, WeightDraft
from cxmetrics.source import Located

# What is left of a value after these is a group of many.
_COARSE = CONDITIONS | ROW_ANSWERS.keys() | ROW_TEXTS.keys() | (ROW_TIMES.keys() - {"date"})


def settle_classes(columns: Columns) -> None:
    """Give columns that read the same column of the files the strictest class that one of them has."""
    strictest = _strictest(columns)
    for name, spec in columns.items():
        if spec.own and strictest.get(spec.physical, "") > (spec.privacy or ""):
            columns[name] = replace(spec, privacy=strictest[spec.physical])


def _strictest(columns: Columns) -> dict[str, str]:
    found: dict[str, str] = {}
    for spec in columns.values():
        if spec.own and spec.privacy is not None:
            found[spec.physical] = max(found.get(spec.physical, ""), spec.privacy)
    return found


def refuse_secrets(source: str, draft: SourceDraft, columns: Columns, found: Found) -> None:
    """CX226 for each column that the source names beside formulas and that is class C3, declared so or read so."""
    secret = {physical for physical, privacy in _strictest(columns).items() if privacy == "C3"}
    for written in _named(draft):
        spec = columns.get(written.value)
        if written.value in secret if spec is None or spec.privacy is None else spec.privacy == "C3":
            found.append(report(codes.SECRET_COLUMN, written.span, name=written.value, source=source))


def _named(draft: SourceDraft) -> Iterator[Located]:
    """The names of columns that a source gives for a purpose."""
    weight = draft.weight.base if isinstance(draft.weight, WeightDraft) else draft.weight
    single = (draft.time, draft.received, draft.entity, weight, draft.strata, draft.population,
              *(lookup.on or lookup.key for lookup in draft.lookups.values()))
    yield from (written for written in single if written is not None)
    yield from _listed(draft.unique.by if draft.unique else ())
    yield from draft.dimensions.values()


def _listed(written: Iterable[Located] | Located) -> Iterable[Located]:
    return (written,) if isinstance(written, Located) else written


def refuse_persons(source: str, bindings: Mapping[str, Binding], columns: Columns, found: Found) -> None:
    """CX369 for each dimension whose slices would be what a personal column holds.

    A closed set is known from the definitions, and a truth or a band is of many: they are slices like others.
    """
    for dimension, binding in bindings.items():
        spec = columns.get(binding.column)
        if spec is None or binding.values is not None:
            continue
        told = next(_told(Column(source, spec.name, spec.type, spec.unit), columns), None)
        if told is not None and told.privacy == "C2":
            related = (Label(told.span, unit_codes.PERSONAL_HERE),) if told.span not in (None, binding.span) else ()
            found.append(report(unit_codes.PERSONAL_SLICE, binding.span, related=related, dimension=dimension,
                                column=told.name, source=source))


def _told(expr: Expr, columns: Columns) -> Iterator[ColumnSpec]:
    """The personal columns whose values can be told from a value of the expression."""
    match expr:
        case Column(_, name):
            spec = columns.get(name)
            if spec is None or spec.type == "boolean" or spec.values is not None:
                return
            if spec.personal:
                yield spec
            elif spec.formula is not None:
                yield from _told(spec.formula, columns)
        case Apply(function, args) if function not in _COARSE:
            for arg in args:
                yield from _told(arg, columns)
        case _:
            return
