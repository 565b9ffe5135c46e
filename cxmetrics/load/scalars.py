"""The meaning of single scalars: words, whole numbers, shares, dates, titles, ids.

Each reader takes the text with its place and a list for findings; it gives None (or the
fallback) where the text has no such meaning, and says so.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cxmetrics.codes import yaml_files as codes
from cxmetrics.diagnostics import DID_YOU_MEAN, Diagnostic, Fix, Phrase, closest, report
from cxmetrics.ir import GRAINS, Grain
from cxmetrics.source import Key, Located, Span

Found = list[Diagnostic]
_NOT_OF_IDS = re.compile(r"[^\w.]+")
_ID = re.compile(r"[^\W\d]\w*(\.\w+)*\Z")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_PERIOD = re.compile(r"(?P<year>19\d\d|2[01]\d\d)(?:-?Q(?P<quarter>[1-4])|-(?P<month>\d\d)(?:-(?P<day>\d\d))?)?\Z",
                     re.ASCII)
_TOGETHER = Phrase("digits stand together: `{together}`", "数字连写：`{together}`")
_HALF_WIDTH = Phrase("digits and signs are half-width: `{together}`", "数字与符号用半角：`{together}`")
_GROUPED = re.compile(r"[+-]?\d{1,3}([ ,]\d{3})+(\.\d+)?")
_NUMBER = re.compile(r"[+-]?(\d+(_\d+)*(\.\d+)?|\.\d+)([eE][+-]?\d{1,3})?\Z")


def words(written: Located | Sequence[Located] | None) -> tuple[str, ...]:
    """One text or a list of texts as a tuple."""
    if written is None:
        return ()
    return (written.value,) if isinstance(written, Located) else tuple(item.value for item in written)


def word(written: Located | None, key: str, known: Collection[str], fallback: str, found: Found) -> str:
    """One of a closed set of words."""
    if written is None:
        return fallback
    if written.value in known:
        return written.value
    guess = closest(written.value, known, found)
    fix = Fix(written.span, guess) if guess else None
    found.append(report(codes.WRONG_VALUE, written.span, help=DID_YOU_MEAN if guess else None, fix=fix, key=key,
                        expected=", ".join(known), found=written.value, guess=guess or ""))
    return fallback


def grains(written: Sequence[Located] | None, place: Span, found: Found) -> tuple[Grain, ...]:
    """The lengths of periods, in order and each once; none where none are written."""
    if written is not None and not written:
        found.append(report(codes.WRONG_VALUE, place, key="grains", expected=", ".join(GRAINS), found="[]"))
    asked = {word(each, "grains", GRAINS, "", found) for each in written or ()}
    return tuple(grain for grain in GRAINS if grain in asked)


def plain_number(text: str) -> float | None:
    """The number a text says; None where it says none, or one that has no end."""
    text = text.strip()
    return result if _NUMBER.match(text) and math.isfinite(result := float(text)) else None


def number(written: Located, found: Found) -> float | None:
    """A plain number; `12`, `0.5`, `1e3`."""
    if (result := plain_number(written.value)) is not None:
        return result
    together = written.value.replace(",", "").replace(" ", "")
    half = unicodedata.normalize("NFKC", written.value).strip()
    help_ = _TOGETHER if _GROUPED.fullmatch(written.value.strip()) else None
    if half != written.value.strip() and plain_number(half.removesuffix("%")) is not None:
        together, help_ = half, _HALF_WIDTH
    fix = None if help_ is None else Fix(written.span, together)
    found.append(report(codes.NOT_A_NUMBER, written.span, help=help_, fix=fix, found=written.value,
                        together=together))
    return None


def whole(written: Located | None, key: str, fallback: int, found: Found, *, least: int = 0) -> int:
    """A whole number, at least `least`."""
    if written is None:
        return fallback
    if re.fullmatch(r"\d{1,15}", written.value) and int(written.value) >= least:
        return int(written.value)
    found.append(report(codes.WRONG_VALUE, written.span, key=key, expected=f"a whole number from {least}",
                        found=written.value))
    return fallback


def share(written: Located | None, key: str, fallback: float, found: Found) -> float:
    """A share: `5%` or `0.05`, from 0 to 1."""
    if written is None:
        return fallback
    text = written.value.strip()
    digits, factor = (text[:-1].strip(), 100.0) if text.endswith("%") else (text, 1.0)
    if _NUMBER.match(digits) and 0 <= float(digits) / factor <= 1:
        return float(digits) / factor
    found.append(report(codes.WRONG_VALUE, written.span, key=key, expected="a share such as 1%", found=written.value))
    return fallback


def date(text: str) -> dt.date | None:
    """A date as `2026-10-01`, or None."""
    if not _DATE.match(text):
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def period(text: str) -> tuple[dt.date, dt.date] | None:
    """The first and the last day of `2024`, `2024-Q3`, `2024-10`, `2024-10-05`, or of `2024-01..2024-06`; or None."""
    first, dots, final = text.partition("..")
    if dots:
        ends = (_days_of(first.strip()), _days_of(final.strip()))
        return (ends[0][0], ends[1][1]) if ends[0] and ends[1] and ends[0][0] <= ends[1][0] else None
    return _days_of(text)


def _days_of(text: str) -> tuple[dt.date, dt.date] | None:
    """The first and the last day of a year, a quarter, a month or a day from 1900 to 2199."""
    found = _PERIOD.match(text)
    if found is None:
        return None
    year = int(found["year"])
    if found["day"]:
        day = date(text)
        return None if day is None else (day, day)
    first, length = 1, 12
    if found["quarter"]:
        first, length = 3 * int(found["quarter"]) - 2, 3
    elif found["month"]:
        first, length = int(found["month"]), 1
    if not 1 <= first <= 12:
        return None
    after = dt.date(year + (first + length > 12), (first + length - 1) % 12 + 1, 1)
    return dt.date(year, first, 1), after - dt.timedelta(days=1)


def titles(written: Located | Mapping[Key, Located] | None) -> dict[str, str]:
    """A text, or texts by language."""
    if written is None:
        return {}
    if isinstance(written, Located):
        return {"": written.value}
    return {str(language): text.value for language, text in written.items()}


def id_is_good(key: Key, found: Found) -> bool:
    """Whether a key can be an id: letters of any script, digits, `_`, and `.` between parts."""
    if _ID.match(key):
        return True
    guess = _NOT_OF_IDS.sub("_", key).strip("_")
    fix = Fix(key.span, guess) if _ID.match(guess) and not key.located.style else None
    found.append(report(codes.BAD_ID, key.span, fix=fix, id=key))
    return False


A_TIME_ZONE = "a time zone such as Asia/Shanghai"


def is_time_zone(name: str) -> bool:
    """Whether `name` is a zone of the IANA database."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
