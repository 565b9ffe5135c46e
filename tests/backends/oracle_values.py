"""Values, row expressions and classes in plain Python, one row at a time, written from the contract of the backends."""

# ruff: noqa: DTZ001, DTZ007 - local times have no zone

import datetime as dt
import math
import re
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from cxmetrics.backends import rules
from cxmetrics.ir import Apply, Column, ColumnSpec, Constant
from cxmetrics.statistics.rounding import half_up

UTC = dt.UTC


@dataclass(frozen=True)
class Time:
    """A local time, and its instant in UTC where the value said its zone; both naive."""

    local: dt.datetime
    instant: dt.datetime | None = None


# --- values ----------------------------------------------------------------------------------------------------


def stripped(text):
    return text.strip(rules.BLANKS) or None if text is not None else None


def folded(text):
    return text.translate(str.maketrans(rules.WIDE, rules.NARROW))


def local_time(instant, zone):
    return instant.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def of_instant(instant, zone):
    return Time(local_time(instant, zone), instant)


def number_in(text):
    text = folded(text)
    if re.match(rules.NUMBER, text) or re.match(rules.NOT_FINITE, text.lower()):
        return float(text)
    return None


def integer_in(text):
    text = folded(text)
    if not re.match(rules.INTEGER, text):
        return None
    value = int(text.partition(".")[0])
    return value if -2**63 <= value < 2**63 else None


def day_in(text):
    if not re.match(rules.DATE, text):
        return None
    digits = re.sub("[-/]", "", text)
    try:
        return dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def by_clock(stated, spec, zone):
    """What a clock showed that is perhaps of another zone: the later of two instants; a skipped hour counts on."""
    if spec.zone in (None, zone):
        return Time(stated)
    clock = ZoneInfo(spec.zone)
    either = [stated.replace(tzinfo=clock, fold=fold).astimezone(UTC).replace(tzinfo=None) for fold in (0, 1)]
    return of_instant(max(either), zone)


def time_in(text, spec, zone):
    match = re.match(f"{rules.LOCAL_TIME[:-1]}({rules.OFFSET[:-1]})?$", text)
    if not match:
        day = day_in(text)
        return None if day is None else Time(dt.datetime.combine(day, dt.time()))
    clock = re.match(r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?", text[11:])
    day = day_in(text[:10])
    if day is None:
        return None
    hour, minute, second = (int(part or 0) for part in clock.groups()[:3])
    micro = int((clock[4] or "0").ljust(6, "0"))
    stated = dt.datetime.combine(day, dt.time(hour, minute, second, micro))
    offset = re.search(r" ?(Z|[+-][0-9:]+)$", text[16:])
    if not offset:
        return by_clock(stated, spec, zone)
    digits = re.sub("[-+:Z]", "", offset[1])
    minutes = int(digits[:2] or 0) * 60 + int(digits[2:] or 0)
    return of_instant(stated - dt.timedelta(minutes=-minutes if "-" in offset[1] else minutes), zone)


def time_of(value, spec, zone):
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:
            return by_clock(value, spec, zone)
        return of_instant(value.astimezone(UTC).replace(tzinfo=None), zone)
    if isinstance(value, dt.date):
        return Time(dt.datetime.combine(value, dt.time()))
    if spec.format in ("epoch_s", "epoch_ms"):
        count = value if isinstance(value, int) else integer_in(value)
        if count is None:
            return None
        step = 1_000_000 if spec.format == "epoch_s" else 1_000
        try:
            return of_instant(dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=count * step), zone)
        except OverflowError:
            return None
    if spec.format:
        try:
            return by_clock(dt.datetime.strptime(str(value), spec.format), spec, zone)
        except ValueError:
            return None
    return time_in(str(value), spec, zone)


def text_of(value):
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case Time():
            return value.local.strftime("%Y-%m-%d %H:%M:%S")
        case dt.datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S")
        case dt.date():
            return value.isoformat()
        case float() if value == math.floor(value) and abs(value) < 2**53:
            return str(int(value))
        case _:
            return str(value)


def cast(value, spec, zone):
    """The typed value of a present one; None where it cannot be had."""
    match spec.type:
        case "integer":
            if isinstance(value, float):
                return int(value) if value == math.floor(value) and abs(value) < 2**63 else None
            return integer_in(value) if isinstance(value, str) else value if -2**63 <= value < 2**63 else None
        case "number":
            return number_in(value) if isinstance(value, str) else float(value)
        case "text":
            return text_of(value)
        case "boolean":
            word = text_of(value).lower()
            plain = ("1", "0", "true", "false") if not isinstance(value, str) else (*rules.TRUE, *rules.FALSE)
            return (word in rules.TRUE) if word in plain else None
        case "date":
            if isinstance(value, str) and not spec.format:
                return day_in(value)
            moment = time_of(value, spec, zone)
            return None if moment is None else moment.local.date()
        case _:
            return time_of(value, spec, zone)


def contract(value, spec, zone):
    """A value and what is wrong with it (`type`, `scale`, `values`, `not finite` or None)."""
    if isinstance(value, str):
        value = stripped(value)
    if spec.silence is not None:
        return silent(value, spec.silence, zone), None
    if value is None or (not isinstance(value, float) and text_of(value) in spec.missing):
        return None, None
    if isinstance(value, float) and not math.isfinite(value):
        return None, "not finite"
    typed = cast(value, replace(spec, type="integer") if spec.scales and spec.scales.whole else spec, zone)
    if typed is None:
        return None, "type"
    if isinstance(typed, float) and not math.isfinite(typed):
        return None, "not finite"
    if spec.type in ("integer", "number") and typed in numbers(spec.missing):
        return None, None
    return limited(typed, spec) if spec.scales is None else (typed, None)


def silent(value, silence, zone):
    """Whether a cell holds one of the codes, or nothing where that is a reason too."""
    if value is None:
        return silence.empty
    if not isinstance(value, float) and text_of(value) in silence.codes:
        return True
    endless = isinstance(value, float) and not math.isfinite(value)
    return not endless and silence.type in ("integer", "number") and cast(
        value, ColumnSpec("", silence.type, None, ""), zone) in numbers(silence.codes)


def limited(typed, spec):
    """A value that keeps to its scale and closed set, or what is wrong with it."""
    if typed is None:
        return None, None
    if (spec.low is not None and typed < spec.low) or (spec.high is not None and typed > spec.high):
        return None, "scale"
    if spec.values is not None and not among(typed, spec):
        return None, "values"
    return typed, None


def numbers(texts):
    return [float(text) for text in texts if re.match(rules.NUMBER, text)]


def among(typed, spec):
    return typed in numbers(spec.values) if spec.type in ("integer", "number") else text_of(typed) in spec.values


# --- row expressions -------------------------------------------------------------------------------------------


def value_of(expr, row):
    match expr:
        case Constant(value):
            return value
        case Column(_, name):
            return row[name]
        case Apply(function, args):
            return apply(function, [value_of(arg, row) for arg in args])


def derived_value(expr, row):
    """The value of a derived column: missing where a column is that it reads, but for `is missing` and `coalesce`."""
    return None if any(row[name] is None for name in required(expr)) else lenient(expr, row)


def required(expr):
    match expr:
        case Column(_, name):
            return {name}
        case Apply("is missing" | "is not missing" | "coalesce", _):
            return set()
        case Apply(_, args):
            return set().union(*map(required, args))
        case _:
            return set()


def lenient(expr, row):
    match expr:
        case Apply("coalesce", args):
            return next((value for value in (derived_value(arg, row) for arg in args) if value is not None), None)
        case Apply(function, args):
            return apply(function, [lenient(arg, row) for arg in args])
        case _:
            return value_of(expr, row)


def finite(value):
    return None if isinstance(value, float) and not math.isfinite(value) else value


def attempt(function, *args):
    try:
        return finite(function(*args))
    except (ValueError, OverflowError, ZeroDivisionError):
        return None


def moment(value):
    if isinstance(value, Time):
        return value
    return Time(dt.datetime.combine(value, dt.time()))


def between_times(left, right):
    left, right = moment(left), moment(right)
    if left.instant is not None and right.instant is not None:
        return (left.instant - right.instant) / dt.timedelta(microseconds=1)
    return (left.local - right.local) / dt.timedelta(microseconds=1)


def compared(function, left, right):
    if isinstance(left, Time) or isinstance(right, Time):
        left, right = between_times(left, right), 0
    elif isinstance(left, float) != isinstance(right, float) and not isinstance(left, str | bool | dt.date):
        left, right = float(left), float(right)
    return {"=": left == right, "!=": left != right, "<": left < right, "<=": left <= right,
            ">": left > right, ">=": left >= right}[function] if not isinstance(left, str) else text_compared(
                function, left.encode(), right.encode())


def text_compared(function, left, right):
    return {"=": left == right, "!=": left != right, "<": left < right, "<=": left <= right,
            ">": left > right, ">=": left >= right}[function]


def kleene_and(args):
    return False if False in args else None if None in args else True


def apply(function, args):
    """A function of the values of a row."""
    match function:
        case "and":
            return kleene_and(args)
        case "or":
            return {True: False, False: True, None: None}[kleene_and([None if x is None else not x for x in args])]
        case "is missing":
            return args[0] is None
        case "is not missing":
            return args[0] is not None
        case "if":
            return None if args[0] is None else args[1] if args[0] else args[2]
        case "coalesce":
            return next((x for x in args if x is not None), None)
        case "between":
            low = None if None in args[:2] else compared(">=", args[0], args[1])
            high = None if args[0] is None or args[2] is None else compared("<=", args[0], args[2])
            return kleene_and([low, high])
    if any(x is None for x in args):
        return None
    match function:
        case "=" | "!=" | "<" | "<=" | ">" | ">=":
            return compared(function, *args)
        case "not":
            return not args[0]
        case "bands":
            return next((label for edge, label in zip(*args[1:], strict=False) if args[0] < edge), args[2][-1])
        case "in":
            return any(compared("=", args[0], choice) for choice in args[1])
        case "contains":
            return args[1] in args[0]
        case "starts_with":
            return args[0].startswith(args[1])
        case "matches":
            return re.search(args[1], args[0], re.ASCII) is not None
        case "weekday":
            return moment(args[0]).local.isoweekday()
        case "hour" | "day" | "month" | "year":
            return getattr(moment(args[0]).local, function)
        case "date":
            return moment(args[0]).local.date()
        case "on_days":
            return args[0] in args[1] if args[2] <= args[0] <= args[3] else None
        case "-" if isinstance(args[0], Time | dt.date):
            return between_times(*args) / 1e6
        case "+":
            return attempt(lambda a, b: a + b, *args)
        case "-":
            return attempt(lambda a, b: a - b, *args)
        case "*" | "convert":
            return attempt(lambda a, b: a * b, *args)
        case "/":
            return attempt(lambda a, b: float(a) / float(b), *args)
        case "^":
            return attempt(math.pow, *args)
        case "negate":
            return -args[0]
        case "abs":
            return abs(args[0])
        case "ln" | "exp" | "sqrt":
            return attempt(math.log if function == "ln" else getattr(math, function), *args)
        case "geomean":
            return attempt(lambda *x: math.exp(sum(map(math.log, x)) / len(x)), *args)
        case "weighted_mean":
            return attempt(weighted, *args)
        case "round":
            return rounded(*map(float, args))
        case "near":
            return near(*args)
        case "min":
            return min(args)
        case "max":
            return max(args)
        case "clamp":
            return min(max(args[0], args[1]), args[2])
    raise AssertionError(function)


def weighted(*args):
    return float(sum(x * w for x, w in zip(args[::2], args[1::2], strict=True))) / float(sum(args[1::2]))


def near(value, digits):
    """The nearest number of so many binary digits, of two the even one."""
    part, power = math.frexp(float(value))
    return float(value) if abs(value) >= 2.0**900 else math.ldexp(round(math.ldexp(part, digits)), power - digits)


def rounded(value, places=0.0):
    whole = int(places)
    return value if whole > 308 else float(half_up([value], max(whole, -308))[0])


def class_of(classifier, row):
    value = value_of(classifier.expr, row)
    if value is None:
        return 0
    if classifier.literals is not None:
        return classifier.texts.get(value, classifier.classes - 1)
    if classifier.breaks is not None:
        return classifier.codes[sum((value >= point) + (value > point) for point in classifier.breaks)]
    return 2 if value else 1
