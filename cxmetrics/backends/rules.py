r"""What every engine takes a written value for: the spellings of numbers, days and times in text.

Patterns are whole-value, ASCII (`[0-9]`, never `\d`, which some engines read as any digit of any script),
and mean the same in RE2 and in Rust's regex.  A value is stripped of `BLANKS` at both ends first, and
for numbers `WIDE` characters become their `NARROW` ones.

Text of a `time` column is local time of the project zone; with an offset, the instant is turned into that
local time.  Fractions of a second are cut at microseconds.  A day alone is its midnight.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable

# White_Space of Unicode 15 (PropList.txt), and the byte order mark.
BLANKS = ("\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
          "\u2028\u2029\u202f\u205f\u3000\ufeff")
WIDE, NARROW = "０１２３４５６７８９．－＋", "0123456789.-+"

INTEGER = r"^[+-]?[0-9]+(\.0*)?$"  # and within 64 bits with a sign
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
NOT_FINITE = r"^[+-]?(nan|inf|infinity)$"  # of the lower-cased text
TRUE, FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")  # of the lower-cased text
DATE = r"^([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}/[0-9]{2}/[0-9]{2}|[0-9]{8})$"
LOCAL_TIME = (r"^([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}/[0-9]{2}/[0-9]{2})"
              r"[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?$")
OFFSET = r" ?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)$"  # after a local time
MOMENT = f"{LOCAL_TIME[:-1]}({OFFSET[:-1]})?$"
CLOCK_MARKS = ("%H", "%I", "%T", "%R", "%s", "%c", "%X", "%k", "%l", "%-H", "%-I")  # of patterns of more than a day

EPOCH = {"epoch_s": 1_000_000, "epoch_ms": 1_000}  # microseconds in one
YEARS = (-62_135_596_800_000_000, 253_402_300_799_999_999)  # years 1 to 9999, in microseconds from the epoch
INSTANTS = (dt.datetime(1, 1, 3, tzinfo=dt.UTC), dt.datetime(9999, 12, 29, tzinfo=dt.UTC))  # in all zones a date

WEIGHTS = (1e-6, 1e6)  # the least and the greatest of a row, besides 0: so that sums of their squares keep their digits


def numbers_in(texts: Iterable[str]) -> list[float]:
    """Those of some texts (codes, members of a closed set) that are finite numbers, as numbers."""
    found = (float(text) for text in texts if re.fullmatch(NUMBER, text))
    return [number for number in found if math.isfinite(number)]
