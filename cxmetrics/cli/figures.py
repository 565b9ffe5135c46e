"""Numbers as people read them: rounded half up, with their unit.  Machines get them unrounded elsewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from math import isfinite
from typing import Any, Literal

from cxmetrics.calendars import last
from cxmetrics.composite_rules import Rounding
from cxmetrics.ir import Grain, Indicator
from cxmetrics.units import Unit, conversion, duration, read_unit

Sign = Literal["", "+"]
_MODES = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "truncate": ROUND_DOWN}
_LONGEST = {"us": (10_000.0, "ms"), "ms": (10_000.0, "s"), "s": (600.0, "min"), "min": (600.0, "h"), "h": (240.0, "d")}
_HUGE = 1e15  # from here on digits say less than the power of ten
NONE = "-"
_ALIKE = 1.005


def figure(value: float | None, unit: Unit | None, display: Rounding | None = None, *, difference: bool = False) -> str:
    """A value in its unit: `99.95%`, `812 ms`, `+35.1`, `1,234`; `-` where it is missing.

    `difference`: the value is a change or a gap: it has a sign, and of shares it is in percentage points.
    """
    if value is None or not isfinite(value):
        return NONE
    if display is None and unit is not None and unit.is_duration:
        value, unit = _readable(value, unit)
    kind = unit.kind if unit else "number"
    share = kind == "share"
    sign: Sign = "+" if kind == "nps" or difference else ""
    exact = Decimal(repr(float(value))) * (100 if share else 1)
    text = _rounded(exact, display, _places(abs(float(exact)), unit), sign)
    return text + (" pp" if difference else "%") * share + _suffix(unit)


def figure_of(indicator: Indicator, value: float | None, *, difference: bool = False) -> str:
    """A value of an indicator as a `figure`, rounded as it says."""
    return figure(value, indicator.unit, indicator.display or indicator.rounding, difference=difference)


def share(value: float | None) -> str:
    """A weight: `40%`, `1.4%`, `0.05%`."""
    if value is None:
        return NONE
    exact = Decimal(repr(float(value))) * 100
    places = 2 if abs(exact) < 1 else 1
    return f"{exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP).normalize():f}%"


def whole(value: float | None) -> str:
    """A number of rows: `12,345`; with decimals only where it has some."""
    if value is None or not isfinite(value):
        return NONE
    return f"{int(value):,}" if float(value).is_integer() else f"{value:,.1f}"


def size(count: int) -> str:
    """Bytes, in thousands: `812 B`, `45.3 kB`, `1.2 GB`."""
    value, name = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, name = value / 1000, larger
    return f"{count} B" if name == "B" else f"{value:,.1f} {name}"


def unit_named(name: str | None) -> Unit | None:
    """The unit a table of values names, if it can be read."""
    return read_unit(name) if name else None


def period_name(period: dt.date, grain: Grain, year_start: int = 1) -> str:
    """`2026-10-05` (a day, or the first of a week), `2026-10`, `2026-Q4`, `2026`.

    Where years begin with another month than January, those in them are named by their months: `2026-04…2027-03`.
    """
    if year_start != 1 and grain in ("quarter", "year"):
        return f"{period:%Y-%m}…{last(period, grain):%Y-%m}"
    match grain:
        case "day" | "week":
            return period.isoformat()
        case "month":
            return f"{period:%Y-%m}"
        case "quarter":
            return f"{period.year:04d}-Q{(period.month + 2) // 3}"
        case "year":
            return f"{period.year:04d}"


def _readable(value: float, unit: Unit) -> tuple[float, Unit]:
    """A length of time in the unit it is told in: milliseconds to 10 s, seconds to 10 min, and so on."""
    size = abs(value)
    for name, most in _LONGEST.items():
        if unit == duration(name) and size >= most[0]:
            return _readable(value * conversion(unit, duration(most[1])), duration(most[1]))
    return value, unit


def _rounded(exact: Decimal, display: Rounding | None, places: int, sign: Sign) -> str:
    if abs(exact) >= _HUGE:
        return f"{float(exact):{sign}.6g}"
    if display is None:
        return _shown(exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP), sign)
    if display.rule == "to":
        step = Decimal(repr(display.parameter))
        return _shown((exact / step).quantize(Decimal(1), ROUND_HALF_UP) * step, sign)
    places = int(display.parameter)
    return _shown(exact.quantize(Decimal(1).scaleb(-places), _MODES[display.rule]), sign)


def _shown(number: Decimal, sign: Sign) -> str:
    return f"{number:,f}".removeprefix("-") if not number else f"{number:{sign},f}"


def _places(size: float, unit: Unit | None) -> int:
    """How many decimals are read."""
    match unit.kind if unit else "number":
        case "share" | "scale":
            return 2
        case "score" | "nps":
            return 1
        case "quantity" if unit and unit.is_count and size.is_integer():
            return 0
    if size == 0:
        return 0
    return 3 if size < 1 else 2 if size < 10 else 1 if size < 100 else 0


def _suffix(unit: Unit | None) -> str:
    if unit is None or unit.kind != "quantity" or unit.is_count:
        return ""
    return f" {unit}"


def design_effect(indicator: Indicator | None, row: Mapping[str, Any]) -> float | None:
    """How many weighted and clustered rows of a factor tell as much as one alone; None where each does."""
    if indicator is None or indicator.formula is None:
        return None
    n, effective = row.get("n"), row.get("n_effective")
    return n / effective if n and effective and n > effective * _ALIKE else None
