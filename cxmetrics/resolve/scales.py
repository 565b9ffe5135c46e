"""The ends of answer scales, and the scales that were in use before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cxmetrics.codes import names as name_codes
from cxmetrics.codes import units as unit_codes
from cxmetrics.codes import yaml_files as codes
from cxmetrics.diagnostics import Diagnostic, Label, report
from cxmetrics.ir import ColumnType
from cxmetrics.load.scalars import Found, date
from cxmetrics.scales import Scales, Version
from cxmetrics.schema import ColumnDraft, GivenColumnDraft, ScaleVersionDraft
from cxmetrics.source import Key, Located

_SCALE = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*\.\.\s*(-?\d+(?:\.\d+)?)\s*\Z")


def resolve_scale(draft: GivenColumnDraft, found: Found) -> tuple[float | None, float | None]:
    """The ends of the scale of today, the lower one first; None and None without one."""
    if draft.scale is None:
        return None, None
    ends = _ends(draft.scale, found)
    if ends is None or ends[0] < ends[1]:
        return ends or (None, None)
    found.append(_no_ends(draft.scale))
    return None, None


def resolve_scales(key: Key, draft: GivenColumnDraft, kind: ColumnType, found: Found) -> Scales | None:
    """The scales before that of today, of a column that is read as `kind`; None where there were none."""
    if not isinstance(draft, ColumnDraft) or draft.scales is None:
        return None
    if not draft.scales:
        found.append(report(codes.WRONG_VALUE, key.span, key="scales", expected="a scale", found="[]"))
        return None
    place = draft.scales[0].scale.span
    if draft.scale is None:
        found.append(report(name_codes.SCALES_WITHOUT_SCALE, place, name=key))
    elif kind not in ("integer", "number") or draft.formula is not None or draft.values is not None:
        found.append(report(unit_codes.SCALES_OF_NO_ANSWER, place, name=key))
    return Scales(kind == "integer", tuple(_versions(draft.scales, found)))


def _versions(drafts: Sequence[ScaleVersionDraft], found: Found) -> Iterator[Version]:
    latest: tuple[Version, Located] | None = None
    for draft in drafts:
        day, ends = date(draft.until.value), _ends(draft.scale, found)
        if day is None:
            found.append(report(codes.WRONG_VALUE, draft.until.span, key="until", expected="a date",
                                found=draft.until.value))
        if ends is not None and ends[0] == ends[1]:
            found.append(report(unit_codes.SCALE_OF_ONE_POINT, draft.scale.span, found=draft.scale.value))
        if day is None or ends is None:
            continue
        if latest is not None and day <= latest[0].until:
            related = (Label(latest[1].span, name_codes.SCALE_BEFORE),)
            found.append(report(name_codes.SCALES_OUT_OF_ORDER, draft.until.span, related=related, day=day,
                                before=latest[0].until))
        latest = Version(day, *ends), draft.until
        yield latest[0]


def _ends(written: Located, found: Found) -> tuple[float, float] | None:
    ends = _SCALE.match(written.value)
    if ends is not None:
        return float(ends[1]), float(ends[2])
    found.append(_no_ends(written))
    return None


def _no_ends(written: Located) -> Diagnostic:
    return report(codes.WRONG_VALUE, written.span, key="scale", expected="two ends such as 0..10", found=written.value)
