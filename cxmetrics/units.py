"""Units: what a number is a number of, and what may be done with two of them.

A unit is a kind; a *quantity* (duration, money, a count, or a product of these such as CNY per
customer) also has powers of base units and a factor to them.  All counted things share one base:
`sum(order.amount) / count(customer)` is money per count, whatever is counted, so counts of
different things add up to a count, and money never adds to money per head.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Literal, NamedTuple

Kind = Literal["number", "share", "scale", "score", "nps", "quantity", "text", "boolean", "date", "time", "unknown"]
Powers = tuple[tuple[str, int], ...]

SECOND, COUNT = "s", "count"
DURATIONS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "week": 604800.0}
NUMERIC: frozenset[Kind] = frozenset({"number", "share", "scale", "score", "nps", "quantity"})
MULTIPLIERS = {"": 1, "万": 10_000, "亿": 100_000_000}
_CURRENCY = re.compile(r"[A-Z]{3}\Z")
_THING = re.compile(r"[^\W\d]\w*\Z")
_SCALE = re.compile(r"(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)\Z")


class Unit(NamedTuple):
    """A kind; for a quantity its powers of base units, and how many base units one of it is.

    `low` and `high` bound a scale.  A tuple, because units are compared at every step of a proof.
    """

    kind: Kind
    powers: Powers = ()
    factor: float = 1.0
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        match self.kind:
            case "quantity":
                return _quantity_name(self.powers, self.factor)
            case "scale":
                return f"{self.low:g}..{self.high:g}"
            case _:
                return self.kind

    @property
    def numeric(self) -> bool:
        """Whether values of it are numbers."""
        return self.kind in NUMERIC

    @property
    def is_duration(self) -> bool:
        """Whether it is a length of time."""
        return self.powers == ((SECOND, 1),)

    @property
    def is_count(self) -> bool:
        """Whether it is a number of things."""
        return self.powers == ((COUNT, 1),)


NUMBER, SHARE, SCORE, NPS = Unit("number"), Unit("share"), Unit("score"), Unit("nps")
TEXT, BOOLEAN, DATE, TIME, UNKNOWN = Unit("text"), Unit("boolean"), Unit("date"), Unit("time"), Unit("unknown")
COUNTED = Unit("quantity", ((COUNT, 1),))


def duration(name: str) -> Unit:
    """The duration unit called `name` (a key of `DURATIONS`)."""
    return Unit("quantity", ((SECOND, 1),), DURATIONS[name])


def money(currency: str) -> Unit:
    """Money of a currency, by its three-letter code."""
    return Unit("quantity", ((currency, 1),))


def scale(low: float, high: float) -> Unit:
    """Points on an answer scale from `low` to `high`."""
    return Unit("scale", low=low, high=high)


def read_unit(text: str) -> Unit | None:
    """The unit a person wrote (`ms`, `%`, `CNY per customer`, `0..10`), or None."""
    text = text.strip()
    plain = {"number": NUMBER, "share": SHARE, "%": SHARE, "score": SCORE, "nps": NPS, "count": COUNTED}
    if text in plain:
        return plain[text]
    if bounds := _SCALE.match(text):
        low, high = float(bounds[1]), float(bounds[2])
        return scale(low, high) if low < high else None
    parts = re.split(r"\s+per\s+|\s*/\s*", text)
    units = [_simple(part) for part in parts]
    if len(units) > 2 or any(unit is None for unit in units):
        return None
    top, *below = [unit for unit in units if unit is not None]
    return divide(top, below[0]) if below else top


_MEANT = {word: unit for unit, words in {
    "s": "sec secs second seconds 秒", "ms": "msec msecs milli millis millisecond milliseconds 毫秒",
    "min": "mins minute minutes 分钟", "h": "hr hrs hour hours 小时", "d": "day days 天", "week": "weeks 周",
    "CNY": "cny yuan rmb 元 人民币", "USD": "usd dollar dollars 美元", "EUR": "eur euro euros 欧元",
    "share": "percent pct percentage 百分比"}.items() for word in words.split()}


def likely_unit(text: str) -> str | None:
    """The unit that was meant by another name of it, as `sec` for `s`; None where each word is what it says.

    Any word may be a thing that is counted, so that `sec` would be so many secs, unlike any time.
    """
    parts = re.split(r"(\s+per\s+|\s*/\s*)", text.strip())
    meant = [part if part in DURATIONS or _CURRENCY.match(part) else
             part.lower() if part.lower() in DURATIONS else _MEANT.get(part.lower(), part) for part in parts]
    return None if meant == parts else "".join(meant)


def _simple(word: str) -> Unit | None:
    if word in DURATIONS:
        return duration(word)
    if _CURRENCY.match(word):
        return money(word)
    if word in ("number", "1"):
        return NUMBER
    return COUNTED if _THING.match(word) else None


@lru_cache(maxsize=1024)
def literal_unit(word: str) -> Unit | None:
    """The unit of a literal such as `500 ms`, `99 %`, `200 CNY`; None where the word is no unit."""
    if word == "":
        return NUMBER
    if word == "%":
        return SHARE
    if word in DURATIONS:
        return duration(word)
    return money(word) if _CURRENCY.match(word) else None


def of_each(unit: Unit) -> Unit:
    """What a value of each thing is written in: CNY for CNY per count; any other unit as it is."""
    if unit.kind != "quantity" or (COUNT, -1) not in unit.powers:
        return unit
    powers = tuple([power for power in unit.powers if power[0] != COUNT])
    return unit._replace(powers=powers) if powers else NUMBER if unit.factor == 1 else unit


def as_literal(unit: Unit) -> str:
    """What stands behind a number in a formula: `CNY` of each thing, `CNY / 1 s` in a time."""
    return str(of_each(unit)).replace(" per ", " / 1 ")


def comparable(left: Unit, right: Unit) -> bool:
    """Whether values of the two can be compared or subtracted (a plain number goes with any dimensionless kind)."""
    if left == right:
        return True
    if "unknown" in (left.kind, right.kind):
        return True
    if not (left.numeric and right.numeric):
        return left.kind == right.kind or {left.kind, right.kind} == {"date", "time"}
    if "quantity" in (left.kind, right.kind):
        return left.powers == right.powers
    if left.kind == right.kind == "scale":
        return left == right
    return left.kind == right.kind or "number" in (left.kind, right.kind)


def add(left: Unit, right: Unit, sign: Literal["+", "-"]) -> Unit | None:
    """The unit of a sum or difference, in the left one's factor; None where there is none."""
    if "unknown" in (left.kind, right.kind):
        return UNKNOWN
    if sign == "-" and left.kind in ("time", "date") and right.kind in ("time", "date"):
        return duration("s")
    if not (left.numeric and right.numeric and comparable(left, right)):
        return None
    if left.kind != right.kind:
        return right if left.kind == "number" else left
    return NUMBER if left.kind in ("nps", "scale") else left  # no sum or difference of points keeps to their scale


def multiply(left: Unit, right: Unit) -> Unit | None:
    """The unit of a product; None where one side is no number."""
    if "unknown" in (left.kind, right.kind):
        return UNKNOWN
    if not (left.numeric and right.numeric):
        return None
    if "quantity" in (left.kind, right.kind):
        return _quantity(left, right, 1)
    kinds = {left.kind, right.kind}
    if kinds <= {"share", "number"}:
        return SHARE if kinds == {"share"} else NUMBER
    return NUMBER


def divide(left: Unit, right: Unit) -> Unit | None:
    """The unit of a quotient; None where one side is no number."""
    if "unknown" in (left.kind, right.kind):
        return UNKNOWN
    if not (left.numeric and right.numeric):
        return None
    if "quantity" in (left.kind, right.kind):
        return _quantity(left, right, -1)
    return NUMBER


def power(base: Unit, exponent: float) -> Unit | None:
    """The unit of a power: of a quantity whole exponents only, and those that leave whole powers (a square root)."""
    if base.kind != "quantity":
        return NUMBER if base.numeric else (UNKNOWN if base.kind == "unknown" else None)
    exact = [(name, exp * exponent) for name, exp in base.powers]
    if abs(exponent) > 8 or any(exp != int(exp) for _, exp in exact):
        return None
    powers = tuple((name, int(exp)) for name, exp in exact if exp)
    return Unit("quantity", powers, base.factor ** exponent) if powers else NUMBER


def conversion(source: Unit, target: Unit) -> float:
    """What a value in `source` is multiplied by to be in `target` (comparable units)."""
    return source.factor / target.factor


def scaled(value: float, factor: float) -> float:
    """A value times a factor: exact where the factor is a whole number or one part of a whole number."""
    return value / round(1 / factor) if factor < 1 else value * factor


def _quantity(left: Unit, right: Unit, sign: int) -> Unit:
    total = dict(left.powers)
    for name, exponent in right.powers:
        total[name] = total.get(name, 0) + sign * exponent
    powers = tuple(sorted((name, exponent) for name, exponent in total.items() if exponent))
    factor = left.factor * right.factor if sign > 0 else left.factor / right.factor
    return Unit("quantity", powers, factor) if powers else NUMBER._replace(factor=factor)


def _quantity_name(powers: Powers, factor: float) -> str:
    """As a person would write it; a factor that no one duration explains stands before it."""
    exponent = dict(powers).get(SECOND, 0)
    second = next((name for name, size in DURATIONS.items() if exponent and math.isclose(size ** exponent, factor)), "")
    named = [(second or name if name == SECOND else name, exp) for name, exp in powers]
    above = [_power_name(name, exp) for name, exp in named if exp > 0]
    below = [_power_name(name, -exp) for name, exp in named if exp < 0]
    text = " ".join(above) or "1"
    scaled = text if second or math.isclose(factor, 1.0) else f"{factor:g} {text}"
    return f"{scaled} per {' '.join(below)}" if below else scaled


def _power_name(name: str, exponent: int) -> str:
    return name if exponent == 1 else f"{name}^{exponent}"
