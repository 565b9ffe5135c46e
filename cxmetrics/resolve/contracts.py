"""What a column promises, beside its type: promises that say nothing of such a column, and sets that hold nothing."""

from __future__ import annotations

from collections.abc import Sequence

from cxmetrics.codes import names as codes
from cxmetrics.codes import yaml_files as yaml_codes
from cxmetrics.diagnostics import report
from cxmetrics.ir import ColumnType
from cxmetrics.load.scalars import Found, plain_number
from cxmetrics.schema import ColumnDraft, GivenColumnDraft
from cxmetrics.source import Located, Span

_NUMBERS: tuple[ColumnType, ...] = ("integer", "number")
_OF: dict[str, tuple[ColumnType, ...]] = {  # keys, and the types of the columns of which they say something
    "scale": _NUMBERS, "unit": _NUMBERS, "format": ("date", "time"), "time_zone": ("date", "time")}


def check_contract(draft: GivenColumnDraft, kind: ColumnType, found: Found) -> bool:
    """Whether all that is promised of a column can hold; reports what cannot."""
    before = len(found)
    for key, types in _OF.items():
        written = getattr(draft, key)
        if key == "scale" and getattr(draft, "scales", None):  # told of those of the past
            continue
        text_is_told = kind == "text" and isinstance(draft, ColumnDraft) and draft.formula is not None
        if written is not None and kind not in types and not text_is_told:
            found.append(report(codes.KEY_OF_ANOTHER_TYPE, written.span, key=key, type=kind, types=", ".join(types)))
    values = draft.values
    if values is not None:
        check_values(values, draft.type, found)
        for value in values if kind in _NUMBERS else ():
            if plain_number(value.value) is None:
                found.append(report(yaml_codes.NOT_A_NUMBER, value.span, found=value.value))
    return len(found) == before


def check_values(values: Sequence[Located], beside: Located | None, found: Found, place: Span | None = None) -> None:
    """Report a closed set that holds nothing, or a value twice; `beside`, or `place`: where an empty one is told."""
    if not values:
        at = place if beside is None else beside.span
        found.append(report(yaml_codes.WRONG_VALUE, at, key="values", expected="at least one value", found="[]"))
    seen: set[str] = set()
    for value in values:
        if value.value in seen:
            found.append(report(yaml_codes.WRONG_VALUE, value.span, key="values", expected="each value once",
                                found=value.value))
        seen.add(value.value)
