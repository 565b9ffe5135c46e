"""The contract of a declared column in SQL: from what stands in the file to a typed value, or to what is wrong with it.

A column `x` becomes `c x`, its value (null where there is none or it is bad), and, where it can be bad, `b x`,
its status.  Times are naive local times of the project's zone; where a value names its zone, or counts from
the epoch, `u x` also holds the instant, so that differences do not feel clock changes.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace
from typing import assert_never

from cxmetrics.backends import rules
from cxmetrics.backends.cells import Physical
from cxmetrics.backends.duckdb.expressions import NARROW, Term
from cxmetrics.backends.duckdb.steps import Steps
from cxmetrics.backends.duckdb.times import instant_literal, local_of
from cxmetrics.backends.fates import FINE, NOT_FINITE, SCALE, TYPE, VALUES
from cxmetrics.backends.needs import as_written, can_be_bad
from cxmetrics.backends.sql import (
    NULL,
    Case,
    Cast,
    In,
    Infix,
    IsNull,
    Literal,
    Name,
    Node,
    Not,
    Operator,
    both,
    call,
    either,
    text_literal,
    when,
)
from cxmetrics.backends.zones import Zone, clocks
from cxmetrics.ir import ColumnSpec, ColumnType, Silence

STRIP = "stripped"  # a macro: text without blanks at its ends, null where nothing is left


def strip_macro() -> Node:
    """The body of the macro `STRIP`, of its argument `x`."""
    bare = call("trim", Name("x"), _characters(rules.BLANKS))
    return when(Infix("<>", (bare, Literal(""))), bare)


def _characters(text: str) -> Node:
    return call("concat", *(call("chr", Literal(ord(char))) for char in text))


def held(physical: Node, kind: Physical, *, fine: bool = False) -> Node:
    """A physical column in the one type of its kind; text stripped, and null where it is empty.

    `fine`: of times in nanoseconds.
    """
    match kind:
        case "text":
            return call(STRIP, Cast(physical, "VARCHAR"))
        case "number":
            return Cast(physical, "DOUBLE")
        case "time":
            return call("make_timestamp", _cut(physical)) if fine else Cast(physical, "TIMESTAMP")
        case "instant":
            return call("make_timestamptz", _cut(physical)) if fine else Cast(physical, "TIMESTAMPTZ")
        case "date":
            return Cast(physical, "DATE")
        case "boolean":
            return Cast(physical, "BOOLEAN")
        case "integer" | "other":
            return physical  # integers keep their width: to fit in 64 bits is part of the contract
        case _:
            assert_never(kind)


def _cut(time: Node) -> Node:
    """Whole microseconds from the epoch; a cast would round them."""
    nanoseconds = call("epoch_ns", time)
    below = when(Infix("<", (call("mod", nanoseconds, Literal(1000)), Literal(0))), Literal(1), Literal(0))
    return Infix("-", (call("divide", nanoseconds, Literal(1000)), below))


@dataclass(frozen=True, slots=True)
class Read:
    """A column that has been read: its term, and where its status stands if it can be bad."""

    spec: ColumnSpec
    term: Term
    status: Name | None


def read_column(steps: Steps, spec: ColumnSpec, physical: Name, kind: Physical, zone: Zone, at: int, *,
                wide: bool = False) -> Read:
    """Define the columns that read the `at`th column of a source from a physical one (as `held`).

    `wide`: see `can_be_bad`.
    """
    label, source = f"{at} {spec.name}", physical
    if spec.silence is not None:
        silent = steps.define(f"c{label}", _silent(steps, physical, spec.silence, spec, kind, zone))
        return Read(spec, Term(silent, "boolean", 1), None)
    if spec.missing and kind in ("text", "integer", "boolean"):
        codes = tuple(map(text_literal, spec.missing))
        source = steps.define(f"a{label}", when(Not(In(Cast(physical, "VARCHAR"), codes)), physical))
    own = as_written(spec)
    typed, instant = _typed(steps, source, own, kind, zone)
    value = steps.define(f"v{label}", typed)
    status = None
    if can_be_bad(own, kind, wide=wide):
        status = steps.define(f"b{label}", _status(source, value, own, kind))
    kept = steps.define(f"c{label}", _masked(value, value, status, spec))
    when_known = None
    if instant is not None:
        when_known = steps.define(f"u{label}", _masked(instant, value, status, spec))
    return Read(spec, Term(kept, own.type, bound_of(own), when_known), status)


def _silent(steps: Steps, physical: Name, silence: Silence, spec: ColumnSpec, kind: Physical, zone: Zone) -> Node:
    """Whether a cell holds one of the codes, as text or as a number, or nothing where that is a reason too."""
    tests: list[Node] = [IsNull(physical)] if silence.empty else []
    if kind in ("text", "integer", "boolean"):
        tests.append(In(Cast(physical, "VARCHAR"), tuple(map(text_literal, silence.codes))))
    if silence.type in ("integer", "number"):
        value = steps.bind(_typed(steps, physical, replace(spec, type=silence.type), kind, zone)[0])
        tests.append(In(Cast(value, "DOUBLE"), _numbers(silence.codes)))
    return call("coalesce", either(*tests), Literal(False))


def _masked(node: Node, value: Node, status: Node | None, spec: ColumnSpec) -> Node:
    fine: list[Node] = [] if status is None else [Infix("=", (status, Literal(FINE)))]
    if codes := _missing_numbers(spec):
        fine.append(Not(In(Cast(value, "DOUBLE"), codes)))
    return when(both(*fine), node) if fine else node


def bound_of(spec: ColumnSpec) -> float:
    """A bound of |x| for the values of a column."""
    if spec.type != "integer":
        return math.inf
    return max(abs(spec.low), abs(spec.high)) if spec.low is not None and spec.high is not None else NARROW


def _typed(steps: Steps, source: Node, spec: ColumnSpec, kind: Physical, zone: Zone) -> tuple[Node, Node | None]:
    match spec.type:
        case "integer":
            return _integer(steps, source, kind), None
        case "number":
            return _number(steps, source, kind), None
        case "text":
            return text_of(source, kind, zone), None
        case "boolean":
            return _boolean(source, kind), None
        case "date":
            return Cast(_time(steps, source, spec, kind, zone)[0], "DATE"), None
        case "time":
            return _time(steps, source, spec, kind, replace(zone, unsaid=clocks(spec.zone, zone.name)))


# --- what is wrong ---------------------------------------------------------------------------------------------


def _status(source: Node, value: Node, spec: ColumnSpec, kind: Physical) -> Node:
    """The first thing wrong with a value: not finite, unreadable, off the scale, not of the closed set."""
    checks: list[tuple[Node, int]] = []
    if kind == "number":
        checks.append((Not(call("isfinite", source)), NOT_FINITE))
    elif spec.type == "number":
        checks.append((Not(call("isfinite", value)), NOT_FINITE))
    checks.append((both(Not(IsNull(source)), IsNull(value)), TYPE))
    if codes := _missing_numbers(spec):
        checks.append((In(Cast(value, "DOUBLE"), codes), FINE))
    return _first_of([*checks, *_limits(value, spec)])


def contract_of(value: Name, spec: ColumnSpec) -> Node:
    """Whether a value that was made keeps to the column's scale and closed set."""
    return _first_of(_limits(value, spec))


def _limits(value: Node, spec: ColumnSpec) -> list[tuple[Node, int]]:
    checks: list[tuple[Node, int]] = []
    ends: tuple[tuple[Operator, float | None], ...] = (("<", spec.low), (">", spec.high))
    limits = [Infix(operator, (value, Literal(float(end)))) for operator, end in ends if end is not None]
    if limits:
        checks.append((either(*limits), SCALE))
    if spec.values is not None:
        checks.append((Not(_among(value, spec)), VALUES))
    return checks


def _first_of(checks: list[tuple[Node, int]]) -> Node:
    return Case(tuple((wrong, Literal(code)) for wrong, code in checks), Literal(FINE))


def _missing_numbers(spec: ColumnSpec) -> tuple[Node, ...]:
    return _numbers(spec.missing) if spec.type in ("integer", "number") else ()


def _numbers(texts: tuple[str, ...]) -> tuple[Node, ...]:
    return tuple(map(Literal, rules.numbers_in(texts)))


def _among(value: Node, spec: ColumnSpec) -> Node:
    """Whether the value is one of the closed set; null for null."""
    values = spec.values or ()
    if spec.type in ("integer", "number"):
        numbers = _numbers(values)
        return In(Cast(value, "DOUBLE"), numbers) if numbers else IsNull(value)
    if spec.type == "boolean":
        return In(Cast(value, "VARCHAR"), tuple(text_literal(text.lower()) for text in values))
    return In(text_of(value, spec.type, Zone("UTC")), tuple(map(text_literal, values)))


# --- values ----------------------------------------------------------------------------------------------------


def _matches(text: Node, pattern: str) -> Node:
    return call("regexp_matches", text, Literal(pattern))


def _folded(steps: Steps, text: Node) -> Node:
    """Text with full-width digits and signs as ASCII; most text has none, which is told by its length."""
    wide = Infix("<>", (call("length", text), call("strlen", text)))
    return steps.bind(when(wide, call("translate", text, Literal(rules.WIDE), Literal(rules.NARROW)), text))


def _integer(steps: Steps, source: Node, kind: Physical) -> Node:
    if kind == "text":
        text = _folded(steps, source)
        whole = call("regexp_replace", text, Literal(r"\..*$"), Literal(""))
        return when(_matches(text, rules.INTEGER), Cast(whole, "BIGINT", safe=True))
    if kind == "number":
        return when(Infix("=", (source, call("floor", source))), Cast(source, "BIGINT", safe=True))
    return Cast(source, "BIGINT", safe=True)


def _number(steps: Steps, source: Node, kind: Physical) -> Node:
    if kind != "text":
        return Cast(source, "DOUBLE")
    text = _folded(steps, source)
    known = either(_matches(text, rules.NUMBER), _matches(call("lower", text), rules.NOT_FINITE))
    return when(known, Cast(text, "DOUBLE", safe=True))


def _boolean(source: Node, kind: Physical) -> Node:
    if kind == "boolean":
        return source
    said: Node = call("lower", source) if kind == "text" else Cast(source, "VARCHAR")
    yes, no = (rules.TRUE, rules.FALSE) if kind == "text" else (("1",), ("0",))
    return Case(((In(said, tuple(map(Literal, yes))), Literal(True)),
                 (In(said, tuple(map(Literal, no))), Literal(False))), NULL)


def text_of(source: Node, kind: Physical | ColumnType, zone: Zone) -> Node:
    """The text of a value (a column): decimal integers, `true`/`false`, ISO dates and local times."""
    match kind:
        case "text":
            return source
        case "number":
            whole = both(Infix("=", (source, call("floor", source))),
                         Infix("<", (call("abs", source), Literal(2.0**53))))
            shortest = call("replace", Cast(source, "VARCHAR"), Literal("e-0"), Literal("e-"))
            return when(whole, Cast(Cast(source, "BIGINT", safe=True), "VARCHAR"), shortest)
        case "date":
            return call("strftime", source, Literal("%Y-%m-%d"))
        case "time":
            return call("strftime", source, Literal("%Y-%m-%d %H:%M:%S"))
        case "instant":
            return call("strftime", local_of(source, zone.name, zone.years), Literal("%Y-%m-%d %H:%M:%S"))
        case _:
            return Cast(source, "VARCHAR")


# --- times -----------------------------------------------------------------------------------------------------


def _time(steps: Steps, source: Node, spec: ColumnSpec, kind: Physical, zone: Zone) -> tuple[Node, Node | None]:
    """The local time and, where the value says its zone, the instant."""
    match kind:
        case "date" | "time":
            ends = (Literal(dt.date.min), Literal(dt.date.max))
            local = Cast(_clipped(source, *ends), "TIMESTAMP")
            return _moved(steps, local, zone) if kind == "time" else (local, None)
        case "instant":
            first, last = (instant_literal(end) for end in rules.INSTANTS)
            instant = steps.bind(_clipped(source, first, last))
            return local_of(instant, zone.name, zone.years), instant
        case "integer" if spec.format in rules.EPOCH:
            return _from_epoch(steps, source, rules.EPOCH[spec.format], zone)
        case _:
            return _read_time(steps, steps.bind(Cast(source, "VARCHAR")), spec, zone)


def _clipped(time: Node, first: Node, last: Node) -> Node:
    """The time, or the nearer end of what every calendar reaches."""
    return Case(((Infix("<", (time, first)), first), (Infix(">", (time, last)), last)), time)


def _read_time(steps: Steps, text: Node, spec: ColumnSpec, zone: Zone) -> tuple[Node, Node | None]:
    if spec.format in rules.EPOCH:
        return _from_epoch(steps, steps.bind(_integer(steps, text, "text")), rules.EPOCH[spec.format], zone)
    if spec.format:
        return _by_pattern(steps, text, spec.format, zone)
    if spec.type == "date":
        return _iso_date(text), None
    return _iso(steps, text, zone)


def _from_epoch(steps: Steps, source: Node, step: int, zone: Zone) -> tuple[Node, Node]:
    lowest, highest = -(-rules.YEARS[0] // step), rules.YEARS[1] // step
    inside = both(Infix(">=", (source, Literal(lowest))), Infix("<=", (source, Literal(highest))))
    count = Infix("*", (Cast(when(inside, source), "BIGINT"), Literal(step)))
    instant = steps.bind(call("make_timestamptz", count))
    return local_of(instant, zone.name, zone.years), instant


def _by_pattern(steps: Steps, text: Node, pattern: str, zone: Zone) -> tuple[Node, Node | None]:
    parsed = call("try_strptime", text, text_literal(pattern.replace("%:z", "%z")))
    if "%z" in pattern or "%:z" in pattern:
        instant = steps.bind(parsed)
        return local_of(instant, zone.name, zone.years), instant
    if any(mark in pattern for mark in rules.CLOCK_MARKS):
        return _moved(steps, parsed, zone)
    return Cast(Cast(parsed, "DATE"), "TIMESTAMP"), None


def _iso_date(text: Node) -> Node:
    """The midnight of a day written in ISO's or a similar form."""
    dashed = call("regexp_replace", text, Literal("^(.{4})[-/]?(..)[-/]?(..)$"), Literal(r"\1-\2-\3"))
    return Cast(Cast(when(_matches(text, rules.DATE), dashed), "DATE", safe=True), "TIMESTAMP")


def _iso(steps: Steps, text: Node, zone: Zone) -> tuple[Node, Node]:
    slash = call("replace", text, Literal("/"), Literal("-"))
    known = steps.bind(when(_matches(text, rules.MOMENT), slash))
    offset = steps.bind(call("regexp_extract", call("substr", known, Literal(17)), Literal(rules.OFFSET)))
    bare = Infix("=", (offset, Literal("")))
    close = call("regexp_replace", known, Literal(" ?(Z|[+-][0-9:]+)$"), Literal(r"\1"))  # no blank before the offset
    instant = steps.bind(when(Infix("<>", (offset, Literal(""))), Cast(close, "TIMESTAMPTZ", safe=True)))
    stated = when(bare, Cast(known, "TIMESTAMP", safe=True))
    if zone.unsaid is not None:
        instant = steps.bind(call("coalesce", instant, call("timezone", Literal(zone.unsaid), stated)))
        return call("coalesce", local_of(instant, zone.name, zone.years), _iso_date(text)), instant
    local = call("coalesce", stated, local_of(instant, zone.name, zone.years))
    return call("coalesce", local, _iso_date(text)), instant


def _moved(steps: Steps, local: Node, zone: Zone) -> tuple[Node, Node | None]:
    """A time of a clock, in the project's zone.  Of two instants it may be the later; a skipped hour is counted on."""
    if zone.unsaid is None:
        return local, None
    instant = steps.bind(call("timezone", Literal(zone.unsaid), local))
    return local_of(instant, zone.name, zone.years), instant
