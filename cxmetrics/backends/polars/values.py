"""The contract of a declared column: from what stands in the file to a typed value, or to what is wrong with it.

A column `x` of the source becomes `c:x`, its value (null where there is none or it is bad), and, where it can
be bad, `b:x`, its status.  Times are naive local times of the project's zone; where a value names its zone, or
counts from the epoch, `u:x` also holds it in UTC (naive), so that differences do not feel clock changes.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from cxmetrics.backends import rules
from cxmetrics.backends.cells import Physical
from cxmetrics.backends.fates import FINE, NOT_FINITE, SCALE, TYPE, VALUES
from cxmetrics.backends.needs import as_written, can_be_bad
from cxmetrics.backends.zones import MOST_CASES, Zone, clocks, offsets
from cxmetrics.ir import ColumnSpec, ColumnType, Silence


@dataclass(frozen=True, slots=True)
class Reading:
    """How one declared column is read: stages of expressions over `p:<physical>`.

    `value` (and `instant`) come first; `status`, where it can be bad, looks at `p:`, `v:`; what is
    kept of the value is `v:` unless the status says otherwise.
    """

    spec: ColumnSpec
    value: pl.Expr
    instant: pl.Expr | None
    status: pl.Expr | None

    @property
    def name(self) -> str:
        """The column's name in the source."""
        return self.spec.name

    @property
    def judged(self) -> bool:
        """Whether `b:x` tells in the end what is wrong with a value: at once, or by the scale of its day."""
        return self.status is not None or self.spec.scales is not None

    def first(self) -> list[pl.Expr]:
        """`v:x` and `w:x`: the value, before its contract."""
        instant = [] if self.instant is None else [self.instant.alias(f"w:{self.name}")]
        return [self.value.alias(f"v:{self.name}"), *instant]

    def second(self) -> list[pl.Expr]:
        """`b:x`."""
        return [] if self.status is None else [self.status.alias(f"b:{self.name}")]

    def third(self) -> list[pl.Expr]:
        """`c:x` and `u:x`: what is kept."""
        name = self.name
        kept = self._masked(pl.col(f"v:{name}")).alias(f"c:{name}")
        instant = [] if self.instant is None else [self._masked(pl.col(f"w:{name}")).alias(f"u:{name}")]
        return [kept, *instant]

    def _masked(self, held: pl.Expr) -> pl.Expr:
        codes = _missing_numbers(self.spec)
        if codes:
            held = pl.when(~pl.col(f"v:{self.name}").cast(pl.Float64).is_in(codes)).then(held)
        return held if self.status is None else pl.when(pl.col(f"b:{self.name}") == FINE).then(held)


def reading(spec: ColumnSpec, kind: Physical, zone: Zone, *, wide: bool = False) -> Reading:
    """How the column is read from a physical column of a kind that fits; `wide`: see `can_be_bad`."""
    held = pl.col(f"p:{spec.physical}")
    if spec.silence is not None:
        return Reading(spec, _silent(held, spec.silence, spec, kind, zone), None, None)
    if spec.missing and kind in ("text", "integer", "boolean"):
        held = pl.when(~held.cast(pl.String).is_in(list(spec.missing))).then(held)
    own = as_written(spec)
    value, instant = _typed(held, own, kind, zone)
    status = _status(held, own, kind) if can_be_bad(own, kind, wide=wide) else None
    return Reading(spec, value, instant, status)


def _silent(held: pl.Expr, silence: Silence, spec: ColumnSpec, kind: Physical, zone: Zone) -> pl.Expr:
    """Whether a cell holds one of the codes, as text or as a number, or nothing where that is a reason too."""
    silent = held.is_null() if silence.empty else pl.lit(value=False)
    if kind in ("text", "integer", "boolean"):
        silent = silent | held.cast(pl.String).is_in(list(silence.codes)).fill_null(value=False)
    if silence.type in ("integer", "number"):
        value = _typed(held, replace(spec, type=silence.type), kind, zone)[0].cast(pl.Float64)
        silent = silent | value.is_in(rules.numbers_in(silence.codes)).fill_null(value=False)
    return silent


def _typed(held: pl.Expr, spec: ColumnSpec, kind: Physical, zone: Zone) -> tuple[pl.Expr, pl.Expr | None]:
    match spec.type:
        case "integer":
            return _integer(held, kind), None
        case "number":
            return _number(held, kind), None
        case "text":
            return text_of(held, kind, zone), None
        case "boolean":
            return _boolean(held, kind), None
        case "date":
            local, _ = _time(held, spec, kind, zone)
            return local.dt.date(), None
        case "time":
            return _time(held, spec, kind, replace(zone, unsaid=clocks(spec.zone, zone.name)))


def _status(held: pl.Expr, spec: ColumnSpec, kind: Physical) -> pl.Expr:
    """The first thing wrong with a value: unreadable, not finite, off the scale, not of the closed set."""
    value = pl.col(f"v:{spec.name}")
    checks: list[tuple[pl.Expr, int]] = []
    if kind == "number":
        checks.append((~held.is_finite(), NOT_FINITE))
    elif spec.type == "number":
        checks.append((~value.is_finite(), NOT_FINITE))
    checks.append((held.is_not_null() & value.is_null(), TYPE))
    if codes := _missing_numbers(spec):
        checks.append((value.cast(pl.Float64).is_in(codes), FINE))
    return _first_of([*checks, *_limits(spec, value)])


def contract_of(spec: ColumnSpec, value: pl.Expr) -> pl.Expr:
    """Whether a value that was made keeps to the column's scale and closed set."""
    return _first_of(_limits(spec, value))


def _limits(spec: ColumnSpec, value: pl.Expr) -> list[tuple[pl.Expr, int]]:
    checks: list[tuple[pl.Expr, int]] = []
    if spec.low is not None:
        checks.append((value < spec.low, SCALE))
    if spec.high is not None:
        checks.append((value > spec.high, SCALE))
    if spec.values is not None:
        checks.append((~_among(value, spec), VALUES))
    return checks


def _first_of(checks: list[tuple[pl.Expr, int]]) -> pl.Expr:
    status = pl.lit(FINE, pl.UInt8)
    for wrong, code in reversed(checks):
        status = pl.when(wrong).then(pl.lit(code, pl.UInt8)).otherwise(status)
    return status


def _missing_numbers(spec: ColumnSpec) -> list[float]:
    return rules.numbers_in(spec.missing) if spec.type in ("integer", "number") else []


def _among(value: pl.Expr, spec: ColumnSpec) -> pl.Expr:
    assert spec.values is not None
    if spec.type in ("integer", "number"):
        return value.cast(pl.Float64).is_in(rules.numbers_in(spec.values))
    if spec.type == "boolean":
        return value.cast(pl.String).is_in([text.lower() for text in spec.values])
    return text_of(value, spec.type, Zone("UTC")).is_in(list(spec.values))


def _folded(text: pl.Expr) -> pl.Expr:
    return text.str.replace_many([*rules.WIDE], [*rules.NARROW])


def _integer(held: pl.Expr, kind: Physical) -> pl.Expr:
    if kind == "text":
        text = _folded(held)
        return pl.when(text.str.contains(rules.INTEGER)).then(
            text.str.replace(r"\..*$", "").cast(pl.Int64, strict=False))
    if kind == "number":
        return pl.when(held == held.floor()).then(held.cast(pl.Int64, strict=False))
    return held.cast(pl.Int64, strict=False)


def _number(held: pl.Expr, kind: Physical) -> pl.Expr:
    if kind != "text":
        return held.cast(pl.Float64)
    text = _folded(held)
    known = text.str.contains(rules.NUMBER) | text.str.to_lowercase().str.contains(rules.NOT_FINITE)
    return pl.when(known).then(text.cast(pl.Float64, strict=False))


def _boolean(held: pl.Expr, kind: Physical) -> pl.Expr:
    if kind == "boolean":
        return held
    said = held.str.to_lowercase() if kind == "text" else held.cast(pl.String)
    yes, no = (rules.TRUE, rules.FALSE) if kind == "text" else (("1",), ("0",))
    return pl.when(said.is_in(list(yes))).then(pl.lit(True)).when(said.is_in(list(no))).then(pl.lit(False))


def text_of(held: pl.Expr, kind: Physical | ColumnType, zone: Zone) -> pl.Expr:
    """The text of a value: decimal integers, `true`/`false`, ISO dates and local times."""
    match kind:
        case "number":
            whole = (held == held.floor()) & (held.abs() < 2.0**53)
            return pl.when(whole).then(held.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(
                held.cast(pl.String))
        case "date":
            return held.dt.strftime("%Y-%m-%d")
        case "time":
            return held.dt.strftime("%Y-%m-%d %H:%M:%S")
        case "instant":
            return local_of(held, zone).dt.strftime("%Y-%m-%d %H:%M:%S")
        case _:
            return held.cast(pl.String)


def local_of(instant: pl.Expr, zone: Zone) -> pl.Expr:
    """The naive local time of an instant.

    Adding an offset is many times quicker than asking the calendar for each row: where the zone keeps few
    offsets over the years in question, only what lies outside of them goes there.
    """
    naive = instant.dt.replace_time_zone(None)
    if zone.name in ("UTC", "Etc/UTC"):
        return naive
    spans = offsets(zone.name, *zone.years)
    if len(spans) > MOST_CASES:
        return _by_calendar(instant, zone.name)
    inside = instant.is_between(pl.lit(spans[0][0]), pl.lit(spans[-1][1]), closed="left")
    local = _by_calendar(pl.when(~inside).then(instant), zone.name)
    for start, end, offset in spans:
        here = instant.is_between(pl.lit(start), pl.lit(end), closed="left")
        local = pl.when(here).then(naive + pl.duration(seconds=offset)).otherwise(local)
    return local


def _by_calendar(instant: pl.Expr, zone: str) -> pl.Expr:
    return instant.dt.convert_time_zone(zone).dt.replace_time_zone(None)


def utc_of(local: pl.Expr, zone: str, twice: Literal["earliest", "latest"] = "earliest") -> pl.Expr:
    """The naive UTC of a naive local time; one of two, and times that a clock skipped as if it had not."""
    def aware(time: pl.Expr) -> pl.Expr:
        return time.dt.replace_time_zone(zone, ambiguous=twice, non_existent="null")
    skipped = aware(local - pl.duration(days=1)) + pl.duration(days=1)
    return aware(local).fill_null(skipped).dt.convert_time_zone("UTC").dt.replace_time_zone(None)


def _time(held: pl.Expr, spec: ColumnSpec, kind: Physical, zone: Zone) -> tuple[pl.Expr, pl.Expr | None]:
    """The local time and, where the value says its zone, the time in UTC; both naive."""
    match kind:
        case "date":
            return held.clip(dt.date.min, dt.date.max).cast(pl.Datetime("us")), None
        case "time":
            return _moved(held.clip(*(pl.lit(end).cast(pl.Datetime("us")) for end in (dt.date.min, dt.date.max))), zone)
        case "instant":
            instant = held.clip(*rules.INSTANTS)
            return local_of(instant, zone), instant.dt.replace_time_zone(None)
        case "integer" if spec.format in rules.EPOCH:
            return _from_epoch(held, rules.EPOCH[spec.format], zone)
        case _:
            return _read_time(held.cast(pl.String), spec, zone)


def _from_epoch(held: pl.Expr, step: int, zone: Zone) -> tuple[pl.Expr, pl.Expr]:
    lowest, highest = -(-rules.YEARS[0] // step), rules.YEARS[1] // step
    count = pl.when(held.is_between(lowest, highest)).then(held).cast(pl.Int64)
    instant = (count * step).cast(pl.Datetime("us"))
    return local_of(instant.dt.replace_time_zone("UTC"), zone), instant


def _read_time(text: pl.Expr, spec: ColumnSpec, zone: Zone) -> tuple[pl.Expr, pl.Expr | None]:
    if spec.format in rules.EPOCH:
        return _from_epoch(_integer(text, "text"), rules.EPOCH[spec.format], zone)
    if spec.format:
        return _by_pattern(text, spec.format, zone)
    if spec.type == "date":
        return _iso_date(text), None
    return _iso(text, zone)


def _iso_date(text: pl.Expr) -> pl.Expr:
    bare = pl.when(text.str.contains(rules.DATE)).then(text.str.replace_all("[-/]", ""))
    return bare.str.to_date("%Y%m%d", strict=False).cast(pl.Datetime("us"))


def _by_pattern(text: pl.Expr, pattern: str, zone: Zone) -> tuple[pl.Expr, pl.Expr | None]:
    if "%z" in pattern or "%:z" in pattern:
        instant = text.str.to_datetime(pattern, time_unit="us", strict=False)
        return local_of(instant, zone), instant.dt.replace_time_zone(None)
    if any(mark in pattern for mark in rules.CLOCK_MARKS):
        return _moved(text.str.to_datetime(pattern, time_unit="us", strict=False), zone)
    return text.str.to_date(pattern, strict=False).cast(pl.Datetime("us")), None


def _iso(text: pl.Expr, zone: Zone) -> tuple[pl.Expr, pl.Expr]:
    known = pl.when(text.str.contains(rules.MOMENT)).then(text)
    day = known.str.slice(0, 10).str.replace_all("/", "-", literal=True)
    clock = known.str.slice(11).str.extract(r"^([0-9:]+(\.[0-9]{1,6})?)", 1)
    wall = day + " " + pl.when(clock.str.len_bytes() == 5).then(clock + ":00").otherwise(clock)
    stated = wall.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
    offset = known.str.slice(16).str.extract(r"(Z|[+-][0-9:]+)$", 1)
    instant = stated - pl.duration(minutes=_offset_minutes(offset))
    if zone.unsaid is not None:
        instant = pl.when(offset.is_null()).then(_instant(stated, zone.unsaid)).otherwise(instant)
        return local_of(instant.dt.replace_time_zone("UTC"), zone).fill_null(_iso_date(text)), instant
    local = local_of(instant.dt.replace_time_zone("UTC"), zone)
    return pl.when(offset.is_null()).then(stated).otherwise(local).fill_null(_iso_date(text)), instant


def _moved(local: pl.Expr, zone: Zone) -> tuple[pl.Expr, pl.Expr | None]:
    """A time of a clock, in the project's zone, and in UTC if that is another clock."""
    if zone.unsaid is None:
        return local, None
    instant = _instant(local, zone.unsaid)
    return local_of(instant.dt.replace_time_zone("UTC"), zone), instant


def _instant(local: pl.Expr, zone: str) -> pl.Expr:
    """The naive UTC of a clock's time; the later of two, and times that the clock skipped as if it had not."""
    return utc_of(local, zone, twice="latest")


def _offset_minutes(offset: pl.Expr) -> pl.Expr:
    """Minutes east of Greenwich from `Z`, `+08`, `+0800` or `+08:00`."""
    digits = offset.str.replace_all("[-:+]", "")
    minutes = digits.str.slice(0, 2).cast(pl.Int64, strict=False) * 60 + digits.str.slice(2, 2).cast(
        pl.Int64, strict=False).fill_null(0)
    sign = pl.when(offset.str.starts_with("-")).then(-1).otherwise(1)
    return pl.when(offset == "Z").then(0).otherwise(minutes * sign)
