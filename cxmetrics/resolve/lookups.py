"""Tables that give columns to rows: of sources, and of dimensions that lead to others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from cxmetrics.codes import names as codes
from cxmetrics.codes import yaml_files as yaml_codes
from cxmetrics.diagnostics import DID_YOU_MEAN, Fix, Label, closest, report
from cxmetrics.ir import ColumnSpec, Dimension, Lookup, Validity, Way
from cxmetrics.load.scalars import Found, id_is_good, word
from cxmetrics.resolve.names import Columns
from cxmetrics.resolve.tables import resolve_table
from cxmetrics.schema import DimensionLookupDraft, GivenColumnDraft, LookupDraft, SourceDraft, TimedDraft
from cxmetrics.source import Key, Located, Span
from cxmetrics.units import TEXT

ReadColumn = Callable[[Key, GivenColumnDraft | Located, str | None, Found], ColumnSpec]


def resolve_lookup_columns(draft: SourceDraft, columns: Columns, read: ReadColumn, found: Found) -> None:
    """Add the columns that the lookups of a source give to its own; no two have one name."""
    first: dict[str, Span] = {str(key): key.span for key in draft.columns}
    for name, lookup in draft.lookups.items():
        if id_is_good(name, found) and not lookup.columns:
            found.append(report(yaml_codes.WRONG_VALUE, name.span, key="columns", expected="a column at least",
                                found="nothing"))
        for key, written in lookup.columns.items():
            if key in columns:
                related = (Label(first[key], codes.FIRST_DEFINED),) if key in first else ()
                found.append(report(codes.COLUMN_TWICE, key.span, related=related, name=key))
                continue
            first[str(key)] = key.span
            columns[str(key)] = replace(read(key, written, None, found), lookup=str(name))


def resolve_lookups(draft: SourceDraft, columns: Columns, found: Found) -> tuple[Lookup, ...]:
    """The lookups of a source.  What they stand on is a column: text, if it is not declared."""
    return tuple(_lookup(name, lookup, columns, found) for name, lookup in draft.lookups.items())


def _lookup(name: Key, draft: LookupDraft, columns: Columns, found: Found) -> Lookup:
    valid = validity(draft, found)
    on = draft.on or draft.key
    if draft.key is None:
        if draft.on is not None or valid is None or valid.as_of == "now":
            found.append(report(yaml_codes.MISSING_KEY, draft.on.span if draft.on else name.span, key="key"))
        on = None
    if on is not None:
        columns.setdefault(on.value, ColumnSpec(on.value, "text", TEXT, on.value, span=on.span))
    return Lookup(str(name), draft.read.value, draft.key.value if draft.key else None, on.value if on else None, valid,
                  draft.read.span, resolve_table(draft.read, draft.table, found))


def validity(draft: TimedDraft, found: Found) -> Validity | None:
    """When the rows of a table hold; None where they always do."""
    if draft.valid_from is None:
        for written in (draft.valid_to, draft.valid_until, draft.as_of):
            if written is not None:
                found.append(report(yaml_codes.MISSING_KEY, written.span, key="valid_from"))
                break
        return None
    asked = word(draft.as_of, "as_of", ("row", "now"), "row", found)
    if draft.valid_to is not None and draft.valid_until is not None:
        related = (Label(draft.valid_to.span, codes.FIRST_END),)
        found.append(report(codes.TWO_ENDS, draft.valid_until.span, related=related))
    end = draft.valid_to or draft.valid_until
    return Validity(draft.valid_from.value, end.value if end else None, "now" if asked == "now" else "row",
                    through=draft.valid_to is None and end is not None)


def dimension_lookup(key: Key, draft: DimensionLookupDraft, dimensions: Mapping[Key, object],
                     found: Found) -> tuple[Lookup, tuple[str, ...]]:
    """The table behind a dimension, and the dimensions it is said to give."""
    lookup = Lookup(str(key), draft.read.value, draft.key.value, str(key), validity(draft, found), draft.read.span,
                    resolve_table(draft.read, draft.table, found))
    if draft.columns is not None and not draft.columns:
        found.append(report(yaml_codes.WRONG_VALUE, draft.key.span, key="columns", expected="a dimension at least",
                            found="[]"))
    for column in draft.columns or ():
        if column.value not in dimensions:
            guess = closest(column.value, dimensions, found)
            found.append(report(codes.UNKNOWN_DIMENSION, column.span, help=DID_YOU_MEAN if guess else None,
                                fix=Fix(column.span, guess) if guess else None, name=column.value, guess=guess or ""))
    return lookup, tuple(column.value for column in draft.columns or ())


def ways(dimensions: Mapping[str, Dimension]) -> Iterator[Way]:
    """How dimensions lead to others by tables: to those that are named, else to all they lie within."""
    for name, dimension in dimensions.items():
        if dimension.lookup is not None:
            gives = [other for other in dimension.gives or _outer(name, dimensions)
                     if other in dimensions and other != name]
            yield Way(dimension.lookup, tuple((other, dimensions[other].values) for other in gives))


def _outer(name: str, dimensions: Mapping[str, Dimension]) -> list[str]:
    result: list[str] = []
    while (outer := dimensions[name].within) is not None:
        result.append(outer)
        name = outer
    return result
