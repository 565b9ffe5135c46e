"""How much the rows of a source count: by a column, and raked to the margins of a population."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import cast

from cxmetrics.codes import names as name_codes
from cxmetrics.codes import surveys as codes
from cxmetrics.codes import units as unit_codes
from cxmetrics.codes import yaml_files as yaml_codes
from cxmetrics.diagnostics import DID_YOU_MEAN, closest, listed, report
from cxmetrics.ir import ColumnSpec, Dimension
from cxmetrics.load.scalars import Found, plain_number, word
from cxmetrics.resolve.names import Columns
from cxmetrics.schema import SourceDraft, WeightDraft
from cxmetrics.source import Key, Located
from cxmetrics.units import NUMBER
from cxmetrics.weights import STRETCHES, Margin, Rake, Stretch

MOST = 10_000  # cells of all margins crossed
ROUNDED = 0.005  # how far shares that were rounded may be from 1, and counts of one population from each other
_PEOPLE = "a share such as 51%, or how many people, above 0 and all alike"
_BOUNDS = "two factors around 1, such as 0.3..3"


def resolve_weight(key: Key, draft: SourceDraft, columns: Columns, dimensions: Mapping[str, Dimension],
                   found: Found) -> tuple[str | None, Rake | None]:
    """The column that says how much a row counts, if any, and what the weights are raked to, if anything."""
    match draft.weight:
        case None:
            return None, None
        case WeightDraft() as raked:
            base = None if raked.base is None else _column(raked.base, columns, found)
            return base, _rake(key, raked, dimensions, found)
        case written:
            return _column(written, columns, found), None


def _column(written: Located, columns: Columns, found: Found) -> str | None:
    """A column of weights; it is declared, as a number, unless the definitions say otherwise."""
    name, span = written.value, written.span
    spec = columns.setdefault(name, ColumnSpec(name, "number", NUMBER, name, span=span))
    if spec.privacy != "C3" and spec.type not in ("integer", "number"):
        found.append(report(unit_codes.WEIGHT_NOT_NUMBER, span, name=name, found=spec.type))
        return None
    return name


def _rake(key: Key, draft: WeightDraft, dimensions: Mapping[str, Dimension], found: Found) -> Rake | None:
    low, high = _bounds(draft.trim, found)
    per = cast("Stretch", word(draft.per, "per", STRETCHES, "month", found))
    if not draft.rake:
        found.append(report(yaml_codes.WRONG_VALUE, key.span, key="rake", expected="a margin at least", found="{}"))
    read = [margin for name, shares in draft.rake.items()
            if (margin := _margin(name, shares, dimensions, found)) is not None]
    margins = [margin for margin, _ in read]
    _alike(draft, read, found)
    values = {name: {value[each.dimensions.index(name)] for value, _ in each.shares}
              for each in margins for name in each.dimensions}
    if math.prod(map(len, values.values())) > MOST:
        found.append(report(yaml_codes.TOO_LARGE, key.span, what="the crossing of all margins", limit=f"{MOST:,}"))
    return Rake(tuple(margins), per, low, high) if margins else None


def _bounds(written: Located | None, found: Found) -> tuple[float, float]:
    if written is None:
        return 0.0, math.inf
    first, _, second = written.value.partition("..")
    low, high = plain_number(first), plain_number(second)
    if low is None or high is None or not 0 <= low < 1 < high:
        found.append(report(yaml_codes.WRONG_VALUE, written.span, key="trim", expected=_BOUNDS, found=written.value))
        return 0.0, math.inf
    return low, high


def _margin(name: Key, written: Mapping[Key, Located], dimensions: Mapping[str, Dimension],
            found: Found) -> tuple[Margin, float] | None:
    """A margin, and how many people it is of: 0 where it has shares; None where something was reported."""
    before = len(found)
    names = tuple(part.strip() for part in name.split(","))
    for each in names:
        if each not in dimensions:
            guess = closest(each, dimensions, found)
            found.append(report(name_codes.UNKNOWN_DIMENSION, name.span, help=DID_YOU_MEAN if guess else None,
                                name=each, guess=guess or ""))
    if len(set(names)) < len(names):
        found.append(report(yaml_codes.WRONG_VALUE, name.span, key="rake", expected="each dimension once", found=name))
    if len(found) > before:
        return None
    cells = dict(_cells(names, written, dimensions, found))
    in_shares = any(each.value.strip().endswith("%") for each in written.values())
    amounts = {cell: _people(each, in_shares, found) for cell, each in cells.items()}
    if len(found) > before:
        return None
    total = math.fsum(amounts.values())
    if not amounts or (in_shares and abs(total - 1) > ROUNDED):
        found.append(report(codes.SHARES_INCOMPLETE, name.span, margin=name, total=f"{total:.1%}"))
        return None
    shares = tuple((cell, amount / total) for cell, amount in amounts.items())
    return Margin(names, shares, name.span), 0.0 if in_shares else total


def _cells(names: tuple[str, ...], written: Mapping[Key, Located], dimensions: Mapping[str, Dimension],
           found: Found) -> Iterator[tuple[tuple[str, ...], Located]]:
    """The values of the dimensions that have a share; of dimensions whose values are known, all must have one."""
    seen: dict[str, set[str]] = {name: set() for name in names}
    cells: set[tuple[str, ...]] = set()
    for key, share in written.items():
        cell = tuple(part.strip() for part in key.split(",")) if len(names) > 1 else (key.strip(),)
        if len(cell) != len(names):
            found.append(report(yaml_codes.WRONG_VALUE, key.span, key=", ".join(names), found=key,
                                expected="one value of each dimension"))
            continue
        for name, value in zip(names, cell, strict=True):
            seen[name].add(value)
            known = dimensions[name].values
            if known is not None and value not in known:
                found.append(report(unit_codes.VALUE_NOT_IN_SET, key.span, value=value, column=name,
                                    known=listed(known)))
        if cell in cells:
            found.append(report(yaml_codes.WRONG_VALUE, key.span, key=", ".join(names), found=key,
                                expected="each value once"))
        cells.add(cell)
        yield cell, share
    for name, values in seen.items():
        for lacking in [value for value in dimensions[name].values or () if value not in values]:
            found.append(report(codes.VALUE_WITHOUT_SHARE, next(iter(written)).span if written else None,
                                dimension=name, value=lacking))


def _people(written: Located, in_shares: bool, found: Found) -> float:
    text = written.value.strip()
    amount = plain_number(text.removesuffix("%")) if text.endswith("%") == in_shares else None
    if amount is None or not amount > 0:
        found.append(report(yaml_codes.WRONG_VALUE, written.span, key="rake", expected=_PEOPLE, found=written.value))
        return 1.0
    return amount / 100 if in_shares else amount


def _alike(draft: WeightDraft, read: list[tuple[Margin, float]], found: Found) -> None:
    """Margins that count people are of one population."""
    counted = [(margin, people) for margin, people in read if people]
    for margin, people in counted[1:]:
        first, before = counted[0]
        if abs(people - before) > ROUNDED * before:
            span = next(key.span for key in draft.rake if key.span == margin.span)
            found.append(report(codes.POPULATIONS_DIFFER, span, margin=margin, people=f"{people:,.0f}", other=first,
                                others=f"{before:,.0f}"))
